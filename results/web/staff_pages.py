"""What stands around every staff page: who is signed in, the other pages, light or dark, the language, the token.

A staff page is a template that extends `staff.html`, and is answered with `StaffPages.answer`.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import HTMLResponse

from results.web.access import Access, Session
from results.web.staff import StaffRoute, language_of
from results.web.staff_words import STAFF_WORDS
from results.web.templating import environment
from results.web.themes import THEMES, theme_of
from results.web.words import Words

HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Vary": "Cookie",
    # A browser that may not name our own page as the origin of a form names none, and the form is refused.
    "Referrer-Policy": "same-origin",
}


def first_page(access: Access) -> str:
    """Where a role goes after its sign-in, in French."""
    return "/speaker" if access is Access.SPEAKER else "/crew"


class StaffPages:
    """Renders staff pages of one application. `routes`: all staff routes, set once they are known."""

    def __init__(self, race_title: Mapping[str, str]) -> None:
        self.environment: Final = environment()
        self.race_title = race_title
        self.routes: Sequence[StaffRoute] = ()

    def answer(
        self,
        request: Request,
        session: Session,
        template: str,
        *,
        title: str,
        words: Words = MappingProxyType({}),
        status: int = 200,
        **model: Any,
    ) -> HTMLResponse:
        """The page of a template that extends `staff.html`.

        title: of the window. words: the page's own, beside those of staff_words; page and script have both. model:
        what the template says beyond them and `session`, `race_title`, `language`, `here`, `prefix` (`/en` or empty).
        """
        language = language_of(request)
        words = {**STAFF_WORDS[language], **words}
        capacity = capacity_said(session, words)
        around = {
            **self.around(request),
            "words": words,
            "script_words": words,
            "session": session,
            "capacity": capacity,
            "signed_in": words["signed_in_as"].format(name=session.name, capacity=capacity),
            "title": title,
            "nav": self.nav(session, language),
        }
        html = self.environment.get_template(template).render(around | model)
        return HTMLResponse(html, status_code=status, headers=HEADERS)

    def around(self, request: Request) -> dict[str, Any]:
        """What every page of the crew says, signed in or not."""
        language = language_of(request)
        dark = theme_of(request) == "tente"
        other_theme = THEMES[0] if dark else THEMES[1]
        return {
            "words": STAFF_WORDS[language],
            "script_words": dict(STAFF_WORDS[language]),
            "language": language,
            "other_language": "en" if language == "fr" else "fr",
            "here": request.url.path,
            "there": in_other_language(request.url.path) + (f"?{request.url.query}" if request.url.query else ""),
            "prefix": "" if language == "fr" else "/en",
            "dark": dark,
            "theme_link": f"?{request.url.include_query_params(theme=other_theme).query}",
            "race_title": self.race_title[language],
        }

    def nav(self, session: Session, language: str) -> list[dict[str, str]]:
        """The pages a session may see: `href`, `path` and `label`."""
        words = STAFF_WORDS[language]
        return [
            {
                "href": route.paths[language == "en"],
                "path": route.paths[0],
                "label": words.get(f"page_{route.paths[0].strip('/')}", route.paths[0]),
            }
            for route in self.routes
            if route.is_page and session.access in route.roles and "{" not in route.paths[0]
        ]

    def home(self, session: Session, language: str) -> str | None:
        """Where a session begins: its role's own page, else the first it may see, None when it may see none."""
        wanted = first_page(session.access)
        pages = self.nav(session, language)
        found = next((page for page in pages if page["path"] == wanted), pages[0] if pages else None)
        return found["href"] if found is not None else None

    def denied(self, request: Request, session: Session, roles: frozenset[Access]) -> HTMLResponse:
        """The page that says which roles a page is open to."""
        words = STAFF_WORDS[language_of(request)]
        said = [words[f"capacity_{role}"] for role in Access if role in roles]
        names = f" {words['or']} ".join(", ".join(said).rsplit(", ", 1))
        sentence = words["denied"].format(roles=names, capacity=words[f"capacity_{session.access}"])
        return self.answer(request, session, "denied.html", title=words["denied_title"], status=403, sentence=sentence)


def in_other_language(path: str) -> str:
    """The address of a page of ours in the other language."""
    return (path.removeprefix("/en") or "/") if path == "/en" or path.startswith("/en/") else f"/en{path}"


def capacity_said(session: Session, words: Words) -> str:
    """`speaker, micro 1`."""
    said = words[f"capacity_{session.access}"]
    return f"{said}, {words['microphone'].format(n=session.microphone)}" if session.microphone else said
