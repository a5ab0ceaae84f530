"""The reads that count for nobody's time, at each mat by the reason, with whose tags they are."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
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

TAGS_MAX: Final = 20_000
"""So many tags are told apart for each reason at a mat; of further ones only the reads are counted."""

_TAG_BITS: Final = 32


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


class RefusedTags:
    """How many refused reads each tag has, by mat and reason: kept by the rows whose class changed."""

    def __init__(self) -> None:
        self._by_group: dict[tuple[int, int], dict[int, list[int]]] = {}

    def come(self, reads: Reads, rows: Int64, classes: UInt8) -> None:
        """These rows are of these classes now; those that are not refused are passed over."""
        for mat, reason, tag, count, last_us in _grouped(reads, rows, classes):
            group = self._by_group.setdefault((mat, reason), {})
            held = group.get(tag)
            if held is not None:
                held[0] += count
                held[1] = max(held[1], last_us)
            elif len(group) < TAGS_MAX:
                group[tag] = [count, last_us]

    def go(self, reads: Reads, rows: Int64, classes: UInt8) -> None:
        """These rows were of these classes, and are no more."""
        for mat, reason, tag, count, _ in _grouped(reads, rows, classes):
            group = self._by_group.get((mat, reason), {})
            if tag in group:
                group[tag][0] -= count
                if group[tag][0] <= 0:
                    del group[tag]

    def group(self, mat: int, reason: ReadClass) -> dict[int, list[int]]:
        """By tag, how many reads and the moment of the last; mat -1: at no mat of the race."""
        return self._by_group.get((mat, int(reason)), {})


def _grouped(reads: Reads, rows: Int64, classes: UInt8) -> Sequence[tuple[int, int, int, int, Instant]]:
    """(mat, reason, tag, how many reads, moment of the last) of the refused ones among these rows, with a tag."""
    refused = (classes >= min(REASONS)) & (classes <= max(REASONS)) & (reads.tag[rows] >= 0)
    rows, classes = rows[refused], classes[refused]
    if not len(rows):
        return ()
    group = (reads.mat[rows].astype(np.int64) + 1) * len(ReadClass) + classes
    key = (group << _TAG_BITS) + reads.tag[rows]
    order = np.argsort(key)
    key, moment_us = key[order], reads.moment_us[rows][order]
    begins = np.flatnonzero(np.diff(key, prepend=-1))
    last = np.maximum.reduceat(moment_us, begins)
    counts = np.diff(np.append(begins, len(key)))
    found = []
    for packed, count, last_us in zip(key[begins].tolist(), counts.tolist(), last.tolist(), strict=True):
        mat, reason = divmod(packed >> _TAG_BITS, len(ReadClass))
        found.append((mat - 1, reason, packed & ((1 << _TAG_BITS) - 1), count, last_us))
    return found


def refused_reads(
    refused: RefusedTags, class_counts: Int64, owner: Int32, roster: Roster, tags: Names
) -> list[Refused]:
    """All refused reads by mat and reason, mats in order, those at none last.

    Args:
        class_counts: as `MatCounts` has them. owner: the entrant of each tag.
    """
    nowhere = len(class_counts) - 1
    found = []
    for mat in range(len(class_counts)):
        for reason in REASONS:
            if not class_counts[mat, reason]:
                continue
            group = refused.group(-1 if mat == nowhere else mat, reason)
            top = heapq.nlargest(TOP, group.items(), key=lambda item: (item[1][0], item[1][1], -item[0]))
            found.append(
                Refused(
                    mat=None if mat == nowhere else mat,
                    reason=reason,
                    reads=int(class_counts[mat, reason]),
                    tags=len(group),
                    top=tuple(_tag(code, count, last_us, owner, roster, tags) for code, (count, last_us) in top),
                )
            )
    return found


def _tag(code: int, reads: int, last_us: Instant, owner: Int32, roster: Roster, tags: Names) -> RefusedTag:
    index = int(owner[code]) if code < len(owner) else -1
    bib = roster.entrants[index].bib if index >= 0 else None
    return RefusedTag(tag=tags.names[code], bib=bib, reads=reads, last_us=last_us)


def of_mat(refused: Sequence[Refused], mat: int) -> list[Refused]:
    return [each for each in refused if each.mat == mat]
