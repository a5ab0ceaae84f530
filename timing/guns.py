"""Which gun is in force for each wave, out of the signals, the entries by hand, and the plan."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from timing.decisions import NO_DECISIONS, Decisions
from timing.instants import MINUTE, SECOND, Instant
from timing.race import Race
from timing.times import Closings, Guns

if TYPE_CHECKING:
    from timing.rulings import SetGun

WIRE_REACH_US: Final = 10 * MINUTE
"""How far from its plan a gun on the wire may be and still be taken for that wave's."""


BUTTON_REACH_US: Final = 5 * SECOND
"""A press of the button confirms a signal on the wire that is no further from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GunSignal:
    """One gun that was heard or entered. `wave` is None for a signal on the wire, which does not say whose it is.

    `pressed`: at the button, when it was heard: a backup, as exact as a hand. An hour that was entered is no press.
    `number` is its place in the journal: of several entries by hand for one wave the latest is in force. `tried`: it
    was heard or pressed before the race was armed, so it tried the way of a gun and started nobody.
    """

    instant_us: Instant
    wave: str | None = None
    number: int = 0
    pressed: bool = False
    tried: bool = False


def guns_in_force(race: Race, signals: Sequence[GunSignal] = (), decisions: Decisions = NO_DECISIONS) -> Guns:
    """One gun for each wave; the order in which signals on the wire arrived plays no part.

    A ruling comes first, be it an instant or one of the signals; then an hour that was entered; then the wire, with
    the button to confirm and to replace it; signals up to a recall do not count, nor those that were a trial.
    """
    standing = _not_recalled(race, [signal for signal in signals if not signal.tried], decisions)
    on_wire: dict[str, list[Instant]] = {}
    for instant in sorted(s.instant_us for s in standing if s.wave is None):
        nearest = nearest_wave(race, instant)
        if nearest is not None:
            on_wire.setdefault(nearest, []).append(instant)
    wave_us, planned = [], []
    for wave in race.waves:
        entered = _latest([s for s in standing if s.wave == wave.id and not s.pressed])
        pressed = _latest([s for s in standing if s.wave == wave.id and s.pressed])
        of_file = None if wave.id in decisions.recalled else wave.gun_us
        heard = _heard(on_wire.get(wave.id, []), pressed)
        known = next((instant for instant in (entered, heard, of_file) if instant is not None), None)
        if wave.id in decisions.guns:
            known = _ruled(decisions.guns[wave.id], signals, known)
        wave_us.append(wave.planned_gun_us if known is None else known)
        planned.append(known is None)
    return Guns(wave_us=tuple(wave_us), planned=tuple(planned))


def _latest(signals: Sequence[GunSignal]) -> Instant | None:
    return max(signals, key=lambda s: s.number).instant_us if signals else None


def _heard(on_wire: Sequence[Instant], pressed: Instant | None) -> Instant | None:
    """The first signal on the wire; where the button was pressed, the one it confirms, else the press itself."""
    if pressed is None:
        return on_wire[0] if on_wire else None
    confirmed = [instant for instant in on_wire if abs(instant - pressed) <= BUTTON_REACH_US]
    return min(confirmed, key=lambda instant: abs(instant - pressed)) if confirmed else pressed


def _not_recalled(race: Race, signals: Sequence[GunSignal], decisions: Decisions) -> Sequence[GunSignal]:
    if not decisions.recalled:
        return signals
    standing = []
    for signal in signals:
        wave = signal.wave if signal.wave is not None else nearest_wave(race, signal.instant_us)
        until = decisions.recalled.get(wave) if wave is not None else None
        if until is None or signal.instant_us > until:
            standing.append(signal)
    return standing


def nearest_wave(race: Race, instant_us: Instant) -> str | None:
    """The wave whose plan is nearest to a signal on the wire, if it is within reach of it."""
    nearest = min(race.waves, key=lambda wave: abs(wave.planned_gun_us - instant_us))
    return nearest.id if abs(nearest.planned_gun_us - instant_us) <= WIRE_REACH_US else None


def _ruled(ruling: "SetGun", signals: Sequence[GunSignal], otherwise: Instant | None) -> Instant | None:
    """The instant a ruling gives; of a signal that cannot be placed in time, what would hold without it."""
    if ruling.instant_us is not None:
        return ruling.instant_us
    return next((s.instant_us for s in signals if s.number == ruling.signal), otherwise)


def planned_closings(race: Race, guns: Guns) -> Closings:
    """When start and finish close as planned: the start window after the last gun, and the end of the race window."""
    return Closings(start_us=max(guns.wave_us) + race.start_window_us, finish_us=race.last_instant_us)
