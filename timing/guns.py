"""Which gun is in force for each wave, out of the signals, the entries by hand, and the plan."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from timing.instants import MINUTE, Instant
from timing.race import Race
from timing.times import Closings, Guns

WIRE_REACH_US: Final = 10 * MINUTE
"""How far from its plan a gun on the wire may be and still be taken for that wave's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GunSignal:
    """One gun that was heard or entered. `wave` is None for a signal on the wire, which does not say whose it is.

    `number` is its place in the journal: of several entries by hand for one wave the latest is in force.
    """

    instant_us: Instant
    wave: str | None = None
    number: int = 0


def guns_in_force(race: Race, signals: Sequence[GunSignal] = ()) -> Guns:
    """One gun for each wave; the order in which signals on the wire arrived plays no part."""
    by_hand = {s.wave: s.instant_us for s in sorted(signals, key=lambda s: s.number) if s.wave is not None}
    on_wire: dict[int, Instant] = {}
    for instant in sorted(s.instant_us for s in signals if s.wave is None):
        nearest = min(range(len(race.waves)), key=lambda w: abs(race.waves[w].planned_gun_us - instant))
        if abs(race.waves[nearest].planned_gun_us - instant) <= WIRE_REACH_US:
            on_wire.setdefault(nearest, instant)
    wave_us, planned = [], []
    for index, wave in enumerate(race.waves):
        known = by_hand.get(wave.id, on_wire.get(index, wave.gun_us))
        wave_us.append(wave.planned_gun_us if known is None else known)
        planned.append(known is None)
    return Guns(wave_us=tuple(wave_us), planned=tuple(planned))


def planned_closings(race: Race, guns: Guns) -> Closings:
    """When start and finish close as planned: the start window after the last gun, and the end of the race window."""
    return Closings(start_us=max(guns.wave_us) + race.start_window_us, finish_us=race.last_instant_us)
