"""The line of every key: compared with what a person would count."""

import tomllib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.loader import race_path
from config.toml_lines import key_lines, line_of

DOCUMENT = '''# a comment with [brackets] and = signs
title = "x # no comment"

[owner]
name = 'Tom' # [not.a.table]
"quoted key" = 1
address.street = "Michelet"
text = """
[fake]
fake = 1
a \\""" b"""
literal = \'\'\'
fake = [1,
\'\'\'
after = 2

[[waves]]
id = "1"
bibs = [
  "1-10",   # first
  "20-30",

  { low = 40, high = 50 },
]

[[waves]]
id = "2"
[waves.inner]
deep = { a = 1, b = { c = "}" } }
[[waves.list]]
x = 1
[[waves.list]]
x = 2

["odd.name"]
y = 2024-10-27T09:00:00Z
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("owner",), 4),
        (("owner", "name"), 5),
        (("owner", "quoted key"), 6),
        (("owner", "address"), 7),
        (("owner", "address", "street"), 7),
        (("owner", "text"), 8),
        (("owner", "literal"), 12),
        (("owner", "after"), 15),
        (("waves",), 17),
        (("waves", 0), 17),
        (("waves", 0, "id"), 18),
        (("waves", 0, "bibs", 1), 21),
        (("waves", 0, "bibs", 2), 23),
        (("waves", 0, "bibs", 2, "high"), 23),
        (("waves", 1), 26),
        (("waves", 1, "id"), 27),
        (("waves", 1, "inner", "deep", "b", "c"), 29),
        (("waves", 1, "list", 0, "x"), 31),
        (("waves", 1, "list", 1, "x"), 33),
        (("odd.name", "y"), 36),
    ],
)
def test_each_key_has_the_line_it_stands_on(path: tuple[str | int, ...], line: int) -> None:
    assert key_lines(DOCUMENT)[path] == line


def test_what_looks_like_a_key_inside_a_text_is_none() -> None:
    assert not [path for path in key_lines(DOCUMENT) if "fake" in path]


def test_the_line_of_an_absent_key_is_that_of_its_table() -> None:
    lines = key_lines(DOCUMENT)
    assert line_of(lines, ("waves", 1, "gun")) == 26
    assert line_of(lines, ("nowhere", "gun")) is None


def paths_of(value: object, path: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    """All paths of a parsed document."""
    if isinstance(value, dict):
        items: list[tuple[str | int, object]] = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    else:
        return {path} if path else set()
    found = {path} if path else set()
    for key, item in items:
        found |= paths_of(item, (*path, key))
    return found


@pytest.mark.parametrize("text", [DOCUMENT, race_path("marseille_cassis_2024").read_text(encoding="utf-8")])
def test_the_keys_are_those_tomllib_finds(text: str) -> None:
    assert set(key_lines(text)) == paths_of(tomllib.loads(text, parse_float=Decimal))


KEYS = st.sampled_from(["a", "b-c", '"q k"', "'l'", "d.e", '"\\u00e9"'])
VALUES = st.recursive(
    st.sampled_from(["1", '"x"', "'y]'", "true", '"""m\n]"""', "2024-10-27", '"\\"#"', "'''\n,''''"]),
    lambda inner: st.lists(inner, max_size=3).map(lambda items: "[\n" + ", # c\n".join(items) + "]"),
    max_leaves=6,
)


@given(st.dictionaries(KEYS, VALUES, max_size=5), st.dictionaries(KEYS, VALUES, max_size=5))
def test_any_document_gives_the_keys_tomllib_finds(first: dict[str, str], second: dict[str, str]) -> None:
    tables = [
        f"[[t]]\n{''.join(f'{key} = {value}{chr(10)}' for key, value in table.items())}" for table in (first, second)
    ]
    text = "\n".join(tables)
    assert set(key_lines(text)) == paths_of(tomllib.loads(text))
