"""The expected answer: the race's rules once more, in plain Python, on the reads that were emitted.

An independent statement of docs/rules.md to compare the engine with: slow, simple, one runner after another, nothing
shared with `timing.matching` or `results.rankings`. Where the two differ, one of them is wrong. The lists and the file
are in `simulators.expected_lists`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, TypeAlias

from simulators.emission import EmittedReads
from simulators.expected_laps import LineRules, Runner, Stay
from simulators.expected_moments import Seen, moment_of
from timing.instants import Duration, Instant
from timing.race import GunOrigin, Mat, MatRole, NetWithoutStart, Point, PointKind, Race
from timing.roster import Entrant, Roster
from timing.times import Closings

_APART_US: Final = 60_000_000
_APART_POINTS: Final = 2
_DECLARED: Final = ("DNS", "DNF", "DSQ", "NC", "HD")

Row: TypeAlias = tuple[str, int, Instant, int, float | None]
"""A read: tag, index of the mat in the course, instant, antenna or -1, signal or None."""


@dataclass(frozen=True, kw_only=True)
class Crossed:
    """When somebody crossed the line of a point, and which mat says so."""

    at: Instant
    mat: Mat


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the rules give for one entrant. `missed`: points that should have seen them; `flags`: words but those.

    `group`: the race within the race; `race_gun`: its first gun; `gun`: the one the official time runs from.
    """

    entrant: Entrant
    status: str
    crossed: Mapping[str, Crossed]
    wave: str | None
    group: str
    wave_gun: Instant
    race_gun: Instant
    gun: Instant
    gun_time: Duration | None
    net_time: Duration | None
    splits: Mapping[str, Duration]
    missed: Sequence[str]
    flags: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class _Passing:
    """A usable passing: the instant at the line, the mat, when its first read was, and the tag."""

    at: Instant
    mat: Mat
    began: Instant
    tag: str = ""


def expected_answers(
    race: Race,
    roster: Roster,
    guns: Mapping[str, Instant],
    reads: Iterable[Row],
    closings: Closings,
) -> list[Answer]:
    """What the rules give, for every entrant in the order of the roster.

    Args:
        guns: the gun in force of each wave, by its id.
        reads: in any order.
    """
    owner: dict[str, int] = {tag: number for number, entrant in enumerate(roster.entrants) for tag in entrant.tags}
    by_entrant: dict[int, dict[tuple[str, int], list[Seen]]] = defaultdict(lambda: defaultdict(list))
    for tag, mat, moment, antenna, signal in reads:
        number = owner.get(tag)
        if number is not None and mat >= 0 and race.first_instant_us <= moment <= race.last_instant_us:
            by_entrant[number][tag, mat].append(Seen(moment, antenna, signal))
    rules = _Rules(race, guns, closings)
    return [rules.answer(entrant, by_entrant.get(number, {})) for number, entrant in enumerate(roster.entrants)]


def rows_of(reads: EmittedReads) -> list[Row]:
    """Emitted reads as the plain rows `expected_answers` takes."""
    tags = [reads.tags[code] for code in reads.tag.tolist()]
    signals = [None if value != value else value for value in reads.rssi.tolist()]
    return list(zip(tags, reads.mat.tolist(), reads.stamp_us.tolist(), reads.antenna.tolist(), signals, strict=True))


@dataclass(frozen=True, kw_only=True)
class _Runs:
    """As what somebody runs: the wave (None: none), its race within the race, that one's gun, the wave's speed."""

    wave: str | None
    group: str
    own_gun: Instant
    race_gun: Instant
    speed_pct: int

    @property
    def runner(self) -> Runner:
        return Runner(own_gun=self.own_gun, race_gun=self.race_gun, speed_pct=self.speed_pct)


class _There(NamedTuple):
    """One passing: of which tag, at which mat, its reads."""

    tag: str
    mat: Mat
    passing: list[Seen]


class _Rules:
    """The rules of one race, applied to one entrant at a time."""

    def __init__(self, race: Race, guns: Mapping[str, Instant], closings: Closings) -> None:
        self.race = race
        self.guns = guns
        self.first_gun = min(guns.values())
        self.closings = closings
        self.mats = race.course.mats
        points = {point.id: point for point in race.course.points}
        self.lines = {
            (mat.point, *mat.also): LineRules(
                race, [points[id_] for id_ in (mat.point, *mat.also)], self.first_gun, max(guns.values())
            )
            for mat in self.mats
            if mat.also
        }

    def answer(self, entrant: Entrant, reads: Mapping[tuple[str, int], list[Seen]]) -> Answer:
        runs = self._runs(entrant)
        crossed: dict[str, Crossed] = {}
        asked: set[str] = set()
        apart = 0
        there: list[_There] = []
        if entrant.role not in self.race.untimed_roles:
            for (tag, mat_number), seen in sorted(reads.items()):
                mat = self.mats[mat_number]
                there += [_There(tag, mat, passing) for passing in _passings(seen, self.race.gathering.quiet_us)]
        at_point = self._starts(there, runs)
        for point in self.race.course.points:
            usable = []
            for number, (tag, mat, passing) in enumerate(there):
                if at_point[number] == point.id:
                    judged = self._judge(point, mat, passing, crossed, runs, asked)
                    usable += [replace(each, tag=tag) for each in judged]
            if point.kind is not PointKind.START:
                in_order = self._in_order(point, usable, crossed, runs)
                if usable and not in_order:
                    asked.add("out_of_order")
                usable = in_order or usable
            apart += _are_tags_apart(usable, at_start=point.kind is PointKind.START)
            if usable:
                crossed[point.id] = self._choose(point, usable)
            if point.kind is PointKind.START:
                self._give_laps(at_point, there, runs, crossed)
        if apart >= _APART_POINTS:
            asked.add("two_tags_apart")
        return self._times(entrant, crossed, runs, asked)

    def _starts(self, there: Sequence[_There], runs: _Runs) -> list[str]:
        """The point of each passing; empty for those at a line that are of a lap still to be told."""
        at_point = ["" if mat.also else mat.point for _, mat, _ in there]
        for line in self.lines.values():
            for number in line.starts(self._stays(line, there, at_point), runs.runner):
                at_point[number] = line.points[0].id
        return at_point

    def _give_laps(
        self, at_point: list[str], there: Sequence[_There], runs: _Runs, crossed: Mapping[str, Crossed]
    ) -> None:
        start = crossed.get(self.race.course.start.id)
        for line in self.lines.values():
            stays = self._stays(line, there, at_point)
            for number, point in line.given(stays, None if start is None else start.at, runs.runner).items():
                at_point[number] = point

    def _stays(self, line: LineRules, there: Sequence[_There], at_point: Sequence[str]) -> list[Stay]:
        """The passings at a line that have no point yet."""
        stays = []
        for number, (_, mat, passing) in enumerate(there):
            if not at_point[number] and self.lines[mat.point, *mat.also] is line:
                usable = self._while_start_is_open(passing)
                stays.append(
                    Stay(
                        number=number,
                        first=passing[0].moment,
                        last=passing[-1].moment,
                        open_first=usable[0].moment if usable else None,
                        open_last=usable[-1].moment if usable else None,
                    )
                )
        return stays

    def _while_start_is_open(self, passing: Sequence[Seen]) -> list[Seen]:
        closed = self.closings.start_us
        return [r for r in passing if r.moment >= self.first_gun and (closed is None or r.moment <= closed)]

    def _judge(
        self,
        point: Point,
        mat: Mat,
        passing: list[Seen],
        crossed: Mapping[str, Crossed],
        runs: _Runs,
        asked: set[str],
    ) -> list[_Passing]:
        """The passing as one that may count, or none; a tag that stayed is asked about."""
        gathering = self.race.gathering
        began = passing[0].moment
        if point.kind is PointKind.START:
            usable = self._while_start_is_open(passing)
            if not usable:
                return []
            length = usable[-1].moment - usable[0].moment
            if length > gathering.parked_us:
                asked.add("parked")
                return []
            waited = began < self.first_gun or length > gathering.longest_us
            moment = usable[-1].moment if waited else moment_of(usable, point.moment)
            behind = mat.to_line_mm * 1_000_000 // point.line_speed_mm_s
            return [_Passing(at=max(moment - behind, self.first_gun), mat=mat, began=began)]
        if passing[-1].moment - began > gathering.longest_us:
            asked.add("parked")
        reference = self._reference(crossed, runs)
        if began < reference + point.min_time_us * 100 // runs.speed_pct:
            return []
        usable = [r for r in passing if r.moment <= began + gathering.longest_us]
        moment = moment_of(usable, point.moment)
        behind = mat.to_line_mm * (moment - reference) // (point.distance_m * 1000)
        return [_Passing(at=moment - behind, mat=mat, began=began)]

    def _in_order(
        self, point: Point, usable: list[_Passing], crossed: Mapping[str, Crossed], runs: _Runs
    ) -> list[_Passing]:
        """Those that do not begin sooner after the nearest split before it than anybody of that wave can be."""
        ids = [each.id for each in self.race.course.points]
        before = [crossed[id_].at for id_ in ids[1 : ids.index(point.id)] if id_ in crossed]
        if not before or not point.min_leg_us:
            return usable
        earliest = before[-1] + point.min_leg_us * 100 // runs.speed_pct
        return [passing for passing in usable if passing.began >= earliest]

    def _reference(self, crossed: Mapping[str, Crossed], runs: _Runs) -> Instant:
        start = crossed.get(self.race.course.start.id)
        return runs.race_gun if start is None else start.at

    def _choose(self, point: Point, usable: list[_Passing]) -> Crossed:
        """The last crossing at the start, the first elsewhere; in it the main mats before the backup mats."""
        usable = sorted(usable, key=lambda p: (p.at, p.mat.role is not MatRole.MAIN))
        crossings: list[list[_Passing]] = []
        for passing in usable:
            if not crossings or passing.at - crossings[-1][-1].at > self.race.gathering.pair_us:
                crossings.append([])
            crossings[-1].append(passing)
        at_start = point.kind is PointKind.START
        counting = crossings[-1] if at_start else crossings[0]
        on_main = [p for p in counting if p.mat.role is MatRole.MAIN] or counting
        chosen = on_main[-1] if at_start else on_main[0]
        return Crossed(at=chosen.at, mat=chosen.mat)

    def _times(self, entrant: Entrant, crossed: Mapping[str, Crossed], runs: _Runs, asked: set[str]) -> Answer:
        course = self.race.course
        wave_gun = runs.own_gun
        gun = wave_gun if self.race.gun_origin is GunOrigin.WAVE else runs.race_gun
        start, finish = crossed.get(course.start.id), crossed.get(course.finish.id)
        origin = None if start is None else start.at
        if origin is None and self.race.net_without_start is NetWithoutStart.GUN:
            origin = gun
        splits = {}
        if origin is not None:
            splits = {p.id: crossed[p.id].at - origin for p in course.splits if p.id in crossed}
        ids = [point.id for point in course.points]
        last_seen = max((number for number, id_ in enumerate(ids) if id_ in crossed), default=0)
        return Answer(
            entrant=entrant,
            status=self._status(entrant, crossed),
            crossed=crossed,
            wave=runs.wave,
            group=runs.group,
            wave_gun=wave_gun,
            race_gun=runs.race_gun,
            gun=gun,
            gun_time=None if finish is None else finish.at - gun,
            net_time=None if finish is None or origin is None else finish.at - origin,
            splits=splits,
            missed=[id_ for id_ in ids[1:last_seen] if id_ not in crossed],
            flags=self._flags(entrant, crossed, runs.wave) | asked,
        )

    def _runs(self, entrant: Entrant) -> _Runs:
        """Somebody of no wave runs in the main race, from the first gun of all, and is as fast as a runner."""
        wave = self._wave(entrant)
        for own in self.race.waves:
            if own.id == wave:
                guns = [self.guns[each.id] for each in self.race.waves if each.group == own.group]
                return _Runs(
                    wave=wave,
                    group=own.group,
                    own_gun=self.guns[own.id],
                    race_gun=min(guns),
                    speed_pct=own.speed_pct,
                )
        return _Runs(wave=None, group="", own_gun=self.first_gun, race_gun=self.first_gun, speed_pct=100)

    def _wave(self, entrant: Entrant) -> str | None:
        if entrant.wave in self.guns:
            return entrant.wave
        if entrant.bib.isdecimal():
            for wave in self.race.waves:
                if any(low <= int(entrant.bib) <= high for low, high in wave.bibs):
                    return wave.id
        return self.race.waves[0].id if len(self.race.waves) == 1 else None

    def _status(self, entrant: Entrant, crossed: Mapping[str, Crossed]) -> str:
        if entrant.status in _DECLARED:
            return entrant.status
        if self.race.course.finish.id in crossed:
            return "FINISHED"
        if crossed:
            return "STARTED" if self.closings.finish_us is None else "DNF"
        return "ENTERED" if self.closings.start_us is None else "DNS"

    def _flags(self, entrant: Entrant, crossed: Mapping[str, Crossed], wave: str | None) -> frozenset[str]:
        course = self.race.course
        start = crossed.get(course.start.id)
        flags = set()
        if crossed and start is None:
            flags.add("no_start_read")
        if start is not None and wave is not None and start.at < self.guns[wave]:
            flags.add("before_own_gun")
        if start is not None and wave is not None and self._gun_before(start.at) != wave:
            flags.add("other_wave")
        if entrant.status == "DNS" and crossed:
            flags.add("declared_but_seen")
        if set(crossed) == {course.finish.id}:
            flags.add("finish_without_start")
        if wave is None:
            flags.add("no_wave")
        return frozenset(flags)

    def _gun_before(self, at: Instant) -> str | None:
        """The wave whose gun was the last before an instant."""
        fired = [wave.id for wave in self.race.waves if self.guns[wave.id] <= at]
        latest = max((self.guns[id_] for id_ in fired), default=None)
        same = [id_ for id_ in fired if self.guns[id_] == latest]
        return same[-1] if same else None


def _are_tags_apart(usable: Sequence[_Passing], *, at_start: bool) -> bool:
    """Whether tags of one runner were at a point too far apart, by the first passing of each, at the start the last."""
    of_tag: dict[str, Instant] = {}
    for passing in usable:
        known = of_tag.get(passing.tag, passing.at)
        of_tag[passing.tag] = max(known, passing.at) if at_start else min(known, passing.at)
    return bool(of_tag) and max(of_tag.values()) - min(of_tag.values()) > _APART_US


def _passings(seen: list[Seen], quiet: Duration) -> list[list[Seen]]:
    """The reads of one tag at one mat, cut wherever more than `quiet` passes; exact equals once, the stronger kept."""
    strongest: dict[tuple[Instant, int], Seen] = {}
    for read in seen:
        known = strongest.get((read.moment, read.antenna))
        if known is None or (read.signal is not None and (known.signal is None or read.signal > known.signal)):
            strongest[read.moment, read.antenna] = read
    passings: list[list[Seen]] = []
    for key in sorted(strongest):
        read = strongest[key]
        if not passings or read.moment - passings[-1][-1].moment > quiet:
            passings.append([])
        passings[-1].append(read)
    return passings
