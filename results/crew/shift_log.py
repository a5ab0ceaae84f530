"""The shift log: what people and the engine did on race day, line by line, in French and English.

A fold of the journal: guns, closings, rosters, rulings, postings, publications, reports, notes, losses, steps of our
clock, and what the crew did at its pages. Beside them alarms that began and ended, which are in no journal and so are
forgotten at a restart. Announcers' marks and hand stamps have pages of their own: they would drown the rest.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from config.plan import RacePlan
from results.act_words import ROLES
from results.crew.alarm_words import alarm_words
from results.crew.alarms import Alarm, Level
from results.entry_words import entry_sentence, line
from results.printing import Language, hour
from timing.clock_faults import ClockFinding
from timing.desk_entries import (
    FavouritesBody,
    HandBibBody,
    HandStampBody,
    MarkBody,
    PaceBody,
    PassingOrderBody,
)
from timing.entries import Body, RosterBody, decode
from timing.instants import Instant
from timing.journal_chain import Entry
from timing.rulings import Role
from timing.state import RaceState, Recorded

ALARMS_KEPT: Final = 1_000

_LANGUAGES: Final = (Language.FR, Language.EN)
_ELSEWHERE: Final = (MarkBody, FavouritesBody, PaceBody, PassingOrderBody, HandStampBody, HandBibBody)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftLine:
    """One line. `number`: of the journal's entry; below 0, and in order, where it is of none. `role`: of a ruling."""

    number: int
    at_us: Instant
    author: str
    role: str
    text: Mapping[str, str]


class ShiftLog:
    """The lines of one race. `take` the state after each change, `note` the alarms of each look, then ask."""

    def __init__(self, plan: RacePlan) -> None:
        self._plan = plan
        self._lines: list[ShiftLine] = []
        self._read: dict[str, int] = {}
        self._alarms: list[ShiftLine] = []
        self._noted = 0
        self._under_way: dict[str, Mapping[str, str]] = {}

    def take(self, state: RaceState) -> None:
        """Takes in what the journal got since; hours of guns on a wire are those of the ledger in force just then."""
        fresh: list[Recorded[Any]] = []
        for name in _LISTS:
            recorded: Sequence[Recorded[Any]] = getattr(state, name)
            fresh += recorded[self._read.get(name, 0) :]
            self._read[name] = len(recorded)
        entries = state.roster_entries
        fresh += [_roster(state, entry) for entry in entries[self._read.get("roster", 0) :]]
        self._read["roster"] = len(entries)
        self._lines += [self._line(each, state) for each in fresh if not isinstance(each.body, _ELSEWHERE)]
        if fresh:
            self._lines.sort(key=lambda line: line.number)

    def note(self, alarms: Iterable[Alarm], now_us: Instant, clocks: Sequence[ClockFinding] = ()) -> None:
        """Alarms and warnings that began or ended since the last look."""
        now = {alarm.key: alarm for alarm in alarms if alarm.cause.level is not Level.NOTE}
        for key, alarm in now.items():
            if key not in self._under_way:
                said = {lang: alarm_words(alarm, self._plan, lang, tuple(clocks)) for lang in _LANGUAGES}
                self._under_way[key] = {str(lang): words.fact for lang, words in said.items()}
                self._note(now_us, {str(lang): f"{words.level} {words.fact}" for lang, words in said.items()})
        for key in self._under_way.keys() - now.keys():
            fact = self._under_way.pop(key)
            self._note(now_us, {language: f"{_OVER[language]}{fact[language]}" for language in fact})

    def lines(self) -> list[ShiftLine]:
        """All lines, the newest first."""
        return sorted([*self._lines, *self._alarms], key=lambda line: (line.at_us, line.number), reverse=True)

    def section(self, withdrawn: frozenset[int] = frozenset(), *, shown: int | None = None) -> dict[str, Any]:
        """`rows`, the newest first, JSON-ready. `withdrawn`: numbers of what was taken back."""
        return {
            "rows": [
                {
                    "number": line.number,
                    "at_us": line.at_us,
                    "author": line.author,
                    "role": line.role,
                    "text": dict(line.text),
                    "withdrawn": line.number in withdrawn,
                }
                for line in self.lines()[:shown]
            ]
        }

    def _line(self, recorded: Recorded[Body], state: RaceState) -> ShiftLine:
        body, at_us = recorded.body, recorded.at_us
        text = {
            str(language): entry_sentence(
                body, self._plan, language, ledger=state.ledger, now_us=at_us, rulings=state.rulings
            )
            for language in _LANGUAGES
        }
        return ShiftLine(
            number=recorded.number,
            at_us=at_us,
            author=line(str(getattr(body, "author", ""))),
            role=str(getattr(body, "role", "")),
            text=text,
        )

    def _note(self, at_us: Instant, text: Mapping[str, str]) -> None:
        self._noted += 1
        self._alarms.append(ShiftLine(number=-self._noted, at_us=at_us, author="", role="", text=text))
        del self._alarms[:-ALARMS_KEPT]


_LISTS: Final = (
    "guns", "closings", "rules", "publications", "losses", "notes", "rulings", "sightings", "postings", "host_steps",
    "desk",
)  # fmt: skip

_OVER: Final = {"fr": "fin\u00a0: ", "en": "over: "}


def _roster(state: RaceState, entry: Entry) -> Recorded[RosterBody]:
    """A version of the roster; the one in force is decoded already."""
    in_force = state.roster_version
    if in_force is not None and in_force.number == entry.number:
        return in_force
    body = decode(entry)
    assert isinstance(body, RosterBody)
    return Recorded(number=entry.number, at_us=entry.at_us, body=body)


_COLUMNS: Final = {
    Language.FR: ("heure", "qui", "fonction", "quoi", "numéro du journal", "retiré"),
    Language.EN: ("hour", "who", "role", "what", "journal number", "withdrawn"),
}
_ENGINE: Final = {Language.FR: "moteur", Language.EN: "engine"}
_WITHDRAWN: Final = {Language.FR: "oui", Language.EN: "yes"}


def shift_table(
    log: ShiftLog, plan: RacePlan, language: Language, withdrawn: frozenset[int] = frozenset()
) -> tuple[tuple[str, ...], list[list[str]]]:
    """Columns and rows of the whole log, the oldest first: for `tables.table_csv`."""
    rows = [
        [
            hour(line.at_us, plan.race.zone),
            line.author or _ENGINE[language],
            ROLES[language][Role(line.role)] if line.role else "",
            line.text[str(language)],
            str(line.number) if line.number > 0 else "",
            _WITHDRAWN[language] if line.number in withdrawn else "",
        ]
        for line in reversed(log.lines())
    ]
    return _COLUMNS[language], rows
