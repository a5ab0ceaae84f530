"""`calanque status`: what the running engine says of itself and of its sources, in plain words, once."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from calanque.commands.control import command
from calanque.exit_codes import OK
from calanque.folder import folder_of
from calanque.terminal import aligned, grouped, say
from config.loader import load_race
from readers.events import MemoryState
from results.clock_words import amount
from results.printing import Language, hour
from timing.instants import DAY, HOUR, MILLISECOND, MINUTE, SECOND, Duration, Instant, datetime_of
from timing.reads import ClockKind

NOT_KNOWN: Final = "–"
_HEADS: Final = (
    "source", "link", "since", "reads", "newest", "malformed", "repeats",
    "gap", "memory", "clock ahead by", "queue", "overflowed",
)  # fmt: skip
_NOT_CONNECTED: Final = "file"
"""Where a source is that is only ever read from files."""


def status_command(race: str) -> int:
    folder = folder_of(race)
    told = command(folder, "status", {})
    plan = load_race(folder.path)
    zone = plan.race.zone
    say(f"{plan.title_in('en')} in {folder.path}, {hour(told['now_us'], zone)}")
    _say_named([*_race_words(told), *_wrong_words(told)])
    for line in source_lines(told["sources"], told["now_us"], zone):
        say(line)
    return OK


def _say_named(rows: list[tuple[str, str]]) -> None:
    """What it is about, and what is said of it, from the left; the same is not named twice."""
    width = max(len(name) for name, _ in rows)
    before = ""
    for name, text in rows:
        say(f"  {('' if name == before else name).ljust(width)}  {text}")
        before = name


def _race_words(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        ("journal", journal_words(told["journal"])),
        ("reads", f"{grouped(told['reads'])}, repeats not kept twice {grouped(sum(told['repeats'].values()))}"),
        ("finished", f"{grouped(told['finished'])} of {grouped(told['entrants'])} entrants"),
    ]


def journal_words(journal: Mapping[str, Any]) -> str:
    """Whether it is written, through which number, and what waits; while it is not, for how long and why."""
    through = f"through number {grouped(journal['last'])}, {grouped(journal['waiting'])} waiting"
    if journal["writing"]:
        return f"writing, {through}{_durable_words(journal['durable_after'])}"
    failing_us = journal["failing_us"]
    since = "" if failing_us is None else f" for {age(failing_us)}"
    return f"NOT WRITTEN{since} ({journal['error']}): nothing is confirmed; {through}"


def _durable_words(after: Mapping[str, Any]) -> str:
    """How long after its arrival a read would survive a power cut, lately."""
    if not after["count"]:
        return ""
    usual_ms, slow_ms = (after[name] / MILLISECOND for name in ("median_us", "p99_us"))
    return f"; reads safe {usual_ms:.0f} ms after they arrive, 99 % within {slow_ms:.0f} ms"


def _wrong_words(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong beyond single sources: the broker, clocks, late data."""
    broker = told["broker"]
    if broker is not None:
        state = "up" if broker["up"] else f"down: {broker['error'] or 'not connected yet'}"
        yield "broker", f"{broker['address']} {state}"
        yield from (("broker", text) for text in broker["alarms"])
    yield from (("clocks", text) for text in told["clocks"])
    yield from (("late", text) for text in told["late"])


def source_lines(rows: list[dict[str, Any]], now_us: Instant, zone: ZoneInfo) -> Iterator[str]:
    """A line for each source below one of heads; under it where it is reached, and what is wrong with it."""
    heads, *lines = aligned([_HEADS, *(_cells(row, now_us, zone) for row in rows)])
    yield heads
    for row, line in zip(rows, lines, strict=True):
        yield line
        about = ((name, row[name]) for name in ("endpoint", "error", "warning"))
        yield from (f"    {name}: {text}" for name, text in about if text and text != _NOT_CONNECTED)


def _cells(row: Mapping[str, Any], now_us: Instant, zone: ZoneInfo) -> tuple[str, ...]:
    since_us, newest_us = row["since_us"], row["newest_us"]
    connected = row["endpoint"] != _NOT_CONNECTED
    return (
        row["id"],
        row["link"] if connected else "not connected",
        NOT_KNOWN if since_us is None else hour(since_us, zone),
        grouped(row["reads"]),
        NOT_KNOWN if newest_us is None else age(now_us - newest_us),
        grouped(row["malformed"]),
        grouped(row["repeats"]),
        "yes" if row["gap"] else "no",
        memory_words(row),
        clock_words(row, now_us, zone),
        grouped(row["queue"]),
        grouped(row["overflowed"]),
    )


def age(duration_us: Duration) -> str:
    """`7 s`, `12 min`, `3 h 05`: how old something is; with a sign where it is still to come."""
    sign, left_us = ("-", -duration_us) if duration_us <= -SECOND else ("", max(0, duration_us))
    if left_us < MINUTE:
        return f"{sign}{left_us // SECOND} s"
    if left_us < HOUR:
        return f"{sign}{left_us // MINUTE} min"
    return f"{sign}{left_us // HOUR} h {left_us % HOUR // MINUTE:02d}"


def memory_words(row: Mapping[str, Any]) -> str:
    """How far the fetching of a reader's memory is; the figures where the reader tells any."""
    if row["memory"] is None:
        return NOT_KNOWN
    if row["memory"] == MemoryState.NONE or not row["memory_total"]:
        return str(row["memory"])
    return f"{row['memory']} {grouped(row['memory_done'])} of {grouped(row['memory_total'])}"


def clock_words(row: Mapping[str, Any], now_us: Instant, zone: ZoneInfo) -> str:
    """`+0.012 s ± 0.008 s`, `-1 h ± 0.008 s`: by how much a reader's clock is ahead of ours, its zone taken off."""
    offset_us, kind = row["clock_offset_us"], ClockKind(row["clock"])
    if offset_us is None:
        return NOT_KNOWN
    if kind is ClockKind.ELAPSED:
        return "its own zero"
    if kind is not ClockKind.UTC:
        offset_us -= (datetime_of(now_us, zone).utcoffset() or timedelta()) // timedelta(microseconds=1)
    if kind is ClockKind.TIME_OF_DAY:
        offset_us = (offset_us + DAY // 2) % DAY - DAY // 2
    sign = "-" if offset_us <= -MILLISECOND // 2 else "+"
    ahead = f"{abs(offset_us) / SECOND:.3f} s" if abs(offset_us) < MINUTE else amount(offset_us, Language.EN)
    way_us = row["clock_round_trip_us"]
    return f"{sign}{ahead}" + ("" if way_us is None else f" ± {way_us / 2 / SECOND:.3f} s")
