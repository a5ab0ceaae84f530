"""Light or dark, kept on the device: without a script the choice is a link."""

from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

THEME_COOKIE: Final = "theme"
THEMES: Final = ("plein-soleil", "tente")

_YEAR_S: Final = 31_536_000


def theme_of(request: Request) -> str | None:
    """The theme the device keeps; None, or anything else than a theme, is light."""
    return request.cookies.get(THEME_COOKIE)


def theme_chosen(request: Request) -> Response | None:
    """The answer to `?theme=...`: the cookie is set and the page asked again without it. None: nothing was chosen."""
    wanted = request.query_params.get("theme")
    if wanted not in THEMES:
        return None
    rest = urlencode([(key, value) for key, value in request.query_params.multi_items() if key != "theme"])
    where = f"{request.url.path}?{rest}" if rest else request.url.path
    response = RedirectResponse(where, status_code=303, headers={"Cache-Control": "no-store"})
    response.set_cookie(THEME_COOKIE, wanted, max_age=_YEAR_S, samesite="strict", path="/")
    return response
