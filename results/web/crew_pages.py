"""The crew's console as HTML: the page, and each of its panes made again when what it hangs on has changed.

A pane is rendered once for each language and state of its sections, however many consoles are open; nothing in it is
of one session. Everything goes through the template engine, which escapes it.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from results.web.crew_mats import mats
from results.web.crew_models import PANES, Model, Saying
from results.web.crew_words import CREW_WORDS
from results.web.speech import Speech
from results.web.staff_words import STAFF_WORDS
from results.web.stream import View
from results.web.templating import environment
from results.web.words import LANGUAGES, Words

Maker = Callable[[Saying], Model]

ALL_PANES: Final[Mapping[str, tuple[Maker, frozenset[str]]]] = MappingProxyType(
    {**PANES, "mats": (mats, frozenset({"mats"}))}
)


def crew_words(language: str) -> Words:
    """All words of the console in a language."""
    return {**LANGUAGES[language], **STAFF_WORDS[language], **CREW_WORDS[language]}


class CrewPanes:
    """Renders panes and fragments of one application."""

    def __init__(self) -> None:
        self._environment = environment()
        self._words = {language: crew_words(language) for language in LANGUAGES}
        self._kept: dict[tuple[str, str], tuple[tuple[bytes, ...], str]] = {}

    def saying(self, view: View, language: str) -> Saying:
        return Saying(view.board, Speech(self._words[language]))

    def pane(self, name: str, view: View, language: str) -> str:
        """The HTML inside a pane. Raises: KeyError for a name there is none of."""
        make, hangs_on = ALL_PANES[name]
        # The very bytes: equal ones are mostly the same object, so that comparing costs nothing.
        state = tuple(view.sections[section] for section in sorted(hangs_on))
        kept = self._kept.get((name, language))
        if kept is None or kept[0] != state:
            html = self.fragment(f"crew/{name}.html", language, **make(self.saying(view, language)))
            kept = self._kept[name, language] = (state, html)
        return kept[1]

    def panes(self, view: View, language: str) -> dict[str, str]:
        return {name: self.pane(name, view, language) for name in ALL_PANES}

    def fragment(self, template: str, language: str, **model: Any) -> str:
        """A template with the words of a language."""
        return self._environment.get_template(template).render(words=self._words[language], language=language, **model)
