"""The open questions of the running race, asked again about once a second: they are no matter of a tick."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from calanque.derived import Derived, Picture
from calanque.explaining import asked_of
from config.plan import RacePlan
from results.asked import OpenQuestion
from results.questions import open_questions
from results.rankings import Rankings
from timing.decisions import Decisions
from timing.state import RaceState

EVERY_S: Final = 1.0
SHARE: Final = 0.05
"""Of the thread's time: questions that took 100 ms are asked again after 2 s at the earliest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Questioned:
    """The questions, the heaviest first, and the rankings they were asked of."""

    questions: tuple[OpenQuestion, ...]
    rankings: Rankings


class LiveQuestions:
    """Keeps the last answer. Belongs to the matching thread."""

    def __init__(
        self,
        plan: RacePlan,
        state: RaceState,
        derived: Derived,
        *,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._plan = plan
        self._state = state
        self._derived = derived
        self._now_s = now_s
        self._due_s = float("-inf")
        self._last: Questioned | None = None
        self._decided: Decisions | None = None

    def of(self, picture: Picture) -> Questioned:
        """The questions of a picture, or of one about a second ago; asked at once when decisions changed.

        picture: of the `Derived` this was made with, as of its last refresh.
        """
        if self._last is None or self._decided is not picture.decisions:
            return self._ask(picture)
        return self._last

    def work(self, picture: Picture) -> bool:
        """Asks again when that is due; whether it was."""
        if self._now_s() < self._due_s:
            return False
        self._ask(picture)
        return True

    def _ask(self, picture: Picture) -> Questioned:
        began = self._now_s()
        asked = asked_of(self._plan, self._state, self._derived, picture)
        found = self._last = Questioned(questions=open_questions(asked), rankings=picture.rankings)
        self._decided = picture.decisions
        ended = self._now_s()
        self._due_s = ended + max(EVERY_S, (ended - began) / SHARE)
        return found
