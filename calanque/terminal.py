"""What commands say to a person at a terminal: tables, progress, counts. Everything for a script is in files."""

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import NoReturn

from timing.reads import ReadClass


def say(text: str = "") -> None:
    """A line on standard output."""
    print(text, flush=True)


def warn(text: str) -> None:
    """A line on standard error: worth a look, and no reason to stop."""
    print(text, file=sys.stderr, flush=True)


def end_at_once(code: int) -> NoReturn:
    """Ends this process with all it said said. Taking a million reads apart one by one first would help nobody."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def grouped(number: int) -> str:
    """`1 234 567`, with no-break spaces."""
    return f"{number:,}".replace(",", "\u202f")


def table(rows: Iterable[Sequence[str]], *, indent: str = "  ") -> None:
    """Says rows with their columns aligned."""
    for line in aligned(rows):
        say(indent + line)


def aligned(rows: Iterable[Sequence[str]]) -> list[str]:
    """A line for each row, with columns aligned: the first to the left, figures after it to the right."""
    lines = [tuple(row) for row in rows]
    if not lines:
        return []
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return [
        "  ".join(
            [line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))]
        ).rstrip()
        for line in lines
    ]


CLASS_WORDS: Mapping[ReadClass, str] = {
    ReadClass.USED: "used: gives a runner's moment at a point",
    ReadClass.SAME_PASSING: "same passing: seen again while crossing",
    ReadClass.TOO_EARLY: "too early: before the gun or the minimum time",
    ReadClass.AFTER: "after the crossing that counts",
    ReadClass.UNKNOWN_TAG: "unknown tag",
    ReadClass.STRAY: "stray: parked tags, untimed roles",
    ReadClass.CLOCK_HELD: "clock held: the stamp cannot be trusted",
    ReadClass.SET_ASIDE: "set aside by a ruling",
    ReadClass.MALFORMED: "malformed",
}


def say_classes(counts: Mapping[ReadClass, int], repeats: int) -> None:
    """How many reads of each class; they add up to the reads journalled."""
    table((CLASS_WORDS[kind], grouped(counts.get(kind, 0))) for kind in ReadClass)
    table([("together", grouped(sum(counts.values()))), ("repeats, not kept twice", grouped(repeats))])
