"""The race as planned, whole: what the race file says, checked and in the types of `timing`.

Built by `config.loader`, read by every room above `timing`. Knows neither TOML nor where the file lies.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from config.categories import CategoryScheme
from config.palmares import CourseVersion, RecordSplit, Winner
from timing.instants import MINUTE, SECOND, Duration
from timing.race import GunOrigin, Race
from timing.reads import Int64
from timing.roster import Entrant, Sex


class Clock(enum.StrEnum):
    """Which of the two times a list is ranked by."""

    GUN = "gun"
    NET = "net"


class Per(enum.StrEnum):
    """One list, or one for each value."""

    NONE = "none"
    SEX = "sex"
    CATEGORY = "category"


class Ties(enum.StrEnum):
    """What becomes of equal printed seconds: told apart by the fraction, or one shared place (1, 2, 2, 4).

    Under FRACTION, times that are equal to the microsecond share a place all the same.
    """

    FRACTION = "fraction"
    SHARED = "shared"


class MainRank(enum.StrEnum):
    """Which `rank_` column of results.csv a list feeds."""

    OVERALL = "overall"
    SEX = "sex"
    CATEGORY = "category"


@dataclass(frozen=True, kw_only=True)
class ListRule:
    """The rules of one list (of a family of lists, one for each sex or category, where `per` says so).

    Empty eligibility admits everybody of a ranked role. `categories` holds whole codes (`M2F`), `nationalities`
    three-letter codes, `licensed` and `elite` None where it does not matter. With `per` SEX only M and F have lists;
    with CATEGORY only entrants who have a category. `gun_origin` has no meaning for a net list. `depth` None: all.
    `public` False: the list is handed over, not posted. `groups`: the races within the race it admits ("" is the main
    one). `prize`: money, podium or record hangs on it: whoever left before the own gun waits for a ruling.
    """

    id: str
    title: Mapping[str, str]
    clock: Clock
    gun_origin: GunOrigin
    per: Per = Per.NONE
    waves: frozenset[str] = frozenset()
    sexes: frozenset[Sex] = frozenset()
    categories: frozenset[str] = frozenset()
    nationalities: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    licensed: bool | None = None
    elite: bool | None = None
    ties: Ties = Ties.FRACTION
    depth: int | None = None
    main: MainRank | None = None
    public: bool = True
    groups: frozenset[str] = frozenset({""})
    prize: bool = False

    def title_in(self, language: str) -> str:
        """The title in a language, else in the first the race file gives, else the id."""
        return self.title.get(language) or next(iter(self.title.values()), self.id)


class ReadingMode(enum.StrEnum):
    UP = "up"
    DOWN = "down"
    NEAREST = "nearest"
    """A half goes up."""


Microseconds = TypeVar("Microseconds", int, Int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounding:
    """From exact microseconds to the whole seconds that are printed, in two named steps.

    First the time is read to `reading_us` in the given mode (1: exactly as it is), then any fraction of a second goes
    up. By default that is the exact ceiling of the microseconds.
    """

    reading_us: int = 1
    reading: ReadingMode = ReadingMode.UP

    def reading_of(self, duration_us: Microseconds) -> Microseconds:
        """The duration at the resolution of the reading step, still in microseconds."""
        if self.reading is ReadingMode.UP:
            return -(-duration_us // self.reading_us) * self.reading_us
        if self.reading is ReadingMode.DOWN:
            return duration_us // self.reading_us * self.reading_us
        return (2 * duration_us + self.reading_us) // (2 * self.reading_us) * self.reading_us

    def printed_seconds(self, duration_us: Microseconds) -> Microseconds:
        """Whole seconds as printed, of one duration or of a column of them (MISSING must be masked by the caller)."""
        read = duration_us if self.reading_us == 1 else self.reading_of(duration_us)
        return -(-read // SECOND)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRule:
    """What a role means: is one timed, does one hold places, is one announced."""

    timed: bool = True
    ranked: bool = True
    announced: bool = True


DEFAULT_ROLES: Final[Mapping[str, RoleRule]] = {
    "runner": RoleRule(),
    "wheelchair": RoleRule(),
    "handbike": RoleRule(),
    "pacer": RoleRule(ranked=False, announced=False),
    "guide": RoleRule(ranked=False, announced=False),
    "crew": RoleRule(ranked=False, announced=False),
    "vehicle": RoleRule(timed=False, ranked=False, announced=False),
    "staff": RoleRule(timed=False, ranked=False, announced=False),
    "test": RoleRule(timed=False, ranked=False, announced=False),
}
"""`crew` pushes or carries somebody (a joëlette): they finish, and hold no place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerPlan:
    """Where the far mats meet the engine. `url` None: the embedded broker on loopback, on a free port."""

    url: str | None = None
    user: str = "engine"
    password_file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebPlan:
    """Where the pages are served. Port 0: a free one."""

    host: str = "127.0.0.1"
    port: int = 8750


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerPlan:
    """What announcers are told. `birthdays`: whose it is; the date itself is shown to nobody."""

    birthdays: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JuryPlan:
    """When the jury is asked. `margin_us`: a gap that tags cannot decide, inside a prize list's depth."""

    margin_us: Duration = SECOND // 2
    protest_us: Duration = 30 * MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """A value of the race file that could not be established from a source."""

    key: str
    why: str
    line: int | None = None


@dataclass(frozen=True, kw_only=True)
class RacePlan:
    """One race file, whole. `text` is the file as read: it is what the journal keeps of the rules in force.

    `languages` in order of preference, never empty; `title` by language.
    """

    race: Race
    title: Mapping[str, str]
    languages: tuple[str, ...]
    lists: tuple[ListRule, ...]
    categories: CategoryScheme
    rounding: Rounding = Rounding()
    roles: Mapping[str, RoleRule] = field(default_factory=lambda: dict(DEFAULT_ROLES))
    jury: JuryPlan = JuryPlan()
    speaker: SpeakerPlan = SpeakerPlan()
    broker: BrokerPlan = BrokerPlan()
    web: WebPlan = WebPlan()
    assumed: tuple[Assumed, ...] = ()
    past_winners: tuple[Winner, ...] = ()
    course_versions: tuple[CourseVersion, ...] = ()
    record_splits: tuple[RecordSplit, ...] = ()
    text: str = ""
    path: Path | None = None

    def main_list(self, main: MainRank) -> ListRule | None:
        """The list that feeds a rank column, if the race has one."""
        return next((rule for rule in self.lists if rule.main is main), None)

    def role(self, entrant: Entrant) -> RoleRule:
        """The rule of an entrant's role; a role the race file does not know is timed and holds no place."""
        return self.roles.get(entrant.role) or RoleRule(ranked=False, announced=False)

    def title_in(self, language: str) -> str:
        return self.title.get(language) or self.race.name
