"""Settled places asked for at every tick: judged again when a podium or a decision is touched, else once a second."""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from results.asked import OpenQuestion
from results.heard import HEARD_ALL, Heard
from results.list_states import NO_STATES, ListStates
from results.rankings import Rankings
from results.settled import PODIUM, has_podium, settled_places
from results.settled_place import SettledPlace
from timing.clock_faults import ClockFinding
from timing.decisions import NO_DECISIONS, Decisions
from timing.instants import SECOND, Duration, Instant
from timing.times import Times

AT_LEAST_EVERY_US: Final[Duration] = SECOND


class SettledWatch:
    """Keeps the last judgement. One for a run of the engine, not for several threads."""

    def __init__(self, *, every_us: Duration = AT_LEAST_EVERY_US) -> None:
        self._every_us = every_us
        self._touched_by: tuple[object, ...] = ()
        self._questions: Sequence[OpenQuestion] | None = None
        self._at_us: Instant = 0
        self._places: tuple[SettledPlace, ...] = ()

    def places(
        self,
        rankings: Rankings,
        times: Times,
        *,
        now_us: Instant,
        heard: Heard = HEARD_ALL,
        questions: Sequence[OpenQuestion] = (),
        clocks: Iterable[ClockFinding] = (),
        states: ListStates = NO_STATES,
        decisions: Decisions = NO_DECISIONS,
    ) -> tuple[SettledPlace, ...]:
        """As `settled_places`; what is said of who can still come is at most a second of the race clock old.

        Whatever takes a place, or a decision's word on it, is judged at once. `questions` are compared as the object
        they are: the same ones are handed in until there are others.
        """
        found = tuple(clocks)
        touched_by = (
            _podiums(rankings), times.guns, times.closings, heard.silent, found, states, decisions
        )  # fmt: skip
        touched = touched_by != self._touched_by or questions is not self._questions
        if touched or not 0 <= now_us - self._at_us < self._every_us:
            self._touched_by, self._questions, self._at_us = touched_by, questions, now_us
            self._places = settled_places(
                rankings, times, now_us=now_us, heard=heard, questions=questions, clocks=found, states=states,
                decisions=decisions,
            )  # fmt: skip
        return self._places


def _podiums(rankings: Rankings) -> bytes:
    """Who stands on the podiums that are judged, and with which times."""
    parts = []
    for ranked in rankings.lists:
        if has_podium(ranked.rule):
            inside = int(np.searchsorted(ranked.places, PODIUM, side="right"))
            parts += [ranked.entrants[:inside].tobytes(), ranked.value_us[:inside].tobytes(), b";"]
    return b"".join(parts)
