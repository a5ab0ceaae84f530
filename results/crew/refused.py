"""The reads that count for nobody's time, at each mat by the reason, with whose tags they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from timing.instants import Instant
from timing.reads import Int32, Int64, Names, ReadClass, Reads, UInt8
from timing.roster import Bib, Roster

REASONS: Final = (
    ReadClass.TOO_EARLY,
    ReadClass.AFTER,
    ReadClass.UNKNOWN_TAG,
    ReadClass.STRAY,
    ReadClass.CLOCK_HELD,
    ReadClass.SET_ASIDE,
)
"""What is neither used nor seen again in a passing that counts."""

TOP: Final = 8
"""So many tags are named for each reason at a mat, those with most reads first."""

ROWS_MAX: Final = 250_000
"""The last so many refused reads are looked at for whose they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedTag:
    """A tag with refused reads. `bib`: who wears it by the roster; None: nobody."""

    tag: str
    bib: Bib | None
    reads: int
    last_us: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The refused reads of one reason at one mat; `mat` None: at no mat of the race. `tags`: of how many."""

    mat: int | None
    reason: ReadClass
    reads: int
    tags: int
    top: tuple[RefusedTag, ...]


def refused_reads(
    reads: Reads, classes: UInt8, class_counts: Int64, owner: Int32, roster: Roster, tags: Names
) -> list[Refused]:
    """All refused reads by mat and reason, mats in order, those at none last.

    Args:
        class_counts: as `MatCounts` has them. owner: the entrant of each tag.
    """
    n = min(len(reads), len(classes))
    rows = np.flatnonzero((classes[:n] >= min(REASONS)) & (classes[:n] <= max(REASONS)))[-ROWS_MAX:]
    found: list[Refused] = []
    group = reads.mat[rows]
    group[group < 0] = len(class_counts) - 1
    group = group * np.int16(len(ReadClass)) + classes[rows]  # 16 bits are sorted by radix
    order = np.argsort(group, kind="stable")
    rows, group = rows[order], group[order]
    begins = np.flatnonzero(np.diff(group, prepend=-1))
    for begin, end in pairwise([*begins.tolist(), len(rows)]):
        mat, reason = divmod(int(group[begin]), len(ReadClass))
        mine = rows[begin:end]
        codes, which, times = np.unique(reads.tag[mine], return_inverse=True, return_counts=True)
        top = np.argsort(-times, kind="stable")[:TOP]
        found.append(
            Refused(
                mat=None if mat == len(class_counts) - 1 else mat,
                reason=ReadClass(reason),
                reads=int(class_counts[mat, reason]),
                tags=int(np.count_nonzero(codes >= 0)),
                top=tuple(
                    _tag(
                        int(codes[i]), int(times[i]), int(reads.moment_us[mine[which == i]].max()), owner, roster, tags
                    )
                    for i in top.tolist()
                    if codes[i] >= 0
                ),
            )
        )
    return found


def _tag(code: int, reads: int, last_us: Instant, owner: Int32, roster: Roster, tags: Names) -> RefusedTag:
    index = int(owner[code]) if code < len(owner) else -1
    bib = roster.entrants[index].bib if index >= 0 else None
    return RefusedTag(tag=tags.names[code], bib=bib, reads=reads, last_us=last_us)


def of_mat(refused: Sequence[Refused], mat: int) -> list[Refused]:
    return [each for each in refused if each.mat == mat]
