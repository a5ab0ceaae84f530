"""Whom announcers must not call the first of anything before the crew has said so.

Owns that choice: a leading place, and an open question that says that it may not be theirs. The crew answers the
question as any other (`Clear`, or one of its proposals); then the name is free.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from results.asked import Kind, OpenQuestion, Stake
from results.rankings import NO_PLACE, Rankings
from results.stakes import PODIUM
from timing.reads import Bool

NOT_JUDGED: Final = "not_judged"
"""The place is so new that nobody has been asked about it yet."""

BLOCKING: Final = frozenset(
    (
        *(Kind.CHECK_BY_EYE, Kind.TWO_TAGS_APART, Kind.TAG_ON_TWO, Kind.TRAVELS_TOGETHER, Kind.BEFORE_OWN_GUN),
        *(Kind.OTHER_WAVE, Kind.OUT_OF_ORDER, Kind.IMPOSSIBLE_PACE, Kind.ODD_LEG, Kind.FINISH_WITHOUT_START),
    )
)
"""Kinds that say that it may be another runner, another race or another way that brought somebody to the front."""


def to_check(
    questions: Iterable[OpenQuestion], rankings: Rankings, *, judged: Rankings | None = None
) -> Mapping[int, str]:
    """Entrants who are not to be announced as leaders, with the reason: the kind of a question, or NOT_JUDGED.

    Args: rankings: as they are now. judged: those the questions were asked of, where that was earlier: whoever has
    come to the front since then waits as well.
    """
    leading = _leading(rankings)
    by_bib = rankings.eligibility.roster.by_bib
    found: dict[int, str] = {}
    for question in questions:  # the heaviest first
        if question.kind not in BLOCKING:
            continue
        prize = question.weight.stake <= Stake.PODIUM
        on_course = question.kind is Kind.CHECK_BY_EYE and question.evidence.get("finish_us") is None
        for bib in question.bibs:
            index = by_bib.get(bib)
            if index is not None and (leading[index] or prize or on_course):
                found.setdefault(index, str(question.kind))
    if judged is not None and judged is not rankings:
        same = judged.eligibility.roster is rankings.eligibility.roster
        fresh = leading & (judged.rank_overall == NO_PLACE) if same else leading
        for index in np.flatnonzero(fresh).tolist():
            found.setdefault(index, NOT_JUDGED)
    return found


def _leading(rankings: Rankings) -> Bool:
    """Who would be called first: one of the first three of a sex, or the first of a category."""
    by_sex: Bool = (rankings.rank_sex != NO_PLACE) & (rankings.rank_sex <= PODIUM)
    by_sex |= rankings.rank_category == 1
    return by_sex
