"""Up to which instant everything is known that the mats of start and finish have read.

Nobody can say that nobody else comes while a reader may still hand over what it has. Owns that one instant for each of
the two points: it stands still while a source is cut off, fetches a memory, or delivers what is old, and it never goes
back. Knows no wall clock: it is told the hour.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from config.plan import RacePlan
from timing.instants import SECOND, Duration, Instant
from timing.late_data import LateData
from timing.race import Point

NOTICED_US: Final[Duration] = 30 * SECOND
"""A link that died in silence is noticed within so much real time: nothing later than that is called known."""

_WELL: Final = frozenset(("up", "opened"))
_FETCHING: Final = frozenset(("asked", "running"))
_NEVER: Final = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """`start_us`, `finish_us`: what was read there until then is known. `silent`: sources not heard at present."""

    start_us: Instant
    finish_us: Instant
    silent: tuple[str, ...] = ()


HEARD_ALL: Final = Heard(start_us=2**60, finish_us=2**60)
"""Nothing more will come: a race from files."""


class HeardWatch:
    """Keeps how far each source was heard. One for a run of the engine, not for several threads."""

    def __init__(self, plan: RacePlan, *, rate: float = 1.0) -> None:
        """rate: seconds of the race clock in a real one."""
        course = plan.race.course
        # A file is read whole: nothing of it is ever on its way.
        of_files = {source.id for source in plan.race.sources if source.connect == "file"}
        self._start = _sources_of(course.start) - of_files
        self._finish = _sources_of(course.finish) - of_files
        self._points = {course.start.id: self._start, course.finish.id: self._finish}
        self._noticed_us = round(NOTICED_US * rate)
        self._until: dict[str, Instant] = {}

    def take(
        self,
        sources: Sequence[Mapping[str, Any]],
        now_us: Instant,
        *,
        lag_us: Mapping[str, Duration] | None = None,
        late: Iterable[LateData] = (),
    ) -> Heard:
        """How far everything is known now.

        Args: sources: rows of the health of each (`id`, `link`, `memory`, `queue`). lag_us: how long a read of a source
        took until it was known. late: points that deliver what is old (their sources are not heard on meanwhile).
        """
        behind = {source for each in late for source in self._points.get(each.point, ())}
        rows = {str(row["id"]): row for row in sources}
        silent = []
        for source in sorted(self._start | self._finish):
            if source in rows and _is_heard(rows[source]) and source not in behind:
                until = now_us - max(self._noticed_us, (lag_us or {}).get(source, 0))
                self._until[source] = max(until, self._until.get(source, _NEVER))
            else:
                silent.append(source)
        return Heard(
            start_us=self._of(self._start, now_us), finish_us=self._of(self._finish, now_us), silent=tuple(silent)
        )

    def _of(self, sources: Iterable[str], now_us: Instant) -> Instant:
        return min((self._until.get(source, _NEVER) for source in sources), default=now_us)


def _sources_of(point: Point) -> set[str]:
    return {str(mat.source) for mat in point.mats}


def _is_heard(row: Mapping[str, Any]) -> bool:
    return row.get("link") in _WELL and row.get("memory") not in _FETCHING and not row.get("queue")
