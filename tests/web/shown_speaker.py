"""The speaker's side of a moving race: its board, its desk and its cards, without an engine or a journal."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from moving_race import MovingRace

from calanque.speaker_desk import SpeakerDesk
from results.boards import Sections
from results.forecast import Forecast, Forecaster
from results.forecast_observations import observations_of
from results.forecast_score import forecast_score, score_values
from results.list_states import NO_STATES, ListStates
from results.official_rows import with_official
from results.rankings import Rankings
from results.records import record_chases, record_section
from results.settled import settled_places
from results.settled_place import settled_section
from results.speaker.cards import Cards
from results.speaker.desk import Desk
from results.speaker.rows import Held
from results.speaker.telling import Teller
from results.speaker.view import SpeakerBoard, SpeakerMoment
from results.speaker.within import races_within, within_section
from timing.desk_entries import DeskBody
from timing.instants import Instant
from timing.state import Recorded
from timing.times import Times


class ShownSpeaker:
    """Fed with commands and instants. `held`: whom the crew has to look at first."""

    def __init__(self, race: MovingRace) -> None:
        self.race = race
        self.desk = Desk()
        self.record: list[Recorded[DeskBody]] = []
        self.board = SpeakerBoard(race.plan)
        self.forecaster = Forecaster.of(race.eligibility)
        self.now_us: Instant = race.first_gun_us
        self.teller = Teller(race.plan)
        self.held: Held = {}
        self.states: ListStates = NO_STATES
        self._cards: Cards | None = None

    @property
    def cards(self) -> Cards:
        assert self._cards is not None, "shown before asked"
        return self._cards

    def enter(self, command: Mapping[str, Any]) -> dict[str, Any]:
        """Carries out a command of announcers."""
        desk = SpeakerDesk(plan=self.race.plan, frame=self.cards.rows.frame, now_us=self.now_us)
        entered = desk.entered(command)
        number = len(self.record) + 1
        self.record.append(Recorded(number=number, at_us=self.now_us, body=entered.body))
        return {"number": number, **entered.answer}

    def sections(self, now_us: Instant, *, closed: bool = False, rate: float = 1.0) -> Sections:
        """The sections at an instant."""
        self.now_us = now_us
        self.desk.take(self.record)
        times = self.race.times(now_us, closed=closed)
        rankings = with_official(self.race.rankings(times), self.states)
        forecast = self.forecaster.at(times, now_us, observations_of(self.desk.orders, self.race.roster))
        moment = self.moment(rankings, times, forecast, now_us, rate=rate)
        score = score_values(forecast_score(self.forecaster, times, now_us))
        more = {
            "forecast_error": {"points": score["points"], "nearest": score["nearest"]},
            "settled": settled_section(settled_places(rankings, times, now_us=now_us, states=self.states)),
            "within": within_section(races_within(rankings, times, now_us=now_us, unchecked=self.held)),
        }
        moment = replace(moment, sections={**moment.sections, **more})
        rows = self.board.rows(moment, self.desk)
        self._cards = Cards(rows=rows, through=len(self.record), now_us=now_us)
        return self.board.sections(moment, self.desk, rows)

    def moment(
        self, rankings: Rankings, times: Times, forecast: Forecast, now_us: Instant, *, rate: float = 1.0
    ) -> SpeakerMoment:
        """What a board is made of at every tick."""
        chases = record_chases(rankings, times, unchecked=self.held)
        return SpeakerMoment(
            rankings=rankings,
            times=times,
            now_us=now_us,
            forecast=forecast,
            forecast_frame=self.forecaster.frame,
            states=self.states,
            rate=rate,
            held=self.held,
            stories=self.teller.at(
                rankings,
                times,
                now_us=now_us,
                chases=chases,
                favourite=self.board.favourite(rankings, self.desk),
                held=self.held,
                due_us=self.board.due_us(rankings, forecast, rate),
            ),
            sections={"record": record_section(chases)},
        )
