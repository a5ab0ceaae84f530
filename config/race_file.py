"""The keys of a race file: names, types, defaults, and what each accepts.

The one place a key is defined; faults, the page docs/race_file.md and the loader all read it here. Each key is judged
on its own; how they hang together is for `course_faults` and `list_faults`.
"""

from decimal import Decimal
from typing import Annotated

from pydantic import Field, StrictBool, StrictInt

from config.categories import CategoryBasis
from config.course_sections import CourseSection
from config.plan import Clock, MainRank, Per, ReadingMode, Ties
from config.race_section import Section, key
from config.race_values import (
    BibRanges,
    Connect,
    Day,
    FiredGun,
    Gun,
    Hundredths,
    Id,
    Language,
    MatId,
    Millionths,
    Moment,
    Nation,
    PointId,
    Thousandths,
    Titles,
    WaveId,
    Zone,
)
from timing.race import GunOrigin, MatRole, MomentRule, NetWithoutStart, PointKind
from timing.reads import ClockKind
from timing.roster import Sex


class EventSection(Section):
    """What is run, when and where."""

    id: Id = key("Name in topics, folders and exports.", "a-z 0-9 . _ -, at most 64", "", "name of the folder or file")
    name: Annotated[str, Field(min_length=1)] = key("The event's name.", "text")
    title: Titles = key("Title of pages and exports.", '"text", or { fr = "...", en = "..." }', {}, "`name`")
    edition: Annotated[StrictInt, Field(ge=1)] | None = key(
        "Number of the edition.", "whole number from 1", None, "none"
    )
    date: Day = key("The race day.", "a TOML date: 2024-10-27")
    zone: Zone = key("Zone of all local times.", 'a tz name: "Europe/Paris"')
    languages: Annotated[list[Language], Field(min_length=1)] = key(
        "Languages of pages and exports, the preferred one first.", 'two-letter codes: ["fr", "en"]', ["fr", "en"]
    )


class WindowSection(Section):
    """The race window: a stamp outside it is held, because a clock that shows it is wrong."""

    first: Moment | None = key(
        "The first credible moment.", "a TOML date-time, local unless it carries an offset", None, "00:00 of the day"
    )
    last: Moment | None = key("The last credible moment.", "a TOML date-time after `first`", None, "24:00 of the day")


class StartSection(Section):
    """Guns and what hangs on them."""

    gun_origin: GunOrigin = key(
        "The gun that gun time runs from: the first of the race, or that of the own wave.",
        '"race" or "wave"',
        GunOrigin.WAVE,
    )
    window_minutes: Annotated[Millionths, Field(gt=0, le=1440)] = key(
        "How long after the last gun the start is planned to stay open.", "more than 0, at most 1440", Decimal(40)
    )
    net_without_start: NetWithoutStart = key(
        "Net time of a finisher without a start read: none, or the gun time.", '"empty" or "gun"', NetWithoutStart.EMPTY
    )


class WaveSection(Section):
    """Runners started by the same gun, in the order of their guns."""

    id: WaveId = key("Name of the wave in the roster and in lists.", "letters, digits, . _ + - and spaces; at most 32")
    name: str = key("Name for people.", "text", "", "`id`")
    gun: Gun = key("Planned gun, local time of the race day.", "a TOML time: 09:00:00")
    fired: FiredGun | None = key(
        "The gun as it was fired, where that is known.",
        "a TOML time of the race day, or a date-time (2024-10-27T08:00:00.35Z)",
        None,
        "none",
    )
    bibs: BibRanges = key(
        "Numeric bibs of the wave, for entrants whose wave the roster does not give.",
        '"1-2500", or a list: ["1-2500", 9001]',
        (),
        "none",
    )
    group: str = key(
        "The race within the race it belongs to (wheelchairs, say), with a race gun and lists of its own.",
        "text; empty is the main race",
        "",
    )
    speed: Annotated[Hundredths, Field(gt=0, le=5)] = key(
        "How many times as fast as the fastest runner its fastest are; minimum times are divided by it.",
        "more than 0, at most 5, two decimals",
        Decimal(1),
    )


class PointSection(Section):
    """A timing point, in the order they are run: START first, FINISH last."""

    id: PointId = key("Name of the point, also in columns of exports.", "a letter, then letters, digits, _; at most 32")
    name: str = key("Name for people.", "text", "", "`id`")
    kind: PointKind = key("What the point is.", '"start", "split" or "finish"')
    km: Annotated[Thousandths, Field(ge=0, le=1000)] = key("Distance from the start.", "kilometres, to the metre")
    minimum_minutes: Annotated[Millionths, Field(ge=0, le=10_000)] = key(
        "Passings before this time from the own start read (else from the first gun) are too early.",
        "minutes; 0 at the start, more at each point after",
        Decimal(0),
    )
    minimum_leg_minutes: Annotated[Millionths, Field(ge=0, le=10_000)] | None = key(
        "Passings before this time from the own crossing of the split before are too early.",
        "minutes, 0 for no such rule; from the second point after the start on",
        None,
        "80 % of the difference of the two minimum times",
    )
    moment: MomentRule | None = key(
        "The moment of a passing that counts; `strongest` and `fitted` are `first` where a reader gives no signal.",
        '"first", "last", "strongest" or "fitted"',
        None,
        '`"fitted"` at start and finish, `"first"` at splits',
    )
    line_speed_m_s: Annotated[Thousandths, Field(gt=0, le=15)] = key(
        "Speed that turns a mat's distance to the line into time where the runner's own is not known.",
        "metres a second, at most 15",
        Decimal("2.8"),
    )


class MatSection(Section):
    """An antenna line on the ground, in service of one point, or of several where the course comes back to it."""

    id: MatId = key("Name of the mat, also in read logs.", "letters, digits, . _ -; at most 64")
    point: str | None = key("The point it serves.", "`id` of a point; this or `points`", None, "none")
    points: Annotated[list[str], Field(min_length=2)] | None = key(
        "The points it serves in turn, where the course comes back to it: start, laps and finish.",
        'two or more ids in the order they are run: ["START", "LAP1", "FINISH"]',
        None,
        "none",
    )
    role: MatRole = key("The backup counts where the main mat saw nothing.", '"main" or "backup"', MatRole.MAIN)
    source: str = key("The source its reads come from.", "`id` of a source")
    to_line_m: Annotated[Thousandths, Field(ge=-100, le=100)] = key(
        "Distance beyond the timed line in running direction; before the line negative.",
        "metres, -100 to 100",
        Decimal(0),
    )
    label: str | None = key(
        "The reader's own word for the mat, where its source serves several.", 'text: "01"', None, "none"
    )
    antennas: list[Annotated[StrictInt, Field(ge=0, le=255)]] = key(
        "Antennas of the mat, where its source serves several.", "numbers from 0 to 255: [1, 2]", [], "all"
    )

    @property
    def served(self) -> list[str]:
        """The points it serves, in the order given."""
        return self.points or ([] if self.point is None else [self.point])


class SourceSection(Section):
    """A reader (or whatever delivers reads) and how to reach it."""

    id: Id = key("Name of the source, the same however it is heard.", "a-z 0-9 . _ -, at most 64")
    protocol: str = key(
        "What the reader speaks.",
        'a name that `calanque readers` lists, or "read_log"; any word behind a collector',
        "ipico",
    )
    connect: Connect = key(
        "Where it is heard.",
        '"serial:/dev/ttyUSB0?baud=9600", "tcp:host:port", "listen:port", "mqtt:topic/filter", "collector" or "file"',
    )
    clock: ClockKind | None = key(
        "What its clock keeps.",
        '"utc", "local", "time_of_day" or "elapsed"',
        None,
        "what its kind keeps (`calanque readers`)",
    )


class GatheringSection(Section):
    """How reads become passings."""

    quiet_s: Annotated[Millionths, Field(gt=0, le=600)] = key(
        "A passing ends after this long without a read.", "seconds, at most 600", Decimal(5)
    )
    longest_s: Annotated[Millionths, Field(gt=0, le=3600)] = key(
        "A passing that lasts longer is somebody who waits.", "seconds, at most 3600", Decimal(8)
    )
    parked_minutes: Annotated[Millionths, Field(gt=0, le=1440)] = key(
        "One that lasts longer at the start is a parked tag.", "minutes, at most 1440", Decimal(5)
    )
    pair_s: Annotated[Millionths, Field(gt=0, le=600)] = key(
        "Passings at the mats of one point within this time are one crossing.", "seconds, at most 600", Decimal(20)
    )


class RoundingSection(Section):
    """From the exact time to the printed one: read to a resolution, then any fraction of a second goes up."""

    reading_s: Annotated[Millionths, Field(gt=0, le=1)] = key(
        "Resolution of the first step.", "seconds, from 0.000001 (exactly as it is) to 1", Decimal("0.000001")
    )
    reading: ReadingMode = key("Direction of the first step.", '"up", "down" or "nearest"', ReadingMode.UP)


class SeasonSection(Section):
    """From when on a season begins in which month."""

    valid_from: Day = key("First day the rule holds.", "a TOML date")
    month: Annotated[StrictInt, Field(ge=1, le=12)] = key("The season begins on the first of it.", "1 to 12")


class CategoriesSection(Section):
    """Age categories: computed from the birth year by the federation's rule of the day, or taken from the roster."""

    basis: CategoryBasis = Field(
        CategoryBasis.FFA,
        alias="from",
        description="Where categories come from.",
        json_schema_extra={"accepted": '"ffa" or "roster"', "shown": ""},
    )
    season_starts: list[SeasonSection] = key(
        "When seasons begin, in place of the federation's dates.",
        "`[[categories.season_starts]]` tables, `valid_from` ascending",
        [],
        "1 November, from 2022-09-01 on 1 September",
    )
    kept: list[str] = key(
        "Categories given by hand that are taken from the roster all the same.", 'codes: ["HANDI"]', [], "none"
    )
    order: list[str] = key(
        "Order of the roster's categories.", 'codes: ["MU20", "M20-24"]', [], "natural order of the codes"
    )


class RoleSection(Section):
    """What a role of the roster means: one of the known roles, or one of your own."""

    timed: StrictBool | None = key(
        "Passings count; else the tag's reads are strays.", "true or false", None, "as below; `true` for a new role"
    )
    ranked: StrictBool | None = key(
        "Holds places.", "true or false; true only where `timed` is", None, "as below; `true` for a new role"
    )
    announced: StrictBool | None = key(
        "Is shown to announcers.", "true or false", None, "as below; `true` for a new role"
    )


class ListSection(Section):
    """A list of results, with the rules that are its own."""

    id: Id = key("Name of the list in exports.", "a-z 0-9 . _ -, at most 64")
    title: Titles = key("Title for people.", '"text", or { fr = "...", en = "..." }', {}, "`id`")
    clock: Clock = key("The time it is ranked by.", '"gun" or "net"')
    gun_origin: GunOrigin | None = key(
        "The gun its times run from; not with the net clock.", '"race" or "wave"', None, "`start.gun_origin`"
    )
    per: Per = key("One list, or one for each sex or category.", '"none", "sex" or "category"', Per.NONE)
    groups: Annotated[list[str], Field(min_length=1)] = key(
        "Only these races within the race; who is in no wave belongs to the main one.",
        'groups of waves, "" for the main race',
        [""],
    )
    waves: list[str] = key("Only these waves.", "ids of waves", [], "all")
    sexes: list[Sex] = key("Only these sexes.", '"M", "F", "X"', [], "all")
    categories: list[str] = key("Only these categories.", '"M2F", or "M2" for both sexes', [], "all")
    nationalities: list[Nation] = key("Only these nationalities.", 'three-letter codes: ["FRA"]', [], "all")
    roles: list[str] = key("Only these of the ranked roles.", "names of roles that are ranked", [], "all ranked roles")
    licensed: StrictBool | None = key("Only with, or only without, a licence number.", "true or false", None, "all")
    elite: StrictBool | None = key("Only, or all but, the elite.", "true or false", None, "all")
    ties: Ties = key(
        "Equal printed seconds are told apart by the fraction, or share the place (1, 2, 2, 4).",
        '"fraction" or "shared"',
        Ties.FRACTION,
    )
    depth: Annotated[StrictInt, Field(ge=1)] | None = key("How many places.", "whole number from 1", None, "all")
    main: MainRank | None = key(
        "The `rank_` column of results.csv it fills.",
        '"overall" (with per none), "sex" or "category" (with the same `per`); once each, without `depth`',
        None,
        "none",
    )
    prize: StrictBool = key(
        "Money or a podium hangs on it: who left before the own gun waits for a ruling.", "true or false", False
    )
    public: StrictBool = key("Posted; else only handed over.", "true or false", True)


class JurySection(Section):
    """When the jury is asked."""

    margin_s: Annotated[Millionths, Field(ge=0, le=60)] = key(
        "A smaller gap between two places of a prize list is not decided by tags.",
        "seconds, at most 60",
        Decimal("0.5"),
    )
    protest_minutes: Annotated[Millionths, Field(ge=0, le=10_080)] = key(
        "How long protests are taken after results are posted.", "minutes, at most 10080", Decimal(30)
    )


class SpeakerSection(Section):
    """What announcers are told."""

    birthdays: StrictBool = key(
        "Whose birthday it is is said; the date itself is shown to nobody.", "true or false", False
    )


class BrokerSection(Section):
    """The MQTT broker where far mats meet the engine."""

    url: Annotated[str, Field(pattern=r"^mqtts?://[^\s/@]+(:\d{1,5})?$")] | None = key(
        "Its address.", '"mqtt://host:1883" or "mqtts://host:8883"', None, "the embedded broker, on loopback"
    )
    user: str = key("Name the engine signs in with.", "text", "engine")
    password_file: str | None = key("File with its password, from the race folder.", "a path", None, "none")


class WebSection(Section):
    """Where the pages are served. Nothing listens beyond loopback unless it is said here."""

    host: Annotated[str, Field(pattern=r"^[^\s/]+$")] = key(
        "Address to listen on.", 'an address of this machine; "0.0.0.0" for all', "127.0.0.1"
    )
    port: Annotated[StrictInt, Field(ge=0, le=65535)] = key("Port to listen on.", "0 (a free one) to 65535", 8750)


class RaceFile(Section):
    """A whole race file."""

    event: EventSection
    window: WindowSection = WindowSection()
    course: CourseSection = CourseSection()
    start: StartSection = StartSection()
    waves: list[WaveSection]
    points: list[PointSection]
    mats: list[MatSection]
    sources: list[SourceSection]
    gathering: GatheringSection = GatheringSection()
    rounding: RoundingSection = RoundingSection()
    categories: CategoriesSection = CategoriesSection()
    roles: dict[str, RoleSection] = Field({})
    lists: list[ListSection]
    jury: JurySection = JurySection()
    speaker: SpeakerSection = SpeakerSection()
    broker: BrokerSection = BrokerSection()
    web: WebSection = WebSection()
    assumed: dict[str, str] = Field(
        {},
        description="Values that could not be established from a source, and why; `calanque check` repeats them.",
        json_schema_extra={"accepted": '"section.key" or "section.id.key" = "why"'},
    )
