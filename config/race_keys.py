"""The keys of the schema as data: what each table holds, what a key accepts, and its default as text.

For faults and for the page docs/race_file.md; knows no race.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import get_args

from pydantic.fields import FieldInfo

from config.race_file import RaceFile
from config.race_section import Section


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyDoc:
    """One key as documented: `table` as it is written in the file (`[event]`, `[[waves]]`)."""

    table: str
    key: str
    default: str
    accepted: str
    says: str


def section_of(name: str) -> type[Section]:
    """The model of a top-level section, or of one item of it."""
    return section_within(RaceFile.model_fields[name].annotation) or RaceFile


def section_within(annotation: object) -> type[Section] | None:
    """The section a type is made of (`list[WaveSection]` of WaveSection), if any."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next((found for part in get_args(annotation) if (found := section_within(part))), None)


def keys_of(section: type[Section]) -> Mapping[str, FieldInfo]:
    """The keys of a section as they are written, in their order."""
    return {info.alias or name: info for name, info in section.model_fields.items()}


def accepted_by(info: FieldInfo) -> str:
    extra = info.json_schema_extra
    return str(extra.get("accepted", "")) if isinstance(extra, dict) else ""


def documented_keys() -> Iterator[KeyDoc]:
    """Every key of every table, in the order of the schema."""
    for name, info in RaceFile.model_fields.items():
        section = section_within(info.annotation)
        if section is None:
            yield KeyDoc(
                table=f"[{name}]", key="*", default="none", accepted=accepted_by(info), says=info.description or ""
            )
        else:
            yield from _documented(_table(name, info.annotation), section)


def _table(name: str, annotation: object) -> str:
    kind = getattr(annotation, "__origin__", None)
    return f"[[{name}]]" if kind is list else f"[{name}.*]" if kind is dict else f"[{name}]"


def _documented(table: str, section: type[Section]) -> Iterator[KeyDoc]:
    nested: list[tuple[str, type[Section]]] = []
    for name, info in keys_of(section).items():
        yield KeyDoc(
            table=table, key=name, default=_default(info), accepted=accepted_by(info), says=info.description or ""
        )
        inner = section_within(info.annotation)
        if inner is not None:
            nested.append((f"[[{table.strip('[]')}.{name}]]", inner))
    for inner_table, inner in nested:
        yield from _documented(inner_table, inner)


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "required"
    extra = info.json_schema_extra
    shown = str(extra.get("shown", "")) if isinstance(extra, dict) else ""
    return shown or f"`{_as_toml(info.default)}`"


def _as_toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return "[" + ", ".join(_as_toml(item) for item in value) + "]"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
