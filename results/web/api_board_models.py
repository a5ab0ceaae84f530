"""The race and the board as programs are given them, as types; the rest is in `api_models`.

Owns names and meanings of fields. Instants (`_us`) are microseconds since 1970-01-01T00:00:00Z, times (`_s`) whole
seconds as printed. What is not known, or withheld, is null.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

State = Literal["provisional", "posted", "official"]
Status = Literal["ENTERED", "STARTED", "FINISHED", "DNS", "DNF", "DSQ", "NC", "HD"]


class Reply(BaseModel):
    """Fields are added, never renamed: a program leaves aside what it does not know."""

    model_config = ConfigDict(frozen=True, serialize_by_alias=True, validate_by_name=True)


# ---- the race ----


class Titles(Reply):
    fr: str
    en: str


class PointOnCourse(Reply):
    id: str
    kind: Literal["start", "split", "finish"]
    name: str
    distance_m: int


class MassifDrawing(Reply):
    """The profile of the course in a box of 1000 by 100: points of the ridge, and the paths of rock and strata."""

    ridge: str
    rock: str
    strata: str


class RaceFacts(Reply):
    id: str
    name: str
    title: Titles
    edition: int | None
    day: str = Field(description="ISO date")
    distance_m: int
    points: list[PointOnCourse]
    massif: MassifDrawing | None


class Clock(Reply):
    race_now_us: int
    rate: float = Field(description="Seconds of the race clock in one real second; 1 but for a simulated race")
    lag_s: int = Field(description="How far delivery of reads is behind the race clock")
    utc_offset_s: int


class Phase(Reply):
    name: Literal["armed", "running", "closed"]
    first_gun_us: int
    first_gun_planned: bool
    start_closed_us: int | None
    finish_closed_us: int | None


class Gun(Reply):
    wave: str
    name: str
    gun_us: int
    planned: bool = Field(description="No gun is known yet: the hour is the plan's")


class Statuses(Reply):
    ENTERED: int
    STARTED: int
    FINISHED: int
    DNS: int
    DNF: int
    DSQ: int
    NC: int
    HD: int


class Counts(Reply):
    entered: int
    started: int = Field(description="Read anywhere on the course")
    finished: int
    running: int
    statuses: Statuses


class PointCounts(Reply):
    """Crossings read at a point: not people who passed. `missed`: read further on, but not here."""

    id: str
    seen: int
    missed: int
    newest_us: int | None


class PublicationFacts(Reply):
    number: int
    at_us: int


class RaceReply(Reply):
    race: RaceFacts
    clock: Clock
    phase: Phase
    guns: list[Gun]
    counts: Counts
    points: list[PointCounts]
    publication: PublicationFacts | None
    lists_state: State


# ---- the board: the view the pages are made of ----


class BoardRow(Reply):
    """One runner. Places are those of the main lists; `from`: club, else town, else country."""

    bib: str = Field(description="Empty where the bib would tell whose name is withheld")
    first: str
    last: str
    withheld: bool
    sex: str
    category: str
    from_: str = Field(alias="from")
    official_s: int | None
    real_s: int | None
    start_read: bool
    at_us: int | None
    place: int | None
    shared: bool
    sex_place: int | None
    category_place: int | None


class LeaderRow(BoardRow):
    time_s: int
    official: bool = Field(default=False, description="The place stands as it was posted")


class FirstRow(LeaderRow):
    list_id: str


class Leaders(Reply):
    scope: str = Field(description="F, M, or empty for everybody")
    state: State
    point: str | None = Field(description="Where they were read; the finish once somebody of the list has finished")
    rows: list[LeaderRow]


class ListState(Reply):
    id: str
    state: State


class Flow(Reply):
    """Arrivals in each minute since the first gun that is over. `expected`: those to come, an estimate, minute by
    minute from the one after; null or missing where there is no forecast.
    """

    first_minute: int | None
    per_minute: list[int]
    last_minute: int
    expected: list[int] | None = None


class FieldOnCourse(Reply):
    """An estimate for a picture: runners in each step of the course, and where the first one is."""

    step_m: int
    counts: list[int]
    head_m: int | None


class Late(Reply):
    point: str
    reads: int
    first_us: int
    last_us: int
    begun_us: int
    arrived_us: int


class SourceHealth(Reply):
    id: str
    link: str
    since_us: int | None
    newest_us: int | None
    reads: int | None
    points: list[str]


class BoardSections(Reply):
    race: RaceFacts
    clock: Clock
    phase: Phase
    guns: list[Gun]
    counts: Counts
    points: list[PointCounts]
    leaders: list[Leaders]
    lists_state: State
    lists: list[ListState]
    list_versions: list[int] = Field(description="One for each of `lists`: another number when the list is another one")
    arrivals: list[BoardRow]
    firsts: list[FirstRow]
    flow: Flow
    field: FieldOnCourse
    late: list[Late]
    sources: list[SourceHealth]
    reads: dict[str, int] = Field(description="How many reads of each class")
    flags: dict[str, int] = Field(description="How many runners with each flag")
    publication: PublicationFacts | None


class BoardReply(Reply):
    """The newest view. `/api/stream` sends the same, then the sections that changed."""

    made_us: int
    number: int
    sections: BoardSections
