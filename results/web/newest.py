"""The race as readers are shown it: one standing for all requests of a second, and what is made once of a roster.

Owns how often readers see another race. Everything is answered from here, in the event loop, without the thread that
matches.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from results.list_pages import Club, clubs_of
from results.name_index import NameIndex
from results.people import Audience, Person
from results.standing import Standing
from results.web.live_race import LiveRace

Answer = TypeVar("Answer")

STEP_S: Final = 1.0
"""Readers are given another standing no more often than this."""

KEPT: Final = 256
"""Answers kept of one standing: the pages that everybody reads."""


@dataclass(frozen=True, slots=True)
class _OfRoster:
    people: tuple[Person, ...]
    names: NameIndex
    clubs: Mapping[str, Club]


class Newest:
    """What readers see now. Belongs to one event loop."""

    def __init__(self, live: LiveRace, *, step_s: float = STEP_S, now_s: Callable[[], float] = time.monotonic) -> None:
        self._live = live
        self._step_s = step_s
        self._now_s = now_s
        self._standing: Standing | None = None
        self._taken_s = float("-inf")
        self._answers: dict[Any, Any] = {}
        self._of_roster: _OfRoster | None = None
        self._making = asyncio.Lock()

    @property
    def live(self) -> LiveRace:
        return self._live

    def standing(self) -> Standing:
        """The standing that all requests of this step are answered from."""
        now_s = self._now_s()
        if self._standing is None or now_s - self._taken_s >= self._step_s:
            self._standing, self._taken_s = self._live.standing(), now_s
            self._answers.clear()
        return self._standing

    @property
    def publication(self) -> Mapping[str, Any] | None:
        """Number and instant of the newest publication."""
        found: Mapping[str, Any] | None = self._live.view().board["publication"]
        return found

    def kept(self, key: Any, make: Callable[[Standing], Answer]) -> Answer:
        """The answer to a question about the standing; made once for each standing."""
        standing = self.standing()
        answer: Answer | None = self._answers.get(key)
        if answer is None:
            answer = make(standing)
            self.keep(key, answer, standing)
        return answer

    def answer(self, key: Any) -> Any:
        """What was kept for the standing under this key; None where nothing was."""
        self.standing()
        return self._answers.get(key)

    def keep(self, key: Any, answer: Any, standing: Standing) -> None:
        """Keeps an answer made from a standing, unless readers are shown another one by now."""
        if standing is self._standing and len(self._answers) < KEPT:
            self._answers[key] = answer

    async def names(self) -> NameIndex:
        """Who can be found, of the roster of the standing."""
        return (await self._roster()).names

    async def clubs(self) -> Mapping[str, Club]:
        """The clubs, of the roster of the standing."""
        return (await self._roster()).clubs

    async def _roster(self) -> _OfRoster:
        people = self.standing().people(Audience.PUBLIC)
        found = self._of_roster
        if found is not None and found.people is people:
            return found
        async with self._making:
            people = self.standing().people(Audience.PUBLIC)
            found = self._of_roster
            if found is None or found.people is not people:
                # Tenths of a second for 20,000, once for each version of the roster: not in the loop of the readers.
                found = self._of_roster = await asyncio.to_thread(_made, people)
            return found


def _made(people: tuple[Person, ...]) -> _OfRoster:
    return _OfRoster(people=people, names=NameIndex.of(people), clubs=clubs_of(people))
