"""The picture a driver keeps of its source, and when it shows it: at once when the link changes, else at a pace.

Knows the sink and the queue whose figures it adds, and nothing of links or protocols.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, Final

from readers.capture import CaptureWriter
from readers.health import Link, SourceHealth
from readers.intake import Intake, Sink
from readers.race_clock import RaceClock
from timing.race import Source

TICK_S: Final = 0.5
"""Counts are told this often, in real seconds, when they have changed."""
WARNINGS_MAX: Final = 5
TEXT_MAX: Final = 200


class SourcePicture:
    """The health of one source, kept up to date and shown to the sink."""

    def __init__(
        self,
        source: Source,
        sink: Sink,
        intake: Intake,
        clock: RaceClock,
        capture: CaptureWriter | None,
        loop_s: Callable[[], float],
    ) -> None:
        """`loop_s`: the event loop's steady clock, in seconds."""
        self._sink = sink
        self._intake = intake
        self._clock = clock
        self._capture = capture
        self._loop_s = loop_s
        self._kept = SourceHealth(source=source.id, endpoint=source.connect, since_us=clock.now_us())
        self._shown: SourceHealth | None = None
        self._show_at_s = 0.0
        self._warnings: dict[str, str] = {}

    @property
    def kept(self) -> SourceHealth:
        """What was set, without the figures of queue and capture."""
        return self._kept

    def now(self) -> SourceHealth:
        """The whole picture."""
        capture = self._capture
        return dataclasses.replace(
            self._kept,
            queue=len(self._intake),
            queue_peak=self._intake.peak,
            overflowed=self._intake.overflowed,
            capture_lost=0 if capture is None else capture.lost,
            error=self._intake.error or self._kept.error,
            warning="; ".join(
                [*self._warnings.values(), *([capture.error] if capture is not None and capture.error else [])]
            ),
        )

    def set(self, **changes: Any) -> None:
        self._kept = dataclasses.replace(self._kept, **changes)

    def warn(self, text: str, *, about: str | None = None) -> None:
        """Adds a warning, to be shown until the next connection; a few at most, one for each thing it is `about`."""
        key = about or text
        if key in self._warnings or len(self._warnings) < WARNINGS_MAX:
            self._warnings[key] = clean(text)

    def unwarn(self, about: str) -> None:
        self._warnings.pop(about, None)

    def forget_warnings(self) -> None:
        self._warnings.clear()

    def link(self, link: Link, error: str | None = None) -> None:
        """The link's state, shown at once. `error` None leaves the last one: a new try does not undo a failure."""
        if link is not self._kept.link:
            self.set(link=link, since_us=self._clock.now_us())
        if error is not None:
            self.set(error=clean(error))
        self.show(at_once=True)

    def show(self, *, at_once: bool = False) -> None:
        """Tells the sink, when there is something new; not more often than the tick unless `at_once`."""
        now_s = self._loop_s()
        if not at_once and now_s < self._show_at_s:
            return
        picture = self.now()
        if picture != self._shown:
            self._shown = picture
            self._show_at_s = now_s + TICK_S
            self._sink.health(picture)


def clean(text: str) -> str:
    """Text that came from a device or a system, for people: no control characters, not too long."""
    return "".join(c if c.isprintable() else "?" for c in text)[:TEXT_MAX]
