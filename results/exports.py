"""Which files a race gives, by format and audience. Pure: names and bytes; where they go is not decided here."""

import enum
from collections.abc import Collection, Iterator
from typing import Final

from results.people import Audience
from results.printing import Language
from results.results_csv import results_csv
from results.standing import Standing


class Format(enum.StrEnum):
    CSV = "csv"
    """results.csv: every entrant by bib, for machines."""
    JSON = "json"
    """results.json: the posted lists; jury/results.json: all lists and names."""
    XLSX = "xlsx"
    """The same two as workbooks."""
    SITE = "site"
    """site/: pages for a browser, without a network."""


ALL_FORMATS: Final = tuple(Format)

SHORTCUTS: Final = ("results.csv", "results.json", "results.xlsx")
"""The files people look for by name: copies of the newest lie beside the folder of publications."""


def export_files(standing: Standing, formats: Collection[Format] = ALL_FORMATS) -> Iterator[tuple[str, bytes]]:
    """Relative path (with `/`) and bytes of each file, in one order. What names the withheld lies under `jury/`."""
    if Format.CSV in formats:
        yield "results.csv", results_csv(standing.plan, standing.roster, standing.times, standing.shown)
    # Imported where they are needed: a command that writes no workbook should not wait for it.
    if Format.JSON in formats:
        from results.results_json import results_json

        yield "results.json", results_json(standing, Audience.PUBLIC)
        yield "jury/results.json", results_json(standing, Audience.JURY)
    if Format.XLSX in formats:
        from results.workbook import results_xlsx

        language = first_language(standing)
        yield "results.xlsx", results_xlsx(standing, Audience.PUBLIC, language)
        yield "jury/results.xlsx", results_xlsx(standing, Audience.JURY, language)
    if Format.SITE in formats:
        from results.site import site_files

        for name, content in site_files(standing):
            yield f"site/{name}", content


def first_language(standing: Standing) -> Language:
    """The race's preferred language among those that are printed."""
    known = (Language.FR, Language.EN)
    return next((language for code in standing.plan.languages for language in known if code == language), Language.FR)
