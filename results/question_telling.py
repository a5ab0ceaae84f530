"""How the evidence of an open question is said, piece by piece, in French or English: runners, points, hours, gaps."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from config.plan import RacePlan
from results.act_words import bib_words, joined, of_bibs, point_words
from results.asked import OpenQuestion
from results.exact_times import exact_duration, exact_hour, gap
from results.printing import NO_BREAK_SPACE, Language, count, duration, hour, place_word
from results.titles import title_of
from timing.instants import SECOND


@dataclass(frozen=True, slots=True)
class Telling:
    """A question, and how its evidence is said."""

    question: OpenQuestion
    plan: RacePlan
    language: Language

    def __getitem__(self, key: str) -> Any:
        return self.question.evidence[key]

    @property
    def french(self) -> bool:
        return self.language is Language.FR

    def say(self, french: str, english: str) -> str:
        return french if self.french else english

    @property
    def who(self) -> str:
        return bib_words(self.question.bibs, self.language)

    @property
    def of_whom(self) -> str:
        return of_bibs(self.question.bibs, self.language)

    @property
    def point(self) -> str:
        return self.quoted(self.question.point)

    def quoted(self, point: str | None) -> str:
        name = point_words(point, self.plan, self.language)
        return self.say(f"«{NO_BREAK_SPACE}{name}{NO_BREAK_SPACE}»", f"“{name}”")

    def points(self, ids: list[str]) -> str:
        return joined([self.quoted(point) for point in ids], self.language)

    def places(self, places: Mapping[str, int]) -> str:
        """`Femmes 2, M2F 1`: places by the id of their list."""
        return ", ".join(
            f"{title_of(list_id, self.plan, self.language)}{NO_BREAK_SPACE}{place}" for list_id, place in places.items()
        )

    def place(self, place: int | None, value_us: int | None) -> str:
        """`2e, 1h05'57,620`, or that there is none."""
        if place is None or value_us is None:
            return self.say("aucune place", "no place")
        return f"{place_word(place, self.language)}, {exact_duration(value_us, self.language)}"

    def exact(self, instant_us: int) -> str:
        return exact_hour(instant_us, self.plan.race.zone, self.language)

    def hour(self, instant_us: int) -> str:
        return hour(instant_us, self.plan.race.zone)

    def duration(self, value_us: int) -> str:
        """A duration for orientation; what is printed in a list is rounded elsewhere, once."""
        return duration(value_us // SECOND, self.language)

    def gap(self, value_us: int) -> str:
        return gap(value_us, self.language)

    def count(self, number: int) -> str:
        return count(number, self.language)

    def crossings(self, crossings: Mapping[str, int]) -> str:
        """`« Départ » à 9:00:10, « Arrivée » à 10:10:02`."""
        at = self.say("à", "at")
        return ", ".join(f"{self.quoted(point)} {at} {self.hour(us)}" for point, us in crossings.items())
