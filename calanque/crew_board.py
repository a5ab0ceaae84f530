"""The crew's board beside the public's: what hangs on each moment at once, what costs more about once a second.

Owns how often each part is made: what people do never waits for the console, so that what is heavy takes at most a
twentieth of the matching thread's time.
"""

import logging
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from calanque.crew_facts import CrewFacts
from calanque.derived import Derived, Picture
from calanque.explaining import gun_facts
from calanque.live_questions import LiveQuestions
from config.plan import RacePlan
from results.boards import Sections
from results.crew.decisions import decision_rows, decisions_of
from results.crew.gun_rows import gun_section
from results.crew.list_rows import list_rows
from timing.instants import SECOND
from timing.state import RaceState
from timing.times import Status

if TYPE_CHECKING:
    from calanque.staff_boards import Moment

logger = logging.getLogger(__name__)

HEAVY_EVERY_S: Final = 1.0
HEAVY_SHARE: Final = 0.05
"""Of the thread's time: a part that took 100 ms is made again after 2 s at the earliest."""


LONGEST_S: Final = 5.0
"""No part waits longer, whatever it takes: after a start the first look goes through all reads there are."""


class Paced:
    """One part of the board: what was made of it last, and when it is due again."""

    def __init__(self, make: Callable[["Moment"], Any], *, every_s: float = HEAVY_EVERY_S) -> None:
        self._make = make
        self._every_s = every_s
        self._due_s = float("-inf")
        self._value: Any = None
        self.spent_s = 0.0
        self.failed = ""
        """What went wrong the last time; the part is then what it was before."""

    def latest(self, moment: "Moment") -> Any:
        """The part as it was made last; made now when it never was."""
        if self._value is None:
            self.make(moment, now_s=time.monotonic())
        return self._value

    def is_due(self, now_s: float) -> bool:
        """now_s: of a clock that never goes back."""
        return now_s >= self._due_s

    def make(self, moment: "Moment", *, now_s: float) -> None:
        """Make it as of this moment."""
        began = time.perf_counter()
        try:
            self._value, self.failed = self._make(moment), ""
        except Exception as error:
            # What the crew looks at must not end the race; that it stands still is told (`behind`).
            if self._value is None:
                raise
            if not self.failed:
                logger.exception("a part of the crew's board cannot be made")
            self.failed = f"{type(error).__name__}: {error}"
        self.spent_s = time.perf_counter() - began
        self._due_s = now_s + min(LONGEST_S, max(self._every_s, self.spent_s / HEAVY_SHARE))


class CrewBoard:
    """Makes the sections of the crew's board; belongs to the matching thread, as the state does."""

    def __init__(self, plan: RacePlan, state: RaceState, derived: Derived, questions: LiveQuestions) -> None:
        self._plan = plan
        self._state = state
        self._live_questions = questions
        self.facts = CrewFacts(plan, state, derived)
        self._desk = self.facts.catch_up()
        self._questioned = Paced(self._questions)
        self._lists = Paced(self._list_rows)

    def sections(self, moment: "Moment") -> Sections:
        """The sections of a moment."""
        self._desk = self.facts.catch_up()
        return {
            "totals": self._totals(moment),
            "guns_heard": self._guns(moment.picture),
            "armed": self._armed(),
            "journal": self._journal(moment),
            "posting": self._lists.latest(moment),
            **self._questioned.latest(moment),
            "behind": self._questioned.failed or self._lists.failed,
        }

    def work(self, moment: "Moment") -> bool:
        """Makes one of the parts that are due; whether there was any."""
        now_s = time.monotonic()
        part = next((part for part in (self._questioned, self._lists) if part.is_due(now_s)), None)
        if part is not None:
            part.make(moment, now_s=now_s)
        return part is not None

    def _totals(self, moment: "Moment") -> dict[str, int]:
        """How many of those on the clock are where; `reported`: abandons by radio that nobody has declared yet."""
        counts: Mapping[str, Any] = moment.public["counts"]
        statuses, roster = counts["statuses"], moment.picture.roster
        status = moment.picture.times.status
        rows = [row for bib in self._desk.abandons if (row := roster.by_bib.get(bib)) is not None]
        return {
            "entered": counts["entered"],
            "started": counts["started"],
            "running": counts["running"],
            "finished": counts["finished"],
            "dnf": statuses["DNF"] + statuses["HD"],
            "dns": statuses["DNS"],
            "reported": sum(int(status[row]) in (Status.ENTERED, Status.STARTED) for row in rows),
        }

    def _guns(self, picture: Picture) -> dict[str, Any]:
        state = self._state
        return gun_section(
            self._plan,
            gun_facts(self._plan, state, picture),
            state.guns,
            state.gun_signals(state.ledger),
            state.rulings,
            state.withdrawn,
        )

    def _armed(self) -> dict[str, Any]:
        word = self._desk.armed
        return {
            "armed": self._desk.is_armed,
            "at_us": None if word is None else word.at_us,
            "author": "" if word is None else word.author,
            "open_checks": [] if word is None else list(word.open_checks),
        }

    @staticmethod
    def _journal(moment: "Moment") -> dict[str, Any]:
        """Whether what comes is being made safe, and how much waits; by the second, for it is looked at by people."""
        health = moment.host.journal
        if health is None:
            return {"writing": True, "waiting": 0, "failing_s": None}
        failing_s = None if health.failing_us is None else health.failing_us // SECOND
        return {"writing": health.writing, "waiting": health.waiting_entries, "failing_s": failing_s}

    def _questions(self, moment: "Moment") -> dict[str, Any]:
        """What follows from questions, and the facts that alarms hang on."""
        questions = self._live_questions.of(moment.picture).questions
        found = decisions_of(questions, moment.picture.clocks)
        return {"decisions": decision_rows(found, self._plan), **self.facts.sections(moment, questions)}

    def _list_rows(self, moment: "Moment") -> list[dict[str, Any]]:
        return list_rows(self._plan, moment.picture.rankings, moment.picture.states)
