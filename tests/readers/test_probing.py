"""A probe says what is at the end of a wire, changes nothing, and ends by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from jumping_loop import run_jumping
from pty_peer import PtyPeer
from reader_peer import STAMP, ReaderPeer, ended
from test_driver import jumping

from calanque.commands.probe import clock_words, report
from readers import ipico_frames as frames
from readers import probing
from readers.errors import ConnectFailed
from readers.events import ClockSeen, StatusKind
from readers.ipico_requests import Request
from readers.probing import ASK_S, LISTEN_S, Found, kinds_for, probe
from readers.race_clock import RaceClock
from readers.transports import MemoryTransport, Transport, memory_pair, open_transport
from timing.instants import HOUR, SECOND
from timing.reader_kinds import KIND_OF
from timing.reads import ClockKind


class Port:
    """A reader that may be reached; `opened` links."""

    def __init__(self, peer: ReaderPeer) -> None:
        self.peer = peer
        self.opened: list[MemoryTransport] = []
        self._playing: list[asyncio.Task[None]] = []

    async def connect(self) -> Transport:
        near, far = memory_pair()
        self.opened.append(near)
        self._playing.append(asyncio.ensure_future(self.peer.play(far)))
        return near

    async def probed(self, names: tuple[str, ...] = ("ipico",)) -> Found:
        try:
            return await probe(self.connect, names, RaceClock.fastest(STAMP))
        finally:
            for playing in self._playing:
                await ended(playing)


@jumping
async def test_a_quiet_reader_is_known_by_its_answers_and_its_memory_is_left_alone() -> None:
    port = Port(ReaderPeer())
    port.peer.memory = [frames.tag_line("058000000001", STAMP)]
    start_s = asyncio.get_running_loop().time()
    found = await port.probed()
    assert asyncio.get_running_loop().time() - start_s <= LISTEN_S + ASK_S + 1
    assert found.kind is not None
    assert (found.kind.protocol, found.kind.asked, found.kind.reads) == ("ipico", True, [])
    assert found.kind.clock is not None
    assert any("read mode" in text for text in found.kind.said(StatusKind.SETTING))
    assert set(port.peer.requests) == {Request.CLOCK, Request.RECORD_FORMAT, Request.READ_MODE}
    assert len(port.opened) == 1
    said = "\n".join(report(found, 0))
    assert 'protocol = "ipico"' in said
    assert "ahead of this computer's" in said


@jumping
async def test_nothing_at_all_and_rubbish_are_told_apart_and_both_end() -> None:
    silent = await Port(ReaderPeer(mute=True)).probed()
    assert silent.kind is None
    assert "not one byte" in report(silent, 0)[0]

    class Rubbish(ReaderPeer):
        async def play(self, link: object) -> None:
            while True:
                await link.write(b"\x91\xfe\x07~\r\n")  # type: ignore[attr-defined]
                await asyncio.sleep(0.1)

    port = Port(Rubbish())
    noise = await port.probed()
    said = report(noise, 0)
    assert noise.kind is None
    assert "no sense" in said[0]
    assert all(line.isprintable() for line in said)


def test_what_is_not_questions_alone_is_only_listened_to(monkeypatch: pytest.MonkeyPatch) -> None:
    import dataclasses

    kinds = {**KIND_OF, "ipico": dataclasses.replace(KIND_OF["ipico"], asks_only=False)}
    monkeypatch.setattr(probing, "KIND_OF", kinds)
    monkeypatch.setattr("calanque.commands.probe.KIND_OF", kinds)

    async def main() -> None:
        port = Port(ReaderPeer())

        async def speaking() -> None:
            await asyncio.sleep(1)
            await port.peer.read(1, 2)

        task = asyncio.ensure_future(speaking())
        found = await port.probed()
        await task
        assert port.peer.requests == []
        assert found.kind is not None
        assert len(found.kind.reads) == 2
        assert any("only listened" in line for line in report(found, 0))

    run_jumping(main())


@jumping
async def test_a_link_that_breaks_is_opened_again_and_one_that_cannot_be_opened_says_so() -> None:
    port = Port(ReaderPeer())

    async def cut() -> None:
        await asyncio.sleep(0.5)
        port.peer.cut()

    task = asyncio.ensure_future(cut())
    found = await port.probed()
    await task
    assert found.kind is not None
    assert len(port.opened) == 2

    async def nowhere() -> Transport:
        raise ConnectFailed("nobody there")

    with pytest.raises(ConnectFailed, match="nobody there"):
        await probe(nowhere, ("ipico",), RaceClock.fastest(STAMP))


async def test_over_a_real_serial_port(tmp_path: Path) -> None:
    pty, peer = PtyPeer(tmp_path / "reader"), ReaderPeer()
    playing = asyncio.ensure_future(peer.play(pty))
    endpoint = f"serial:{tmp_path / 'reader'}"
    found = await probe(lambda: open_transport(endpoint), kinds_for(endpoint), RaceClock.real(), listen_s=0.2, ask_s=4)
    assert found.kind is not None
    assert found.kind.protocol == "ipico"
    assert found.kind.clock is not None
    await ended(playing)
    pty.close()


def test_only_kinds_that_fit_the_wire_are_tried() -> None:
    for connect in ("serial:/dev/ttyUSB0", "tcp:a:1", "listen:1"):
        scheme = connect.partition(":")[0]
        names = kinds_for(connect)
        assert "ipico" in names
        own = [scheme in KIND_OF[name].transports for name in names]
        assert own == sorted(own, reverse=True), "those that are reached so come first"


def clocks() -> Iterator[tuple[ClockKind, int, int, str]]:
    yield ClockKind.LOCAL, HOUR + SECOND // 4, HOUR, "0.250 s ahead"
    yield ClockKind.LOCAL, HOUR - SECOND // 4, 2 * HOUR, "WRONG HOUR: 1 h behind"
    yield ClockKind.UTC, 0, HOUR, "hour is right"
    yield ClockKind.UTC, HOUR, HOUR, "WRONG HOUR: 1 h ahead of UTC"
    yield ClockKind.TIME_OF_DAY, -STAMP // (24 * HOUR) * 24 * HOUR + HOUR, HOUR, "hour is right"
    yield ClockKind.ELAPSED, -STAMP + 90 * SECOND, 0, "0:01:30 since its zero"


@pytest.mark.parametrize(("kind", "off_us", "zone_us", "words"), [*clocks()])
def test_a_clock_is_told_with_its_hour_its_difference_and_its_error_bar(
    kind: ClockKind, off_us: int, zone_us: int, words: str
) -> None:
    seen = ClockSeen(stamp_us=STAMP + off_us, asked_us=STAMP - 20_000, received_us=STAMP + 20_000)
    said = "\n".join(clock_words(seen, kind, zone_us, "Europe/Paris"))
    assert words in said
    assert "give or take 0.020 s" in said


@pytest.mark.timeout(120)
async def test_a_web_server_is_no_reader(tmp_path: Path) -> None:
    """A page has characters enough to look like an answer of somebody, once, among much that is nothing."""

    async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(200)
        head = b"HTTP/1.0 400 Bad request\r\nServer: SimpleHTTP/0.6 Python/3.11.7\r\nContent-Type: text/html\r\n\r\n"
        writer.write(
            head + b"<!DOCTYPE HTML>\r\n<html lang='en'>\r\n<p>Bad request syntax ('ab00000222').</p>\r\n</html>\r\n"
        )
        writer.close()

    server = await asyncio.start_server(page, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    connect = f"tcp:127.0.0.1:{port}"
    found = await probe(
        lambda: open_transport(connect), ["ipico", "ultra", "race_result"], RaceClock.real(), listen_s=0.2
    )
    server.close()
    assert found.kind is None
    assert "makes no sense" in report(found, 0)[0]
