"""Sessions: what a cookie proves, to whom, and for how long."""

import base64
import json
from typing import Any

import pytest
from show_moving_race import CODES

from results.web.access import Access
from results.web.sessions import COOKIE_MAX, LIFETIME_S, NAME_MAX, Sessions, code_letters, printable

SECRET = "secret-of-the-race-folder"


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def codes() -> dict[Access, str]:
    return dict(CODES)


@pytest.fixture
def sessions(clock: Clock, codes: dict[Access, str]) -> Sessions:
    return Sessions(SECRET, lambda: codes, now_s=clock)


@pytest.mark.parametrize(
    ("name", "microphone"),
    [
        ("Hélène", ""),
        ("Ondřej Žižka", "2"),
        ("دينا", "1"),
        ("陈 伟", "tribune"),
        ("<b>\"'&;=", "1"),
        ("🏃" * NAME_MAX, "1"),
    ],
)
def test_a_session_is_who_signed_in_and_survives_a_restart(
    sessions: Sessions, clock: Clock, codes: dict[Access, str], name: str, microphone: str
) -> None:
    cookie = sessions.begin(name=name, access=Access.SPEAKER, microphone=microphone)
    assert cookie.isascii()
    assert len(cookie) < COOKIE_MAX
    clock.now_s += 3600
    after_restart = Sessions(SECRET, lambda: dict(codes), now_s=clock)
    session = after_restart.read(cookie)
    assert session is not None
    assert (session.name, session.access, session.microphone) == (name, Access.SPEAKER, microphone)
    assert session == sessions.read(cookie), "and its token is the same: open pages go on writing"
    assert after_restart.cookie == sessions.cookie


def test_a_session_lasts_24_hours_and_a_clock_set_back_ends_none(sessions: Sessions, clock: Clock) -> None:
    cookie = sessions.begin(name="Samir", access=Access.CREW)
    began_s = clock.now_s
    clock.now_s = began_s + LIFETIME_S - 1
    assert sessions.read(cookie) is not None
    clock.now_s = began_s + LIFETIME_S
    assert sessions.read(cookie) is None
    clock.now_s = began_s - 1800
    assert sessions.read(cookie) is not None
    clock.now_s = began_s - 3 * 3600
    assert sessions.read(cookie) is None


def test_a_new_code_ends_the_sessions_of_its_role_and_no_others(sessions: Sessions, codes: dict[Access, str]) -> None:
    speaker = sessions.begin(name="Inès", access=Access.SPEAKER)
    crew = sessions.begin(name="Samir", access=Access.CREW)
    before = sessions.read(speaker)
    assert before is not None
    codes[Access.SPEAKER] = "other-code-9999"
    assert sessions.read(speaker) is None
    assert not sessions.holds(before), "an open stream finds out as well"
    assert sessions.read(crew) is not None
    del codes[Access.CREW]
    assert sessions.read(crew) is None, "a role without a code has no sessions"


def test_every_altered_cookie_is_nobody(sessions: Sessions) -> None:
    cookie = sessions.begin(name="Inès", access=Access.SPEAKER)
    assert sessions.read(cookie) is not None
    for at in range(len(cookie)):
        other = "A" if cookie[at] != "A" else "B"
        # The last letter of base64 has bits that say nothing: two of them can mean the same signature.
        if at < len(cookie) - 1:
            assert sessions.read(cookie[:at] + other + cookie[at + 1 :]) is None, at
        assert sessions.read(cookie[:at]) is None, at


@pytest.mark.parametrize("role", ["crew", "referee", "jury", "root", "", "speaker\n"])
def test_a_session_cannot_be_moved_to_another_role(sessions: Sessions, role: str) -> None:
    _, _, signed = sessions.begin(name="Inès", access=Access.SPEAKER).partition(".")
    assert sessions.read(f"{role}.{signed}") is None


def test_a_cookie_of_another_race_is_nobody(sessions: Sessions, codes: dict[Access, str], clock: Clock) -> None:
    other = Sessions("secret-of-another-race", lambda: codes, now_s=clock)
    assert other.read(sessions.begin(name="Inès", access=Access.CREW)) is None
    assert other.cookie != sessions.cookie, "two races on one computer keep their cookies apart"


def _forged(payload: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cookie",
    [
        "", ".", "crew", "crew.", "crew..", "x" * 5_000_000, "crew." + "A" * COOKIE_MAX, "crew.\x00.\x00", "crew.é.é",
        "crew.\udcff.x", "crew." + _forged({"i": "x", "n": "Eve", "m": "", "t": 1_800_000_000}) + ".AAAA",
        "crew.." + "eJw" * 100 + ".AAAA",
    ],
)  # fmt: skip
def test_rubbish_is_nobody_and_breaks_nothing(sessions: Sessions, cookie: str) -> None:
    assert sessions.read(cookie) is None


def test_the_role_is_known_by_its_code_however_it_is_typed(sessions: Sessions) -> None:
    code = CODES[Access.REFEREE]
    for typed in (code, code.upper(), code.replace("-", " "), f"  {code.replace('-', '')} ", code.capitalize()):
        assert sessions.role_of(typed) is Access.REFEREE
    for typed in ("", "-", code[:-1], code + "1", "é" * 100, "\udcff", "x" * 1_000_000):
        assert sessions.role_of(typed) is None


def test_a_name_is_one_line_of_what_can_be_seen() -> None:
    assert printable("  Hélène \t\n Roux ") == "Hélène Roux"
    assert printable("Eve\u202e\u200b\x00\x1b[31m\r\nSet-Cookie: x") == "Eve[31m Set-Cookie: x"
    assert printable("\udcff\u2028") == ""
    assert code_letters("Bado-Ki 12") == "badoki12"
