"""An independent program (metarace, MIT) decodes what our virtual timers and boxes send, as a witness that they do."""

from __future__ import annotations

from typing import Any

import pytest

from simulators.chronelec_reader import VirtualChronelec
from simulators.race_result_usb_reader import VirtualUsbBox
from simulators.timer_device import Impulse, VirtualTimer
from simulators.timy_reader import VirtualTimy
from timing.instants import HOUR, SECOND

pytestmark = pytest.mark.slow

NOT_THERE = "metarace is not installed: pip install metarace"
TEN = 10 * HOUR


class Wire:
    """The serial port that metarace reads byte by byte, with a device behind it; the race stands at one moment."""

    def __init__(self, device: VirtualTimer, now_us: int) -> None:
        self._device = device
        self._now_us = now_us
        self._arrived = bytearray()
        self.dtr = 0
        device.host_connected(0)

    def read(self, size: int) -> bytes:
        if not self._arrived:
            self._arrived += self._device.take(self._now_us, 4096)
        given = bytes(self._arrived[:size])
        del self._arrived[:size]
        return given

    def write(self, data: bytes) -> None:
        self._device.receive(data, self._now_us)


def impulses(count: int, **more: Any) -> list[Impulse]:
    return [
        Impulse(due_us=1 + n * SECOND, stamp_us=TEN + n * SECOND + n * 1000, number=n + 1, **more) for n in range(count)
    ]


def expected(made: list[Impulse]) -> list[float]:
    return [round(impulse.stamp_us / SECOND, 4) for impulse in made]


@pytest.mark.parametrize("checked", [True, False])
def test_a_timy(checked: bool) -> None:
    timy = pytest.importorskip("metarace.timy", reason=NOT_THERE)
    made = impulses(20)
    timer = timy.timy()
    timer._port = Wire(VirtualTimy(made, checked=checked), HOUR)
    seen: list[Any] = []
    timer._proc_impulse = seen.append
    for _ in range(100):
        timer._read()
    assert [round(float(impulse.timeval), 4) for impulse in seen] == expected(made)
    assert {(impulse.chan, impulse.index) for impulse in seen} == {("C1", f"{n + 1:04d}") for n in range(20)}
    timer._port.write(b"RSM\r")
    for _ in range(100):
        timer._read()
    assert len(seen) == 40


def test_a_chronelec_decoder_and_its_acknowledgements() -> None:
    thbc = pytest.importorskip("metarace.decoder.thbc", reason=NOT_THERE)
    made = [
        Impulse(due_us=1 + n, stamp_us=TEN + n * SECOND + n * 1000, channel=n % 3, tag=str(7650 + n)) for n in range(20)
    ]
    device = VirtualChronelec(made)
    client = thbc.thbc()
    client._io = Wire(device, HOUR)
    seen: list[Any] = []
    client.setcb(seen.append)
    for _ in range(100):
        client._read()
    assert device.acknowledged == 20
    assert [impulse.refid for impulse in seen] == [str(7650 + n) for n in range(20)]
    assert [round(float(impulse.timeval), 4) for impulse in seen] == expected(made)
    assert device.forbidden == []


def test_a_usb_timing_box() -> None:
    rru = pytest.importorskip("metarace.decoder.rru", reason=NOT_THERE)
    made = [
        Impulse(due_us=1 + n, stamp_us=TEN + n * SECOND + SECOND // 4, channel=n % 2, tag=f"GLBAS{n}")
        for n in range(70)
    ]
    device = VirtualUsbBox(made, reference=(TEN // SECOND - 5, 0x200))
    client = rru.rru()
    client._io = Wire(device, HOUR)
    seen: list[Any] = []
    client.setcb(seen.append)
    for request in ("ASCII", "INFOGET;01", "EPOCHREFGET", "PASSINGINFOGET"):
        client._write(request)
    client._pendclr("")
    client._lastpassing = 0
    for _ in range(1000):
        said = client._readline()
        if said is None:
            client._lastpassing = len(seen)  # it begins at what comes next, we want all
            client._request_next()
            while not client._cqueue.empty():
                client._proccmd(client._cqueue.get_nowait())
        else:
            client._procline(said)
    assert client._boxname == "A-500"
    assert [impulse.refid for impulse in seen] == [f"GLBAS{n}" for n in range(70)]
    assert [round(float(impulse.timeval), 4) for impulse in seen] == expected(made)
    assert {impulse.chan for impulse in seen} == {"C1", "C2"}
    assert device.forbidden == []
