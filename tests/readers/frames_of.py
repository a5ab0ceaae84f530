"""Valid frames of every protocol, as readers send them: food for tests that cut, mix and damage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from readers import (
    chronelec_frames,
    ipico_frames,
    llrp_frames,
    race_result_usb_frames,
    tag_heuer_frames,
    timy_frames,
)

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


def _timy() -> list[bytes]:
    return [
        b" 0001 C0  10:07:20.2731 00<=\r",
        b" 0002 C1  10:07:25.5000 00<<\r",
        timy_frames.impulse(712, _STAMP_US, channel=1, by_hand=True),
        timy_frames.impulse(3, _STAMP_US, channel=8, status="?", lane="l", group=7),
        timy_frames.net_time(3, 5_226_900),
        timy_frames.running_clock(_STAMP_US),
        b"NSF V 3.0\r",
        b"PROG: Backup\r",
    ]


def _tag_heuer() -> list[bytes]:
    return [
        b"TN    2    2 M1 19:30:58.41200  6994\t06B3\r\n",
        b"AN    1    1 M4 20:37:46.61300  6899\t06A4\r\n",
        b"RR    0    1           2.47700\t04C7\r\n",
        b"ID 01904\t01AB\r\n",
        tag_heuer_frames.time_540(3, _STAMP_US, channel=2, bib=712, kind="T+"),
        b"T      0046 M2 11:24:37.333000\r",
    ]


def _chronelec() -> list[bytes]:
    return [
        chronelec_frames.passing("7654", _STAMP_US),
        chronelec_frames.passing("123456", _STAMP_US, source="BOX", counter=2, status=2),
        chronelec_frames.passing("0", _STAMP_US, source="MAN", counter=3),
        chronelec_frames.status(_STAMP_US),
    ]


def _race_result_usb() -> list[bytes]:
    made, answer = race_result_usb_frames.passing, race_result_usb_frames.answer
    return [
        answer("EPOCHREFGET", "4a3caa45;0151bcf5"),
        answer("PASSINGINFOGET", "2;0;01521527;1;01521600"),
        answer("PASSINGGET", "0;2", "GLBAS60;0718;01521527;0c;08;9f;1a;0;1;2;00;0", made("99999", 0x1521600)),
        answer("PASSINGGET", "2;0", error=0x10),
        answer("TIMESTAMPGET", "01521601"),
        answer("INFOGET", "01;1f4"),
    ]


SAMPLES: Final[dict[str, list[bytes]]] = {
    "ipico": _ipico(),
    "ipico_elite": _ipico(),
    "llrp": _llrp(),
    "timy": _timy(),
    "tag_heuer": _tag_heuer(),
    "chronelec": _chronelec(),
    "race_result_usb": _race_result_usb(),
}
"""By name of the protocol: whole frames, each understood on its own and in any order."""
