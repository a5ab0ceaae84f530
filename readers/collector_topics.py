"""Names and topics of the collector protocol, version 1 (docs/collector_protocol.md, section Topics).

A topic is taken apart here and nowhere else; what comes out is checked and can be used as a name. What does not fit
never becomes a path, a query or a line of a log.
"""

import enum
import re
from dataclasses import dataclass
from typing import Final, TypeGuard

from readers.collector_json import Refused, clean
from timing.reads import SourceId

VERSION: Final = "1"
ROOT: Final = f"calanque/{VERSION}"

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class Channel(enum.StrEnum):
    """The last word of a topic that the engine listens to."""

    READS = "reads"
    STATUS = "status"
    REPLY = "reply"


_CHANNELS: Final = frozenset(channel.value for channel in Channel)


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorTopic:
    """A topic on which a collector speaks: the source is what the topic says, never the payload."""

    source: SourceId
    channel: Channel


def is_name(text: object) -> TypeGuard[str]:
    """True for what may be a race, a source or a store: 1 to 64 of `a-z 0-9 . _ -`, the first a letter or digit."""
    return isinstance(text, str) and _NAME.fullmatch(text) is not None


def engine_topic(race: str) -> str:
    return f"{ROOT}/{race}/engine"


def reads_topic(race: str, source: str) -> str:
    return f"{ROOT}/{race}/{source}/reads"


def status_topic(race: str, source: str) -> str:
    return f"{ROOT}/{race}/{source}/status"


def reply_topic(race: str, source: str) -> str:
    return f"{ROOT}/{race}/{source}/reply"


def command_topic(race: str, source: str) -> str:
    return f"{ROOT}/{race}/{source}/command"


def confirmed_topic(race: str, source: str, store: str) -> str:
    return f"{ROOT}/{race}/{source}/confirmed/{store}"


def client_id(source: str, store: str) -> str:
    return f"{source}:{store}"


def engine_subscriptions() -> tuple[str, ...]:
    """What an engine listens to. Wider than its own race, so that a collector set up for another race is noticed."""
    return tuple(f"calanque/+/+/+/{channel}" for channel in Channel)


def is_engines_own(topic: str, race: str) -> bool:
    """Whether only this race's engine speaks there. It does not listen to itself; some brokers hand it over anyway."""
    return topic == engine_topic(race) or (topic.startswith(f"{ROOT}/{race}/") and "/confirmed/" in topic)


def parse_topic(topic: str, race: str) -> CollectorTopic | Refused:
    """The source and channel of a topic of this race, or why it is not one."""
    shown = clean(topic, 160)
    levels = topic.split("/")
    if len(levels) != 5 or levels[0] != "calanque" or levels[4] not in _CHANNELS:
        return Refused(reason=f"not a topic of the protocol: {shown!r}")
    _, version, named_race, source, channel = levels
    if version != VERSION:
        return Refused(reason=f"protocol version {clean(version, 20)!r}; this engine speaks version {VERSION}")
    if not is_name(source) or not is_name(named_race):
        return Refused(reason=f"a name in the topic {shown!r} has other characters than a-z 0-9 . _ -, or too many")
    if named_race != race:
        return Refused(reason=f"race {named_race!r}; this engine runs {race!r}")
    return CollectorTopic(source=SourceId(source), channel=Channel(channel))
