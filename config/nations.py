"""Nations: the three letters athletics uses (SUI, GER, ALG), out of any usual way to write one.

The table nations.csv holds the athletics code, the ISO codes, the French and English names, and other words for the
people or the country.
"""

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from config.folding import folded

_TABLE: Final = Path(__file__).parent / "nations.csv"


def nation_of(text: str) -> str | None:
    """The three-letter code meant by a code, a name or an adjective in French or English; None if there is none.

    Where an athletics code and an ISO code are the same letters for two nations, the athletics code is meant.
    """
    return _nations().get(folded(text))


def nation_name(code: str, language: str) -> str:
    """The country of an athletics code in French or English; the code itself where the table has none."""
    names = _names().get(code)
    return code if names is None else names.get(language, code)


@cache
def _names() -> Mapping[str, Mapping[str, str]]:
    with _TABLE.open(encoding="utf-8", newline="") as file:
        return {row["code"]: {"fr": row["french"], "en": row["english"]} for row in csv.DictReader(file)}


@cache
def _nations() -> Mapping[str, str]:
    words: dict[str, str] = {}
    with _TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for columns in (("code",), ("iso3", "iso2", "french", "english")):
        for row in rows:
            for column in columns:
                words.setdefault(folded(row[column]), row["code"])
    for row in rows:
        for word in row["also"].split(";"):
            words.setdefault(folded(word), row["code"])
    words.pop("", None)
    return words
