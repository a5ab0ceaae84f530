"""How long something took lately: the last few thousand times, and what is usual and what is slow among them."""

from collections import deque
from typing import Final

KEPT: Final = 4096


class Recent:
    """Times in microseconds; the oldest are forgotten."""

    def __init__(self) -> None:
        self._taken_us: deque[int] = deque(maxlen=KEPT)

    def add(self, taken_us: int) -> None:
        self._taken_us.append(taken_us)

    def values(self) -> dict[str, int | None]:
        """`count`, `median_us` and `p99_us` of what is kept; None while there is nothing."""
        ordered = sorted(self._taken_us)
        if not ordered:
            return {"count": 0, "median_us": None, "p99_us": None}
        last = len(ordered) - 1
        return {"count": len(ordered), "median_us": ordered[last // 2], "p99_us": ordered[last * 99 // 100]}
