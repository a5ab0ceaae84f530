"""A race file on its way to a plan: read, each key judged on its own, and every fault kept with its line.

One bad key must not hide another: what is sound is kept beside the faults, so that the checks that compare keys
(`course_faults` and `list_faults`) still see the rest.
"""

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from config.course_sections import CourseSection
from config.errors import ConfigError, Fault
from config.race_file import (
    CategoriesSection,
    EventSection,
    ListSection,
    MatSection,
    PointSection,
    RaceFile,
    RoleSection,
    SourceSection,
    StartSection,
    WaveSection,
    WindowSection,
)
from config.race_keys import accepted_by, keys_of, section_within
from config.race_section import Section
from config.toml_lines import KeyPath, key_lines, line_of

_SYNTAX_PLACE: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
SectionT = TypeVar("SectionT", bound=Section)


@dataclass(kw_only=True)
class Draft:
    """What is sound of a race file, and what is not. Items of arrays keep their index in the file.

    `raw` is the file as TOML gives it; `sections` holds the sound single tables by name,
    `unsound` the keys whose values are not accepted; `whole` is there when no key is at fault.
    """

    file: str
    text: str
    raw: Mapping[str, Any]
    lines: Mapping[KeyPath, int]
    faults: list[Fault] = field(default_factory=list)
    sections: dict[str, Section] = field(default_factory=dict)
    items: dict[str, dict[int | str, Section]] = field(default_factory=dict)
    unsound: set[KeyPath] = field(default_factory=set)
    whole: RaceFile | None = None

    def fault(self, path: KeyPath, message: str, accepted: str = "") -> None:
        """Keeps a fault of the key at a path, unless its value is at fault by itself."""
        if path not in self.unsound:
            line = line_of(self.lines, path)
            self.faults.append(Fault(file=self.file, key=written(path), line=line, message=message, accepted=accepted))

    def line(self, *path: str | int) -> int | None:
        return line_of(self.lines, path)

    def ids(self, name: str) -> list[str]:
        """The ids that an array of tables declares, sound or not: a reference to them is not a fault."""
        entries = self.raw.get(name)
        tables = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
        return [str(table["id"]) for table in tables if "id" in table]

    @property
    def event(self) -> EventSection | None:
        return self._section("event", EventSection)

    @property
    def window(self) -> WindowSection | None:
        return self._section("window", WindowSection)

    @property
    def course(self) -> CourseSection | None:
        return self._section("course", CourseSection)

    @property
    def start(self) -> StartSection | None:
        return self._section("start", StartSection)

    @property
    def categories(self) -> CategoriesSection | None:
        return self._section("categories", CategoriesSection)

    @property
    def waves(self) -> dict[int, WaveSection]:
        return self._items("waves", WaveSection)

    @property
    def points(self) -> dict[int, PointSection]:
        return self._items("points", PointSection)

    @property
    def mats(self) -> dict[int, MatSection]:
        return self._items("mats", MatSection)

    @property
    def sources(self) -> dict[int, SourceSection]:
        return self._items("sources", SourceSection)

    @property
    def lists(self) -> dict[int, ListSection]:
        return self._items("lists", ListSection)

    @property
    def roles(self) -> dict[str, RoleSection]:
        found = self.items.get("roles", {})
        return {str(name): role for name, role in found.items() if isinstance(role, RoleSection)}

    def _section(self, name: str, kind: type[SectionT]) -> SectionT | None:
        found = self.sections.get(name)
        return found if isinstance(found, kind) else None

    def _items(self, name: str, kind: type[SectionT]) -> dict[int, SectionT]:
        found = self.items.get(name, {})
        return {int(index): item for index, item in found.items() if isinstance(item, kind)}


def read_draft(text: str, file: str) -> Draft:
    """The draft of a race file, with the faults of single keys already noted.

    Raises: ConfigError when the text is not TOML.
    """
    try:
        raw = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([_syntax_fault(str(error), text, file)]) from error
    draft = Draft(file=file, text=text, raw=raw, lines=key_lines(text))
    try:
        _keep_whole(draft, RaceFile.model_validate(raw))
    except ValidationError:
        _keep_sound(draft)
    return draft


def _keep_whole(draft: Draft, race_file: RaceFile) -> None:
    draft.whole = race_file
    for name in RaceFile.model_fields:
        value = getattr(race_file, name)
        if isinstance(value, Section):
            draft.sections[name] = value
        elif isinstance(value, list):
            draft.items[name] = dict(enumerate(value))
        elif name == "roles":
            draft.items[name] = value


def _keep_sound(draft: Draft) -> None:
    for name in draft.raw:
        if name not in RaceFile.model_fields:
            _unknown(draft, (name,), RaceFile)
    for name, info in RaceFile.model_fields.items():
        _read_section(draft, name, info.annotation, required=info.is_required())


def _syntax_fault(message: str, text: str, file: str) -> Fault:
    place = _SYNTAX_PLACE.search(message)
    last = text.count("\n") + 1
    line = int(place[1]) if place and place[1] else last
    column = f" (column {place[2]})" if place and place[2] else ""
    return Fault(
        file=file,
        key="",
        line=line,
        message=f"not TOML: {_SYNTAX_PLACE.sub('', message)}{column}",
        accepted="a TOML document, see docs/race_file.md",
    )


def _read_section(draft: Draft, name: str, annotation: object, *, required: bool) -> None:
    model = section_within(annotation)
    shape = getattr(annotation, "__origin__", None)
    value = draft.raw.get(name)
    if name not in draft.raw:
        if required:
            table = f"[[{name}]]" if shape is list else f"[{name}]"
            draft.fault((name,), "is missing", f"{'at least one ' if shape is list else 'a '}{table} table")
        elif model is not None and shape is None:
            draft.sections[name] = model()
    elif shape is list and model is not None:
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value) or not value:
            draft.fault((name,), "is not an array of tables", f"[[{name}]] tables")
            return
        draft.items[name] = dict(
            _sound(draft, ((index, (name, index), item) for index, item in enumerate(value)), model)
        )
    elif not isinstance(value, dict):
        draft.fault((name,), "is not a table", f"a [{name}] table")
    elif model is None:
        _read_texts(draft, name, value)
    elif shape is dict:
        draft.items[name] = dict(_sound(draft, ((key, (name, key), item) for key, item in value.items()), model))
    else:
        for _, section in _sound(draft, [(name, (name,), value)], model):
            draft.sections[name] = section


def _sound(
    draft: Draft, entries: Iterable[tuple[int | str, KeyPath, object]], model: type[Section]
) -> Iterable[tuple[int | str, Section]]:
    """The entries that are sound, with their keys; the faults of the others are noted.

    An entry that is sound but for keys it could do without stays, without them.
    """
    for key, path, value in entries:
        try:
            yield key, model.model_validate(value)
        except ValidationError as error:
            _note(draft, path, model, error)
            rest = _without_faults(value, model, error)
            if rest is not None:
                yield key, rest


def _without_faults(value: object, model: type[Section], error: ValidationError) -> Section | None:
    at_fault = {problem["loc"][0] for problem in error.errors(include_url=False) if problem["loc"]}
    known = keys_of(model)
    if not isinstance(value, dict) or any(name in known and known[str(name)].is_required() for name in at_fault):
        return None
    return model.model_validate({name: item for name, item in value.items() if name not in at_fault})


def _read_texts(draft: Draft, name: str, value: Mapping[str, object]) -> None:
    for key, text in value.items():
        if not isinstance(text, str):
            draft.fault((name, key), "is not a text", '"section.key" = "why"')


def _note(draft: Draft, path: KeyPath, model: type[Section], error: ValidationError) -> None:
    told: set[KeyPath] = set()
    for problem in error.errors(include_url=False, include_context=False):
        place = _place(model, problem["loc"])
        if place in told:  # one value of several alternatives fails once for each
            continue
        told.add(place)
        owner = _owner(model, place)
        if problem["type"] == "extra_forbidden":
            _unknown(draft, path + place, owner)
            continue
        accepted = _accepted(model, place)
        if problem["type"] == "missing":
            draft.fault(path + place, "is missing", accepted)
        else:
            draft.fault(path + place, f"{_shown(problem['input'])} is not accepted", accepted)
            draft.unsound.add(path + place)


def _place(model: type[Section], loc: Sequence[str | int]) -> KeyPath:
    """The location as keys of the file: what pydantic adds to tell alternatives apart is left out."""
    place: KeyPath = ()
    section: type[Section] | None = model
    for part in loc:
        if isinstance(part, int):
            place = (*place, part)
        elif section is not None:
            place = (*place, part)
            info = keys_of(section).get(part)
            section = section_within(info.annotation) if info else None
    return place


def _owner(model: type[Section], place: KeyPath) -> type[Section]:
    """The table that the last key of a place belongs to."""
    section = model
    for part in place[:-1]:
        info = keys_of(section).get(part) if isinstance(part, str) else None
        section = (section_within(info.annotation) if info else None) or section
    return section


def _accepted(model: type[Section], place: KeyPath) -> str:
    names = [part for part in place if isinstance(part, str)]
    info = keys_of(_owner(model, place)).get(names[-1]) if names else None
    return accepted_by(info) if info else "a table"


def _unknown(draft: Draft, path: KeyPath, owner: type[Section]) -> None:
    known = list(keys_of(owner))
    draft.fault(path, "unknown key", suggestion(str(path[-1]), known))


def suggestion(name: str, known: Sequence[str]) -> str:
    """What would be accepted in place of an unknown name: the nearest one first, then all of them."""
    by_lower = {word.lower(): word for word in known}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    listed = ", ".join(known) or "nothing"
    return f"{by_lower[near[0]]} (one of: {listed})" if near else f"one of: {listed}"


def written(path: KeyPath) -> str:
    """A path as people write it: `waves[3].gun`, counted from 1 as in the file."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= 60 else f'"{value[:57]}..."'
    if isinstance(value, list | dict):
        return "this array" if isinstance(value, list) else "this table"
    return str(value)
