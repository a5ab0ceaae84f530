"""Topic filters of readers that speak MQTT themselves: `mqtt:impinj/finish/#` in the race file.

One source per filter: two that could match one topic are refused, and so is whatever overlaps the collectors' topics.
"""

from collections.abc import Iterable
from typing import Final

from readers.collector_topics import engine_subscriptions
from readers.errors import BadEndpoint
from timing.race import Source
from timing.reader_kinds import KIND_OF

SCHEME: Final = "mqtt:"
FILTER_MAX: Final = 1_000
_ACCEPTED: Final = "give mqtt: and the topic the reader publishes to, like mqtt:impinj/finish/#"


def is_mqtt(connect: str) -> bool:
    return connect.startswith(SCHEME)


def filter_of(connect: str) -> str:
    """The topic filter in `mqtt:topic/filter`.

    Raises: BadEndpoint.
    """
    text = connect.removeprefix(SCHEME)
    if not is_mqtt(connect) or not text or len(text.encode("utf-8", "replace")) > FILTER_MAX or not text.isprintable():
        raise BadEndpoint(f"cannot listen to {connect!r}: {_ACCEPTED}")
    levels = text.split("/")
    for number, level in enumerate(levels):
        if ("+" in level and level != "+") or ("#" in level and (level != "#" or number != len(levels) - 1)):
            raise BadEndpoint(f"{connect!r}: + stands for a whole level, # for all that follows, last: {_ACCEPTED}")
    if text.startswith("$"):
        raise BadEndpoint(f"{connect!r}: what begins with $ is the broker's own: {_ACCEPTED}")
    if any(overlap(text, collectors) for collectors in engine_subscriptions()):
        raise BadEndpoint(f"{connect!r} covers topics of collectors (calanque/...): {_ACCEPTED}")
    return text


def check_mqtt_sources(sources: Iterable[Source]) -> None:
    """Whether these sources can be heard beside each other.

    Raises: BadEndpoint when a filter is none, two overlap, or a reader does not speak MQTT.
    """
    known: dict[str, str] = {}
    for source in sources:
        mine = filter_of(source.connect)
        kind = KIND_OF.get(source.protocol)
        if kind is None or "mqtt" not in kind.transports:
            speak = ", ".join(kind.name for kind in KIND_OF.values() if "mqtt" in kind.transports)
            raise BadEndpoint(f"{source.id}: {source.protocol!r} readers do not speak MQTT; those that do: {speak}")
        for other, theirs in known.items():
            if overlap(mine, theirs):
                raise BadEndpoint(
                    f"{source.id} ({mine}) and {other} ({theirs}) would hear the same topics: "
                    "a reader is known by its topic, so each source needs its own"
                )
        known[source.id] = mine


def matches(topic_filter: str, topic: str) -> bool:
    """Whether a message published to `topic` is heard under the filter (MQTT 3.1.1, section 4.7)."""
    levels, said = topic_filter.split("/"), topic.split("/")
    if topic.startswith("$") and levels[0] in ("+", "#"):
        return False
    for number, level in enumerate(levels):
        if level == "#":
            return True
        if number >= len(said) or level not in ("+", said[number]):
            return False
    return len(levels) == len(said)


def overlap(one: str, other: str) -> bool:
    """Whether some topic matches both filters."""
    first, second = one.split("/"), other.split("/")
    for number in range(max(len(first), len(second)) + 1):
        a = first[number] if number < len(first) else None
        b = second[number] if number < len(second) else None
        if a == "#" or b == "#":
            return True  # `a/#` matches `a` too
        if a is None or b is None:
            return a is b
        if a != b and "+" not in (a, b):
            return False
    return True
