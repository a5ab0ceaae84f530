"""Who reaches which route: nobody without a session, no session without its role, no write without its token."""

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from event_reader import reading
from markupsafe import escape
from show_moving_race import CODES, TOKEN, ShownRace, shown_sessions
from staff_client import client_of, signed_in, staffed_app, token_of
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from results.web.access import Access
from results.web.attempts import FREE
from results.web.control import COMMANDS, MAY_GIVE
from results.web.public_routes import PUBLIC_METHODS
from results.web.server import LiveServer

CREDENTIALS = {"/api/{name}", "/sign-in", "/en/sign-in", "/sign-out", "/crew/form"}
"""Every path of the test's application that takes more than GET: a new one must be proved here."""


@pytest.fixture
def app(shown: ShownRace) -> Starlette:
    return staffed_app(shown)


def writing_routes(app: Starlette) -> Iterator[tuple[str, str]]:
    """Path and method of whatever takes more than GET and HEAD."""
    for route in app.routes:
        if isinstance(route, Mount):
            continue  # files: refuse everything else by themselves, see below
        assert isinstance(route, Route), route
        assert route.methods, "a route without methods takes all"
        for method in route.methods - set(PUBLIC_METHODS):
            yield route.path, method


def every_write(app: Starlette) -> list[tuple[str, str]]:
    """The same with each command by its name."""
    found = []
    for path, method in writing_routes(app):
        found += [(path.replace("{name}", name), method) for name in COMMANDS] if "{name}" in path else [(path, method)]
    return found


def test_every_route_that_writes_is_known_and_proved_below(app: Starlette) -> None:
    assert {path for path, _ in writing_routes(app)} == CREDENTIALS
    assert {method for _, method in writing_routes(app)} == {"POST"}


async def test_no_route_takes_a_write_without_credentials(shown: ShownRace, app: Starlette) -> None:
    async with client_of(app) as client:
        for path, method in every_write(app):
            answer = await client.request(method, path, content=b"")
            # The sign-in itself asks for a code: without one it is a form that is not filled in.
            assert answer.status_code == (422 if path.endswith("/sign-in") else 401), path
            assert "set-cookie" not in answer.headers
    assert shown.commands == []


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_whatever_can_be_read_can_only_be_read(shown: ShownRace, app: Starlette, method: str) -> None:
    """With the best of credentials: the token of the folder, and a session with its own."""
    writes = {path for path, _ in writing_routes(app)}
    async with client_of(app) as client:
        csrf = await signed_in(client, Access.JURY)
        headers = {"Authorization": f"Bearer {TOKEN}", "X-CSRF-Token": csrf}
        paths = [route.path for route in app.routes if isinstance(route, Route) and route.path not in writes]
        assert len(paths) > 10
        for path in [*paths, "/static/live.js", "/static/base/tokens.css"]:
            # What is read below /api/ stands beside the commands: to those such a name is none.
            refused = (404, 405) if path.startswith("/api/") else (405,)
            assert (await client.request(method, path, headers=headers)).status_code in refused, path
    assert shown.commands == []


async def test_a_session_without_its_token_writes_nothing(shown: ShownRace, app: Starlette) -> None:
    async with client_of(app) as client, client_of(app) as another:
        await signed_in(client, Access.JURY)
        foreign = await signed_in(another, Access.JURY)
        for path, method in every_write(app):
            if path.endswith("/sign-in"):
                continue
            for headers in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": foreign}, {b"X-CSRF-Token": "é".encode()}):
                answer = await client.request(method, path, headers=headers, content=b"")
                assert answer.status_code == 403, path
                assert "token" in answer.json()["error"]
        assert (await client.get("/session.json")).status_code == 200, "and is not signed out by that"
    assert shown.commands == []


async def test_a_session_without_the_role_gives_no_command(shown: ShownRace, app: Starlette) -> None:
    assert MAY_GIVE.keys() == COMMANDS.keys(), "each command says who may give it"
    for access in Access:
        async with client_of(app) as client:
            csrf = await signed_in(client, access)
            for name in COMMANDS:
                if access in MAY_GIVE[name]:
                    continue
                answer = await client.post(f"/api/{name}", headers={"X-CSRF-Token": csrf}, json={})
                assert answer.status_code == 403, (access, name)
                assert str(access) in answer.json()["error"]
    assert shown.commands == []


async def test_a_form_is_for_its_roles_and_takes_the_token_as_a_field(app: Starlette) -> None:
    async with client_of(app) as client:
        csrf = await signed_in(client, Access.JURY, name="Ève")
        answer = await client.post("/crew/form", data={"csrf": csrf, "what": "réclamation"})
        assert answer.json() == {"by": "Ève", "what": "réclamation"}
        assert (await client.post("/crew/form", content=b"x" * 20_000)).status_code == 413
        assert (await client.post("/crew/form", content=b"&".join([b"a=b"] * 100))).status_code == 422
    async with client_of(app) as client:
        csrf = await signed_in(client, Access.CREW)
        assert (await client.post("/crew/form", data={"csrf": csrf})).status_code == 403


@pytest.mark.parametrize(
    ("path", "roles"),
    [("/speaker", set(Access)), ("/en/speaker", set(Access)), ("/crew", set(Access) - {Access.SPEAKER})],
)
async def test_a_page_is_shown_to_its_roles_and_refused_in_words_to_others(
    app: Starlette, path: str, roles: set[Access]
) -> None:
    for access in Access:
        async with client_of(app) as client:
            await signed_in(client, access)
            answer = await client.get(path)
            assert answer.status_code == (200 if access in roles else 403)
            assert answer.headers["content-type"].startswith("text/html")
            assert answer.headers["cache-control"] == "no-store"
            if access not in roles:
                assert "chronométrage, juge-arbitre ou jury d&#39;appel" in answer.text


@pytest.mark.parametrize(
    ("path", "where"),
    [("/speaker", "/sign-in?next=%2Fspeaker"), ("/en/crew?d=4&x=a", "/en/sign-in?next=%2Fen%2Fcrew%3Fd%3D4%26x%3Da")],
)
async def test_without_a_session_a_page_leads_to_the_sign_in_and_back(app: Starlette, path: str, where: str) -> None:
    async with client_of(app) as client:
        answer = await client.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, where)
        form = await client.get(where)
        wanted = form.text.partition('name="next" value="')[2].partition('"')[0].replace("&amp;", "&")
        fields = {"name": "S", "code": CODES[Access.CREW], "next": wanted}
        assert (await client.post(where.partition("?")[0], data=fields)).headers["location"] == path


async def test_what_a_script_asks_for_is_refused_with_json(app: Starlette) -> None:
    async with client_of(app) as client:
        for path in ("/crew/data.json", "/speaker/events", "/session.json"):
            answer = await client.get(path)
            assert (answer.status_code, "sign" in answer.json()["error"]) == (401, True)
        await signed_in(client, Access.SPEAKER)
        assert (await client.get("/crew/data.json")).status_code == 403
        assert (await client.get("/session.json")).json()["name"] == "Hélène"


HOSTILE_NEXT = [
    "https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "/%2f/evil.example", "http:/crew",
    "javascript:alert(1)", " /crew", "/crew\r\nSet-Cookie: a=b", "/crew\n", "/crew\t", "/crew#x", "/nowhere", "/",
    "/crew/../..//evil.example", "crew", "", "/crew?" + "a" * 400, "/cr\u00e9w", "/sign-out", "/crew?é", "/crew//",
]  # fmt: skip


@pytest.mark.parametrize("wanted", HOSTILE_NEXT)
async def test_the_sign_in_leads_to_pages_of_ours_alone(app: Starlette, wanted: str) -> None:
    async with client_of(app) as client:
        fields = {"name": "S", "code": CODES[Access.CREW], "next": wanted}
        answer = await client.post("/sign-in", data=fields)
        assert (answer.status_code, answer.headers["location"]) == (303, "/crew")
        assert len(answer.headers.get_list("set-cookie")) == 1
        shown = await client_of(app).get("/sign-in", params={"next": wanted})
        assert 'name="next" value=""' in shown.text


async def test_whoever_wanted_a_page_that_is_not_theirs_begins_at_their_own(app: Starlette) -> None:
    async with client_of(app) as client:
        fields = {"name": "S", "code": CODES[Access.SPEAKER], "microphone": "2", "next": "/crew"}
        assert (await client.post("/sign-in", data=fields)).headers["location"] == "/speaker"


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"name": "", "code": "a-code-of-theirs"}, 422, "Un nom est demandé"),
        ({"name": "\u200b\r\n", "code": "a-code-of-theirs"}, 422, "Un nom est demandé"),
        ({"name": "a" * 61, "code": "a-code-of-theirs"}, 422, "60 caractères"),
        ({"name": "S", "code": " "}, 422, "Un code est demandé"),
        ({"name": "S", "code": "nope"}, 401, "pas en vigueur"),
        ({"name": "S", "code": CODES[Access.SPEAKER]}, 422, "quel micro"),
        (
            {"name": "S", "code": CODES[Access.SPEAKER], "microphone": "other", "microphone_other": ""},
            422,
            "quel micro",
        ),
        ({"name": "S", "code": CODES[Access.SPEAKER], "microphone": "x" * 21}, 422, "quel micro"),
    ],
)
async def test_a_sign_in_that_cannot_be_taken_says_what_is_missing(
    app: Starlette, fields: dict[str, str], status: int, words: str
) -> None:
    async with client_of(app) as client:
        answer = await client.post("/sign-in", data=fields)
        assert answer.status_code == status
        assert words in answer.text
        assert 'role="alert"' in answer.text
        assert "set-cookie" not in answer.headers
        assert fields["code"].strip() == "" or fields["code"] not in answer.text, "a code is never sent back"


@pytest.mark.parametrize(
    ("fields", "microphone"),
    [
        ({"microphone": "1"}, "1"),
        ({"microphone": "other", "microphone_other": " tribune\x00 sud "}, "tribune sud"),
        ({"microphone": "", "microphone_other": "plage"}, "plage"),
        ({"microphone": "2", "microphone_other": "typed, then 2 was chosen"}, "2"),
    ],
)
async def test_a_speaker_has_the_microphone_they_chose(app: Starlette, fields: dict[str, str], microphone: str) -> None:
    async with client_of(app) as client:
        await signed_in(client, Access.SPEAKER, **{"microphone": "", **fields})
        assert (await client.get("/session.json")).json()["microphone"] == microphone


@pytest.mark.parametrize(
    "name",
    ["<script>alert(1)</script>", "Ondřej \U0001f3c3", "دينا", "x\r\nSet-Cookie: a=b", "{capacity}", '"><i id=x>'],
)
async def test_an_exotic_name_is_only_ever_text(app: Starlette, name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "results.web")
    async with client_of(app) as client:
        await signed_in(client, Access.CREW, name=name)
        page = await client.get("/crew")
        assert "<script>alert" not in page.text
        assert "<i id" not in page.text
        assert f"Connecté : {escape(name.replace(chr(13) + chr(10), ' '))}, chronométrage" in page.text.replace(
            "\u00a0", " "
        )
        kept = (await client.get("/session.json")).json()["name"]
        assert kept == name.replace("\r\n", " ")
        assert all("\n" not in record.getMessage() for record in caplog.records)


async def test_the_cookie_is_for_our_pages_only_and_secure_when_the_request_was(app: Starlette) -> None:
    fields = {"name": "S", "code": CODES[Access.CREW]}
    async with client_of(app) as client:
        plain = (await client.post("/sign-in", data=fields)).headers["set-cookie"].lower()
        proxied = await client.post("/sign-in", data=fields, headers={"X-Forwarded-Proto": "https"})
    async with client_of(app, base="https://race") as client:
        direct = (await client.post("/sign-in", data=fields)).headers["set-cookie"].lower()
    for cookie in (plain, direct):
        assert {"httponly", "samesite=strict", "path=/", "max-age=86400"} <= {
            part.strip() for part in cookie.split(";")
        }
    assert "secure" not in plain
    assert direct.endswith("secure")
    assert proxied.headers["set-cookie"].lower().endswith("secure")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://race"}, 200),
        ({"Origin": "http://race:80", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "https://live.example.org", "X-Forwarded-Host": "live.example.org"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://[evil"}, 403),
        ({"Origin": ""}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://race"}, 403),
        ({"Origin": "http://race:8080"}, 403),
    ],
)
async def test_a_write_that_another_site_began_is_refused(
    shown: ShownRace, app: Starlette, headers: dict[str, str], status: int
) -> None:
    async with client_of(app) as client:
        csrf = await signed_in(client, Access.CREW)
        answer = await client.post("/api/status", headers={"X-CSRF-Token": csrf, **headers})
        assert answer.status_code == status
        form = {"name": "S", "code": CODES[Access.CREW]}
        signing = await client.post("/sign-in", data=form, headers=headers)
        assert signing.status_code == (303 if status == 200 else 403)
    assert len(shown.commands) == (status == 200)


async def test_a_command_is_signed_by_the_session(shown: ShownRace, app: Starlette) -> None:
    ruling = {"act": {"kind": "x"}, "reason": "vidéo"}
    async with client_of(app) as client:
        headers = {"X-CSRF-Token": await signed_in(client, Access.REFEREE, name="Hélène Roux")}
        for body in (ruling, ruling | {"author": "Hélène Roux", "role": "referee"}, ruling | {"author": None}):
            assert (await client.post("/api/rule", headers=headers, json=body)).status_code == 200
        assert {(command["author"], command["role"]) for command in shown.commands} == {("Hélène Roux", "referee")}
        for other in ({"author": "Samir"}, {"role": "jury"}, {"author": ""}, {"role": "crew"}, {"author": ["Samir"]}):
            answer = await client.post("/api/rule", headers=headers, json=ruling | other)
            assert answer.status_code == 422
            assert [fault["field"] for fault in answer.json()["faults"]] == list(other)
            assert "sign-in" in answer.json()["error"]
        answer = await client.post("/api/publish", headers=headers)
        assert answer.status_code == 200, "an empty body is signed as well"
        assert (await client.post("/api/publish", headers=headers, content=b"[1]")).status_code == 422
    assert len(shown.commands) == 4


async def test_a_command_line_says_who_it_is_by_itself(shown: ShownRace, app: Starlette) -> None:
    async with client_of(app) as client:
        await signed_in(client, Access.CREW, name="Hélène")
        right = {"Authorization": f"Bearer {TOKEN}"}
        assert (await client.post("/api/publish", headers=right, json={"author": "Samir"})).status_code == 200
        assert shown.commands[0]["author"] == "Samir"
        wrong = {"Authorization": "Bearer wrong-token-of-the-folder", "X-CSRF-Token": await token_of(client)}
        assert (await client.post("/api/publish", headers=wrong)).status_code == 401


async def test_signing_out_takes_the_session_back_and_copies_of_it(app: Starlette) -> None:
    async with client_of(app) as client:
        csrf = await signed_in(client, Access.CREW)
        copy = dict(client.cookies)
        answer = await client.post("/sign-out", data={"csrf": csrf, "language": "en"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/en/sign-in")
        assert (await client.get("/session.json")).status_code == 401
    async with client_of(app) as client:
        client.cookies.update(copy)
        assert (await client.get("/session.json")).status_code == 401
        assert (await client.get("/sign-out")).status_code == 405, "a link signs nobody out"


async def test_a_session_goes_on_in_the_next_life_of_the_engine(shown: ShownRace, app: Starlette) -> None:
    async with client_of(app) as client:
        csrf = await signed_in(client, Access.CREW)
        cookies = dict(client.cookies)
    async with client_of(staffed_app(shown, shown_sessions())) as client:
        client.cookies.update(cookies)
        assert (await client.post("/api/status", headers={"X-CSRF-Token": csrf})).status_code == 200


async def test_too_many_wrong_codes_make_one_address_wait_and_no_other(app: Starlette) -> None:
    wrong, right = {"name": "S", "code": "wrong-code"}, {"name": "S", "code": CODES[Access.CREW]}
    async with client_of(app, address="192.0.2.1") as client:
        for _ in range(FREE):
            assert (await client.post("/en/sign-in", data=wrong)).status_code == 401
        for form in (wrong, right):
            answer = await client.post("/en/sign-in", data=form)
            assert answer.status_code == 429
            assert answer.headers["retry-after"] == "2"
            assert "possible in 2 s" in answer.text
    async with client_of(app, address="192.0.2.2") as client:
        assert (await client.post("/en/sign-in", data=right)).status_code == 303


async def test_behind_a_proxy_on_this_computer_each_address_is_counted_by_itself(
    shown: ShownRace, app: Starlette
) -> None:
    wrong, right = {"name": "S", "code": "wrong-code"}, {"name": "S", "code": CODES[Access.CREW]}
    async with LiveServer(app) as server, httpx.AsyncClient(base_url=server.url) as client:
        guessing = {"X-Forwarded-For": "198.51.100.1", "X-Forwarded-Proto": "https"}
        statuses = [(await client.post("/sign-in", data=wrong, headers=guessing)).status_code for _ in range(FREE + 1)]
        assert statuses == [401] * FREE + [429]
        other = await client.post("/sign-in", data=right, headers={**guessing, "X-Forwarded-For": "198.51.100.2"})
        assert other.status_code == 303
        shown.hub.close()


async def test_a_stream_ends_when_its_session_is_signed_out(
    shown: ShownRace, app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("results.web.gate.LOOKED_EVERY_S", 0.05)
    async with LiveServer(app) as server, httpx.AsyncClient(base_url=server.url) as client:
        csrf = await signed_in(client, Access.SPEAKER)
        cookies = {"Cookie": f"{shown_sessions().cookie}={client.cookies[shown_sessions().cookie]}"}
        async with reading(f"{server.url}/speaker/events", **cookies) as reader:
            await reader.next("view")
            await client.post("/sign-out", data={"csrf": csrf})
            async with asyncio.timeout(10):
                assert await reader.ended()
        assert shown.hub.clients == 0
        shown.hub.close()


@pytest.mark.parametrize("cookie", ["x" * 60_000, "crew.é", "crew." + "A" * 1500, '"', "=;=;", "\x01"])
async def test_a_hostile_cookie_is_nobody(app: Starlette, cookie: str) -> None:
    name = shown_sessions().cookie
    raw = f"{name}={cookie}; theme=tente".encode()
    async with client_of(app) as client:
        assert (await client.get("/session.json", headers={b"cookie": raw})).status_code == 401
        assert (await client.get("/crew", headers={b"cookie": raw})).status_code == 303
        assert (await client.get("/sign-in", headers={b"cookie": raw})).status_code == 200


@pytest.mark.parametrize("body", [b"\xff\xfe", b"name=%ff%fe&code=%00", b"name=" + b"a" * 20_000, b"&" * 200, b"{}"])
async def test_a_hostile_form_is_answered_with_the_form(app: Starlette, body: bytes) -> None:
    async with client_of(app) as client:
        answer = await client.post("/sign-in", content=body)
        assert answer.status_code in (401, 422)
        assert "<form" in answer.text


async def test_without_sessions_there_are_no_staff_pages(shown: ShownRace) -> None:
    from results.web.app import build_app

    async with client_of(build_app(shown, token=TOKEN)) as client:
        for path in ("/sign-in", "/speaker", "/session.json"):
            assert (await client.get(path)).status_code == 404
        assert (await client.post("/api/status")).status_code == 401


async def test_pages_of_the_staff_keep_to_themselves_as_the_public_ones_do(app: Starlette) -> None:
    async with client_of(app) as client:
        await signed_in(client, Access.CREW)
        for path in ("/sign-in", "/en/crew", "/session.json"):
            await _kept_to_itself(await client.get(path))
    async with client_of(app) as client:
        await _kept_to_itself(await client.get("/sign-in"))


async def _kept_to_itself(answer: httpx.Response) -> None:
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"
    text: Any = answer.text
    assert " style=" not in text
    assert " onclick=" not in text
