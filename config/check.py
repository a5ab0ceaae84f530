"""What a sound race file leaves to think about before race day: assumed values, single mats, a change of clocks.

A remark refuses nothing.
"""

import enum
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from config.plan import MainRank, RacePlan
from timing.instants import HOUR, MINUTE, SECOND, Instant, datetime_of
from timing.race import MatRole, NetWithoutStart, Point, PointKind


class RemarkKind(enum.StrEnum):
    ASSUMED = "assumed"
    """A value nobody could establish."""
    WEAK = "weak"
    """One failure away from lost times, or open to strangers."""
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One thing to think about. `key` as in the race file; `line` where the file says it, else None."""

    kind: RemarkKind
    key: str
    what: str
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.kind}: {self.key}: {self.what}"


def check(plan: RacePlan) -> list[Remark]:
    """All remarks on a plan: what is assumed first, then what is weak, then what is good to know."""
    remarks = [
        Remark(kind=RemarkKind.ASSUMED, key=assumed.key, what=assumed.why, line=assumed.line)
        for assumed in plan.assumed
    ]
    for part in (_mats, _profile, _doors, _clocks, _sources, _waves, _lists, _titles, _rules):
        remarks += part(plan)
    order = list(RemarkKind)
    return sorted(remarks, key=lambda remark: order.index(remark.kind))


def _weak(key: str, what: str) -> Remark:
    return Remark(kind=RemarkKind.WEAK, key=key, what=what)


def _note(key: str, what: str) -> Remark:
    return Remark(kind=RemarkKind.NOTE, key=key, what=what)


def _mats(plan: RacePlan) -> Iterator[Remark]:
    for point in plan.race.course.points:
        key = f"points.{point.id}"
        if not point.mats:
            yield _weak(key, "no mat: there will be no start reads, and no net times from them")
        elif len(point.mats) == 1:
            yield _weak(key, f"one mat ({point.mats[0].id}): who is missed there is missed")
        elif not any(mat.role is MatRole.BACKUP for mat in point.mats):
            yield _weak(key, "no backup mat")
        elif len({mat.source for mat in point.mats}) == 1:
            yield _weak(key, f'main and backup hang on one source ("{point.mats[0].source}"): they fail together')


def _profile(plan: RacePlan) -> Iterator[Remark]:
    course = plan.race.course
    if course.profile and (course.profile[0][0] > 0 or course.profile[-1][0] < course.finish.distance_m):
        yield _note("course.profile", "the heights do not reach from start to finish: beyond them the course is flat")


def _doors(plan: RacePlan) -> Iterator[Remark]:
    if not _is_loopback(plan.web.host):
        yield _weak("web.host", f"the pages are served beyond this machine, on {plan.web.host}:{plan.web.port}")
    url = plan.broker.url
    if url and not _is_loopback(url.split("://")[1].rsplit(":", 1)[0]):
        if url.startswith("mqtt://"):
            yield _weak("broker.url", "reads cross the network in clear; mqtts:// would protect them")
        if plan.broker.password_file is None:
            yield _weak("broker.password_file", "the engine signs in to a broker elsewhere without a password")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _clocks(plan: RacePlan) -> Iterator[Remark]:
    """Whether the clocks change from noon of the day before to the end of the race window."""
    race = plan.race
    change = _clock_change(race.first_instant_us - 12 * HOUR, race.last_instant_us, plan)
    if change is None:
        return
    at, before, after = change
    step = (after - before) // timedelta(seconds=1)
    local = datetime_of(at, race.zone)
    direction = "back" if step < 0 else "forward"
    yield _note(
        "event.zone",
        f"the clocks go {direction} by {abs(step)} s at {(local - (after - before)).strftime('%H:%M')} on"
        f" {local.date()}: a reader set by hand the evening before shows {abs(step)} s too"
        f" {'much' if step < 0 else 'little'} in the race",
    )


def _clock_change(first: Instant, last: Instant, plan: RacePlan) -> tuple[Instant, timedelta, timedelta] | None:
    """The first change of the zone's offset between two instants: when, and the offsets before and after."""

    def offset(instant: Instant) -> timedelta:
        return datetime_of(instant, plan.race.zone).utcoffset() or timedelta()

    before = offset(first)
    hour = next((at for at in range(first, last, HOUR) if offset(at + HOUR) != before), None)
    if hour is None:
        return None
    change = next(at for at in range(hour + MINUTE, hour + HOUR + MINUTE, MINUTE) if offset(at) != before)
    return change, before, offset(change)


def _sources(plan: RacePlan) -> Iterator[Remark]:
    for source in plan.race.sources:
        if source.connect == "file":
            yield _note(f"sources.{source.id}", "heard from files only: a running engine will not connect to it")


def _waves(plan: RacePlan) -> Iterator[Remark]:
    without = [wave.id for wave in plan.race.waves if not wave.bibs]
    if without and len(plan.race.waves) > 1:
        yield _note("waves", f"without bibs, so the roster must name them: {', '.join(without)}")


def _lists(plan: RacePlan) -> Iterator[Remark]:
    for main in MainRank:
        if plan.main_list(main) is None:
            yield _note("lists", f'no list with main = "{main}": rank_{main} of results.csv stays empty')


def _titles(plan: RacePlan) -> Iterator[Remark]:
    titled = [("event", plan.title), *((f"lists.{rule.id}", rule.title) for rule in plan.lists)]
    for key, title in titled:
        missing = [language for language in plan.languages if language not in title]
        if missing:
            yield _note(f"{key}.title", f"no title in: {', '.join(missing)}")


def _rules(plan: RacePlan) -> Iterator[Remark]:
    race = plan.race
    if race.net_without_start is NetWithoutStart.GUN:
        yield _note("start.net_without_start", "who has no start read is given the gun time as net time, and marked")
    if plan.rounding.reading_us != 1:
        yield _note(
            "rounding.reading_s",
            f"times are read to {plan.rounding.reading_us / SECOND:g} s ({plan.rounding.reading}), then rounded up",
        )
    for point in race.course.points:
        speed = _fastest_credible(point)
        if speed is not None and speed > 7.5:
            yield _note(
                f"points.{point.id}.minimum_minutes", f"allows {speed:.1f} m/s from the start, faster than anyone runs"
            )


def _fastest_credible(point: Point) -> float | None:
    if point.kind is PointKind.START or not point.min_time_us:
        return None
    return point.distance_m / (point.min_time_us / SECOND)
