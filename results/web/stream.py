"""Views on their way to the pages: immutable, numbered, sent as changes.

A `View` is one state of the board. The `Hub` keeps the newest (and a few before it, to compute changes from); each
`Subscription` remembers which number its client was last sent. A client that reads slowly has no backlog: when it is
ready it is sent the change from what it has to what is newest, and where that is no longer known, a whole view.
Nothing here knows HTTP: a subscription gives the bytes of one server-sent event at a time.
"""

import asyncio
import contextlib
import json
import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, Self

from results.errors import ResultsError
from timing.instants import Instant

CLIENTS_MAX: Final = 5_000
"""A page in each hand at the line; one costs a coroutine and at most a socket buffer."""

HISTORY: Final = 120
"""Views kept to compute changes from: two minutes of reconnecting at one view a second, about 1 MB."""

BEAT_S: Final = 2.0
"""An idle stream says it is alive this often; a page calls the link lost after 5 s without a word."""

IDLE_STEP_S: Final = 1.0
"""Views in which nothing but the clocks has moved wake the clients no more often than this."""

CLOCKS: Final = frozenset({"clock", "sources"})
"""Sections that move without anything having happened."""


class StreamFull(ResultsError):
    """As many clients as the hub admits are connected; the page falls back on asking again later."""


class View:
    """One numbered state of the board, serialised once.

    `board` maps sections to JSON-ready values, `number` aside. `sections` holds the same as JSON bytes. `made_us` is
    the real instant at which it was made: with the instant of sending it tells a page how old its data is without
    trusting the clock of the device.
    """

    __slots__ = ("_bodies", "board", "made_us", "number", "sections")

    def __init__(self, *, number: int, board: Mapping[str, Any], made_us: Instant) -> None:
        assert number > 0, "views are numbered from 1"
        self.number = number
        self.board: Mapping[str, Any] = MappingProxyType(dict(board))
        self.made_us = made_us
        self.sections: Mapping[str, bytes] = MappingProxyType({key: _json(value) for key, value in board.items()})
        self._bodies: dict[tuple[int, frozenset[str] | None], bytes] = {}

    @classmethod
    def of(cls, board: Mapping[str, Any], *, made_us: Instant | None = None) -> Self:
        """The view of a board as `board_view` gives it; made now unless told otherwise."""
        rest = {key: value for key, value in board.items() if key != "number"}
        return cls(number=board["number"], board=rest, made_us=real_now_us() if made_us is None else made_us)

    def extended(self, more: Mapping[str, Any]) -> "View":
        """The view of the same moment with further sections; those it has are not serialised again."""
        assert not self.sections.keys() & more.keys(), "a section has one meaning"
        view = View.__new__(View)
        view.number, view.made_us = self.number, self.made_us
        view.board = MappingProxyType({**self.board, **more})
        view.sections = MappingProxyType({**self.sections, **{key: _json(value) for key, value in more.items()}})
        view._bodies = {}
        return view

    def only(self, names: frozenset[str]) -> "View":
        """The view of the same moment with these sections alone, as far as it has them."""
        view = View.__new__(View)
        view.number, view.made_us = self.number, self.made_us
        view.board = MappingProxyType({key: value for key, value in self.board.items() if key in names})
        view.sections = MappingProxyType({key: value for key, value in self.sections.items() if key in names})
        view._bodies = {}
        return view

    def changed(self, before: "View | None") -> frozenset[str]:
        """The sections that differ from an earlier view; all of them without one."""
        if before is None:
            return frozenset(self.sections)
        assert before.sections.keys() == self.sections.keys(), "every view of a run has the same sections"
        return frozenset(key for key, value in self.sections.items() if before.sections[key] != value)

    def body(self, before: "View | None" = None, only: frozenset[str] | None = None) -> bytes:
        """The JSON members of the event after its head: whole without `before`, else the change from it.

        only: no other sections than these. Made once for each earlier number and choice of sections, whatever the
        count of clients.
        """
        key = (0 if before is None else before.number, only)
        made = self._bodies.get(key)
        if made is None:
            wanted = self.changed(before) if only is None else self.changed(before) & only
            members = b",".join(_json(name) + b":" + value for name, value in self.sections.items() if name in wanted)
            start = b"" if before is None else b'"from":%d,' % before.number
            made = self._bodies[key] = b'"number":%d,%s"sections":{%s}}' % (self.number, start, members)
        return made

    def json(self) -> bytes:
        """The whole view as one JSON object, as `/view.json` gives it."""
        return b'{"made_us":%d,%s' % (self.made_us, self.body())


class Hub:
    """The newest view and everybody who waits for the next. Belongs to one event loop; `publish` is called from it."""

    def __init__(
        self,
        *,
        clients_max: int = CLIENTS_MAX,
        history: int = HISTORY,
        beat_s: float = BEAT_S,
        now_us: Callable[[], Instant] | None = None,
    ) -> None:
        self.clients_max = clients_max
        self.beat_s = beat_s
        self.run: Final = secrets.token_hex(4)
        """This life of the server: numbers of another life mean nothing here."""
        self.now_us = now_us or real_now_us
        self._closing = asyncio.Event()
        self._views: deque[View] = deque(maxlen=history)
        self._subscriptions: set[Subscription] = set()
        self._woken_s = float("-inf")

    @property
    def latest(self) -> View | None:
        return self._views[-1] if self._views else None

    @property
    def closed(self) -> bool:
        return self._closing.is_set()

    @property
    def clients(self) -> int:
        return len(self._subscriptions)

    def publish(self, view: View) -> None:
        """Make a view the newest. Its number must be greater than the one before it."""
        before = self.latest
        assert before is None or view.number > before.number, "numbers of views only increase"
        self._views.append(view)
        now_s = time.monotonic()
        if view.changed(before) <= CLOCKS and now_s - self._woken_s < IDLE_STEP_S:
            return
        self._woken_s = now_s
        for subscription in self._subscriptions:
            subscription.wake()

    def subscribe(
        self, *, after: str | None = None, every_s: float = 0.0, only: frozenset[str] | None = None
    ) -> "Subscription":
        """A place in the stream, resumed after the event of that id where this hub still knows it.

        every_s: at most one event in this time (the public page: 1 s; 0: every tick). only: the sections that are sent;
        views in which none of them moved are passed over.
        Raises: StreamFull.
        """
        if len(self._subscriptions) >= self.clients_max or self.closed:
            raise StreamFull(f"{len(self._subscriptions)} pages are connected already; try again in a few seconds")
        subscription = Subscription(self, had=self._known(after), every_s=every_s, only=only)
        self._subscriptions.add(subscription)
        return subscription

    def close(self) -> None:
        """End all streams; their clients come back to the next life of the server."""
        self._closing.set()
        for subscription in self._subscriptions:
            subscription.wake()

    async def until_closed(self, within_s: float | None = None) -> None:
        """Returns when the hub has closed, or after so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._closing.wait()

    def event_id(self, view: View) -> str:
        return f"{self.run}-{view.number}"

    def _known(self, event_id: str | None) -> View | None:
        run, _, number = (event_id or "").partition("-")
        if run != self.run or not number.isdecimal() or len(number) > 18:
            return None
        return next((view for view in reversed(self._views) if view.number == int(number)), None)

    def keeps(self, view: View) -> bool:
        """Whether a view of this hub is still in the history, so that changes may start from it."""
        return bool(self._views) and view.number >= self._views[0].number

    def leave(self, subscription: "Subscription") -> None:
        self._subscriptions.discard(subscription)


class Subscription:
    """One client of the hub. `had` is the view its client holds, None when it must be sent a whole one."""

    __slots__ = ("_every_s", "_hub", "_only", "_sent_s", "_waking", "had")

    def __init__(self, hub: Hub, *, had: View | None, every_s: float, only: frozenset[str] | None = None) -> None:
        self._only = only
        self._hub = hub
        self._every_s = every_s
        self._waking = asyncio.Event()
        self._sent_s = float("-inf")
        self.had = had
        if hub.latest is not None:
            self._waking.set()

    def wake(self) -> None:
        self._waking.set()

    async def next_event(self) -> bytes | None:
        """The next event for this client, as bytes to send: a view, a change, or a beat when nothing is new.

        Returns None when the hub has closed.
        """
        # Not woken in time is no error: whatever moved since without waking anybody is sent, else a beat.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._hub.beat_s):
                await self._waking.wait()
        await self._pause()
        self._waking.clear()
        view = self._hub.latest
        if self._hub.closed:
            return None
        if view is None or view is self.had:
            return self._beat()
        passed_over = self._is_passed_over(view)
        event = self._beat() if passed_over else self._event(view)
        self.had = view
        self._sent_s = time.monotonic()
        return event

    async def until_closed(self) -> None:
        """Returns when the hub has closed."""
        await self._hub.until_closed()

    def close(self) -> None:
        self._hub.leave(self)

    async def _pause(self) -> None:
        left_s = self._sent_s + self._every_s - time.monotonic()
        if left_s > 0:
            await self._hub.until_closed(left_s)

    def _is_passed_over(self, view: View) -> bool:
        """Whether nothing the client chose differs from what it has."""
        if self._only is None or self.had is None or not self._hub.keeps(self.had):
            return False
        return not view.changed(self.had) & self._only

    def _event(self, view: View) -> bytes:
        # What is older than the history cannot be compared any more: the client gets a whole view.
        before = self.had if self.had is not None and self._hub.keeps(self.had) else None
        kind = b"view" if before is None else b"change"
        return b'id: %s\nevent: %s\ndata: {"sent_us":%d,"made_us":%d,\ndata: %s\n\n' % (
            self._hub.event_id(view).encode(),
            kind,
            self._hub.now_us(),
            view.made_us,
            view.body(before, self._only),
        )

    def _beat(self) -> bytes:
        # The comment is for proxies, the event for pages: EventSource does not show comments to a script.
        made_us = b"null" if self.had is None else b"%d" % self.had.made_us
        return b': ping\nevent: beat\ndata: {"sent_us":%d,"made_us":%s}\n\n' % (self._hub.now_us(), made_us)


def real_now_us() -> Instant:
    """The wall clock. Pages measure age with it and nothing else: no time of a runner comes from here."""
    return time.time_ns() // 1_000


def _json(value: Any) -> bytes:
    # A lone surrogate can come from a roster; it must not stop the stream of everybody else.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8", "replace")
