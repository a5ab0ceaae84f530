"""Texts without case, accents and punctuation: for comparing headers and words, never for storing."""

import re
import unicodedata
from functools import lru_cache


@lru_cache(maxsize=4096)
def folded(text: str) -> str:
    """The letters and digits of a text, small and without accents (`N° dossard` is `nodossard`)."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("°", "o"))
    return re.sub(r"[\W_]+", "", "".join(letter for letter in decomposed if not unicodedata.combining(letter)))


def without_accents(text: str) -> str:
    """A text with its accents taken off, otherwise as it is."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
