"""One case: a conversation of damaged frames, cuts, waits and questions with one protocol, and what must hold in it.

What must hold: no exception; bounded processor time; no more bytes held than is allowed; the same reads, guns and
malformed records whatever the cuts; a good frame is understood again, on the same link within the stated bytes, and at
once on a new one. A case is told wholly by its steps, so that one that fails is a file, and is run again for ever
(`failures/`).
"""

from __future__ import annotations

import itertools
import json
import random
import signal
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final, Literal

from readers.events import DecoderEvent, GunSeen, Malformed
from readers.protocol import Acknowledging, Now, Protocol, Since
from simulators.timer_device import VirtualTimer
from timing.reads import ChipRead, ReadKind

from .mutation import damaged
from .samples import Traits, protocol_of, samples_of, traits_of

FRAMES: Final = 24
"""Damaged frames in one case."""
CPU_MAX_S: Final = 2.0
"""For one case: thousands of times what it takes."""
DEADLINES_MAX: Final = 1_500
"""In one wait, 70 s at most: some devices are asked ten times a second."""
SAY_MAX: Final = 65_536
"""Bytes a protocol may want to send at one time."""
ANSWER_AFTER_US: Final = 100_000
"""A good device answers after so long."""
HEARD_WITHIN_US: Final = 60_000_000
"""Several looks at the memory of a device, which a protocol has every ten seconds."""
ZERO: Final = Now(1_730_021_787_250_000, 5_000_000)

Verb = Literal["feed", "wait", "ask", "lose"]
Step = tuple[Verb, Any]


class Failed(Exception):
    """What did not hold."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A protocol under test: its samples, which of them are reads, and what is known of it.

    `opening`: what must be heard before reads are understood (empty for most); `good`: frames that each give a read
    after it, on a link of its own.
    """

    name: str
    samples: Sequence[bytes]
    opening: bytes
    good: Sequence[bytes]
    traits: Traits


def subject(name: str) -> Subject:
    samples = samples_of(name)
    for opening in (b"", b"".join(samples)):
        good = [frame for frame in samples if _is_read(name, opening, frame)]
        if good:
            break
    else:
        opening = b""
    return Subject(name=name, samples=samples, opening=opening, good=good, traits=traits_of(name))


def _is_read(name: str, opening: bytes, frame: bytes) -> bool:
    protocol = protocol_of(name)
    protocol.connected(ZERO)
    protocol.receive_data(opening, ZERO)
    return any(type(event) is ChipRead for event in protocol.receive_data(frame, ZERO))


def make_case(subject: Subject, seed: str) -> list[Step]:
    """The steps of a case; the same for the same seed."""
    chance = random.Random(seed)
    frames = [damaged(chance, subject.samples, subject.traits.repair) for _ in range(FRAMES)]
    steps: list[Step] = []
    if subject.opening and chance.random() < 0.7:
        steps.append(("feed", subject.opening))
    if chance.random() < 0.5:
        steps.append(("feed", b"".join(frames)))
    else:
        while frames:
            count = chance.randint(1, 8)
            steps.append(("feed", b"".join(frames[:count])))
            del frames[:count]
            turn = chance.random()
            if turn < 0.3:
                steps.append(("wait", chance.choice((10_000, 2_000_000, 2_600_000, 10_000_000, 70_000_000))))
            elif turn < 0.4:
                steps.append(("ask", chance.choice((None, "last"))))
            elif turn < 0.45:
                steps.append(("lose", None))
    return steps


class _Talk:
    """A protocol driven as the driver does."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.protocol: Protocol = protocol_of(subject.name)
        self.now = ZERO
        self.events: list[DecoderEvent] = []
        self.said = b""
        self.protocol.connected(self.now)
        self._collect()

    def _collect(self) -> None:
        said = self.protocol.data_to_send()
        if len(said) > SAY_MAX:
            raise Failed(f"wants to send {len(said)} bytes at once")
        self.said += said
        self.protocol.next_deadline()
        _ = self.protocol.unanswered_since_us

    def step(self, step: Step, cut: int = 0) -> None:
        verb, what = step
        if verb == "feed":
            for piece in _pieces(what, cut):
                events = self.protocol.receive_data(piece, self.now)
                self.events += events
                self._collect()
                self._stored([event for event in events if type(event) is ChipRead])
        elif verb == "wait":
            self.wait(what)
        elif verb == "ask":
            self.protocol.ask_memory(self._since() if what == "last" else None, self.now)
            self._collect()
        else:
            self.lose()

    def _stored(self, reads: list[ChipRead]) -> None:
        """As the driver tells those that acknowledge."""
        if reads and isinstance(self.protocol, Acknowledging):
            self.protocol.stored(reads)
            self._collect()

    def _since(self) -> Since | None:
        read = next((event for event in reversed(self.events) if type(event) is ChipRead), None)
        return None if read is None else Since(read.stamp_us, read.reader_file, read.reader_seq)

    def wait(self, us: int) -> None:
        end_us, stuck = self.now.steady_us + us, 0
        for _ in range(DEADLINES_MAX):
            deadline_us = self.protocol.next_deadline()
            if deadline_us is None or deadline_us > end_us:
                break
            self._at(max(deadline_us, self.now.steady_us))
            self.events += self.protocol.handle_deadline(self.now)
            self._collect()
            stuck = stuck + 1 if self.protocol.next_deadline() == deadline_us else 0
            if stuck > 3:
                raise Failed("a deadline that is past stays past: the driver would never rest")
        else:
            raise Failed(f"more than {DEADLINES_MAX} deadlines within {us / 1e6:.0f} s")
        self._at(end_us)

    def _at(self, steady_us: int) -> None:
        self.now = Now(self.now.race_us + steady_us - self.now.steady_us, steady_us)

    def lose(self) -> None:
        self.events += self.protocol.disconnected()
        self.protocol.data_to_send()
        self.protocol.connected(self.now)
        self._collect()

    def reads_of(self, data: bytes) -> int:
        events = self.protocol.receive_data(data, self.now)
        self._collect()
        return sum(type(event) is ChipRead for event in events)


def _pieces(data: bytes, cut: int) -> Iterator[bytes]:
    if not cut:
        yield data
        return
    for at in range(0, len(data), cut):
        yield data[at : at + cut]


def run_case(subject: Subject, steps: Sequence[Step], *, cut: int = 0) -> list[DecoderEvent]:
    """Runs a case and checks what must hold. `cut`: also in pieces of so many bytes, which must not matter.

    Raises: Failed; and whatever the protocol raises, which it must not.
    """
    with cpu_limit(CPU_MAX_S):
        talk = _Talk(subject)
        for step in steps:
            talk.step(step)
        _check_events(talk.events)
        _check_held(talk)
        if cut:
            pieces = _Talk(subject)
            for step in steps:
                pieces.step(step, cut)
            if _of_the_wire(subject, pieces.events) != _of_the_wire(subject, talk.events):
                raise Failed(f"other events in pieces of {cut} bytes")
        events = list(talk.events)
        if subject.good:
            _check_resync(talk)
        elif subject.traits.device is not None:
            _check_device_heard(talk, subject.traits.device(talk.now.race_us))
        return events


def _of_the_wire(subject: Subject, events: Sequence[DecoderEvent]) -> list[DecoderEvent]:
    """What depends on bytes alone.

    Answers belong to the conversation, too: in pieces, the next question goes out between two of them.
    """
    kinds = ChipRead | GunSeen if subject.traits.judges_answers else ChipRead | GunSeen | Malformed
    return [event for event in events if isinstance(event, kinds)]


def _check_events(events: Sequence[DecoderEvent]) -> None:
    for event in events:
        if type(event) is ChipRead:
            if type(event.stamp_us) is not int or (event.tag is None and event.kind is ReadKind.READ):
                raise Failed(f"a read that is none: {event}")
        elif isinstance(event, Malformed) and (len(event.raw) > 200 or event.size < 0 or not event.reason):
            raise Failed(f"malformed beyond its limits: {event.size} bytes, {len(event.raw)} kept")


def _check_held(talk: _Talk) -> None:
    traits = talk.subject.traits
    if traits.pending is not None:
        pending, most = traits.pending(talk.protocol)
        if pending > most:
            raise Failed(f"{pending} bytes pending, {most} are the stated maximum")
    held = held_bytes(talk.protocol)
    if held > traits.held_max:
        raise Failed(f"holds {held} bytes, allowed are {traits.held_max}")


def _check_resync(talk: _Talk) -> None:
    """Good frames are understood again: after a while on this link, at once on the next."""
    subject = talk.subject
    fed = 0
    for frame in itertools.cycle(subject.good):
        if talk.reads_of(frame):
            break
        fed += len(frame)
        if fed > subject.traits.resync_max and fed > len(frame):
            raise Failed(f"no good frame understood within {fed} bytes of them")
    talk.lose()
    if subject.opening:
        talk.protocol.receive_data(subject.opening, talk.now)
    if talk.reads_of(subject.good[0]) == 0:
        raise Failed("a good frame is not understood on a new link")


def _check_device_heard(talk: _Talk, device: VirtualTimer) -> None:
    """A protocol that takes no read but as an answer: a good device behind the wire is understood again, on this link
    and on the next.
    """
    for link in ("this link", "a new link"):
        device.host_connected(talk.now.race_us)
        heard = len(talk.said)
        end_us = talk.now.steady_us + HEARD_WITHIN_US
        while True:
            device.receive(talk.said[heard:], talk.now.race_us)
            heard = len(talk.said)
            if talk.reads_of(device.take(talk.now.race_us, 4_096)):
                break
            if talk.now.steady_us >= end_us:
                raise Failed(f"a good device is not understood on {link} within {HEARD_WITHIN_US / 1e6:.0f} s")
            talk.wait(ANSWER_AFTER_US)
        device.host_disconnected(talk.now.race_us)
        talk.lose()


def held_bytes(thing: Any) -> int:
    """Bytes and characters that an object holds in its fields and containers, and 64 for each item of those."""
    held, seen, waiting = 0, set(), [thing]
    while waiting:
        item = waiting.pop()
        if id(item) in seen or item is None or isinstance(item, int | float | type):
            continue
        seen.add(id(item))
        if isinstance(item, bytes | bytearray | str):
            held += len(item)
        elif isinstance(item, dict):
            held += 64 * len(item)
            waiting += [*item.keys(), *item.values()]
        elif isinstance(item, list | tuple | set | frozenset | deque):
            held += 64 * len(item)
            waiting += item
        elif type(item).__module__.split(".")[0] in ("readers", "timing"):
            waiting += getattr(item, "__dict__", {}).values()
            slots = [slot for kind in type(item).__mro__ for slot in getattr(kind, "__slots__", ())]
            waiting += [getattr(item, slot, None) for slot in slots]
    return held


@contextmanager
def cpu_limit(seconds: float) -> Iterator[None]:
    """Processor time, not time of day: a busy machine is no hang."""

    def over(_: int, frame: FrameType | None) -> None:
        where = f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame else "?"
        raise Failed(f"more than {seconds} s of processor time, at {where}")

    before = signal.signal(signal.SIGVTALRM, over)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


# Failures as files


def why_failed(subject: Subject, steps: Sequence[Step], cut: int) -> str:
    """Empty when all holds."""
    try:
        run_case(subject, steps, cut=cut)
    except Failed as failed:
        return str(failed)
    except Exception as error:  # noqa: BLE001 (any is a failure here)
        place = sys.exc_info()[2]
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = f" at {Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}" if place else ""
        return f"{type(error).__name__}: {error}{where}"
    return ""


def smaller(subject: Subject, steps: Sequence[Step], cut: int, tries: int = 300) -> list[Step]:
    """Fewer steps and bytes that still fail, by leaving out."""
    best = list(steps)
    size = max(1, len(best) // 2)
    while size and tries > 0:
        for at in range(0, len(best), size):
            shorter = best[:at] + best[at + size :]
            tries -= 1
            if why_failed(subject, shorter, cut):
                best = shorter
                break
        else:
            size //= 2
    for index, (verb, what) in enumerate(best):
        if verb != "feed":
            continue
        half = len(what) // 2
        while half and tries > 0:
            for at in range(0, len(what), half):
                less = what[:at] + what[at + half :]
                tries -= 1
                if why_failed(subject, [*best[:index], ("feed", less), *best[index + 1 :]], cut):
                    what = less
                    best[index] = ("feed", what)
                    break
            else:
                half //= 2
    return best


def to_json(name: str, why: str, steps: Sequence[Step], cut: int, seed: str) -> str:
    told = [[verb, what.hex() if verb == "feed" else what] for verb, what in steps]
    return json.dumps({"protocol": name, "why": why, "seed": seed, "cut": cut, "steps": told}, indent=1) + "\n"


def from_json(text: str) -> tuple[str, list[Step], int]:
    said = json.loads(text)
    steps: list[Step] = [(verb, bytes.fromhex(what) if verb == "feed" else what) for verb, what in said["steps"]]
    return said["protocol"], steps, said["cut"]
