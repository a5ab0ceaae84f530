"""The lists as an XLSX workbook: a sheet for each list, for the public or for the jury.

Every text is written as text and marked so: a name that begins like a formula stays a name, also after the file was
saved again by a spreadsheet. Times are text, because a cell that says 57:18 becomes an hour of the day.
"""

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from results.flag_words import flag_column
from results.people import Audience, Person, plain_text
from results.place_reasons import place_reasons
from results.printing import Language, count, duration_column, hour
from results.rankings import RankedList
from results.standing import Standing
from results.state_words import state_sentence, state_word
from results.titles import clock_name, list_title, short_title
from timing.instants import SECOND
from timing.times import Origin, Status, Times

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "|", "%")
SHEET_NAME_MAX: Final = 31
TEXT_MAX: Final = 1000
"""Longest text of a cell; a cell of a spreadsheet holds 32,767."""

_WORDS: Final = {
    Language.FR: {
        "place": "Place", "tied": "ex æquo", "bib": "Dossard", "last": "Nom", "first": "Prénom", "sex": "Sexe",
        "category": "Catégorie", "club": "Club", "town": "Ville", "nationality": "Nationalité", "gun": "Temps officiel",
        "net": "Temps réel", "flags": "Questions", "withheld": "nom non publié", "public": "Publié", "yes": "oui",
        "no": "non", "unread": "non lu", "summary": "Lisez-moi", "list": "Liste",
        "ranked": "classés", "clock": "classée au", "publication": "Publication", "at": "à", "jury": "Version du jury",
        "no_place": "Sans place", "state": "état", "status": "Statut", "role": "Rôle",
        "from_gun": "départ non lu, compté du coup de pistolet",
    },
    Language.EN: {
        "place": "Place", "tied": "tied", "bib": "Bib", "last": "Last name", "first": "First name", "sex": "Sex",
        "category": "Category", "club": "Club", "town": "Town", "nationality": "Nationality", "gun": "Gun time",
        "net": "Net time", "flags": "Questions", "withheld": "name withheld", "public": "Public", "yes": "yes",
        "no": "no", "unread": "not read", "summary": "Read me", "list": "List",
        "ranked": "ranked", "clock": "ranked by", "publication": "Publication", "at": "at", "jury": "For the jury",
        "no_place": "Without a place", "state": "state", "status": "Status", "role": "Role",
        "from_gun": "start not read, counted from the gun",
    },
}  # fmt: skip

_FROM_GUN: Final = "*"
_WIDTHS: Final = (7, 13, 9, 26, 20, 6, 10, 28, 22, 8, 13, 13, 30, 8)


def results_xlsx(standing: Standing, audience: Audience, language: Language) -> bytes:
    """The workbook: first a sheet that says what it is, then the lists the audience may see, in their order."""
    from xlsxwriter.workbook import Workbook

    buffer = io.BytesIO()
    book = Workbook(buffer, {"constant_memory": True, "in_memory": False, "strings_to_urls": False})
    # The hour of the publication, not of the writing: the same race gives the same bytes.
    book.set_properties({"created": datetime.fromtimestamp(standing.at_us // SECOND, UTC).replace(tzinfo=None)})
    sheets = _Sheets.of(book, standing, audience, language)
    shown = standing.lists(audience)
    words = _words(language)
    titles = [words["summary"], *(short_title(r, standing.plan, language) for r in shown), words["no_place"]]
    names = sheet_names(titles)
    sheets.write_summary(names[0], shown)
    for name, ranked in zip(names[1:-1], shown, strict=True):
        sheets.write_list(name, ranked)
    if audience is Audience.JURY:
        sheets.write_without_place(names[-1])
    book.close()
    return buffer.getvalue()


def sheet_names(titles: Sequence[str]) -> list[str]:
    """Names a workbook accepts: at most 31 characters, none of []:*?/\\, none twice (whatever the case)."""
    taken: set[str] = set()
    names = []
    for title in titles:
        base = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", title).strip(" '")[:SHEET_NAME_MAX].strip(" '") or "-"
        name, number = base, 1
        while name.casefold() in taken or name.casefold() == "history":
            number += 1
            name = f"{base[: SHEET_NAME_MAX - len(str(number)) - 1]} {number}"
        taken.add(name.casefold())
        names.append(name)
    return names


def _marked(net: list[str], times: Times) -> list[str]:
    """Net times, with a mark where no mat read the start and the gun stands in for it."""
    for row in np.flatnonzero(times.start_origin == Origin.GUN).tolist():
        net[row] += f" {_FROM_GUN}"
    return net


def _words(language: Language) -> dict[str, str]:
    return _WORDS[language]


@dataclass(frozen=True, kw_only=True)
class _Sheets:
    """Writes sheets: the columns of the race are made once, the lists pick rows out of them."""

    book: "Workbook"
    standing: Standing
    audience: Audience
    language: Language
    people: tuple[Person, ...]
    gun: list[str]
    net: list[str]
    flags: list[str]
    bold: "Format"
    guarded: "Format"

    @classmethod
    def of(cls, book: "Workbook", standing: Standing, audience: Audience, language: Language) -> "_Sheets":
        times, rounding = standing.times, standing.plan.rounding
        unread = _words(language)["unread"]
        return cls(
            book=book,
            standing=standing,
            audience=audience,
            language=language,
            people=standing.people(audience),
            gun=duration_column(times.gun_time_us, rounding, language),
            net=_marked(duration_column(times.net_time_us, rounding, language, missing=unread), times),
            flags=flag_column(times, standing.plan.race) if audience is Audience.JURY else [],
            bold=book.add_format({"bold": True, "bottom": 1}),
            guarded=book.add_format({"quote_prefix": True}),
        )

    def write_summary(self, name: str, lists: Sequence[RankedList]) -> None:
        words, plan = _words(self.language), self.standing.plan
        sheet = self.book.add_worksheet(name)
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, 2, 22)
        sheet.set_column(3, 3, 60)
        heading = f"{plan.title_in(self.language)}, {plan.race.day.isoformat()}"
        word = state_word(self.standing.state(self.audience), self.language).capitalize()
        state = f"{words['publication']} {self.standing.number}, {hour(self.standing.at_us, plan.race.zone)}"
        lines: list[tuple[str, ...]] = [(heading,), (word, state)]
        if self.audience is Audience.JURY:
            lines.append((words["jury"],))
        lines += [(), (words["list"], words["ranked"], words["clock"], words["state"])]
        lines += [
            (
                list_title(ranked, plan, self.language),
                count(ranked.ranked, self.language),
                clock_name(ranked.rule.clock, self.language),
                self._state(ranked),
            )
            for ranked in lists
        ]
        if (self.standing.times.start_origin == Origin.GUN).any():
            lines += [(), (f"{_FROM_GUN} {words['from_gun']}",)]
        for row, line in enumerate(lines):
            for column, text in enumerate(line):
                self._text(sheet, row, column, text, self.bold if row == 0 else None)

    def _state(self, ranked: RankedList) -> str:
        """`provisoire`; `Affiché à 12:00. Réclamations jusqu'à 12:30.`"""
        state, standing = self.standing.state_of(ranked), self.standing
        said = state_sentence(state, standing.at_us, standing.plan.race.zone, self.language)
        return " ".join(filter(None, said)) or state_word(state.state, self.language)

    def write_list(self, name: str, ranked: RankedList) -> None:
        sheet = self.book.add_worksheet(name)
        heads = self._heads()
        for column, width in enumerate(_WIDTHS[: len(heads)]):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.ignore_errors({"number_stored_as_text": f"A1:N{len(ranked) + 1}"})
        for column, head in enumerate(heads):
            self._text(sheet, 0, column, head, self.bold)
        tied = _words(self.language)["tied"]
        number: Callable[..., Any] = sheet.write_number
        reasons = place_reasons(ranked, self.standing.plan.rounding, self.language)
        rows = zip(ranked.places.tolist(), ranked.shared.tolist(), ranked.entrants.tolist(), reasons, strict=True)
        for row, (place, shared, index, reason) in enumerate(rows, start=1):
            number(row, 0, place)
            remark = ", ".join(filter(None, (tied if shared else "", reason.text)))
            for column, text in enumerate((remark, *self._cells(index)), start=1):
                if text:
                    self._text(sheet, row, column, text)

    def write_without_place(self, name: str) -> None:
        """For the jury: everybody who has not finished or whose role holds no place, in the order of bibs."""
        sheet, words, standing = self.book.add_worksheet(name), _words(self.language), self.standing
        heads = (words["status"], words["role"], *self._heads()[2:])
        for column, width in enumerate(_WIDTHS[: len(heads)]):
            sheet.set_column(column, column, max(width, 9))
        sheet.freeze_panes(1, 0)
        for column, head in enumerate(heads):
            self._text(sheet, 0, column, head, self.bold)
        without = ~standing.shown.eligibility.ranked_role | (standing.times.status != Status.FINISHED)
        by_bib = standing.shown.eligibility.by_bib
        for row, index in enumerate(by_bib[without[by_bib]].tolist(), start=1):
            status = Status(int(standing.times.status[index])).name
            rule = standing.decisions.disqualified.get(standing.roster.entrants[index].bib)
            status = f"{status} {plain_text(rule)}".rstrip() if rule else status
            role = plain_text(standing.roster.entrants[index].role)
            for column, text in enumerate((status, role, *self._cells(index))):
                if text:
                    self._text(sheet, row, column, text)

    def _heads(self) -> tuple[str, ...]:
        words = _words(self.language)
        keys = ("place", "", "bib", "last", "first", "sex", "category", "club", "town", "nationality", "gun", "net")
        extra = ("flags", "public") if self.audience is Audience.JURY else ()
        return tuple(words[key] if key else "" for key in (*keys, *extra))

    def _cells(self, index: int) -> tuple[str, ...]:
        person, words = self.people[index], _words(self.language)
        hidden = person.withheld and self.audience is Audience.PUBLIC
        cells = (
            person.bib,
            words["withheld"] if hidden else person.family_name,
            person.first_name,
            person.sex,
            person.category,
            person.club,
            person.town,
            person.nationality,
            self.gun[index],
            self.net[index],
        )
        if self.audience is Audience.PUBLIC:
            return cells
        return (*cells, self.flags[index], words["no"] if person.withheld else words["yes"])

    def _text(self, sheet: "Worksheet", row: int, column: int, text: str, style: "Format | None" = None) -> None:
        """A cell of text, whatever it looks like."""
        guard = self.guarded if text.startswith(FORMULA_STARTS) else style
        sheet.write_string(row, column, text[:TEXT_MAX], guard)
