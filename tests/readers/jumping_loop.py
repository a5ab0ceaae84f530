"""An event loop on which waiting costs nothing: when all tasks wait, its clock jumps to the next thing that is due.

For tests of pauses and time-outs between tasks of one process. Nothing real may be waited for on it: a thread or a
socket would never get the time to answer.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _JumpingSelector(selectors.DefaultSelector):  # type: ignore[misc, valid-type]
    jumped_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "all tasks wait for something that will never come"
        events: list[tuple[selectors.SelectorKey, int]] = super().select(0)
        if not events:
            self.jumped_s += timeout
        return events


class JumpingLoop(asyncio.SelectorEventLoop):
    """Starts at 1000 s; moves by jumps alone."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return 1000.0 + self._jumping.jumped_s


def run_jumping(main: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine on a loop of its own that jumps."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(main)
