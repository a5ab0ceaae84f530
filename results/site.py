"""The lists as a folder of pages that needs nothing but a browser: from a USB stick, a file share or any web server.

Plain HTML without a network, every link relative; a small script searches by name or bib, and without it everything is
still there. Lists are cut into pages of PAGE_ROWS: 20,000 rows on one page are several megabytes and make a phone wait
for seconds at every touch, 1,000 rows are there at once, also on a bad link.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from config.plan import Per
from results.list_states import ListState
from results.massif import massif
from results.people import Audience
from results.printing import Language, count, duration_column, hour
from results.rankings import RankedList
from results.site_rows import Rows
from results.site_words import WORDS, clocks_line, race_line, rule_line
from results.standing import Standing
from results.state_words import state_label, state_sentence, state_word
from results.titles import family_title, list_title, scope_name

PAGE_ROWS: Final = 1000
LEADERS: Final = 3

LANGUAGES: Final = (Language.FR, Language.EN)
_HERE: Final = Path(__file__).parent
STATIC: Final = _HERE / "static"
ASSETS: Final = (
    "tokens.css", "site.css", "site.js", "fonts/encode-sans-latin.woff2", "fonts/encode-sans-latin-ext.woff2",
    "fonts/OFL.txt",
)  # fmt: skip


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def site_files(standing: Standing) -> Iterator[tuple[str, bytes]]:
    """Every file of the site: relative path with `/`, and bytes. The same race gives the same bytes.

    The race's first language lies at the root, the other in a folder named for it.
    """
    shape = _Shape(standing=standing)
    for name in ASSETS:
        yield f"assets/{name}", (STATIC / name).read_bytes()
    yield "assets/field.js", shape.search_data()
    for language in shape.languages:
        yield from _Pages(shape=shape, language=language).files()


@dataclass(frozen=True)
class _Shape:
    """What is the same in every language: which lists there are, and on which page each row is."""

    standing: Standing

    @cached_property
    def languages(self) -> tuple[Language, ...]:
        """Both, the race's preferred one first."""
        wanted = next((code for code in self.standing.plan.languages if code in LANGUAGES), Language.FR)
        return tuple(sorted(LANGUAGES, key=lambda language: language != wanted))

    @cached_property
    def lists(self) -> tuple[RankedList, ...]:
        return self.standing.lists(Audience.PUBLIC)

    @cached_property
    def stems(self) -> dict[str, str]:
        """File name (without ending) of each list by its id, of each family of categories by its rule's id."""
        families = [f"/{ranked.rule.id}" for ranked in self.lists if ranked.rule.per is Per.CATEGORY]
        taken = {"index"}
        stems: dict[str, str] = {}
        for key in dict.fromkeys([*(ranked.id for ranked in self.lists), *families]):
            base = re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-") or "list"
            stem, number = base, 1
            while stem in taken:
                number += 1
                stem = f"{base}-{number}"
            taken.add(stem)
            stems[key] = stem
        return stems

    def page_name(self, ranked: RankedList, page: int) -> str:
        """An underscore before the number: no list is called so."""
        return f"{self.stems[ranked.id]}_{page + 1}.html" if page else f"{self.stems[ranked.id]}.html"

    def family_page(self, ranked: RankedList) -> str:
        return f"{self.stems['/' + ranked.rule.id]}.html"

    def search_data(self) -> bytes:
        """Who is where, for the script: names, bibs, categories, and the first list they stand in."""
        people = self.standing.people(Audience.PUBLIC)
        pages: dict[str, int] = {}
        found: dict[int, list[Any]] = {}
        for ranked in self.lists:
            for row, (index, place) in enumerate(zip(ranked.entrants.tolist(), ranked.places.tolist(), strict=True)):
                person = people[index]
                if index in found or not person.bib:
                    continue
                page = pages.setdefault(self.page_name(ranked, row // PAGE_ROWS), len(pages))
                found[index] = [person.name(), person.bib, person.category, page, row + 1, place]
        rows = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in found.values())
        return f"window.calanqueField = {{pages: {json.dumps(list(pages))}, rows: [\n{rows}\n]}};\n".encode()


@dataclass(frozen=True)
class _Pages:
    """The pages in one language."""

    shape: _Shape
    language: Language

    @property
    def at_root(self) -> bool:
        return self.language is self.shape.languages[0]

    @cached_property
    def rows(self) -> Rows:
        return Rows.of(self.shape.standing, self.language)

    def files(self) -> Iterator[tuple[str, bytes]]:
        folder = "" if self.at_root else f"{self.language}/"
        for name, text in self._named_pages():
            yield folder + name, text.encode()

    def _named_pages(self) -> Iterator[tuple[str, str]]:
        yield "index.html", self._render("site_index.html", "index.html", entries=self._entries())
        families: set[str] = set()
        for ranked in self.shape.lists:
            if ranked.rule.per is Per.CATEGORY and ranked.rule.id not in families:
                families.add(ranked.rule.id)
                name = self.shape.family_page(ranked)
                siblings = [other for other in self.shape.lists if other.rule is ranked.rule]
                title = self._tab_title(ranked)
                yield (
                    name,
                    self._render(
                        "site_family.html", name, tab=name, title=title, entries=self._family_entries(siblings)
                    ),
                )
            yield from self._list_pages(ranked)

    def _list_pages(self, ranked: RankedList) -> Iterator[tuple[str, str]]:
        number = max(1, -(-len(ranked) // PAGE_ROWS))
        names = [self.shape.page_name(ranked, page) for page in range(number)]
        of_family = ranked.rule.per is Per.CATEGORY
        for page, name in enumerate(names):
            yield (
                name,
                self._render(
                    "site_list.html",
                    name,
                    tab=self.shape.family_page(ranked) if of_family else names[0],
                    title=list_title(ranked, self.shape.standing.plan, self.language),
                    rule=rule_line(ranked, self.language),
                    ranked=self._ranked(ranked),
                    state=self._state_of(ranked),
                    heads=self._time_heads(ranked),
                    rows=self.rows.page(ranked, page * PAGE_ROWS, (page + 1) * PAGE_ROWS),
                    empty=len(ranked) == 0,
                    pager=[
                        {"name": other, "text": self._range(ranked, number), "current": number == page}
                        for number, other in enumerate(names)
                    ],
                    page=page,
                    siblings=self._siblings(ranked) if of_family else (),
                ),
            )

    def _render(self, template: str, name: str, **values: Any) -> str:
        standing, words, language = self.shape.standing, WORDS[self.language], self.language
        plan = standing.plan
        back = "" if self.at_root else "../"
        other = self.shape.languages[1] if self.at_root else self.shape.languages[0]
        return _templates().get_template(template).render(
            {
                "w": words,
                "lang": str(language),
                "other_lang": str(other),
                "other_href": f"{other}/{name}" if self.at_root else f"../{name}",
                "assets": f"{back}assets/",
                "event": plan.title_in(language),
                "race_line": race_line(plan, language),
                "massif": massif(plan.race),
                "points": self._points(),
                "nav": self._nav(),
                "tab": None,
                "state": self._state(),
                "publication": words["publication"].format(number=standing.number),
                "hour": hour(standing.at_us, plan.race.zone),
                "clocks": clocks_line(plan, language),
                **values,
            }
        )  # fmt: skip

    def _state(self) -> dict[str, str]:
        """Of all lists together: kind, word and sentence, and what stands on paper."""
        standing, words = self.shape.standing, WORDS[self.language]
        state, counts = standing.state(Audience.PUBLIC), standing.counts
        keys = [("running" if counts.running else "finished")]
        if state is ListState.PROVISIONAL:
            keys.append("may_change")
        said = {"finished": count(counts.finished, self.language), "running": count(counts.running, self.language)}
        text = " ".join(words[key].format(**said) for key in keys)
        word = state_word(state, self.language).capitalize()
        return {"kind": str(state), "word": f"{word}.", "text": text, "paper": word}

    def _state_of(self, ranked: RankedList) -> dict[str, str]:
        """Of one list."""
        standing = self.shape.standing
        state = standing.state_of(ranked)
        if state.state is ListState.PROVISIONAL:
            overall, word = self._state(), state_word(state.state, self.language).capitalize()
            return overall | {"kind": str(state.state), "word": f"{word}.", "paper": word}
        word, text = state_sentence(state, standing.at_us, standing.plan.race.zone, self.language)
        # On a sheet on the wall the hour up to which protests are heard is what counts.
        return {"kind": str(state.state), "word": word, "text": text, "paper": f"{word} {text}"}

    def _points(self) -> list[dict[str, Any]]:
        """Name, count and place on the picture (per cent of its width) of each point."""
        course, counts = self.shape.standing.plan.race.course, self.shape.standing.counts
        length = max(1, course.finish.distance_m)
        return [
            {"name": point.name, "count": count(seen, self.language), "at": f"{100 * point.distance_m / length:.4g}"}
            for point, seen in zip(course.points, counts.at_point, strict=True)
        ]

    def _nav(self) -> list[dict[str, str]]:
        """One tab for each list, and one for each family of categories."""
        tabs: dict[str, str] = {}
        for ranked in self.shape.lists:
            if ranked.rule.per is Per.CATEGORY:
                tabs.setdefault(self.shape.family_page(ranked), self._tab_title(ranked))
            else:
                name = self.shape.page_name(ranked, 0)
                tabs[name] = list_title(ranked, self.shape.standing.plan, self.language)
        return [{"href": href, "title": title} for href, title in tabs.items()]

    def _tab_title(self, ranked: RankedList) -> str:
        return family_title(ranked.rule, self.language)

    def _entries(self) -> list[dict[str, Any]]:
        """The lists that are not categories, each with its leaders, for the first page."""
        return [self._entry(ranked, LEADERS) for ranked in self.shape.lists if ranked.rule.per is not Per.CATEGORY]

    def _family_entries(self, siblings: Sequence[RankedList]) -> list[dict[str, Any]]:
        return [self._entry(ranked, 1) for ranked in siblings]

    def _entry(self, ranked: RankedList, depth: int) -> dict[str, Any]:
        plan = self.shape.standing.plan
        times = duration_column(ranked.value_us[:depth], plan.rounding, self.language)
        return {
            "href": self.shape.page_name(ranked, 0),
            "title": list_title(ranked, plan, self.language),
            "scope": ranked.scope,
            "ranked": self._ranked(ranked),
            "state": state_label(self.shape.standing.state_of(ranked), self.language),
            "official": ranked.official,
            "rule": rule_line(ranked, self.language),
            "leaders": [
                {"place": place, "shared": shared, "name": self.rows.name(index), "time": time}
                for place, shared, index, time in zip(
                    ranked.places[:depth].tolist(), ranked.shared[:depth].tolist(),
                    ranked.entrants[:depth].tolist(), times, strict=True,
                )
            ],
        }  # fmt: skip

    def _siblings(self, ranked: RankedList) -> list[dict[str, Any]]:
        plan = self.shape.standing.plan
        return [
            {
                "href": self.shape.page_name(other, 0),
                "scope": other.scope,
                "name": scope_name(other.rule, other.scope, plan, self.language),
                "current": other is ranked,
            }
            for other in self.shape.lists
            if other.rule is ranked.rule
        ]

    def _ranked(self, ranked: RankedList) -> str:
        words = WORDS[self.language]
        if ranked.ranked == 1:
            return words["ranked_one"]
        return words["ranked"].format(count=count(ranked.ranked, self.language))

    def _range(self, ranked: RankedList, page: int) -> str:
        first, last = page * PAGE_ROWS, min(len(ranked), (page + 1) * PAGE_ROWS)
        return WORDS[self.language]["places"].format(
            first=count(first + 1, self.language), last=count(last, self.language)
        )

    def _time_heads(self, ranked: RankedList) -> tuple[str, str]:
        """The list's own clock, and the other."""
        words = WORDS[self.language]
        heads = (words["gun_head"], words["net_short"])
        return heads if ranked.rule.clock == "gun" else (words["net_head"], words["gun_short"])


def write_site(standing: Standing, folder: Path) -> int:
    """Writes the site into a folder (made where missing); returns how many files. Existing files are replaced.

    Raises: OSError where the folder cannot be written.
    """
    number = 0
    for name, content in site_files(standing):
        path = folder / PurePosixPath(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        number += 1
    return number
