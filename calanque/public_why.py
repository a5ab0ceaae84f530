"""Why this time, for readers of a runner's page: asked of the matching thread rarely, whoever asks how often.

Reading what led to a time needs the reads themselves, and those belong to the matching thread. Receiving and matching
come first: one question at a time, a pause after each that is many times as long as it took, and answers are kept.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from calanque.derived import Derived
from calanque.errors import FrontDoorError
from calanque.explaining import evidence_of
from calanque.live import LiveRace
from config.plan import RacePlan
from results.errors import ResultsError
from results.why import Why, why
from timing.roster import Bib
from timing.state import RaceState

KEPT: Final = 512
"""Answers kept: all whom a thousand readers look at in the same minute."""

KEPT_S: Final = 10.0
"""An answer of an earlier moment is given for so long: a page that is read does not follow every read."""

PAUSE_SHARE: Final = 10
"""After a question the matching thread is left alone for so many times as long as it took."""

WAITING_MAX: Final = 50
"""More than these are told to come back."""


class WhyBusy(ResultsError):
    """Too many ask at once."""


@dataclass(frozen=True, slots=True)
class _Kept:
    found: Why
    through: int
    asked_s: float


class PublicWhy:
    """Answers from one live race; belongs to the event loop of its pages."""

    def __init__(
        self, plan: RacePlan, state: RaceState, live: LiveRace, *, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._plan = plan
        self._state = state
        self._live = live
        self._now_s = now_s
        self._kept: OrderedDict[Bib, _Kept] = OrderedDict()
        self._one = asyncio.Lock()
        self._waiting = 0
        self._rest_until_s = 0.0

    async def why(self, bib: Bib) -> Why | None:
        """How this runner's times came about; None where nobody has the bib.

        Raises: WhyBusy.
        """
        kept = self._still_good(bib)
        if kept is not None:
            return kept
        if self._waiting >= WAITING_MAX:
            raise WhyBusy("many ask why just now; try again in a few seconds")
        self._waiting += 1
        try:
            async with self._one:
                # Whoever waited may have waited for the same question.
                return self._still_good(bib) or await self._ask(bib)
        finally:
            self._waiting -= 1

    def _still_good(self, bib: Bib) -> Why | None:
        kept = self._kept.get(bib)
        if kept is None:
            return None
        standing = self._live.standing
        same = standing is not None and kept.through == standing.through
        fresh = same or self._now_s() - kept.asked_s < KEPT_S
        return kept.found if fresh else None

    async def _ask(self, bib: Bib) -> Why | None:
        await asyncio.sleep(self._rest_until_s - time.monotonic())
        took_s = 0.0

        def question(derived: Derived) -> Why | None:
            nonlocal took_s
            began_s = time.monotonic()
            try:
                # Open questions are for those who decide: looking for them costs more than all the rest.
                return why(evidence_of(self._plan, self._state, derived, bib, questions=()))
            except FrontDoorError:
                return None
            finally:
                took_s = time.monotonic() - began_s

        found = await asyncio.wrap_future(self._live.consult(question))
        if found is not None:
            self._kept[bib] = _Kept(found, found.through, self._now_s())
            self._kept.move_to_end(bib)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._rest_until_s = time.monotonic() + took_s * PAUSE_SHARE
        return found
