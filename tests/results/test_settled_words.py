"""A settled place and an open one are said in French and English, every reason among them."""

import pytest
from results_builder import ZONE, runner
from settled_race import Way, seen_at

import results.settled_place as reasons_of
from results.asked import Kind
from results.printing import Language
from results.settled_words import reason_words, settled_words

FIELD = [runner(1), runner(2), runner(3, wave="2")]
WAYS = {"1": Way(0, 30, 62), "2": Way(0, 31, 64), "3": Way(4.5, 34, None)}
REASONS = [value for name, value in vars(reasons_of).items() if name.isupper() and isinstance(value, str)]


def test_an_open_place_says_until_when_and_for_whom_and_a_settled_one_since_when() -> None:
    place = seen_at(63, FIELD, WAYS).place("scratch", 1)
    assert settled_words(place, Language.FR, ZONE) == "jusqu'à 10:06:08, au plus le 3"
    assert settled_words(place, Language.EN, ZONE) == "until 10:06:08, at most bib 3"
    place = seen_at(67, FIELD, WAYS).place("scratch", 1)
    assert settled_words(place, Language.FR, ZONE) == "acquise à 10:06:08"
    assert settled_words(place, Language.EN, ZONE) == "settled at 10:06:08"
    place = seen_at(67, FIELD, WAYS).place("scratch", 3)
    assert settled_words(place, Language.FR, ZONE) == "personne encore"


@pytest.mark.parametrize("language", [Language.FR, Language.EN])
@pytest.mark.parametrize("reason", [*REASONS, *Kind])
def test_every_reason_has_words(reason: str, language: Language) -> None:
    assert len(REASONS) == 8
    assert "_" not in reason_words(reason, language)
