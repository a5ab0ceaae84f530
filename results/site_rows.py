"""Rows of the lists as HTML, escaped here and nowhere else.

Owns the markup of a row: two lines on a phone, a plain table row on a screen. What belongs to a runner is made once,
and joined to the place and the time of each list: 20,000 rows take tenths of a second.
"""

import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from markupsafe import Markup, escape

from config.plan import Clock
from results.people import Audience, Person
from results.place_reasons import NO_REASON, Reason, place_reasons
from results.printing import Language, duration_column, printed_column, second_column
from results.rankings import RankedList
from results.site_words import WORDS, Words
from results.standing import Standing
from timing.times import Origin

_OFFICIAL: Final = '"pl of"'

_RIGHT_TO_LEFT: Final = frozenset(("R", "AL"))


@dataclass(frozen=True, kw_only=True)
class Rows:
    """What is said of each entrant in one language: `before` the time of a list and `net` and `gun` beside it."""

    language: Language
    standing: Standing
    people: tuple[Person, ...]
    before: tuple[str, ...]
    gun: list[str]
    net: list[str]
    net_marks: list[str]
    """A mark behind each net time that runs from the gun, since no mat read the start; else empty."""

    @classmethod
    def of(cls, standing: Standing, language: Language) -> "Rows":
        words, times, rounding = WORDS[language], standing.times, standing.plan.rounding
        people = standing.people(Audience.PUBLIC)
        mark = f' <abbr title="{escape(words["from_gun"])}">*</abbr>'
        return cls(
            language=language,
            standing=standing,
            people=people,
            before=tuple(_cells(person, words) for person in people),
            gun=duration_column(times.gun_time_us, rounding, language, missing=words["unread"]),
            net=duration_column(times.net_time_us, rounding, language, missing=words["unread"]),
            net_marks=[mark if instead else "" for instead in (times.start_origin == Origin.GUN).tolist()],
        )

    def page(self, ranked: RankedList, first: int, last: int) -> Markup:
        """The rows from `first` up to `last` (without it) of a list. A row's id is its number in the list, from 1."""
        words = WORDS[self.language]
        by_net = ranked.rule.clock is Clock.NET
        other, short = (self.gun, words["gun_short"]) if by_net else (self.net, words["net_short"])
        own_marks, marks = (self.net_marks, self._no_marks) if by_net else (self._no_marks, self.net_marks)
        tie = f' <abbr title="{escape(words["tied"])}">=</abbr>'
        rounding = self.standing.plan.rounding
        seconds = printed_column(ranked.value_us[first:last], rounding)
        reasons = map(_why, place_reasons(ranked, rounding, self.language, first, last))
        rows = zip(
            ranked.places[first:last].tolist(),
            ranked.shared[first:last].tolist(),
            ranked.entrants[first:last].tolist(),
            second_column(seconds, self.language),
            reasons,
            strict=True,
        )
        return Markup(
            "".join(
                f"<tr id=r{number}><td class=p><span class={_OFFICIAL if number <= ranked.official else 'pl'}>"
                f"{place}{tie if shared else ''}</span>{self.before[index]}<td class=t>{why}{time}{own_marks[index]}"
                f"<small>{short} {other[index]}{marks[index]}</small>"
                f"<td class=o>{other[index]}{marks[index]}\n"
                for number, (place, shared, index, time, why) in enumerate(rows, start=first + 1)
            )
        )

    @cached_property
    def _no_marks(self) -> list[str]:
        return [""] * len(self.net_marks)

    def name(self, index: int) -> Markup:
        """The name of an entrant as it stands in the lists, for the pages that show a few."""
        return Markup(_name(self.people[index], WORDS[self.language]))


def _why(reason: Reason) -> str:
    if reason is NO_REASON:
        return ""
    return f'<abbr class=why title="{escape(reason.title)}">{escape(reason.text)}</abbr> '


def _cells(person: Person, words: Words) -> str:
    """Name, bib, category, club or town. The line under the name says the same again for a phone."""
    bib, category, origin = escape(person.bib), escape(person.category), _origin(person)
    under = " · ".join(text for text in (bib, category, origin) if text)
    chip = f"<span class=cat>{category}</span>" if category else ""
    name = f"<td class=n>{_name(person, words)}<small>{under}</small>"
    return f"{name}<td class=w>{bib}<td class=w>{chip}<td class=w>{origin}"


def _name(person: Person, words: Words) -> str:
    """`Hugo <b>PASTORELLI</b>`; the bib stands for a name that is withheld or not known."""
    if person.withheld:
        note = f"<i>{escape(words['withheld'])}</i>"
        return f"{escape(words['bib'])} <b>{escape(person.bib)}</b> {note}" if person.bib else note
    if not person.name():
        return f"{escape(words['bib'])} <b>{escape(person.bib)}</b>"
    family = f"<b>{escape(person.family_name)}</b>" if person.family_name else ""
    return _isolated(f"{escape(person.first_name)} {family}".strip(), person.name())


def _origin(person: Person) -> str:
    return _isolated(str(escape(person.origin)), person.origin)


def _isolated(markup: str, text: str) -> str:
    """Keeps a name written from right to left from turning round the figures beside it."""
    if text.isascii() or not any(unicodedata.bidirectional(letter) in _RIGHT_TO_LEFT for letter in text):
        return markup
    return f"<bdi>{markup}</bdi>"
