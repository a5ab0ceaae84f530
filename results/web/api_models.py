"""What programs are given, as types: the OpenAPI description is made from these, and what is served is held to them.

Owns names and meanings of fields. Instants (`_us`) are microseconds since 1970-01-01T00:00:00Z, times (`_s`) whole
seconds as printed. What is not known, or withheld, is null. The race and the board are in `api_board_models`.
"""

from typing import Literal

from pydantic import Field

from results.web.api_board_models import Flow, Reply, State, Status, Titles


class ErrorReply(Reply):
    error: str = Field(description="What is wrong, and what would be accepted")


# ---- lists ----


class PersonFacts(Reply):
    """With `withheld` name, club, town and country are null; the bib too where it would tell who it is."""

    bib: str | None
    first_name: str | None
    last_name: str | None
    withheld: bool
    sex: str | None
    category: str | None
    club: str | None
    town: str | None
    nationality: str | None


class ListFacts(Reply):
    """`scope`: sex or category of a list that is one of a family. `depth`, `at_us`, `protest_until_us`: of the act that
    posted it or made it official. `ranked` hold a place; `running` may still come into the list.
    """

    id: str
    title: Titles
    clock: Literal["gun", "net"]
    scope: str
    state: State
    depth: int | None
    at_us: int | None
    protest_until_us: int | None
    rows: int
    ranked: int
    running: int


class ListsReply(Reply):
    lists: list[ListFacts]


class RowFacts(Reply):
    """`time_us`: exact, by the list's own clock; what tells apart those who print the same. `by_jury`: the jury gave
    the place. `net_from_gun`: the start was not read, and the race counts net time from the gun then.
    """

    number: int
    place: int
    shared: bool
    official: bool
    by_jury: bool
    time_s: int
    time_us: int
    other_s: int | None
    net_from_gun: bool
    person: PersonFacts


class ListReply(Reply):
    id: str
    title: Titles
    clock: Literal["gun", "net"]
    state: State
    rows: list[RowFacts]


class ClubFacts(Reply):
    key: str
    name: str
    entered: int
    ranked: int


class ClubsReply(Reply):
    clubs: list[ClubFacts]


class ClubReply(Reply):
    """The rows of the overall list that are of a club, with the places they have there."""

    key: str
    name: str
    list_id: str
    state: State
    ranked: int = Field(description="How many rows the club has in the list")
    rows: list[RowFacts]


# ---- runners ----


class PlaceFacts(Reply):
    """`main`: overall, sex or category for the race's main lists. `gained`: places since `RunnerReply.since`, among the
    finishers read there; negative where they were lost.
    """

    list_id: str
    main: str | None
    place: int
    shared: bool
    official: bool
    of: int
    gained: int | None


class PointFacts(Reply):
    point: str
    metres: int
    at_us: int | None
    gun_s: int | None
    net_s: int | None
    place: int | None
    gained: int | None
    by_hand: bool


class LegFacts(Reply):
    """From one mat that read the runner to the next. `like_s_per_km`: the median of runners of the same time."""

    from_m: int
    to_m: int
    s_per_km: float | None
    like_s_per_km: float | None


class RunnerReply(Reply):
    """A runner whose name is withheld has a bib, `withheld`, and nothing else."""

    bib: str
    withheld: bool
    person: PersonFacts | None
    wave: str | None
    status: Status | None
    official_s: int | None
    net_s: int | None
    start_read: bool | None
    net_from_gun: bool | None
    places: list[PlaceFacts]
    since: str | None
    points: list[PointFacts]
    legs: list[LegFacts]
    like: int
    last_point: str | None
    last_us: int | None


class WhySectionFacts(Reply):
    title: str
    sentences: list[str]


class WhyReply(Reply):
    """How a runner's times came about, in sentences. `through`: the last journal entry that was known."""

    bib: str
    through: int
    fr: list[WhySectionFacts]
    en: list[WhySectionFacts]


class FoundFacts(Reply):
    person: PersonFacts
    place: int | None = Field(description="In the overall list")


class SearchReply(Reply):
    asked: str
    every: int = Field(description="How many fit; `found` holds the first of them")
    found: list[FoundFacts]


class FlowReply(Reply):
    first_gun_us: int
    flow: Flow
