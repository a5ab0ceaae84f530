"""Age categories: the rules of the French federation by date, or what the roster says.

An age class (`M2`) comes from the birth year alone and the season of the event; a category (`M2F`) is an age class
within a sex. Which rule holds depends on the date of the event: the season began on 1 November until 2022 and begins
on 1 September since, and the same code means other ages before and after 2019-11-01.
"""

import enum
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from config.folding import without_accents
from timing.roster import Entrant, Sex


class CategoryBasis(enum.StrEnum):
    """Where an entrant's category comes from."""

    FFA = "ffa"
    ROSTER = "roster"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeClass:
    """An age class from a lowest season age on (to the next class), with its names for men and women by language."""

    code: str
    lowest: int
    names: Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A category that can have a list: its code, and its name by language."""

    code: str
    sex: Sex
    name: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeasonStart:
    """From the day `valid_from` on, seasons begin on the first of `month` and are named for the year they end in."""

    valid_from: date
    month: int


FFA_SEASON_STARTS: Final = (
    SeasonStart(valid_from=date.min, month=11),
    SeasonStart(valid_from=date(2022, 9, 1), month=9),
)


def _young(code: str, lowest: int, men: str, women: str, english: str) -> AgeClass:
    boys, girls = (" men", " women") if lowest >= 20 else (" boys", " girls")
    return AgeClass(code=code, lowest=lowest, names={"fr": (men, women), "en": (english + boys, english + girls)})


def _masters(number: int, lowest: int, years: int | None) -> AgeClass:
    ages = f"{lowest}+" if years is None else f"{lowest}–{lowest + years - 1}"
    return AgeClass(
        code=f"M{number}",
        lowest=lowest,
        names={
            "fr": (f"Masters {number} hommes", f"Masters {number} femmes"),
            "en": (f"Masters {ages} men", f"Masters {ages} women"),
        },
    )


_UP_TO_SENIOR: Final = (
    _young("BB", 0, "Baby athlé garçons", "Baby athlé filles", "Under 7"),
    _young("EA", 7, "École d’athlétisme garçons", "École d’athlétisme filles", "Under 10"),
    _young("PO", 10, "Poussins", "Poussines", "Under 12"),
    _young("BE", 12, "Benjamins", "Benjamines", "Under 14"),
    _young("MI", 14, "Minimes garçons", "Minimes filles", "Under 16"),
    _young("CA", 16, "Cadets", "Cadettes", "Under 18"),
    AgeClass(
        code="JU",
        lowest=18,
        names={"fr": ("Juniors hommes", "Juniors femmes"), "en": ("Junior men", "Junior women")},
    ),
    _young("ES", 20, "Espoirs hommes", "Espoirs femmes", "Under 23"),
    AgeClass(
        code="SE",
        lowest=23,
        names={"fr": ("Seniors hommes", "Seniors femmes"), "en": ("Senior men", "Senior women")},
    ),
)

FFA_TABLES: Final[tuple[tuple[date, tuple[AgeClass, ...]], ...]] = (
    (
        date(2015, 11, 1),
        (*_UP_TO_SENIOR, *(_masters(n, 30 + 10 * n, 10 if n < 5 else None) for n in range(1, 6))),
    ),
    (
        date(2019, 11, 1),
        (*_UP_TO_SENIOR, *(_masters(n, 35 + 5 * n, 5 if n < 10 else None) for n in range(11))),
    ),
)
"""The age classes, each table from its first day on. Before the first, no table was established."""

YOUNGEST_OVER_15_KM: Final = 18
"""Season age of a junior: cadets may run up to 15 km."""


def season_of(day: date, starts: Sequence[SeasonStart] = FFA_SEASON_STARTS) -> int:
    """The season an event belongs to, named for the year it ends in.

    Raises: ValueError when no rule holds on that day.
    """
    rules = [rule for rule in starts if rule.valid_from <= day]
    if not rules:
        raise ValueError(f"no season rule holds on {day}: the first begins on {min(r.valid_from for r in starts)}")
    rule = max(rules, key=lambda rule: rule.valid_from)
    return day.year + 1 if day.month >= rule.month else day.year


@lru_cache(maxsize=8)
def age_classes(day: date) -> tuple[AgeClass, ...]:
    """The federation's age classes in force on a day, youngest first.

    Raises: ValueError before 2015-11-01.
    """
    tables = [classes for since, classes in FFA_TABLES if since <= day]
    if not tables:
        raise ValueError(f"no table of age classes is known before {FFA_TABLES[0][0]}")
    return tables[-1]


def birth_year_of(entrant: Entrant) -> int | None:
    """The year an entrant was born in, as far as the roster tells."""
    return entrant.birth_year if entrant.birth_date is None else entrant.birth_date.year


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryScheme:
    """How entrants come to their categories.

    `kept` are categories given by hand (handisport, tandem) that the roster's word keeps from being recomputed;
    `listed` the order of a roster's own categories, as far as the race file gives it.
    """

    basis: CategoryBasis = CategoryBasis.FFA
    season_starts: tuple[SeasonStart, ...] = FFA_SEASON_STARTS
    kept: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()

    def category_of(self, entrant: Entrant, day: date) -> str | None:
        """The code of an entrant's category on the day of the event (`M2F`), None where there is none.

        By rule only men and women have categories: an entrant of another or of unknown sex has none, and is in
        the overall lists alone. None too without a birth year, unless the age on the day leaves one class only.
        """
        if self.basis is CategoryBasis.ROSTER:
            return entrant.category or None
        given = entrant.category.upper()
        if given and given in self.kept:
            return given
        if entrant.sex not in (Sex.M, Sex.F):
            return None
        code = self.age_class_of(entrant, day)
        return None if code is None else code + entrant.sex

    def age_class_of(self, entrant: Entrant, day: date) -> str | None:
        """The code of an entrant's age class by the federation's rule, None where the birth year is not known."""
        year = birth_year_of(entrant)
        if year is not None:
            return class_of_birth_year(year, day, self.season_starts)
        if entrant.age is not None:
            born = {day.year - entrant.age, day.year - entrant.age - 1}
            codes = {class_of_birth_year(born_in, day, self.season_starts) for born_in in born}
            return codes.pop() if len(codes) == 1 else None
        return None

    def categories_of(self, entrants: Iterable[Entrant], day: date) -> list[str | None]:
        """`category_of` each entrant, quickly: entrants of one sex, year and age are asked once."""
        if self.basis is CategoryBasis.ROSTER:
            return [entrant.category or None for entrant in entrants]
        found: dict[tuple[str, Sex, int | None, int | None], str | None] = {}
        codes: list[str | None] = []
        for entrant in entrants:
            alike = (entrant.category, entrant.sex, birth_year_of(entrant), entrant.age)
            if alike not in found:
                found[alike] = self.category_of(entrant, day)
            codes.append(found[alike])
        return codes

    def categories(self, day: date) -> tuple[Category, ...]:
        """All categories that are known without a roster, youngest first, women before men within a class."""
        if self.basis is CategoryBasis.ROSTER:
            return tuple(_named_by_code(code) for code in self.listed)
        by_rule = tuple(
            Category(
                code=age_class.code + sex,
                sex=sex,
                name={language: both[sex is Sex.F] for language, both in age_class.names.items()},
            )
            for age_class in age_classes(day)
            for sex in (Sex.F, Sex.M)
        )
        return by_rule + tuple(_named_by_code(code) for code in self.kept)

    def in_order(self, codes: Iterable[str], day: date) -> list[str]:
        """Codes in the order of the scheme, each once; what the scheme does not know follows in natural order."""
        known = {category.code: index for index, category in enumerate(self.categories(day))}
        return sorted(set(codes), key=lambda code: (known.get(code, len(known)), _natural(code)))

    def name_of(self, code: str, day: date, language: str) -> str:
        """The name of a category in a language; the code itself where there is no other name."""
        return _names(self, day).get(code, {}).get(language, code)


@lru_cache(maxsize=8)
def _names(scheme: CategoryScheme, day: date) -> Mapping[str, Mapping[str, str]]:
    return {category.code: category.name for category in scheme.categories(day)}


def _named_by_code(code: str) -> Category:
    return Category(code=code, sex=Sex.UNKNOWN, name={})


def _natural(code: str) -> tuple[tuple[int, int, str], ...]:
    parts = re.findall(r"\d+|\D+", code)
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts)


@lru_cache(maxsize=1024)
def class_of_birth_year(birth_year: int, day: date, starts: tuple[SeasonStart, ...] = FFA_SEASON_STARTS) -> str | None:
    """The code of the age class of a birth year in an event; None for who is not born yet in that season.

    Raises: ValueError on a day no table is known for.
    """
    season_age = season_of(day, starts) - birth_year
    codes = [age_class.code for age_class in age_classes(day) if age_class.lowest <= season_age]
    return codes[-1] if codes else None


# ---- texts ----

_OLD_CODES: Final = ("V1", "V2", "V3", "V4", "V5")
_CODES: Final = sorted(
    {age_class.code for _, classes in FFA_TABLES for age_class in classes} | set(_OLD_CODES), key=len, reverse=True
)
_WORDS: Final = (
    ("BABY ATHLE", "BB"),
    ("ECOLE D'ATHLETISME", "EA"),
    ("EVEIL ATHLETIQUE", "EA"),
    ("POUSSINE", "PO"),
    ("POUSSIN", "PO"),
    ("BENJAMINE", "BE"),
    ("BENJAMIN", "BE"),
    ("MINIME", "MI"),
    ("CADETTE", "CA"),
    ("CADET", "CA"),
    ("JUNIOR", "JU"),
    ("ESPOIR", "ES"),
    ("SENIOR", "SE"),
    ("MASTER", "M"),
    ("VETERAN", "V"),
)
_SEXES: Final = {
    "": Sex.UNKNOWN,
    **dict.fromkeys(("M", "H", "HOMME", "HOMMES", "MASCULIN", "MEN"), Sex.M),
    **dict.fromkeys(("F", "D", "W", "FEMME", "FEMMES", "DAMES", "FEMININ", "WOMEN"), Sex.F),
}
_SHORT_SENIORS: Final = {"SM": Sex.M, "SH": Sex.M, "SF": Sex.F}


@lru_cache(maxsize=1024)
def parse_category(text: str) -> tuple[str, Sex] | None:
    """Age class and sex out of a written category (`M2F`, `M4-M`, `V2H`, `Master 2 Femme`), None if it is none.

    The longest code that fits is taken, so that `M10F`, `M1F`, `MIM` and `MIF` are told apart; a bare `M` is a sex
    and no category. The sex is UNKNOWN where the text does not say it. Codes of veterans (V1...) are kept as such.
    """
    plain = without_accents(text).upper().replace("’", "'").strip()
    for word, code in _WORDS:
        if plain.startswith(word):
            plain = code + plain.removeprefix(word).removeprefix("S")
            break
    plain = re.sub(r"[\s\-_/.,()]+", "", plain)
    if plain in _SHORT_SENIORS:
        return "SE", _SHORT_SENIORS[plain]
    for code in _CODES:
        if plain.startswith(code) and plain.removeprefix(code) in _SEXES:
            return code, _SEXES[plain.removeprefix(code)]
    return None
