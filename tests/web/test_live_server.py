"""The stream, the pages and the files over HTTP, from a real server on a free port."""

import asyncio
import json
import socket
from typing import Any

import httpx
import pytest
from event_reader import applied, reading
from moving_race import WITHHELD_NAME, MovingRace
from show_moving_race import ShownRace

from results.web.app import build_app
from results.web.server import AddressTaken, LiveServer
from results.web.stream import Hub, View
from timing.instants import MINUTE, SECOND


async def test_an_event_arrives_and_a_second_one_carries_what_changed(
    shown: ShownRace, server: LiveServer, race: MovingRace
) -> None:
    async with reading(f"{server.url}/events/board") as reader:
        assert reader.response.headers["content-type"].startswith("text/event-stream")
        first = await reader.next("view")
        latest = shown.show(race.first_gun_us + 101 * MINUTE)
        second = await reader.next("change")
    assert second.data["from"] == first.data["number"]
    assert "race" not in second.data["sections"], "what does not move is not sent again"
    assert applied(applied({}, first), second) == json.loads(latest.json())["sections"]
    assert second.data["sent_us"] >= second.data["made_us"]


async def test_a_reader_that_comes_back_resumes_where_it_was(
    shown: ShownRace, server: LiveServer, race: MovingRace
) -> None:
    async with reading(f"{server.url}/events/board") as reader:
        first = await reader.next("view")
    shown.show(race.first_gun_us + 101 * MINUTE)
    shown.show(race.first_gun_us + 102 * MINUTE)
    assert first.id is not None
    async with reading(f"{server.url}/events/board", **{"Last-Event-ID": first.id}) as reader:
        event = await reader.next()
    assert (event.kind, event.data["from"], event.data["number"]) == ("change", 1, 3)
    async with reading(f"{server.url}/events?after={first.id}") as reader:
        assert (await reader.next()).kind == "change"


async def test_f59_a_slow_reader_gets_the_newest_and_not_the_backlog() -> None:
    """2,000 views of 20 kB while nobody reads: 40 MB. What comes is what the socket held, then the newest."""
    race = _Views()
    race.publish(1)
    async with LiveServer(build_app(race)) as server:
        slow = socket.socket()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect((server.host, server.port))
        slow.sendall(b"GET /events/board HTTP/1.1\r\nHost: x\r\n\r\n")
        slow.setblocking(False)
        for number in range(2, 2001):
            race.publish(number)
            if number % 20 == 0:
                await asyncio.sleep(0)
                await asyncio.sleep(0.001)
        received = b""
        async with asyncio.timeout(10):
            while b"-2000\n" not in received:
                received += await asyncio.get_running_loop().sock_recv(slow, 65536)
        assert received.count(b"event: change") + received.count(b"event: view") < 100
        slow.close()
        race.hub.close()


async def test_a_reader_that_leaves_gives_its_place_back(shown: ShownRace, server: LiveServer) -> None:
    async with reading(f"{server.url}/events") as reader:
        await reader.next("view")
        assert shown.hub.clients == 1
    async with asyncio.timeout(5):
        while shown.hub.clients:  # noqa: ASYNC110 - the hub tells nobody that a client left
            await asyncio.sleep(0.01)


async def test_f59_one_reader_too_many_is_told_to_come_back(race: MovingRace) -> None:
    shown = ShownRace(race, clients_max=1)
    shown.show(race.first_gun_us)
    async with LiveServer(build_app(shown)) as server:
        async with reading(f"{server.url}/events") as reader:
            await reader.next("view")
            refused = await _get(f"{server.url}/events")
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "5"
        shown.hub.close()


async def test_stopping_the_server_ends_its_streams(shown: ShownRace) -> None:
    server = LiveServer(build_app(shown))
    await server.start()
    async with reading(f"{server.url}/events") as reader:
        await reader.next("view")
        shown.hub.close()
        assert await reader.ended()
    await server.stop()


async def test_a_server_ends_without_a_complaint_though_one_reader_waits_its_turn_and_another_is_stuck(
    caplog: pytest.LogCaptureFixture,
) -> None:
    race = _Views()
    race.publish(1)
    server = LiveServer(build_app(race), ending=race.hub.close)
    await server.start()
    stuck = socket.socket()
    stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stuck.connect((server.host, server.port))
    stuck.sendall(b"GET /events/board HTTP/1.1\r\nHost: x\r\n\r\n")
    async with reading(f"{server.url}/events") as reader:
        await reader.next("view")
        for number in range(2, 400):
            race.publish(number)
            await asyncio.sleep(0.001)
        await server.stop()
        assert await reader.ended()
    stuck.close()
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_an_address_in_use_is_refused_with_its_name(server: LiveServer, shown: ShownRace) -> None:
    with pytest.raises(AddressTaken, match=f"127.0.0.1:{server.port}"):
        LiveServer(build_app(shown), port=server.port)


async def test_the_view_as_json_is_numbered_and_not_sent_twice(shown: ShownRace, server: LiveServer) -> None:
    first = await _get(f"{server.url}/view.json")
    assert first.json()["number"] == 1
    again = await _get(f"{server.url}/view.json", **{"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_health_tells_when_the_engine_has_fallen_silent(shown: ShownRace, server: LiveServer) -> None:
    assert (await _get(f"{server.url}/healthz")).status_code == 200
    newest = shown.view()
    shown.hub.publish(View(number=99, board=newest.board, made_us=newest.made_us - 60 * SECOND))
    silent = await _get(f"{server.url}/healthz")
    assert (silent.status_code, silent.json()["alive"]) == (503, False)


@pytest.mark.parametrize(
    "path", ["/", "/en", "/board", "/en/board", "/view.json", "/events", "/nowhere", "/static/live.js"]
)
async def test_every_answer_keeps_the_page_to_itself(server: LiveServer, path: str) -> None:
    async with httpx.AsyncClient() as client, client.stream("GET", server.url + path) as answer:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_files_with_a_version_are_kept_for_ever_and_pages_never(server: LiveServer) -> None:
    page = await _get(server.url)
    assert page.headers["cache-control"] == "no-store"
    links = [part.split('"')[0] for part in page.text.split('"/static/')[1:]]
    assert len(links) == 7
    for link in links:
        file = await _get(f"{server.url}/static/{link}")
        assert file.status_code == 200
        assert "immutable" in file.headers["cache-control"]
    font = await _get(f"{server.url}/static/base/fonts/encode-sans-latin.woff2")
    assert font.status_code == 200
    assert "immutable" not in font.headers["cache-control"]


@pytest.mark.parametrize("path", ["../app.py", "..%2fapp.py", "base/../../app.py", "%2e%2e/%2e%2e/views.py", ""])
async def test_no_file_but_ours_is_served(server: LiveServer, path: str) -> None:
    assert (await _get(f"{server.url}/static/{path}")).status_code == 404


@pytest.mark.parametrize("path", ["/", "/en", "/board", "/en/board", "/view.json", "/events", "/events/board"])
async def test_f60_a_withheld_name_is_in_no_byte_that_leaves(shown: ShownRace, race: MovingRace, path: str) -> None:
    """The view is taken when the withheld have just crossed the line and one of them leads."""
    withheld = [n for n, entrant in enumerate(race.roster.entrants) if not entrant.public]
    at_us = int(race.truth_us[-1][withheld].max())
    shown.show(at_us)
    assert any(row["withheld"] for row in shown.view().board["arrivals"])
    async with LiveServer(build_app(shown)) as server:
        if path.startswith("/events"):
            async with reading(server.url + path) as reader:
                text = json.dumps((await reader.next("view")).data, ensure_ascii=False)
        else:
            text = (await _get(server.url + path)).text
        shown.hub.close()
    assert WITHHELD_NAME.lower() not in text.lower()
    assert "secret" not in text.lower()


class _Views:
    """A live race of bare views, 20 kB each."""

    def __init__(self) -> None:
        self.hub = Hub()
        self.race_title = {"fr": "x", "en": "x"}

    def publish(self, number: int) -> None:
        self.hub.publish(View(number=number, board={"arrivals": f"{number} " * 4000}, made_us=number))

    def view(self) -> View:
        raise AssertionError("no page is asked for")

    async def control(self, command: dict[str, Any]) -> dict[str, Any]:
        return command


async def _get(url: str, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(timeout=10) as client:
        return await client.get(url, headers=headers)
