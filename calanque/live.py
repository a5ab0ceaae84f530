"""The live race: journal entries in, numbered views out, in a thread of its own.

Entries come in the order of the journal, once they are durable. Knows nothing of wires, of the event loop, or of who
looks; what follows from the journal is kept by `derived`.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Final, TypeVar

from calanque.crew_facts import CrewFacts
from calanque.derived import Derived, Picture
from calanque.host_facts import HostFacts
from calanque.staff_boards import Moment, StaffBoards
from config.plan import RacePlan
from readers.race_clock import RaceClock
from results.boards import Boards
from results.speaker.cards import Cards
from results.standing import Standing
from results.views import board_view
from timing.clock_faults import ClockFinding
from timing.instants import Duration
from timing.journal import Entry
from timing.late_data import LateData, LateWatch
from timing.state import RaceState

logger = logging.getLogger(__name__)

TICK_S: Final = 0.04
"""The shortest time between two views: what people call at once."""

TICK_SHARE: Final = 1.5
"""A tick is followed by a pause at least this many times as long as its work: receiving beats showing."""

IDLE_S: Final = 1.0
"""Without news a view is made this often, so that clocks and ages go on."""

Answer = TypeVar("Answer")
Question = Callable[[], None]


class LiveRace:
    """The picture of one race, and the thread that keeps it. Methods may be called from any thread.

    `failed`: what ended the thread. As of the last view: `clocks`, what is wrong with them; `late`, which points
    deliver long after the fact; `standing`, the race as readers of lists are shown it (None before the first view).
    """

    def __init__(
        self,
        plan: RacePlan,
        state: RaceState,
        clock: RaceClock,
        *,
        sources: Callable[[], Sequence[Mapping[str, Any]]],
        show: Callable[[Boards], None],
        behind: Callable[[], Duration] = lambda: 0,
        host: Callable[[], HostFacts] = HostFacts,
    ) -> None:
        """sources: health of each source, asked at each view. show: is given each one's boards, in the matching thread.
        behind: for how long, by the race clock, nothing that came in could be taken. host: what the
        engine knows of itself.
        """
        self._plan = plan
        self._state = state
        self._clock = clock
        self._sources = sources
        self._show = show
        self._behind = behind
        self._host = host
        self._inbox: queue.SimpleQueue[Sequence[Entry] | Question | None] = queue.SimpleQueue()
        self._derived = Derived(plan, state)
        self._staff = StaffBoards(plan, state, self._derived)
        self._late_watch = LateWatch(plan.race, rate=clock.rate)
        self._number = 0
        self._thread = threading.Thread(target=self._run, name="matching", daemon=True)
        self.failed: BaseException | None = None
        self.clocks: tuple[ClockFinding, ...] = ()
        self.late: tuple[LateData, ...] = ()
        self.standing: Standing | None = None

    @property
    def cards(self) -> Cards:
        """What announcers look up, as of the last view."""
        return self._staff.cards

    def start(self) -> None:
        """Shows what the state holds already, and goes on in its own thread."""
        self._make_view()
        self._thread.start()

    def feed(self, entries: Sequence[Entry]) -> None:
        """Durable entries, in the order of the journal."""
        self._inbox.put(entries)

    def ask(self, question: Callable[[Picture], Answer]) -> "Future[Answer]":
        """The answer of a function called in the matching thread with a settled picture of all that was fed before."""
        return self.consult(lambda derived: question(derived.picture()))

    def consult(self, question: Callable[[Derived], Answer], *, settle: bool = True) -> "Future[Answer]":
        """The same with all that the picture is made from; nothing of it may be kept.

        settle: whether everything known is to be matched before; what is asked of the journal alone need not wait.
        """
        answer: Future[Answer] = Future()

        def run() -> None:
            try:
                if settle:
                    self._derived.refresh(settle=True)
                answer.set_result(question(self._derived))
            except Exception as error:  # noqa: BLE001 - whoever asked gets it, whatever it is
                answer.set_exception(error)

        self._inbox.put(run)
        return answer

    def consult_crew(self, question: Callable[[CrewFacts, Picture], Answer]) -> "Future[Answer]":
        """The same with the crew's facts, as of the same moment as the settled picture."""
        return self.consult(lambda derived: question(self._staff.crew_facts, derived.picture()))

    def stop(self) -> None:
        self._inbox.put(None)
        self._thread.join()

    def _run(self) -> None:
        try:
            worked = False
            while self._take_for(TICK_S if worked else IDLE_S, until_news=True):
                began = time.monotonic()
                self._derived.refresh()
                self._make_view()
                spent = time.monotonic() - began
                worked = self._staff.work()  # after what is shown at once, and it does not make the pause longer
                if not self._take_for(max(TICK_S - spent, TICK_SHARE * spent), until_news=False):
                    return
        except BaseException as error:
            # A picture that cannot be made must not look fresh: the engine sees this and stops.
            self.failed = error
            logger.exception("the matching thread ended")

    def _take_for(self, seconds: float, *, until_news: bool) -> bool:
        """Takes in what comes, for so long or until something came. False when it is time to stop."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            try:
                news = self._inbox.get(timeout=left)
            except queue.Empty:
                return True
            if news is None:
                return False
            self._accept(news)
            if until_news:
                return True
        return True

    def _accept(self, news: Sequence[Entry] | Question) -> None:
        if callable(news):
            news()
            return
        self._state.apply_all(news)
        for entry in news:
            self._derived.note(entry)

    def _make_view(self) -> None:
        self._number += 1
        picture = self._derived.picture()
        self.clocks = picture.clocks
        now_us = self._clock.now_us()
        self._late_watch.take(self._state.reads(), self._state.taken_at, self._state.ledger)
        self.late = self._late_watch.told(now_us, since_us=picture.times.guns.first_us, clocks=picture.clocks)
        publications = self._state.publications
        latest = publications[-1].body if publications else None
        sources = self._sources()
        public = board_view(
            self._plan,
            picture.roster,
            picture.times,
            picture.rankings,
            sources=sources,
            read_counts=picture.read_counts,
            publication=None if latest is None else {"number": latest.number, "at_us": latest.at_us},
            race_now_us=now_us,
            lag_us=max(picture.lag_us, self._behind()),
            number=self._number,
            rate=self._clock.rate,
            states=picture.states,
            late=self.late,
        )
        self.standing = picture.standing(self._plan, number=0 if latest is None else latest.number, at_us=now_us)
        moment = Moment(
            picture=picture,
            public=public,
            sources=sources,
            now_us=now_us,
            rate=self._clock.rate,
            late=self.late,
            host=self._host(),
        )
        speaker, crew = self._staff.speaker(moment), self._staff.crew(moment)
        public["flow"]["expected"] = self._staff.expected_per_minute(moment)
        self._show(Boards(public=public, speaker=speaker, crew=crew))
