"""Other processes of ours: started, watched, started again when they die, ended with us."""

import asyncio
import contextlib
import ctypes
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from calanque.errors import ProcessFailed
from calanque.exit_codes import OK, REFUSED, USAGE

GOODBYE_S: Final = 10.0
"""How long a process may take to end when asked, before it is killed."""

RESTARTS_MAX: Final = 20
"""A process that dies more often than this has something that starting again does not mend."""

_FOR_GOOD: Final = frozenset({OK, USAGE, REFUSED})
"""Exit codes after which starting again would change nothing."""


@dataclass
class Child:
    """One process of ours, kept running until `stop`: `python -m` module and arguments. What it says goes to `log`."""

    name: str
    command: Sequence[str]
    log: Path
    restart: bool = True
    restarts: int = 0
    process: asyncio.subprocess.Process | None = None
    _task: asyncio.Task[None] | None = field(default=None, repr=False)

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process and self.process.returncode is None else None

    async def start(self) -> None:
        await self._spawn()
        self._task = asyncio.create_task(self._watch(), name=f"watch {self.name}")

    async def _spawn(self) -> None:
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", *self.command,
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                preexec_fn=_end_with_parent,
            )  # fmt: skip

    async def _watch(self) -> None:
        """Starts the process again, at once, when it was killed or failed; not when it ended by itself or refused."""
        assert self.process is not None
        while True:
            code = await self.process.wait()
            if not self.restart or code in _FOR_GOOD:
                return
            if self.restarts >= RESTARTS_MAX:
                raise ProcessFailed(self._said(f"died {self.restarts + 1} times, last with exit code {code}"))
            self.restarts += 1
            await self._spawn()

    def check(self) -> None:
        """Raises: ProcessFailed when it is down for good."""
        if self._task and self._task.done() and not self._task.cancelled():
            problem = self._task.exception()
            if problem:
                raise problem
            if self.process and self.process.returncode:
                raise ProcessFailed(self._said(f"ended with exit code {self.process.returncode}"))

    def _said(self, what: str) -> str:
        words = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-5:]
        return f"the process `{self.name}` {what}. Its last words ({self.log}):\n  " + "\n  ".join(words or ["(none)"])

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError, ProcessFailed):
                await self._task
        if self.process is None or self.process.returncode is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(GOODBYE_S):
                await self.process.wait()
        except TimeoutError:
            self.process.kill()
            await self.process.wait()


def _end_with_parent() -> None:
    """Asks the kernel to end this new process when its parent dies: a demo that is killed leaves nothing behind."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


_PR_SET_PDEATHSIG: Final = 1


async def stop_all(children: Sequence[Child]) -> None:
    """Ends them in the reverse order of their start."""
    for child in reversed(children):
        await child.stop()
