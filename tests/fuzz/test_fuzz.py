"""A short run of the fuzzer over every protocol, and every input that ever failed. The long one is `make fuzz`."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from readers.events import DecoderEvent, Malformed
from readers.ipico import IpicoProtocol
from readers.protocol import Now, protocol_names

from .__main__ import FAILURES, fuzz
from .case import CPU_MAX_S, Failed, cpu_limit, from_json, make_case, run_case, smaller, subject, why_failed
from .mutation import damaged

SECONDS = 20.0
"""Processor time of all short runs together."""


@pytest.mark.parametrize("name", protocol_names())
def test_damaged_frames_give_events_in_bounds_and_the_next_good_one_is_found(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fuzz.__main__.FAILURES", tmp_path)
    frames = int(os.environ.get("FUZZ_FRAMES", "200000"))
    done, failed = fuzz(subject(name), frames, "make test", SECONDS / len(protocol_names()))
    assert done > 1_000
    assert not failed, failed[0].read_text(encoding="utf-8")


def test_what_once_failed_holds() -> None:
    for file in sorted(FAILURES.glob("*.json")):
        name, steps, cut = from_json(file.read_text(encoding="utf-8"))
        assert why_failed(subject(name), steps, cut) == "", file.name


@pytest.mark.parametrize("name", protocol_names())
def test_each_protocol_has_samples_and_reads_among_them(name: str) -> None:
    assert subject(name).good or subject(name).traits.device is not None


def test_a_case_is_the_same_for_the_same_seed() -> None:
    ipico = subject("ipico")
    assert make_case(ipico, "a/7") == make_case(ipico, "a/7") != make_case(ipico, "a/8")
    chance = random.Random(3)
    assert len({damaged(chance, ipico.samples) for _ in range(500)}) > 400


# The fuzzer sees what it is there for.


class _Bad(IpicoProtocol):
    """Does what a protocol must not."""

    fault = ""
    hoard: list[bytes]

    def connected(self, now: Now) -> None:
        self.hoard = getattr(self, "hoard", [])
        self._lost = False
        super().connected(now)

    def receive_data(self, data: bytes, now: Now) -> list[DecoderEvent]:
        if self.fault == "raises" and b"\xff" in data:
            raise ValueError("no such byte")
        if self.fault == "hangs" and b"\xff" in data:
            while True:
                pass
        if self.fault == "hoards":
            self.hoard.append(data)
        self._lost = self._lost or (self.fault == "loses" and b"\xff" in data)
        events = [] if self._lost else super().receive_data(data, now)
        if self.fault == "counts calls":
            events.append(Malformed(reason="a call", raw="", size=0))
        return events


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("raises", "ValueError: no such byte"),
        ("hangs", "processor time"),
        ("hoards", "holds"),
        ("loses", "no good frame understood"),
        ("counts calls", "other events in pieces"),
    ],
)
def test_a_protocol_that_does_wrong_is_found(fault: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fuzz.case.protocol_of", lambda _: _Bad())
    monkeypatch.setattr("fuzz.case.CPU_MAX_S", 0.1)
    ipico = subject("ipico")
    monkeypatch.setattr(_Bad, "fault", fault)
    _Bad.__module__ = "readers.bad"
    cases = [make_case(ipico, f"bad/{number}") for number in range(200)]
    cut = 5 if fault == "counts calls" else 0
    why = next(filter(None, (why_failed(ipico, [*steps, ("feed", b"x" * 9_000)], cut) for steps in cases)))
    assert said in why
    if fault == "raises":
        failing = next(steps for steps in cases if why_failed(ipico, steps, 0))
        ((verb, what),) = smaller(ipico, failing, 0)
        assert verb == "feed"
        assert what == b"\xff"


def test_processor_time_is_limited_and_the_limit_is_lifted_again() -> None:
    with pytest.raises(Failed), cpu_limit(0.05):
        while True:
            pass
    run_case(subject("ipico"), [("feed", b"rubbish"), ("wait", 5_000_000), ("ask", None), ("lose", None)], cut=1)
    assert CPU_MAX_S > 0.5
