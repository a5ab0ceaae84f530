"""Figures and sentences of a page in one language.

Owns how a value of the view is said; knows no race.
"""

from datetime import date
from typing import Final

from results.printing import Language, count, duration, place_word
from results.web.words import Words
from timing.instants import SECOND, Instant

FRESH_S: Final = 2
DAY_S: Final = 86_400


class Speech:
    """Figures and sentences in one language."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self.language = Language(words["language"])

    def say(self, key: str, **values: str | int) -> str:
        return self.words[key].format(**values)

    def count(self, number: int) -> str:
        return count(number, self.language)

    def time(self, seconds: int) -> str:
        """A duration; the minus of a countdown is a real one."""
        text = duration(abs(seconds), self.language)
        return f"−\u202f{text}" if seconds < 0 else text

    def hour(self, instant: Instant, offset_s: int) -> str:
        seconds = (instant // SECOND + offset_s) % DAY_S
        return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"

    def age(self, seconds: int) -> str:
        if seconds < 60:
            return self.say("seconds", n=seconds)
        return self.say("minutes", n=self.count(seconds // 60), s=seconds % 60)

    def freshness(self, seconds: int) -> str:
        """How old the data of a page is; a second or so is no age."""
        return self.words["up_to_date_now"] if seconds < FRESH_S else self.say("up_to_date", age=self.age(seconds))

    def nth(self, place: int, *, feminine: bool = False) -> str:
        return place_word(place, self.language, feminine=feminine)

    def day(self, iso: str) -> str:
        day = date.fromisoformat(iso)
        return self.say("day", day=day.day, month=self.words["months"].split()[day.month - 1], year=day.year)
