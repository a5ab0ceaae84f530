"""What stands between a request and a staff route: who it comes from, and whether a write was meant by them."""

import asyncio
import hmac
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request

from results.web.access import Access, Session
from results.web.sessions import Sessions

CSRF_HEADER: Final = "x-csrf-token"
CSRF_FIELD: Final = "csrf"
FORM_MAX: Final = 16 * 1024
FORM_FIELDS_MAX: Final = 50

LOOKED_EVERY_S: Final = 5.0
"""An open stream is looked at so often: has its session ended?"""


class Gate:
    """Knows the sessions of a race and what a write of theirs must carry."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions

    def session(self, request: Request) -> Session | None:
        return self.sessions.of(request)

    def write_refused(self, request: Request, session: Session, given: str | None = None) -> str | None:
        """Why a write is not taken as one this session meant; None when it is. given: the token of a form's field."""
        if is_foreign(request):
            return "a write comes from our own pages only, not from another site"
        token = request.headers.get(CSRF_HEADER) or given or ""
        if not hmac.compare_digest(token.encode("utf-8", "replace"), session.csrf.encode()):
            return "a write needs the page's token in the header X-CSRF-Token: load the page again"
        return None

    async def until_over(self, session: Session) -> None:
        """Returns when a session has ended: signed out, run out, or its role's code renewed."""
        while self.sessions.holds(session):  # noqa: ASYNC110 - the file of codes tells nobody that it changed
            await asyncio.sleep(LOOKED_EVERY_S)


def is_foreign(request: Request) -> bool:
    """Whether a browser says that another site made it send this. Without such headers nothing is known: False."""
    if request.headers.get("sec-fetch-site", "same-origin").lower() not in ("same-origin", "none"):
        return True
    origin = request.headers.get("origin")
    if origin is None:
        return False
    # A proxy may have put its own name into Host; another site's page can set neither of the two.
    ours = {_authority(request.headers.get(name, "")) for name in ("host", "x-forwarded-host")} - {""}
    return _authority(urlsplit_authority(origin)) not in ours


def urlsplit_authority(origin: str) -> str:
    """`host:port` of an origin; empty when it has none (`null`)."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _authority(host: str) -> str:
    return host.strip().lower().removesuffix(":80").removesuffix(":443")


def roles_said(roles: frozenset[Access]) -> str:
    """`crew, referee or jury`, in the order of the roles."""
    names = [str(role) for role in Access if role in roles]
    return " or ".join(", ".join(names).rsplit(", ", 1)) if names else "nobody at a page"


def form_of(body: bytes) -> dict[str, str] | None:
    """The fields of a form that was sent as `application/x-www-form-urlencoded`; None when it is none."""
    try:
        text = body.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=FORM_FIELDS_MAX, errors="replace")
    except (UnicodeDecodeError, ValueError):
        return None
    return dict(pairs)
