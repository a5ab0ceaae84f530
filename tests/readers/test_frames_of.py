"""The sample frames are what they promise: understood by their protocol, alone and in any order."""

from __future__ import annotations

import pytest
from frames_of import SAMPLES
from hypothesis import given
from hypothesis import strategies as st

from readers.events import DecoderEvent, GunSeen, Malformed
from readers.protocol import Now, protocol_class
from timing.reads import ChipRead

AT = Now(1_730_023_387_250_000, 0)


def heard(name: str, *parts: bytes) -> list[DecoderEvent]:
    protocol = protocol_class(name)()
    protocol.connected(AT)
    events = [event for part in parts for event in protocol.receive_data(part, AT)]
    return events + protocol.disconnected()


def seen(events: list[DecoderEvent]) -> list[DecoderEvent]:
    """What does not depend on which question is open: answers do, and after each piece the next may be asked."""
    return [event for event in events if isinstance(event, ChipRead | GunSeen | Malformed)]


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_is_understood_alone(name: str) -> None:
    for frame in SAMPLES[name]:
        events = heard(name, frame)
        assert events, frame
        assert not [event for event in events if isinstance(event, Malformed)], frame


@pytest.mark.parametrize("name", SAMPLES)
@given(data=st.data())
def test_samples_are_understood_in_any_order_wherever_they_are_cut(name: str, data: st.DataObject) -> None:
    stream = b"".join(data.draw(st.lists(st.sampled_from(SAMPLES[name]), max_size=8)))
    cut = data.draw(st.integers(0, len(stream)))
    whole = seen(heard(name, stream))
    assert not [event for event in whole if isinstance(event, Malformed)]
    assert seen(heard(name, stream[:cut], stream[cut:])) == whole
