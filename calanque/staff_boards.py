"""What speakers and crew see beside the public's board, made in the matching thread at each moment.

Owns how often each part is made; what is in it is `results.speaker` and `results.crew`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from calanque.crew_board import CrewBoard
from calanque.crew_facts import CrewFacts
from calanque.derived import Derived, Picture
from calanque.host_facts import HostFacts
from calanque.live_questions import LiveQuestions
from calanque.speaker_staff import SpeakerStaff
from config.plan import RacePlan
from results.boards import Sections
from results.hand_board import hand_section
from results.hand_times import HandTimes
from results.speaker.cards import Cards
from timing.instants import Instant
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


class StaffBoards:
    """Makes the sections of both; belongs to the matching thread, as the state does."""

    def __init__(self, plan: RacePlan, state: RaceState, derived: Derived) -> None:
        self._plan = plan
        self._state = state
        self._hand = HandTimes()
        self._questions = LiveQuestions(plan, state, derived)
        self._speaker = SpeakerStaff(plan, state, self._questions)
        self._crew = CrewBoard(plan, state, derived)

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
        return {**self._crew.sections(moment), "hand": self._hand_section(moment)}

    def _hand_section(self, moment: Moment) -> dict[str, Any]:
        self._hand.catch_up(self._state.desk)
        picture = moment.picture
        return hand_section(self._hand.stamps, self._plan.race.course, picture.roster, picture.times)
