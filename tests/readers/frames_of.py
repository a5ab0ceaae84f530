"""Valid frames of every protocol, as readers send them: food for tests that cut, mix and damage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from readers import ipico_frames, llrp_frames

_HERE: Final = Path(__file__).parent
_STAMP_US: Final = 1_730_023_387_250_000


def golden(name: str) -> list[dict[str, Any]]:
    """The samples of `<name>_samples.json`, each with what it means."""
    samples: list[dict[str, Any]] = json.loads((_HERE / f"{name}_samples.json").read_text())
    return samples


def _ipico() -> list[bytes]:
    good = [sample for sample in golden("ipico") if "malformed" not in sample]
    frames = [sample["text"].encode() if "text" in sample else bytes.fromhex(sample["hex"]) for sample in good]
    return [frame + b"\r\n" for frame in frames] + [ipico_frames.memory_status(done=7, total=7)]


def _llrp() -> list[bytes]:
    tags = [
        llrp_frames.tag_report(f"{n:024X}", _STAMP_US + n, antenna=n, rssi=-40 - n, count=n, last_seen_us=_STAMP_US + n)
        for n in range(1, 4)
    ]
    odd = llrp_frames.tag_report("0580001", _STAMP_US, uptime=True, more=llrp_frames.tlv(1023, bytes(11)))
    return [
        *(bytes.fromhex(sample["hex"]) for sample in golden("llrp")),
        llrp_frames.report(*tags, message_id=9),
        llrp_frames.report(odd),
        llrp_frames.event(llrp_frames.attempt(), utc_us=_STAMP_US),
        llrp_frames.answer(11, 2, more=llrp_frames.capabilities()),
        llrp_frames.answer(36, 3, more=llrp_frames.spec(123, 2, bytes(4))),
        llrp_frames.answer(100, 4, 109, "message type 77"),
    ]


SAMPLES: Final[dict[str, list[bytes]]] = {"ipico": _ipico(), "llrp": _llrp()}
"""By name of the protocol: whole frames, each understood on its own and in any order."""
