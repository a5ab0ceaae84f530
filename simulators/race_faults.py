"""What may go wrong on a race day, as one record of numbers; and the record of what did.

Owns words and numbers only: `mishaps` does it to people, `troubled_day` to reads and guns.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from simulators.clock_faults import ClockFault
from simulators.physics import DEFAULT_SEED
from timing.instants import MINUTE, SECOND, Duration, Instant
from timing.race import Race
from timing.reads import Tag
from timing.roster import Bib


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongGun:
    """The gun of a wave was written down `by_us` late (negative: early)."""

    wave: str
    by_us: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseGun:
    """A shot before the true one of a wave, and the start recalled; the first in the queue had gone, and came back."""

    wave: str
    before_us: Duration = 90 * SECOND
    runners: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondShot:
    """The pistol went off again after the true gun of a wave."""

    wave: str
    after_us: Duration = SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftedMat:
    """A mat was lifted out of the way: it sees half of the chips, and those some seconds before they are there."""

    mat: str
    begin_us: Instant
    lasting_us: Duration = 5 * MINUTE

    @property
    def end_us(self) -> Instant:
        return self.begin_us + self.lasting_us


@dataclass(frozen=True, kw_only=True)
class RaceFaults:
    """What goes wrong. None: as the field and the physics have it.

    Counts are of ordinary runners, each of whom has one mishap at most. `second_visits`: share of finishers.
    `parked`: tags that lie beside a mat, over all points.
    """

    seed: int = DEFAULT_SEED
    swapped_pairs: int | None = None
    spare_tags: int = 0
    """Were given a chip at the desk, of which nobody made a note, and wear it beside their own."""
    second_visits: float | None = None
    early: int | None = None
    late: int | None = None
    parked: int | None = None
    abandons: int = 0
    """Give up after a split, which is reported with the hour; half of them then pass the finish."""
    driven: int = 0
    """Are driven from the point at ten kilometres on."""
    clocks: tuple[ClockFault, ...] = ()
    wrong_guns: tuple[WrongGun, ...] = ()
    false_guns: tuple[FalseGun, ...] = ()
    second_shots: tuple[SecondShot, ...] = ()
    lifted: tuple[LiftedMat, ...] = ()

    def check(self, race: Race) -> None:
        """Raises: ValueError naming a wave, mat or source that the race does not have, and those it has."""
        wrong = [gun.wave for gun in self.wrong_guns] + [gun.wave for gun in self.false_guns]
        _known("wave", [*wrong, *(shot.wave for shot in self.second_shots)], [wave.id for wave in race.waves])
        _known("mat", [lifted.mat for lifted in self.lifted], [mat.id for mat in race.course.mats])
        _known("source", [clock.source for clock in self.clocks], [source.id for source in race.sources])


def _known(what: str, named: Sequence[str], there: Sequence[str]) -> None:
    for name in named:
        if name not in there:
            raise ValueError(f"no {what} {name!r} in this race; there are: {', '.join(there)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Abandon:
    """Who gave up, and when that was reported: nothing of theirs counts after it."""

    bib: Bib
    at_us: Instant


@dataclass(frozen=True, kw_only=True)
class Mishaps:
    """What went wrong with whom."""

    swapped: tuple[tuple[Bib, Bib], ...] = ()
    spares: tuple[tuple[Tag, Bib], ...] = ()
    early: tuple[Bib, ...] = ()
    late: tuple[Bib, ...] = ()
    second_visits: tuple[Bib, ...] = ()
    abandons: tuple[Abandon, ...] = ()
    driven: tuple[Bib, ...] = ()
