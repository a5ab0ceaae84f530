"""What announcers and spotters enter at their page, as entries of the journal: marks, favourites, pace, reports.

Owns what is checked before it is written: bibs, clubs and towns against the roster in force, hours against the clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from calanque.errors import FrontDoorError
from config.folding import folded
from config.plan import RacePlan
from results.speaker.frame import SpeakerFrame
from timing.desk_entries import FavouritesBody, MarkBody, PaceBody, PassingOrderBody
from timing.instants import SECOND, Instant
from timing.roster import Bib

_NAMED: Final = 20
"""So many unknown names are told in an answer; of more it says how many."""

SpeakerBody = MarkBody | FavouritesBody | PaceBody | PassingOrderBody


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What is to be journalled, and what else the answer says."""

    body: SpeakerBody
    answer: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class SpeakerDesk:
    """Turns checked commands into bodies. frame: of the roster in force; now_us: by the race clock."""

    plan: RacePlan
    frame: SpeakerFrame
    now_us: Instant

    def entered(self, command: Mapping[str, Any]) -> Entered:
        """The body of `mark`, `favourites`, `pace` or `passing_order`.

        Raises: FrontDoorError when it cannot be taken; it says what is wrong with it.
        """
        name = command["command"]
        if name == "mark":
            return self._mark(command)
        if name == "favourites":
            return self._favourites(command)
        return self._pace(command) if name == "pace" else self._order(command)

    def _mark(self, command: Mapping[str, Any]) -> Entered:
        bib = Bib(command["bib"])
        if bib not in self._bibs:
            raise FrontDoorError(f"nobody has bib {bib}")
        at_us = self._not_to_come(command["at_us"])
        body = MarkBody(
            bib=bib, mark=command["mark"], microphone=command["microphone"], at_us=at_us, author=command["author"]
        )
        return Entered(body=body, answer={"bib": bib, "mark": body.mark, "at_us": at_us})

    def _favourites(self, command: Mapping[str, Any]) -> Entered:
        """Who is in the roster is taken, whoever else was on the list; those who are not are told."""
        values = list(dict.fromkeys(command["values"]))
        known = values if not command["on"] else [value for value in values if self._is_known(command["by"], value)]
        unknown = [value for value in values if value not in known]
        kind = {"bib": "bib", "club": "club", "town": "town"}[command["by"]]
        if not known:
            raise FrontDoorError(f"nobody in the roster has this {kind}: {_listed(unknown)}")
        body = FavouritesBody(
            by=command["by"], values=tuple(known), on=command["on"], at_us=self.now_us, author=command["author"]
        )
        return Entered(body=body, answer={"taken": len(known), "unknown": unknown})

    def _is_known(self, by: str, value: str) -> bool:
        if by == "bib":
            return value in self._bibs
        unknown = self.frame.unknown_clubs if by == "club" else self.frame.unknown_towns
        return not unknown({folded(value): value})

    def _pace(self, command: Mapping[str, Any]) -> Entered:
        name_ms, step_ms = command["name_ms"], command["step_ms"]
        if name_ms is None and step_ms is None:
            raise FrontDoorError("a pace needs name_ms or step_ms")
        body = PaceBody(at_us=self.now_us, author=command["author"], name_ms=name_ms, step_ms=step_ms)
        return Entered(body=body, answer={"name_ms": name_ms, "step_ms": step_ms})

    def _order(self, command: Mapping[str, Any]) -> Entered:
        """An order with a wrong bib in it is not an order: it is refused whole, and can be corrected."""
        bibs = [Bib(bib) for bib in command["bibs"]]
        unknown = [bib for bib in bibs if bib not in self._bibs]
        if unknown:
            raise FrontDoorError(f"nobody has bib {_listed(unknown)}: correct it, or leave it out")
        twice = [bib for bib in dict.fromkeys(bibs) if bibs.count(bib) > 1]
        if twice:
            raise FrontDoorError(f"named twice in one order: {_listed(twice)}")
        length_m = self.plan.race.course.finish.distance_m
        if command["metres"] > length_m:
            raise FrontDoorError(f"{command['metres']} m is beyond the finish, which is at {length_m} m")
        if command["at_us"] is not None and command["at_us"] > self.now_us + SECOND:
            raise FrontDoorError("the hour of this passing is still to come: correct it, or leave it empty for now")
        at_us = self._not_to_come(command["at_us"])
        body = PassingOrderBody(
            metres=command["metres"],
            bibs=tuple(bibs),
            at_us=at_us,
            author=command["author"],
            first_place=command["first_place"],
            text=command["text"],
        )
        return Entered(body=body, answer={"metres": body.metres, "bibs": len(bibs), "at_us": at_us})

    def _not_to_come(self, at_us: Instant | None) -> Instant:
        """A page reckons the race clock from the server's word: what it does now may seem a little ahead."""
        return self.now_us if at_us is None else min(at_us, self.now_us)

    @property
    def _bibs(self) -> Mapping[str, int]:
        return self.frame.eligibility.roster.by_bib


def _listed(values: Sequence[str]) -> str:
    shown = ", ".join(values[:_NAMED])
    return shown if len(values) <= _NAMED else f"{shown} and {len(values) - _NAMED} more"
