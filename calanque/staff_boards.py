"""What speakers and crew see beside the public's board, made in the matching thread at each moment.

Owns how often each part is made; what is in it is `results.speaker` and `results.crew`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from calanque.crew_board import CrewBoard
from calanque.crew_facts import CrewFacts
from calanque.derived import Derived, Picture
from calanque.host_facts import HostFacts
from calanque.live_questions import LiveQuestions
from calanque.speaker_staff import SpeakerStaff
from config.plan import RacePlan
from results.boards import Sections
from results.forecast import Forecast
from results.forecast_flow import expected_flow
from results.hand_board import hand_section
from results.hand_times import HandTimes
from results.speaker.cards import Cards
from timing.instants import MINUTE, SECOND, Instant
from timing.late_data import LateData
from timing.state import RaceState


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What a board is made from.

    `public`: the public's board of the same moment; `sources`: health of each source; `host`: the engine
    and its machine.
    """

    picture: Picture
    public: Mapping[str, Any]
    sources: Sequence[Mapping[str, Any]]
    now_us: Instant
    rate: float
    late: tuple[LateData, ...]
    host: HostFacts = field(default_factory=HostFacts)
    forecast: Forecast | None = None


class StaffBoards:
    """Makes the sections of both; belongs to the matching thread, as the state does."""

    def __init__(self, plan: RacePlan, state: RaceState, derived: Derived) -> None:
        self._plan = plan
        self._state = state
        self._hand = HandTimes()
        self._last: Moment | None = None
        self._crew_first = False
        self._flow: list[int] = []
        self._flow_second = -1
        self._questions = LiveQuestions(plan, state, derived)
        self._speaker = SpeakerStaff(plan, state, self._questions)
        self._crew = CrewBoard(plan, state, derived, self._questions)

    @property
    def cards(self) -> Cards:
        """What announcers look up, as of the last board; from any thread."""
        return self._speaker.cards

    @property
    def crew_facts(self) -> CrewFacts:
        """For what the crew asks beyond its board."""
        return self._crew.facts

    def speaker(self, moment: Moment) -> Sections:
        """What speakers see beside the public's board."""
        return self._speaker.sections(moment)

    def crew(self, moment: Moment) -> Sections:
        """What the crew sees beside the public's board."""
        self._last = moment = replace(moment, forecast=self._speaker.forecast)
        return {**self._crew.sections(moment), "hand": self._hand_section(moment)}

    def work(self) -> bool:
        """Does one of the things that cost something and are due, for the boards to come: no read waits for two.

        Whether there was any. Questions and the crew's parts take turns, since both are due at every quiet second.
        """
        last = self._last
        if last is None:
            return False
        self._crew_first = not self._crew_first
        if self._crew_first:
            return self._crew.work(last) or self._questions.work(last.picture)
        return self._questions.work(last.picture) or self._crew.work(last)

    def expected_per_minute(self, moment: Moment) -> list[int]:
        """Arrivals in each minute from the one that is now, by the newest forecast; made once a second.

        The first has those who arrived in it already, so that it is a whole minute as the others are.
        """
        forecast, second = self._speaker.forecast, moment.now_us // SECOND
        if forecast is None or second == self._flow_second:
            return self._flow
        self._flow_second = second
        times = moment.picture.times
        flow = expected_flow(forecast, moment.now_us, times.guns.first_us)
        begun_us = times.guns.first_us + flow.first_minute * MINUTE
        arrived = np.count_nonzero((times.finish_us >= begun_us) & (times.finish_us <= moment.now_us))
        per_minute = flow.per_minute.round().astype(int).tolist()
        self._flow = [per_minute[0] + int(arrived), *per_minute[1:]]
        return self._flow

    def _hand_section(self, moment: Moment) -> dict[str, Any]:
        self._hand.catch_up(self._state.desk)
        picture = moment.picture
        return hand_section(self._hand.stamps, self._plan.race.course, picture.roster, picture.times)
