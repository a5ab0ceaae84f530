"""Topic filters of sources: what is one, what matches, and which two would hear the same."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.errors import BadEndpoint
from readers.mqtt_filters import check_mqtt_sources, filter_of, matches, overlap
from timing.race import Source
from timing.reads import ClockKind, SourceId


@pytest.mark.parametrize("text", ["impinj/finish", "impinj/finish/#", "zebra/+/data", "a", "/a", "a/"])
def test_a_filter_is_what_follows_the_word(text) -> None:
    assert filter_of(f"mqtt:{text}") == text


@pytest.mark.parametrize(
    ("connect", "why"),
    [
        ("mqtt:", "give mqtt:"),
        ("tcp:a:1", "give mqtt:"),
        ("mqtt:a\x00b", "give mqtt:"),
        ("mqtt:" + "a" * 2000, "give mqtt:"),
        ("mqtt:a/#/b", "# for all that follows"),
        ("mqtt:a/b#", "# for all that follows"),
        ("mqtt:a/b+/c", "whole level"),
        ("mqtt:$SYS/#", "the broker's own"),
        ("mqtt:#", "covers topics of collectors"),
        ("mqtt:+/1/#", "covers topics of collectors"),
        ("mqtt:calanque/1/race/finish/reads", "covers topics of collectors"),
    ],
)
def test_what_is_no_filter_is_refused_with_what_would_be(connect, why) -> None:
    with pytest.raises(BadEndpoint, match=re.escape(why)):
        filter_of(connect)


def source(name: str, connect: str, protocol: str = "impinj") -> Source:
    return Source(id=SourceId(name), protocol=protocol, connect=connect, clock=ClockKind.UTC)


def test_sources_that_would_hear_the_same_are_refused() -> None:
    check_mqtt_sources([source("a", "mqtt:r/a/#"), source("b", "mqtt:r/b/#", "zebra")])
    with pytest.raises(BadEndpoint, match=r"b .* and a .* would hear the same topics"):
        check_mqtt_sources([source("a", "mqtt:r/+/events"), source("b", "mqtt:r/b/#")])


def test_a_reader_that_does_not_speak_mqtt_is_refused() -> None:
    with pytest.raises(BadEndpoint, match="do not speak MQTT; those that do: impinj, zebra"):
        check_mqtt_sources([source("a", "mqtt:r/a", "ipico")])


LEVELS = st.lists(st.sampled_from(["a", "b", ""]), min_size=1, max_size=4)
FILTERS = st.tuples(st.lists(st.sampled_from(["a", "b", "", "+"]), min_size=1, max_size=4), st.booleans()).map(
    lambda made: "/".join(made[0] + ["#"] * made[1])
)


@given(FILTERS, FILTERS, LEVELS)
def test_filters_overlap_where_a_topic_matches_both(one, other, topic) -> None:
    both = "/".join(topic)
    if matches(one, both) and matches(other, both):
        assert overlap(one, other)
    assert overlap(one, other) == overlap(other, one)


@given(FILTERS, FILTERS)
def test_where_filters_overlap_some_topic_matches_both(one, other) -> None:
    first, second = one.split("/"), other.split("/")
    if overlap(one, other):
        levels = []
        for a, b in zip(first + ["#"] * 5, second + ["#"] * 5, strict=False):
            if a == "#" and b == "#":
                break
            levels.append(next((level for level in (a, b) if level not in ("+", "#")), "a"))
        topic = "/".join(levels[: max(len(first) - (first[-1] == "#"), len(second) - (second[-1] == "#"))])
        assert matches(one, topic)
        assert matches(other, topic)


@pytest.mark.parametrize(
    ("topic_filter", "topic", "expected"),
    [
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("a/+", "a/b", True),
        ("a/+", "a", False),
        ("a/+", "a/b/c", False),
        ("+/b", "$SYS/b", False),
        ("a", "a/", False),
    ],
)
def test_topics_match_as_mqtt_says(topic_filter, topic, expected) -> None:
    assert matches(topic_filter, topic) is expected
