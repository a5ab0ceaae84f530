"""The codes of the staff pages: made once, read by their owner alone, renewed without ending anybody else's session."""

import asyncio
import contextlib
import math
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from command_line import calanque

from calanque.access_codes import (
    CONSONANTS,
    DIGITS,
    SYLLABLES,
    VOWELS,
    AccessCodes,
    ensure_codes,
    new_code,
    read_codes,
    renew_codes,
)
from calanque.commands.access import bases_of, own_addresses
from calanque.engine import Engine, EngineOptions
from calanque.errors import FolderRefused
from calanque.folder import RaceFolder, race_folder
from config.loader import load_race
from readers.race_clock import RaceClock
from results.web.access import Access
from results.web.sessions import Sessions, code_letters
from timing.entries import NoteBody, decode
from timing.journal import EntryKind, Journal


@pytest.fixture
def folder(tmp_path: Path) -> RaceFolder:
    return race_folder("marseille_cassis_2024", root=tmp_path)


@contextlib.asynccontextmanager
async def running(folder: RaceFolder) -> AsyncIterator[str]:
    """The address of an engine that runs on the folder."""
    nothing = {str(source.id): "file" for source in load_race(folder.path).race.sources}
    options = EngineOptions(clock=RaceClock.real(), connect=nothing, port=0)
    async with asyncio.timeout(60), Engine.opened(folder, options) as engine:
        run = asyncio.ensure_future(engine.run())
        try:
            while not folder.is_running:  # noqa: ASYNC110  # the engine tells its folder, nobody else
                await asyncio.sleep(0.01)
            yield str((folder.holder() or {})["url"])
        finally:
            run.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await run


def noted_by(folder: RaceFolder) -> list[tuple[str, str]]:
    """Author and text of each note somebody signed in the journal."""
    with Journal.open(folder.journal, read_only=True) as journal:
        bodies = [decode(entry) for entry in journal.entries(kinds={EntryKind.NOTE})]
    return [(body.author, body.text) for body in bodies if isinstance(body, NoteBody) and body.author]


def test_a_code_is_hard_to_guess_and_easy_to_type() -> None:
    assert SYLLABLES * math.log2(len(CONSONANTS) * len(VOWELS)) + DIGITS * math.log2(10) >= 40
    for _ in range(200):
        code = new_code()
        assert code == code.lower()
        assert code.isascii()
        assert len(code_letters(code)) == 2 * SYLLABLES + DIGITS
        assert set(code) <= set(CONSONANTS + VOWELS + "0123456789-")


def test_codes_are_made_once_for_every_role_and_readable_by_their_owner_only(folder: RaceFolder) -> None:
    made = AccessCodes(folder).now()
    assert set(made) == set(Access)
    assert len(set(made.values())) == len(Access)
    assert stat.S_IMODE(folder.access.stat().st_mode) == 0o600
    assert AccessCodes(folder).now() == made
    assert [file.name for file in folder.path.glob(".access*")] == [], "nothing is left beside it"


def test_whoever_comes_second_takes_the_codes_of_the_first(folder: RaceFolder) -> None:
    ensure_codes(folder.access)
    made = read_codes(folder.access)
    ensure_codes(folder.access)
    assert read_codes(folder.access) == made


def test_a_new_code_reaches_the_running_engine_and_ends_that_role_alone(folder: RaceFolder) -> None:
    codes = AccessCodes(folder)
    sessions = Sessions(folder.secret(), codes.now)
    speaker = sessions.begin(name="Inès", access=Access.SPEAKER)
    crew = sessions.begin(name="Samir", access=Access.CREW)
    before = codes.now()
    renewed = renew_codes(folder.access, frozenset({Access.SPEAKER}))
    assert renewed[Access.SPEAKER] != before[Access.SPEAKER]
    assert {**renewed, Access.SPEAKER: ""} == {**before, Access.SPEAKER: ""}
    assert codes.now() == renewed
    assert sessions.read(speaker) is None
    assert sessions.read(crew) is not None
    assert sessions.role_of(renewed[Access.SPEAKER]) is Access.SPEAKER
    assert stat.S_IMODE(folder.access.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('speaker = "short"', "at least 8"),
        ("speaker = 12345678", "in quotes"),
        ('admin = "badoki-luvana-4821"', "accepted: speaker, crew, referee, jury"),
        ('speaker = "badoki-luvana"\ncrew = "BADOKI luvana"', "the same code"),
        ("speaker = ", "cannot be read"),
    ],
)
def test_a_file_that_is_wrong_is_refused_at_the_start_and_changes_nothing_later(
    folder: RaceFolder, text: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    codes = AccessCodes(folder)
    before = codes.now()
    folder.access.write_text(text)
    assert codes.now() == before
    assert codes.now() == before
    assert sum(words in record.getMessage() for record in caplog.records) == 1, "said once"
    with pytest.raises(FolderRefused, match=words):
        AccessCodes(folder)
    os.remove(folder.access)
    assert codes.now() == before, "a file that is gone ends no session while the engine runs"


def test_a_role_that_is_taken_out_of_the_file_has_no_code(folder: RaceFolder) -> None:
    folder.access.write_text('crew = "badoki-luvana-4821"\n')
    codes = AccessCodes(folder)
    assert codes.now() == {Access.CREW: "badoki-luvana-4821"}
    sessions = Sessions(folder.secret(), codes.now)
    assert sessions.role_of("badoki luvana 4821") is Access.CREW
    assert sessions.role_of("") is None


def test_the_command_says_each_code_with_the_page_to_open(folder: RaceFolder) -> None:
    done = calanque("access", folder.path)
    assert done.returncode == 0, done.stderr
    for role, code in read_codes(folder.access).items():
        assert f"{role}" in done.stdout
        assert code in done.stdout
    assert done.stdout.count("http://127.0.0.1:8750/crew") == 3
    assert done.stdout.count("http://127.0.0.1:8750/speaker") == 1
    assert "--host" in done.stdout, "on loopback it says how others are served"


def test_the_command_renews_what_it_is_told_and_refuses_the_rest(folder: RaceFolder) -> None:
    ensure_codes(folder.access)
    before = read_codes(folder.access)
    done = calanque("access", folder.path, "--renew", "speaker", "--renew", "jury")
    assert done.returncode == 0, done.stderr
    after = read_codes(folder.access)
    assert {role for role in Access if before[role] != after[role]} == {Access.SPEAKER, Access.JURY}
    assert after[Access.SPEAKER] in done.stdout
    assert calanque("access", folder.path, "--renew", "root").returncode == 2
    assert read_codes(folder.access) == after


def test_a_folder_that_is_no_race_gets_no_codes(tmp_path: Path) -> None:
    done = calanque("access", tmp_path)
    assert done.returncode == 3
    assert "no race folder" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_engine_that_listens_everywhere_is_named_by_its_addresses(folder: RaceFolder) -> None:
    with folder.hold("calanque run") as held:
        held.tell(url="http://0.0.0.0:9000")
        assert bases_of(folder) == [
            f"http://[{each}]:9000" if ":" in each else f"http://{each}:9000" for each in own_addresses()
        ]
        assert not any("0.0.0.0" in base for base in bases_of(folder))
        held.tell(url="http://192.0.2.5:9000")
        assert bases_of(folder) == ["http://192.0.2.5:9000"]


async def test_the_engine_serves_the_sign_in_with_the_codes_of_its_folder(
    folder: RaceFolder, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with running(folder) as url, httpx.AsyncClient(base_url=url, timeout=30) as client:
        assert f"staff sign in at {url}/sign-in" in caplog.text
        code = read_codes(folder.access)[Access.CREW]
        answer = await client.post("/sign-in", data={"name": "Hélène", "code": code})
        assert answer.status_code == 303
        csrf = (await client.get("/session.json")).json()["csrf"]
        headers = {"X-CSRF-Token": csrf}
        noted = await client.post("/api/note", headers=headers, json={"text": "barrière ouverte"})
        assert noted.status_code == 200, noted.text
        assert code not in caplog.text, "a code is in no log"
        cookies = dict(client.cookies)
    async with running(folder) as url, httpx.AsyncClient(base_url=url, cookies=cookies, timeout=30) as client:
        assert (await client.post("/api/note", headers=headers, json={"text": "fermée"})).status_code == 200
    assert noted_by(folder) == [("Hélène", "barrière ouverte"), ("Hélène", "fermée")]
