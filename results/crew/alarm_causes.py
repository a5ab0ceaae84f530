"""What is wrong with a race now, as causes of alarms. Thresholds are here and in docs/crew_facts.md."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from results.asked import OpenQuestion, Stake
from results.crew.alarms import AlarmKind, Cause, Level
from results.crew.mats import MatsAsked
from results.crew.silence import SilentMat, silent_mats
from timing.clock_faults import ClockFinding
from timing.instants import MILLISECOND, SECOND, Duration
from timing.journal_writer import WriterHealth
from timing.late_data import LateData
from timing.race import Mat, MatRole

BATTERY_NOTE: Final = 35
BATTERY_ALARM: Final = 15
DISK_WARNING: Final = 5 * 2**30
DISK_ALARM: Final = 2**30
FLUSH_SLOW_US: Final[Duration] = 2 * SECOND
MATCHING_WARNING_US: Final[Duration] = 300 * MILLISECOND
MATCHING_ALARM_US: Final[Duration] = 2 * SECOND
MUTE_US: Final[Duration] = 30 * SECOND
UNKNOWN_TAGS: Final = 10
UNKNOWN_SHARE: Final = 0.01
"""More tags of nobody at a mat than this share of its runners, and than UNKNOWN_TAGS, are many."""

_NOT_CONNECTED: Final = "file"
_TOLD_OTHERWISE: Final = frozenset({"broker", "silent", "gap", "collector"})
"""What the intake tells that a lost link, missing reads or a reader's warning tell already."""

_COSTS_READS: Final = frozenset({"loss"})


@dataclass(frozen=True, kw_only=True)
class AlarmsAsked:
    """The race at one moment, as far as alarms are concerned.

    `section`: of `mats.mat_section`, made from `mats`. `journal`: None where nothing is written. `disk_free`: bytes
    where the journal lies. `broker`: `up` and `error`; None without one. `intake`: what the intake of far mats has to
    tell, each with `kind`, `source` and `text`. `matching_us`: how long the last picture took to make, in real time.
    """

    mats: MatsAsked
    section: Mapping[str, Any]
    late: Sequence[LateData] = ()
    questions: Sequence[OpenQuestion] = ()
    journal: WriterHealth | None = None
    disk_free: int | None = None
    broker: Mapping[str, Any] | None = None
    matching_us: Duration = 0
    intake: Sequence[Mapping[str, Any]] = ()


def causes(asked: AlarmsAsked) -> list[Cause]:
    """All that is wrong now, each once."""
    return [
        *_of_antennas(asked),
        *_of_silent_mats(asked),
        *_of_links(asked),
        *_of_readers(asked),
        *_of_clocks(asked),
        *_of_engine(asked),
        *_of_data(asked),
    ]


def _lines(asked: AlarmsAsked) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Each mat's line once, with its point's cell."""
    told = set()
    for point in asked.section["points"]:
        for line in point["mats"]:
            if line["id"] not in told:
                told.add(line["id"])
                yield point, line


def _others_hear(point: Mapping[str, Any], line: Mapping[str, Any]) -> bool:
    """Whether another mat of the point was read within the last minute."""
    return any(other["per_minute"] > 0 for other in point["mats"] if other["id"] != line["id"])


def _of_antennas(asked: AlarmsAsked) -> Iterator[Cause]:
    for point, line in _lines(asked):
        # While a memory is fetched its reads come in the order of that memory, not in the order of runners.
        reader = line["reader"] or {}
        if reader.get("memory") in ("asked", "running"):
            continue
        for antenna in line["antennas"]:
            facts = {"mat": line["id"], "point": point["id"], "antenna": antenna["antenna"]}
            about = f"{line['id']}/{antenna['antenna']}"
            silence = antenna["silence"]
            if silence is not None:
                yield Cause(
                    kind=AlarmKind.ANTENNA_SILENT,
                    level=Level.ALARM,
                    about=about,
                    since_us=silence["since_us"],
                    facts=facts | {**silence, "others_hear": _others_hear(point, line)},
                )
            elif antenna["weak"]:
                facts |= {"share": antenna["share"], "share_now": antenna["share_now"]}
                yield Cause(kind=AlarmKind.ANTENNA_WEAK, level=Level.NOTE, about=about, facts=facts)


def _of_silent_mats(asked: AlarmsAsked) -> Iterator[Cause]:
    mats = asked.mats.plan.race.course.mats
    points = {line["id"]: (point, line) for point, line in _lines(asked)}
    held = {finding.source for finding in asked.mats.clocks if finding.holds}
    for silent in silent_mats(asked.mats):
        mat = mats[silent.mat]
        point, line = points[mat.id]
        # A reader that is not reached, or whose reads are held, is told as that.
        if mat.source in held or (line["reader"] or {}).get("link") in ("down", "unintelligible"):
            continue
        yield _silent_mat(mat, silent, point, line)


def _silent_mat(mat: Mat, silent: SilentMat, point: Mapping[str, Any], line: Mapping[str, Any]) -> Cause:
    others = _others_hear(point, line)
    return Cause(
        kind=AlarmKind.MAT_SILENT,
        level=Level.WARNING if mat.role is MatRole.BACKUP and others else Level.ALARM,
        about=mat.id,
        since_us=silent.since_us,
        facts={
            "mat": mat.id,
            "point": point["id"],
            "role": str(mat.role),
            "passed": silent.passed,
            "due": silent.due,
            "never": silent.never,
            "others_hear": others,
        },
    )


def _of_links(asked: AlarmsAsked) -> Iterator[Cause]:
    """Sources whose mats lie: one that nobody can reach costs the main mat's reads, or what stands in for them."""
    rows = {row["id"]: row for row in asked.mats.sources}
    for source, row in rows.items():
        mats = [m for m in asked.mats.plan.race.course.mats if m.source == source and m.id not in asked.mats.lifted]
        if not mats or row.get("endpoint") == _NOT_CONNECTED:
            continue
        facts = {"source": source, "mats": [mat.id for mat in mats], "error": row.get("error", "")}
        since_us = row.get("since_us")
        if row["link"] == "down":
            up = [m for m in asked.mats.plan.race.course.mats if rows.get(m.source, {}).get("link") == "up"]
            covered = all(any(m.point == mat.point for m in up) for mat in mats)
            backup = all(mat.role is MatRole.BACKUP for mat in mats)
            level = Level.WARNING if covered and backup else Level.ALARM
            facts["covered"] = covered
            yield Cause(kind=AlarmKind.LINK_DOWN, level=level, about=source, since_us=since_us, facts=facts)
        elif row["link"] == "unintelligible":
            yield Cause(
                kind=AlarmKind.LINK_UNINTELLIGIBLE, level=Level.ALARM, about=source, since_us=since_us, facts=facts
            )
        elif row["link"] == "opened" and since_us is not None and asked.mats.now_us - since_us > MUTE_US:
            yield Cause(kind=AlarmKind.LINK_MUTE, level=Level.WARNING, about=source, since_us=since_us, facts=facts)


def _of_readers(asked: AlarmsAsked) -> Iterator[Cause]:
    for row in asked.mats.sources:
        source, battery = row["id"], row.get("battery_percent")
        if battery is not None and battery < BATTERY_NOTE and not row.get("mains"):
            level = Level.ALARM if battery < BATTERY_ALARM else Level.NOTE
            facts = {"source": source, "percent": battery, "minutes": row.get("battery_minutes")}
            yield Cause(kind=AlarmKind.BATTERY, level=level, about=source, facts=facts)
        if row.get("gap"):
            facts = {"source": source, "memory": row.get("memory")}
            yield Cause(kind=AlarmKind.READS_MISSING, level=Level.WARNING, about=source, facts=facts)
        if row.get("warning"):
            facts = {"source": source, "text": row["warning"]}
            yield Cause(kind=AlarmKind.READER_SAYS, level=Level.WARNING, about=source, facts=facts)


def _of_clocks(asked: AlarmsAsked) -> Iterator[Cause]:
    for finding in asked.mats.clocks:
        yield Cause(
            kind=AlarmKind.CLOCK,
            level=Level.ALARM if finding.holds else Level.WARNING,
            about=clock_about(finding),
            since_us=finding.received.begin_us,
            facts={"source": finding.source, "fault": str(finding.fault), "holds": finding.holds},
        )


def clock_about(finding: ClockFinding) -> str:
    """What tells the alarm of one finding from that of another."""
    begin = finding.stamps.begin_us
    return f"{finding.source or ''}/{finding.fault}" + ("" if begin is None else f"/{begin}")


def _of_engine(asked: AlarmsAsked) -> Iterator[Cause]:
    health = asked.journal
    if health is not None and not health.writing:
        facts = {"error": health.error or health.outage_error, "waiting": health.waiting_entries}
        yield Cause(kind=AlarmKind.JOURNAL_STOPPED, level=Level.ALARM, facts=facts)
    elif health is not None and max(health.flushing_us or 0, health.oldest_waiting_us) > FLUSH_SLOW_US:
        facts = {"waiting": health.waiting_entries, "waiting_us": health.oldest_waiting_us}
        yield Cause(kind=AlarmKind.JOURNAL_SLOW, level=Level.WARNING, facts=facts)
    if asked.disk_free is not None and asked.disk_free < DISK_WARNING:
        level = Level.ALARM if asked.disk_free < DISK_ALARM else Level.WARNING
        yield Cause(kind=AlarmKind.DISK, level=level, facts={"free_bytes": asked.disk_free})
    if asked.broker is not None and not asked.broker["up"]:
        yield Cause(kind=AlarmKind.BROKER, level=Level.ALARM, facts={"error": asked.broker["error"]})
    for told in asked.intake:
        if told["kind"] not in _TOLD_OTHERWISE:
            level = Level.ALARM if told["kind"] in _COSTS_READS else Level.WARNING
            facts = {"source": told["source"], "about": told["kind"], "text": told["text"]}
            yield Cause(
                kind=AlarmKind.FAR_MAT, level=level, about=f"{told['source'] or ''}/{told['kind']}", facts=facts
            )
    if asked.matching_us > MATCHING_WARNING_US:
        level = Level.ALARM if asked.matching_us > MATCHING_ALARM_US else Level.WARNING
        yield Cause(kind=AlarmKind.MATCHING_SLOW, level=level, facts={"took_us": asked.matching_us})


def _of_data(asked: AlarmsAsked) -> Iterator[Cause]:
    for late in asked.late:
        facts = {"point": late.point, "reads": late.reads, "first_us": late.first_us, "last_us": late.last_us}
        facts["arrived_us"] = late.arrived_us
        yield Cause(kind=AlarmKind.LATE, level=Level.WARNING, about=late.point, since_us=late.begun_us, facts=facts)
    for point, line in _lines(asked):
        unknown = line["unknown_tags"]
        if unknown > max(UNKNOWN_TAGS, UNKNOWN_SHARE * line["runners"]):
            unknown_facts = {"mat": line["id"], "point": point["id"], "tags": unknown, "runners": line["runners"]}
            yield Cause(kind=AlarmKind.UNKNOWN_TAGS, level=Level.WARNING, about=line["id"], facts=unknown_facts)
    podium = [question for question in asked.questions if question.weight.stake is Stake.PODIUM]
    if podium:
        bibs = list(dict.fromkeys(bib for question in podium for bib in question.bibs))
        yield Cause(kind=AlarmKind.QUESTIONS, level=Level.WARNING, facts={"questions": len(podium), "bibs": bibs})
