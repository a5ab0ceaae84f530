"""Commands over HTTP: the token, the shape, the answer."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from show_moving_race import TOKEN, ShownRace

from results.errors import ResultsError
from results.web.app import build_app
from results.web.control import BODY_MAX, may_command, token_in


async def post(
    shown: ShownRace, name: str, *, token: str | None = TOKEN, app_token: str | None = TOKEN, **how: Any
) -> httpx.Response:
    transport = httpx.ASGITransport(app=build_app(shown, token=app_token))
    headers = {} if token is None else {b"Authorization": b"Bearer " + token.encode()}
    async with httpx.AsyncClient(transport=transport, base_url="http://race") as client:
        return await client.post(f"/api/{name}", headers=headers, **how)


@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN[:-1], TOKEN + "x", "é" * 20])
async def test_without_the_token_nothing_is_done(shown: ShownRace, token: str | None) -> None:
    answer = await post(shown, "publish", token=token, json={"author": "Hélène"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert shown.commands == []


async def test_a_race_without_a_token_takes_no_command(shown: ShownRace) -> None:
    assert (await post(shown, "status", app_token=None)).status_code == 401
    assert not may_command("Bearer ", None)


async def test_commands_reach_the_engine_with_their_fields(shown: ShownRace) -> None:
    gun = {"author": "Samir", "wave": "1", "at_us": 1_730_016_000_000_000}
    for name, fields in (
        ("close", {"author": "Samir", "point": "start"}),
        ("gun", gun),
        ("publish", {"author": "Samir"}),
        ("roster", {"author": "Samir", "path": "roster/v2.csv"}),
    ):
        answer = await post(shown, name, json=fields)
        assert (answer.status_code, answer.json()) == (200, {"done": name})
    assert (await post(shown, "status")).status_code == 200
    assert [command["command"] for command in shown.commands] == ["close", "gun", "publish", "roster", "status"]
    assert shown.commands[0] == {"command": "close", "author": "Samir", "point": "start", "at_us": None}
    assert shown.commands[1] == {"command": "gun", "pressed": False} | gun


@pytest.mark.parametrize(
    ("name", "body", "field"),
    [
        ("close", {"author": "S", "point": "gineste"}, "point"),
        ("close", {"author": " ", "point": "start"}, "author"),
        ("close", {"point": "start"}, "author"),
        ("publish", {"author": "S", "force": True}, "force"),
        ("gun", {"author": "S", "at_us": 1_730_016_000}, "at_us"),
        ("gun", {"author": "S", "at_us": "1730016000000000"}, "at_us"),
        ("roster", {"author": "S"}, "path"),
        ("publish", ["S"], "body"),
    ],
)
async def test_a_command_that_cannot_be_understood_names_the_field(
    shown: ShownRace, name: str, body: Any, field: str
) -> None:
    answer = await post(shown, name, json=body)
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["faults"]] == [field]
    assert shown.commands == []


async def test_what_is_not_json_is_said_to_be_so(shown: ShownRace) -> None:
    for body in (b"author=S", b"\xff\xfe", b"[" * 5000):
        answer = await post(shown, "publish", content=body)
        assert answer.status_code == 422
        assert "JSON" in answer.json()["error"]


async def test_an_unknown_command_is_answered_with_the_known_ones(shown: ShownRace) -> None:
    answer = await post(shown, "explode")
    assert answer.status_code == 404
    assert "publish" in answer.json()["error"]


async def test_a_body_longer_than_any_command_is_not_read_to_its_end(shown: ShownRace) -> None:
    assert (await post(shown, "publish", content=b" " * (BODY_MAX + 1))).status_code == 413


async def test_what_the_engine_refuses_is_told_in_its_words(shown: ShownRace, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(command: dict[str, Any]) -> dict[str, Any]:
        raise ResultsError("the finish is closed already, by Hélène at 12:31:08")

    monkeypatch.setattr(shown, "control", refuse)
    answer = await post(shown, "close", json={"author": "S", "point": "finish"})
    assert (answer.status_code, answer.json()["error"]) == (409, "the finish is closed already, by Hélène at 12:31:08")


def test_the_token_comes_from_the_race_folder_and_must_be_long(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    with pytest.raises(ResultsError, match="secret"):
        token_in(secret)
    secret.write_text("short\n")
    with pytest.raises(ResultsError, match="16 characters"):
        token_in(secret)
    secret.write_text("0123456789abcdef\n")
    assert token_in(secret) == "0123456789abcdef"
