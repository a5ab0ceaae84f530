"""Why two who print the same time hold different places, and why a time stands where it looks out of order.

Owns the words of it: the fraction that tells them apart, at the coarsest resolution that does, or the jury. Changes
nothing; most rows need no reason.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from config.plan import Rounding
from results.printing import Language, duration, printed_column
from results.rankings import RankedList
from timing.instants import SECOND
from timing.reads import Int64

_STEPS_US: Final = (10_000, 1_000, 1)
"""A hundredth, a thousandth, and the microsecond that times are kept to."""

_NAMES: Final = {10_000: "1/100", 1_000: "1/1000", 1: "1/1\u202f000\u202f000"}

_WORDS: Final = {
    Language.FR: ("jury", "place donnée par le jury", "au {step}\u00a0: {time}", ","),
    Language.EN: ("jury", "place given by the jury", "to the {step}: {time}", "."),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """`text` stands beside the time (`1/100 01,25`), `title` says it whole (`au 1/100 : 1h01'01,25`)."""

    text: str = ""
    title: str = ""


NO_REASON: Final = Reason()


def place_reasons(
    ranked: RankedList, rounding: Rounding, language: Language, first: int = 0, last: int | None = None
) -> list[Reason]:
    """The reason of each row from `first` up to `last` (without it), NO_REASON where the times say it all."""
    end = len(ranked) if last is None else min(last, len(ranked))
    if first >= end:
        return []
    seconds = printed_column(ranked.value_us, rounding)
    # Whoever prints the same second as somebody on this page belongs to it here: a reason hangs on all of them.
    before, after = first, end
    while before and seconds[before - 1] == seconds[first]:
        before -= 1
    while after < len(ranked) and seconds[after] == seconds[end - 1]:
        after += 1
    steps = _steps(ranked, seconds, before, after)
    jury, given, why, _ = _WORDS[language]
    by_jury, reasons = ranked.by_jury.tolist(), []
    for row in range(first, end):
        step = steps.get(row)
        if by_jury[row]:
            reasons.append(Reason(jury, given))
        elif step is None:
            reasons.append(NO_REASON)
        else:
            short, whole = _fraction(int(ranked.value_us[row]), step, language)
            reasons.append(Reason(f"{_NAMES[step]} {short}", why.format(step=_NAMES[step], time=whole)))
    return reasons


def _steps(ranked: RankedList, seconds: Int64, before: int, after: int) -> dict[int, int]:
    """For each row that a fraction tells apart from a neighbour of the same printed second, the coarsest that does."""
    value_us, places, by_jury = (
        column[before:after] for column in (ranked.value_us, ranked.places, ranked.by_jury)
    )  # fmt: skip
    same = seconds[before:after][1:] == seconds[before:after][:-1]
    told_apart = same & (places[1:] != places[:-1]) & (value_us[1:] > value_us[:-1]) & ~(by_jury[1:] | by_jury[:-1])
    steps: dict[int, int] = {}
    for row in np.flatnonzero(told_apart).tolist():
        one, two = int(value_us[row]), int(value_us[row + 1])
        step = next(step for step in _STEPS_US if -(-one // step) != -(-two // step))
        for each in (before + row, before + row + 1):
            steps[each] = min(step, steps.get(each, step))
    # Those who share a place are told apart from the others together.
    tied = (before + np.flatnonzero(same & (places[1:] == places[:-1]))).tolist()
    for one, two in (*((row, row + 1) for row in tied), *((row + 1, row) for row in reversed(tied))):
        if one in steps:
            steps[two] = min(steps[one], steps.get(two, steps[one]))
    return steps


def _fraction(value_us: int, step_us: int, language: Language) -> tuple[str, str]:
    """Seconds with their fraction, rounded up to the step, and the whole duration: `01,25` and `1h01'01,25`."""
    per_second = SECOND // step_us
    whole, part = divmod(-(-value_us // step_us), per_second)
    mark = _WORDS[language][3]
    fraction = f"{mark}{part:0{len(str(per_second)) - 1}d}"
    return f"{whole % 60:02d}{fraction}", f"{duration(whole, language)}{fraction}"
