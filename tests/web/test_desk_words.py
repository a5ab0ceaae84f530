"""The words of hand timing, clock and desk: the same in both languages, and there for every key the scripts ask for."""

import re
from pathlib import Path

import pytest

from results.web.desk_page_words import DESK_WORDS
from results.web.hand_words import HAND_WORDS, STAMP_KEYS
from results.web.staff_words import STAFF_WORDS
from results.web.words import LANGUAGES, Words

STATIC = Path(__file__).parents[2] / "results" / "web" / "static"
BOTH = {"hand": HAND_WORDS, "desk": DESK_WORDS}


@pytest.mark.parametrize("name", BOTH)
def test_both_languages_say_the_same_things_with_the_same_figures(name: str) -> None:
    french, english = BOTH[name]["fr"], BOTH[name]["en"]
    assert french.keys() == english.keys()
    figures = {key: set(re.findall(r"\{\w+\}", text)) for key, text in french.items()}
    assert figures == {key: set(re.findall(r"\{\w+\}", text)) for key, text in english.items()}


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("hand.js", {**STAFF_WORDS["fr"], **HAND_WORDS["fr"]}),
        ("hand_page.js", {**STAFF_WORDS["fr"], **HAND_WORDS["fr"]}),
        ("clock.js", {**LANGUAGES["fr"], **HAND_WORDS["fr"]}),
        ("desk.js", {**STAFF_WORDS["fr"], **DESK_WORDS["fr"]}),
    ],
)
def test_a_script_asks_for_no_words_that_are_not_there(script: str, words: Words) -> None:
    text = (STATIC / script).read_text(encoding="utf-8")
    asked = {*re.findall(r"(?<!store\.)\bwords\.(\w+_\w+)", text), *re.findall(r'say\("(\w+)"', text)}
    assert len(asked) >= 2
    assert asked <= words.keys()


def test_every_key_that_may_take_the_time_has_its_name_and_none_is_enter_or_a_digit() -> None:
    assert {f"hand_key_{key}" for key in STAMP_KEYS} <= HAND_WORDS["fr"].keys()
    assert not [key for key in STAMP_KEYS if key.startswith(("Digit", "Key", "Enter", "Space")) or key == "NumpadEnter"]
