"""The speaker's board beside the public's, made in the matching thread: forecast, stories, desk and rows.

Owns how often each part is made: rows at every tick, settled places and stories about once a second, the forecast's
own error once in SCORE_US.
"""

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from calanque.live_questions import LiveQuestions, Questioned
from config.plan import RacePlan
from results.asked import Kind
from results.boards import Sections
from results.eligibility import Eligibility
from results.forecast import Forecast, Forecaster
from results.forecast_observations import observations_of
from results.forecast_score import forecast_score, score_values
from results.heard import Heard, HeardWatch
from results.official_rows import shown_rankings
from results.printing import Language
from results.question_titles import TITLES
from results.rankings import Rankings
from results.records import record_chases, record_section
from results.settled_place import settled_section
from results.settled_watch import SettledWatch
from results.speaker.cards import Cards
from results.speaker.desk import Desk
from results.speaker.rows import Held
from results.speaker.telling import FreshTelling, Teller
from results.speaker.to_check import to_check
from results.speaker.view import SpeakerBoard, SpeakerMoment
from results.speaker.within import races_within, within_section
from timing.instants import SECOND, Duration, Instant
from timing.state import RaceState

if TYPE_CHECKING:
    from calanque.staff_boards import Moment

SCORE_US: Final[Duration] = 10 * SECOND
"""Real time between two reckonings of the forecast's own error: nobody reads it faster."""

WITHIN_US: Final[Duration] = SECOND
"""The same of races within the race."""


class SpeakerStaff:
    """Belongs to the matching thread; `cards` and `forecast`, as of the last sections, may be read from any."""

    def __init__(self, plan: RacePlan, state: RaceState, questions: LiveQuestions) -> None:
        self._state = state
        self._questions = questions
        self._board = SpeakerBoard(plan)
        self._desk = Desk()
        self._heard = HeardWatch(plan)
        self._settled = SettledWatch()
        self._teller = Teller(plan)
        self._forecaster: Forecaster | None = None
        self._score: dict[str, Any] | None = None
        self._scored_us: Instant = 0
        self._within: list[dict[str, Any]] = []
        self._within_us: Instant = -WITHIN_US
        self._cards: Cards | None = None
        self.forecast: Forecast | None = None

    @property
    def cards(self) -> Cards:
        assert self._cards is not None, "the first board is made before anybody looks anything up"
        return self._cards

    def sections(self, moment: "Moment") -> Sections:
        """The sections of a moment."""
        picture, beat_us = moment.picture, time.monotonic_ns() // 1000
        # A race as fast as possible has no rate: there seconds pass as in life.
        rate = moment.rate or 1.0
        self._desk.take(self._state.desk)
        forecaster = self._forecaster_of(picture.rankings.eligibility)
        seen = observations_of(self._desk.orders, picture.roster)
        forecast = self.forecast = forecaster.at(picture.times, moment.now_us, seen)
        questioned = self._questions.of(picture)
        held = _held(questioned, moment)
        shown = shown_rankings(picture.rankings, picture.states)
        chases = record_chases(picture.rankings, picture.times, states=picture.states, unchecked=held)
        stories = self._teller.at(
            shown,
            picture.times,
            now_us=moment.now_us,
            beat_us=beat_us,
            chases=chases,
            favourite=self._board.favourite(shown, self._desk),
            held=held,
            due_us=self._board.due_us(shown, forecast, rate),
        )
        speaker = SpeakerMoment(
            rankings=shown,
            times=picture.times,
            now_us=moment.now_us,
            forecast=forecast,
            forecast_frame=forecaster.frame,
            states=picture.states,
            rate=rate,
            beat_us=beat_us,
            held=held,
            stories=stories,
            sections={
                "record": record_section(chases),
                "settled": self._settled_section(moment, questioned),
                "within": self._within_section(moment, shown, held, beat_us),
                "forecast_error": self._error(moment, forecaster, beat_us),
            },
        )
        rows = self._board.rows(speaker, self._desk)
        self._cards = Cards(
            rows=replace(rows, stories=FreshTelling(stories)), through=picture.through, now_us=moment.now_us
        )
        return self._board.sections(speaker, self._desk, rows)

    def _forecaster_of(self, eligibility: Eligibility) -> Forecaster:
        if self._forecaster is None or self._forecaster.frame.eligibility is not eligibility:
            self._forecaster = Forecaster.of(eligibility)
        return self._forecaster

    def _settled_section(self, moment: "Moment", questioned: Questioned) -> dict[str, Any]:
        picture = moment.picture
        return settled_section(
            self._settled.places(
                picture.rankings,
                picture.times,
                now_us=moment.now_us,
                heard=self._heard_until(moment),
                questions=questioned.questions,
                clocks=picture.clocks,
                states=picture.states,
                decisions=picture.decisions,
            )
        )

    def _within_section(self, moment: "Moment", shown: Rankings, held: Held, beat_us: Instant) -> list[dict[str, Any]]:
        if beat_us - self._within_us >= WITHIN_US:
            self._within_us = beat_us
            times = moment.picture.times
            self._within = within_section(races_within(shown, times, now_us=moment.now_us, unchecked=held))
        return self._within

    def _heard_until(self, moment: "Moment") -> Heard:
        return self._heard.take(moment.sources, moment.now_us, late=moment.late)

    def _error(self, moment: "Moment", forecaster: Forecaster, beat_us: Instant) -> dict[str, Any]:
        """The forecast's own error until now, as of at most SCORE_US ago."""
        if self._score is None or beat_us - self._scored_us >= SCORE_US:
            self._scored_us = beat_us
            values = score_values(forecast_score(forecaster, moment.picture.times, moment.now_us))
            self._score = {key: value for key, value in values.items() if key != "now_us"}
        return self._score


def _held(questioned: Questioned, moment: "Moment") -> Held:
    """Who is not to be announced before the crew has said so, with the question in both languages."""
    found = to_check(questioned.questions, moment.picture.rankings, judged=questioned.rankings)
    return {index: _why(kind) for index, kind in found.items()}


def _why(kind: str) -> dict[str, str]:
    known = Kind(kind) if kind in tuple(Kind) else Kind.CHECK_BY_EYE
    return {language.value: TITLES[language][known] for language in (Language.FR, Language.EN)}
