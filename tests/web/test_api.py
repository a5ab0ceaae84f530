"""What programs are given: each reply is what its description says, no more and no less."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from event_reader import applied, reading
from fastapi.openapi.models import OpenAPI
from moving_race import MovingRace
from pydantic import BaseModel
from show_moving_race import TOKEN, ShownRace

from results.people import Audience
from results.runner_card import runner_card
from results.web import api_board_models as board_models
from results.web import api_models as models
from results.web.app import build_app
from results.web.server import LiveServer
from timing.instants import MINUTE
from timing.times import Status

Get = Callable[..., Any]


@pytest.fixture
async def get(shown: ShownRace) -> AsyncIterator[Get]:
    transport = httpx.ASGITransport(app=build_app(shown, token=TOKEN, reading_step_s=0.0))
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:

        async def asked(path: str, **headers: str) -> httpx.Response:
            return await client.get(f"/api{path}", headers=headers)

        yield asked


REPLIES: dict[str, type[BaseModel]] = {
    "/race": board_models.RaceReply,
    "/board": board_models.BoardReply,
    "/flow": models.FlowReply,
    "/lists": models.ListsReply,
    "/lists/sex-F?from=2&count=3": models.ListReply,
    "/clubs": models.ClubsReply,
    "/clubs/martigues": models.ClubReply,
    "/runners/17": models.RunnerReply,
    "/runners/17/why": models.WhyReply,
    "/search?q=ves": models.SearchReply,
}


@pytest.mark.parametrize("path", REPLIES)
async def test_what_is_served_has_every_field_that_is_described_and_no_other(get: Get, path: str) -> None:
    answer = await get(path)
    assert answer.status_code == 200
    served = answer.json()
    reply = REPLIES[path].model_validate(served)
    described = json.loads(reply.model_dump_json())
    if path in ("/board",):
        for leaders in described["sections"]["leaders"]:
            for row, sent in zip(leaders["rows"], served_rows(served, leaders["scope"]), strict=True):
                if "official" not in sent:
                    assert row.pop("official") is False
    assert described == served


def served_rows(served: dict[str, Any], scope: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = next(s for s in served["sections"]["leaders"] if s["scope"] == scope)["rows"]
    return rows


async def test_before_the_start_and_after_the_close_replies_are_as_described_too(get: Get, shown: ShownRace) -> None:
    for minutes, closed in ((-30, False), (20, False), (300, True)):
        shown.show(shown.race.first_gun_us + minutes * MINUTE, closed=closed)
        for path, reply in REPLIES.items():
            answer = await get(path)
            assert answer.status_code == 200, path
            reply.model_validate(answer.json())


async def test_the_description_is_openapi_and_names_every_reply(get: Get) -> None:
    schema = (await get("/openapi.json")).json()
    OpenAPI.model_validate(schema)
    known = schema["components"]["schemas"]
    for name in references(schema):
        assert name in known
    described = {path.removeprefix("/") for path in schema["paths"]}
    assert described == {
        "race", "board", "flow", "stream", "lists", "lists/{list_id}", "clubs", "clubs/{key}", "runners/{bib}",
        "runners/{bib}/why", "search",
    }  # fmt: skip
    for path, methods in schema["paths"].items():
        assert list(methods) == ["get"], path
        assert methods["get"]["description"], path
    assert schema["servers"] == [{"url": "/api"}]
    assert {reply.__name__ for reply in REPLIES.values()} <= known.keys()


def references(node: Any) -> set[str]:
    if isinstance(node, dict):
        found = {node["$ref"].rsplit("/", 1)[1]} if "$ref" in node else set()
        return found.union(*map(references, node.values()))
    return set().union(*map(references, node)) if isinstance(node, list) else set()


async def test_no_page_of_documentation_is_loaded_from_elsewhere(get: Get) -> None:
    assert (await get("/docs")).status_code == (await get("/redoc")).status_code == 404


@pytest.mark.parametrize("path", ["/race", "/lists/sex-F", "/runners/17", "/lists", "/search?q=ves", "/clubs"])
async def test_what_has_not_changed_is_not_sent_twice(get: Get, path: str) -> None:
    first = await get(path)
    again = await get(path, **{"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["cache-control"] == again.headers["cache-control"] == "public, no-cache"


async def test_a_page_of_a_list_is_the_same_until_one_of_its_own_rows_is_another(get: Get, shown: ShownRace) -> None:
    """Readers of the first places are not sent them again because somebody finished far behind."""
    top, all_of_it = "/lists/scratch?count=10", "/lists/scratch?count=100"
    before = [(await get(path)).headers["etag"] for path in (top, all_of_it)]
    shown.show(shown.race.first_gun_us + 102 * MINUTE)
    after = [(await get(path)).headers["etag"] for path in (top, all_of_it)]
    assert before[0] == after[0]
    assert before[1] != after[1]


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/lists/none", 404, "there are: scratch"),
        ("/lists/federation", 404, "there are: scratch"),
        ("/lists/scratch?from=0", 422, "from"),
        ("/lists/scratch?count=1000", 422, "count"),
        ("/runners/nobody", 404, "nobody wears bib"),
        ("/clubs/none", 404, "no club"),
        ("/search", 422, "q"),
        ("/nothing", 404, "Not Found"),
        ("/status", 404, "Not Found"),
    ],
)
async def test_what_is_not_there_or_not_understood_is_said(get: Get, path: str, status: int, said: str) -> None:
    answer = await get(path)
    assert answer.status_code == status
    assert said in answer.json()["error"]


async def test_a_withheld_runner_is_a_bib_and_nothing_else_for_programs_too(get: Get, shown: ShownRace) -> None:
    standing = shown.standing()
    bib = next(p.bib for p in standing.people(Audience.PUBLIC) if p.withheld and p.bib)
    values = (await get(f"/runners/{bib}")).json()
    assert {key: value for key, value in values.items() if value not in (None, [], 0)} == {"bib": bib, "withheld": True}
    assert (await get(f"/runners/{bib}/why")).status_code == 404
    (row,) = [row for row in (await get(f"/search?q={bib}")).json()["found"] if row["person"]["bib"] == bib]
    assert row["person"]["first_name"] is row["person"]["last_name"] is row["person"]["club"] is None


async def test_pages_of_other_sites_may_ask_and_only_for_what_everybody_may_read(shown: ShownRace) -> None:
    transport = httpx.ASGITransport(app=build_app(shown, token=TOKEN))
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        for path in ("/api/race", "/api/runners/17", "/api/lists/none"):
            headers = (await client.get(path)).headers
            assert headers["access-control-allow-origin"] == "*"
            assert headers["cross-origin-resource-policy"] == "cross-origin"
            assert "access-control-allow-credentials" not in headers
        for path in ("/", "/lists/scratch", "/view.json"):
            assert "access-control-allow-origin" not in (await client.get(path)).headers
        refused = await client.post("/api/close", json={"author": "x", "point": "start"})
        assert refused.status_code == 401
        assert "access-control-allow-origin" not in refused.headers


async def test_commands_are_taken_beside_the_replies(shown: ShownRace) -> None:
    transport = httpx.ASGITransport(app=build_app(shown, token=TOKEN))
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        answer = await client.post("/api/status", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.json() == {"done": "status"}


async def test_the_stream_for_programs_is_that_of_the_pages(
    shown: ShownRace, server: LiveServer, race: MovingRace
) -> None:
    async with reading(f"{server.url}/api/stream") as reader:
        first = await reader.next("view")
        shown.show(race.first_gun_us + 101 * MINUTE)
        second = await reader.next("change")
    sections = applied(applied({}, first), second)
    assert sections == json.loads(shown.view().json())["sections"]
    assert first.id == f"{shown.hub.run}-1"


async def test_a_stream_of_chosen_sections_sends_those_and_passes_over_what_is_not_about_them(
    shown: ShownRace, server: LiveServer, race: MovingRace
) -> None:
    async with reading(f"{server.url}/api/stream?sections=counts,lists,unheard") as reader:
        first = await reader.next("view")
        shown.show(race.first_gun_us + 100 * MINUTE + 1)
        passed_over = await reader.next()
        shown.show(race.first_gun_us + 110 * MINUTE)
        change = await reader.next("change")
    assert first.data["sections"].keys() == {"counts", "lists"}
    assert passed_over.kind == "beat"
    assert change.data["sections"].keys() == {"counts"}


async def test_a_runner_is_the_same_for_programs_as_for_readers(get: Get, shown: ShownRace) -> None:
    standing = shown.standing()
    for bib in ("1", "17", "300"):
        card = runner_card(standing, bib)
        assert card is not None
        values = (await get(f"/runners/{bib}")).json()
        assert values["official_s"] == card.official_s
        assert values["status"] == Status(card.status).name
        assert [place["place"] for place in values["places"]] == [place.place for place in card.places]
        assert [point["gun_s"] for point in values["points"]] == [point.gun_s for point in card.points]
