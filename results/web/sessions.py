"""Sessions of people at the staff pages, kept by their browsers in a signed cookie and by nobody else.

The key of a session is made of the race folder's secret and its role's code: a new code ends the sessions that were
begun with the old one, and a restart of the engine ends none. What is signed is who, in what capacity, since when.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from itsdangerous import BadData, URLSafeSerializer
from starlette.requests import Request
from starlette.responses import Response

from results.web.access import Access, Session

LIFETIME_S: Final = 24 * 3600
CLOCK_SLACK_S: Final = 3600
"""A clock that is set back on race day throws nobody out."""

COOKIE_MAX: Final = 2_048
"""Characters of a cookie of ours; what is longer is not looked at."""

NAME_MAX: Final = 60
MICROPHONE_MAX: Final = 20

Codes = Callable[[], Mapping[Access, str]]
"""The code of each role as it is now."""


class Sessions:
    """Begins, recognises and ends sessions of one race.

    secret: of the race folder; whoever has it can make sessions. now_s: seconds since the UTC epoch.
    """

    def __init__(self, secret: str, codes: Codes, *, now_s: Callable[[], float] = time.time) -> None:
        self._secret = secret.encode()
        self._codes = codes
        self._now_s = now_s
        # Cookies know no ports: two races on one computer must not take each other's for theirs.
        self.cookie: Final = f"calanque_{self._mac('cookie')[:8]}"
        self._signed_out: set[str] = set()

    def role_of(self, code: str) -> Access | None:
        """The role whose code was typed, however it was spaced or capitalised; takes the same time for every code."""
        typed = code_letters(code).encode()
        found = None
        for role, kept in self._codes().items():
            if hmac.compare_digest(typed, code_letters(kept).encode()):
                found = role
        return found

    def begin(self, *, name: str, access: Access, microphone: str = "") -> str:
        """The cookie of a new session. `name` and `microphone` have been through `printable`."""
        given = {"i": secrets.token_urlsafe(9), "n": name, "m": microphone, "t": int(self._now_s())}
        return f"{access}.{self._signer(access).dumps(given)!s}"

    def of(self, request: Request) -> Session | None:
        """Who a request comes from; None for nobody, and for anything that is not wholly in order."""
        return self.read(request.cookies.get(self.cookie, ""))

    def read(self, cookie: str) -> Session | None:
        """The session a cookie holds, or None: not ours, altered, too old, ended, or of a code that was renewed."""
        name, _, signed = cookie.partition(".")
        if len(cookie) > COOKIE_MAX or name not in tuple(Access):
            return None
        access = Access(name)
        if access not in self._codes():
            return None
        try:
            given = self._signer(access).loads(signed)
        except (BadData, UnicodeError):
            return None
        session = self._session(access, given)
        return session if self.holds(session) else None

    def holds(self, session: Session) -> bool:
        """Whether a session has neither run out, nor been signed out, nor lost its code."""
        age_s = self._now_s() - session.since_s
        in_time = -CLOCK_SLACK_S <= age_s < LIFETIME_S
        return in_time and session.id not in self._signed_out and hmac.compare_digest(session.csrf, self._csrf(session))

    def keep(self, response: Response, request: Request, cookie: str) -> None:
        response.set_cookie(
            self.cookie,
            cookie,
            max_age=LIFETIME_S,
            path="/",
            httponly=True,
            samesite="strict",
            secure=is_https(request),
        )

    def end(self, response: Response, request: Request, session: Session) -> None:
        """Takes the cookie back, and refuses copies of it while this engine lives."""
        self._signed_out.add(session.id)
        response.delete_cookie(self.cookie, path="/", httponly=True, samesite="strict", secure=is_https(request))

    def _session(self, access: Access, given: Mapping[str, Any]) -> Session:
        bare = Session(
            id=given["i"], name=given["n"], access=access, microphone=given["m"], since_s=given["t"], csrf=""
        )
        return Session(
            id=bare.id, name=bare.name, access=access, microphone=bare.microphone, since_s=bare.since_s,
            csrf=self._csrf(bare),
        )  # fmt: skip

    def _csrf(self, session: Session) -> str:
        return self._mac("csrf", session.id, self._key(session.access))

    def _key(self, access: Access) -> str:
        return self._mac("session", access, self._codes().get(access, secrets.token_hex()))

    def _signer(self, access: Access) -> URLSafeSerializer:
        return URLSafeSerializer(
            self._key(access), salt="session", signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256}
        )

    def _mac(self, *parts: str) -> str:
        return hmac.new(self._secret, "\0".join(parts).encode(), hashlib.sha256).hexdigest()


def code_letters(code: str) -> str:
    """A code as it is compared: phones add capitals and spaces, people leave hyphens out."""
    return "".join(letter for letter in code[:200].casefold() if letter.isalnum())


def printable(text: str) -> str:
    """A name as it is kept: one line without anything invisible, spaces single."""
    spaced = "".join(letter if letter.isprintable() else " " if letter.isspace() else "" for letter in text[:1000])
    return " ".join(spaced.split())


def is_https(request: Request) -> bool:
    """Whether the request came by https, to us or to a proxy before us. Who lies about it harms only themselves."""
    return request.url.scheme == "https" or request.headers.get("x-forwarded-proto", "").strip().lower() == "https"
