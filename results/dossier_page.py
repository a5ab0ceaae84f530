"""A dossier on paper: one page of HTML for A4, black on white, without scripts, and without any other file."""

from functools import lru_cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from results.dossier_words import DossierWords
from results.printing import Language

_TEMPLATES: Final = Path(__file__).parent / "templates"


def dossier_page(words: DossierWords, language: Language) -> str:
    """The page. Names and reasons are text, whatever they contain."""
    return _template().render(d=words, lang=language.value)


@lru_cache(maxsize=1)
def _template() -> Template:
    found = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return found.get_template("dossier.html")
