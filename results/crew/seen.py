"""Who was seen at each point by its main mats, its backup mats and later mats, and how many that says were missed.

A runner is seen by a mat when reads of theirs there take part (used, or in a passing that counts). Several mats of one
role at a point are one list: side by side, each sees its own part of the runners.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from results.crew.mat_counts import MatCounts
from results.crew.recapture import (
    ENOUGH_LATER,
    Basis,
    Cells,
    Estimate,
    Tie,
    missed_assumed,
    missed_by_later,
    missed_tied,
    share_of,
    tie_of,
)
from timing.race import Course, MatRole, Point
from timing.reads import Bool, Int32


@dataclass(frozen=True, slots=True, kw_only=True)
class PointSeen:
    """How many runners a point has seen.

    `cells.neither`: seen at a later mat and not here. `missed`: those missed by all mats of the point, estimated, on
    `basis`; None where nothing tells. `passed`: seen here or known to have passed. `main_share`, `backup_share`: of
    those whom others saw pass, seen by this role; of `main_of`, `backup_of` runners.
    """

    point: str
    cells: Cells
    passed: int
    missed: Estimate | None
    basis: Basis | None
    main_share: Estimate | None
    backup_share: Estimate | None
    main_of: int
    backup_of: int

    def share(self, role: MatRole) -> Estimate | None:
        return self.main_share if role is MatRole.MAIN else self.backup_share

    def share_of(self, role: MatRole) -> int:
        return self.main_of if role is MatRole.MAIN else self.backup_of


class SeenAt:
    """Who was seen at each mat: a row for each mat, a column for each runner, then one for each tag of nobody."""

    def __init__(self, counts: MatCounts, owner: Int32, entrants: int) -> None:
        """owner: the entrant of each tag, -1 nobody."""
        self.course: Course = counts.race.course
        self._rows = []
        for number in range(len(self.course.mats)):
            tags = counts.tags_at(number)
            known = tags < len(owner)
            of = np.where(known, owner[np.where(known, tags, 0)] if len(owner) else -1, -1)
            seen = np.zeros(entrants + len(owner) + (int(tags.max()) + 1 if len(tags) else 0), np.bool_)
            # A tag that only a ruling gives to somebody has no owner here: it stands for itself at every mat.
            seen[np.where(of >= 0, of, entrants + tags)] = True
            self._rows.append(seen)
        widest = max((len(row) for row in self._rows), default=0)
        self._rows = [np.pad(row, (0, widest - len(row))) for row in self._rows]
        self._nobody: Bool = np.zeros(widest, np.bool_)

    def runners_at(self, number: int) -> int:
        """How many different runners a mat has seen."""
        return int(np.count_nonzero(self._rows[number]))

    def by_role(self, point: Point, role: MatRole) -> Bool | None:
        """Who was seen by the mats of a role at a point; None where it has none."""
        numbers = [n for n, mat in enumerate(self.course.mats) if mat in point.mats and mat.role is role]
        return self._any(numbers) if numbers else None

    def later(self, point: Point) -> Bool:
        """Who was seen at a mat that serves later points alone."""
        points = self.course.points
        ids = {after.id for after in points[points.index(point) + 1 :]}
        mats = enumerate(self.course.mats)
        return self._any([number for number, mat in mats if {mat.point, *mat.also} <= ids])

    def _any(self, numbers: Sequence[int]) -> Bool:
        found = self._nobody.copy()
        for number in numbers:
            found |= self._rows[number]
        return found


def seen_at_points(seen: SeenAt) -> list[PointSeen]:
    """Each point of the course, in order."""
    lists = [_lists(seen, point) for point in seen.course.points]
    cells = [_cells(main, backup, later) for main, backup, later in lists]
    tie = tie_of([among for (_, among), (main, backup, _) in zip(cells, lists, strict=True) if not _lone(main, backup)])
    return [
        _point_seen(point, lists_here, cells_here, tie)
        for point, lists_here, cells_here in zip(seen.course.points, lists, cells, strict=True)
    ]


def _lists(seen: SeenAt, point: Point) -> tuple[Bool | None, Bool | None, Bool]:
    return seen.by_role(point, MatRole.MAIN), seen.by_role(point, MatRole.BACKUP), seen.later(point)


def _lone(main: Bool | None, backup: Bool | None) -> bool:
    return main is None or backup is None


def _cells(main: Bool | None, backup: Bool | None, later: Bool) -> tuple[Cells, Cells]:
    """The runners of a point by mat: all of them, and those known to have passed by later mats."""
    none = np.zeros(len(later), np.bool_)
    main, backup = none if main is None else main, none if backup is None else backup

    def count(among: Bool | None) -> Cells:
        def of(which: Bool) -> int:
            return int(np.count_nonzero(which if among is None else which & among))

        return Cells(
            both=of(main & backup),
            main_only=of(main & ~backup),
            backup_only=of(backup & ~main),
            neither=int(np.count_nonzero(later & ~main & ~backup)),
        )

    return count(None), count(later)


def _point_seen(
    point: Point, lists: tuple[Bool | None, Bool | None, Bool], cells: tuple[Cells, Cells], tie: Tie | None
) -> PointSeen:
    main, backup, later = lists
    everybody, among_later = cells
    missed, basis = _missed(everybody, among_later, tie, alone=_lone(main, backup))
    main_share, main_of = _share(main, backup, later)
    backup_share, backup_of = _share(backup, main, later)
    return PointSeen(
        point=point.id,
        cells=everybody,
        passed=everybody.seen + everybody.neither,
        missed=missed,
        basis=basis,
        main_share=main_share,
        backup_share=backup_share,
        main_of=main_of,
        backup_of=backup_of,
    )


def _missed(everybody: Cells, later: Cells, tie: Tie | None, *, alone: bool) -> tuple[Estimate | None, Basis | None]:
    """The best estimate there is of those missed by all mats of a point."""
    known = later.seen + later.neither
    if later.seen and (known >= ENOUGH_LATER or (alone and known)):
        return missed_by_later(later.seen, later.neither, everybody.seen - later.seen), Basis.LATER
    if alone or not everybody.seen:
        return None, None
    if tie is not None:
        return _at_least(missed_tied(everybody, tie), later.neither), Basis.TIED
    return _at_least(missed_assumed(everybody), later.neither), Basis.ASSUMED


def _at_least(estimate: Estimate, known: int) -> Estimate:
    """An estimate that is not below those who are known to have been missed."""
    low, value = max(estimate.low, float(known)), max(estimate.value, float(known))
    return Estimate(value=value, low=low, high=max(estimate.high, value))


def _share(own: Bool | None, other: Bool | None, later: Bool) -> tuple[Estimate | None, int]:
    """What share of the runners that others saw pass a list has seen too."""
    if own is None:
        return None, 0
    reference = later if other is None else later | other
    whole = int(np.count_nonzero(reference))
    return share_of(int(np.count_nonzero(own & reference)), whole), whole
