"""From a race file to a plan: finds the file, tells every fault at once, builds the types of `timing`."""

import re
from collections.abc import Mapping
from datetime import time
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Final

from config.categories import FFA_SEASON_STARTS, CategoryBasis, CategoryScheme, SeasonStart, age_classes
from config.course_faults import note_course_faults
from config.errors import ConfigError, Fault
from config.list_faults import note_list_faults
from config.palmares import CourseVersion, RecordSplit, Winner, load_winners
from config.plan import (
    DEFAULT_ROLES,
    Assumed,
    BrokerPlan,
    JuryPlan,
    ListRule,
    RacePlan,
    RoleRule,
    Rounding,
    SpeakerPlan,
    WebPlan,
)
from config.race_draft import Draft, read_draft
from config.race_file import ListSection, MatSection, PointSection, RaceFile, SourceSection, WaveSection
from config.race_moments import midnight, moment_of, next_midnight
from config.race_values import PROTOCOL_CLOCKS
from timing.instants import MINUTE, SECOND, Duration
from timing.race import Course, Gathering, Mat, MomentRule, Point, PointKind, Race, Source, Wave
from timing.reads import ClockKind, SourceId

RACES: Final = Path(__file__).parent / "races"
RACE_FILE: Final = "race.toml"
WINNERS_FILE: Final = "winners.csv"
MIN_LEG_PERCENT: Final = 80
"""Of the difference of two points' minimum times: the minimum of the leg between them, unless the file gives one."""
_RACE_ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def shipped_races() -> tuple[str, ...]:
    """The names of the races that come with Calanque, in alphabetical order."""
    return tuple(sorted(folder.name for folder in RACES.iterdir() if (folder / RACE_FILE).is_file()))


def race_path(name_or_path: str | Path) -> Path:
    """The race file meant by a path to it, a race folder, or the name of a shipped race.

    Raises: ConfigError when there is none.
    """
    path = Path(name_or_path)
    if path.is_dir() and (path / RACE_FILE).is_file():
        return path / RACE_FILE
    if path.is_file():
        return path
    if str(name_or_path) in shipped_races():
        return RACES / str(name_or_path) / RACE_FILE
    what = f"the folder holds no {RACE_FILE}" if path.is_dir() else "no such race"
    raise ConfigError(
        [
            Fault(
                file=str(name_or_path),
                key="",
                line=None,
                message=what,
                accepted=f"a race file, a folder with a {RACE_FILE}, or one of: {', '.join(shipped_races())}",
            )
        ]
    )


def load_race(name_or_path: str | Path) -> RacePlan:
    """The plan of a race, from a race file, a race folder, or the name of a shipped race.

    Raises: ConfigError with every fault of the file.
    """
    path = race_path(name_or_path)
    default_id = path.absolute().parent.name if path.name == RACE_FILE else path.stem
    return parse_race(_text_of(path), file=path, default_id=default_id)


def parse_race(text: str, *, file: Path, default_id: str) -> RacePlan:
    """The plan that a race file's text describes; files it names are looked for beside `file`.

    Raises: ConfigError with every fault.
    """
    draft = read_draft(text, str(file))
    note_course_faults(draft)
    note_list_faults(draft)
    race_id = (draft.event.id if draft.event else "") or default_id
    if not _RACE_ID.fullmatch(race_id):
        draft.fault(("event", "id"), f'"{race_id}" cannot be the name of a race', "id = ... of a-z 0-9 . _ -")
    winners = _winners(draft, file)
    if draft.faults or draft.whole is None:
        raise ConfigError(sorted(draft.faults, key=lambda fault: (fault.line is None, fault.line or 0)))
    return _plan(draft.whole, draft, race_id, file, winners)


def _text_of(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(
            [Fault(file=str(path), key="", line=line, message="not UTF-8", accepted="a race file saved as UTF-8")]
        ) from error
    except OSError as error:
        raise ConfigError(
            [Fault(file=str(path), key="", line=None, message=f"cannot be read: {error.strerror}", accepted="a file")]
        ) from error


def _winners(draft: Draft, file: Path) -> tuple[Winner, ...]:
    """The past winners beside the race file; the faults of their table join those of the race file."""
    named = draft.course.winners if draft.course else ""
    path = file.parent / (named or WINNERS_FILE)
    if not path.is_file():
        if named:
            draft.fault(("course", "winners"), f'there is no file "{path}"', "a CSV file beside the race file")
        return ()
    try:
        return load_winners(path)
    except ConfigError as error:
        draft.faults.extend(error.faults)
        return ()


# ---- building ----


def _us(value: Decimal, unit: int) -> int:
    return int(value * unit)


def _day_seconds(at: time) -> int:
    """A TOML time read as a duration, in whole seconds."""
    return at.hour * 3600 + at.minute * 60 + at.second


def _plan(given: RaceFile, draft: Draft, race_id: str, file: Path, winners: tuple[Winner, ...]) -> RacePlan:
    event = given.event
    languages = tuple(event.languages)
    roles = _roles(given)
    return RacePlan(
        race=_race(given, race_id, roles),
        title=_titles(event.title, languages) or dict.fromkeys(languages, event.name),
        languages=languages,
        lists=tuple(_list(rule, given) for rule in given.lists),
        categories=_categories(given),
        rounding=Rounding(reading_us=_us(given.rounding.reading_s, SECOND), reading=given.rounding.reading),
        roles=roles,
        jury=JuryPlan(margin_us=_us(given.jury.margin_s, SECOND), protest_us=_us(given.jury.protest_minutes, MINUTE)),
        speaker=SpeakerPlan(birthdays=given.speaker.birthdays),
        broker=BrokerPlan(url=given.broker.url, user=given.broker.user, password_file=given.broker.password_file),
        web=WebPlan(host=given.web.host, port=given.web.port),
        assumed=tuple(Assumed(key=key, why=why, line=draft.line("assumed", key)) for key, why in given.assumed.items()),
        past_winners=winners,
        course_versions=tuple(
            CourseVersion(id=v.id, first_year=v.first_year, last_year=v.last_year, text=v.text)
            for v in given.course.versions
        ),
        record_splits=tuple(
            RecordSplit(year=s.year, sex=s.sex, point=s.point, time_s=_day_seconds(s.time))
            for s in given.course.record_splits
        ),
        text=draft.text,
        path=file,
    )


def _race(given: RaceFile, race_id: str, roles: Mapping[str, RoleRule]) -> Race:
    event, window = given.event, given.window
    day, zone = event.date, event.zone
    return Race(
        id=race_id,
        name=event.name,
        edition=event.edition,
        day=day,
        zone=zone,
        course=_course(given),
        waves=tuple(_wave(wave, given) for wave in given.waves),
        sources=tuple(_source(source) for source in given.sources),
        start_window_us=_us(given.start.window_minutes, MINUTE),
        first_instant_us=moment_of(window.first, day, zone) if window.first else midnight(day, zone),
        last_instant_us=moment_of(window.last, day, zone) if window.last else next_midnight(day, zone),
        gun_origin=given.start.gun_origin,
        net_without_start=given.start.net_without_start,
        untimed_roles=frozenset(name for name, rule in roles.items() if not rule.timed),
        gathering=Gathering(
            quiet_us=_us(given.gathering.quiet_s, SECOND),
            longest_us=_us(given.gathering.longest_s, SECOND),
            parked_us=_us(given.gathering.parked_minutes, MINUTE),
            pair_us=_us(given.gathering.pair_s, SECOND),
        ),
    )


def _course(given: RaceFile) -> Course:
    mats = [(frozenset(mat.served), _mat(mat)) for mat in given.mats]
    legs = [0, 0, *(_default_leg(before, point) for before, point in pairwise(given.points[1:]))]
    return Course(
        version=given.course.version,
        points=tuple(
            _point(point, tuple(mat for served, mat in mats if point.id in served), leg_us)
            for point, leg_us in zip(given.points, legs, strict=True)
        ),
        profile=tuple((int(km * 1000), height) for km, height in given.course.profile or ()),
    )


def _default_leg(before: PointSection, point: PointSection) -> Duration:
    """A passing sooner after the point before than the fastest of all, by a good margin, is not of this runner."""
    return _us((point.minimum_minutes - before.minimum_minutes) * MIN_LEG_PERCENT / 100, MINUTE)


def _mat(mat: MatSection) -> Mat:
    first, *others = mat.served
    return Mat(
        id=mat.id,
        point=first,
        role=mat.role,
        source=SourceId(mat.source),
        to_line_mm=int(mat.to_line_m * 1000),
        label=mat.label,
        antennas=tuple(mat.antennas),
        also=tuple(others),
    )


def _point(point: PointSection, mats: tuple[Mat, ...], default_leg_us: Duration) -> Point:
    by_default = MomentRule.FIRST if point.kind is PointKind.SPLIT else MomentRule.FITTED
    return Point(
        id=point.id,
        kind=point.kind,
        name=point.name or point.id,
        distance_m=int(point.km * 1000),
        min_time_us=_us(point.minimum_minutes, MINUTE),
        moment=point.moment or by_default,
        mats=mats,
        line_speed_mm_s=int(point.line_speed_m_s * 1000),
        min_leg_us=default_leg_us if point.minimum_leg_minutes is None else _us(point.minimum_leg_minutes, MINUTE),
    )


def _wave(wave: WaveSection, given: RaceFile) -> Wave:
    day, zone = given.event.date, given.event.zone
    return Wave(
        id=wave.id,
        name=wave.name or wave.id,
        planned_gun_us=moment_of(wave.gun, day, zone),
        gun_us=None if wave.fired is None else moment_of(wave.fired, day, zone),
        bibs=wave.bibs,
        group=wave.group,
        speed_pct=int(wave.speed * 100),
    )


def _source(source: SourceSection) -> Source:
    return Source(
        id=SourceId(source.id),
        protocol=source.protocol,
        connect=source.connect,
        clock=source.clock or PROTOCOL_CLOCKS.get(source.protocol, ClockKind.UTC),
    )


def _roles(given: RaceFile) -> dict[str, RoleRule]:
    roles = dict(DEFAULT_ROLES)
    for name, role in given.roles.items():
        default = roles.get(name, RoleRule())
        roles[name] = RoleRule(
            timed=default.timed if role.timed is None else role.timed,
            ranked=default.ranked if role.ranked is None else role.ranked,
            announced=default.announced if role.announced is None else role.announced,
        )
    return roles


def _categories(given: RaceFile) -> CategoryScheme:
    rules = given.categories
    starts = tuple(SeasonStart(valid_from=s.valid_from, month=s.month) for s in rules.season_starts)
    return CategoryScheme(
        basis=rules.basis,
        season_starts=starts or FFA_SEASON_STARTS,
        kept=tuple(code.upper() for code in rules.kept),
        listed=tuple(rules.order),
    )


def _titles(title: Mapping[str, str], languages: tuple[str, ...]) -> dict[str, str]:
    if "" in title:
        return dict.fromkeys(languages, title[""])
    return dict(title)


def _list(rule: ListSection, given: RaceFile) -> ListRule:
    return ListRule(
        id=rule.id,
        title=_titles(rule.title, tuple(given.event.languages)),
        clock=rule.clock,
        gun_origin=rule.gun_origin or given.start.gun_origin,
        per=rule.per,
        waves=frozenset(rule.waves),
        sexes=frozenset(rule.sexes),
        categories=_whole_codes(rule.categories, given),
        nationalities=frozenset(rule.nationalities),
        roles=frozenset(rule.roles),
        licensed=rule.licensed,
        elite=rule.elite,
        ties=rule.ties,
        depth=rule.depth,
        main=rule.main,
        public=rule.public,
        groups=frozenset(rule.groups),
        prize=rule.prize,
    )


def _whole_codes(codes: list[str], given: RaceFile) -> frozenset[str]:
    """Categories of a list, an age class standing for both its sexes."""
    if given.categories.basis is CategoryBasis.ROSTER:
        return frozenset(codes)
    classes = {age_class.code for age_class in age_classes(given.event.date)}
    return frozenset(whole for code in codes for whole in ((code + "F", code + "M") if code in classes else (code,)))
