"""How rulings, sightings and postings lie in the journal: their bodies as JSON, and back.

Owns the format (version 1). Each act is an object of its fields with its name under `act`; absent fields have their
defaults, so that an act can be given further ones.
"""

import enum
import re
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Any, Final, Literal

from timing import rulings
from timing.instants import Duration, Instant
from timing.roster import Bib
from timing.rulings import Act, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class RulingBody:
    """What somebody decided, why, and up to which journal number they had seen the race when they did."""

    act: Act
    author: str
    role: Role
    reason: str = ""
    seen: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SightingBody:
    """Somebody was seen at a point without a chip being read; `bib` None: no bib could be seen. It gives nobody a time.

    `order`: the place over the line, where the person who saw it counted.
    """

    point: str
    at_us: Instant
    author: str
    bib: Bib | None = None
    order: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedPlace:
    """One place of a posted list, as it was posted."""

    bib: Bib
    place: int
    value_us: Duration
    shared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingBody:
    """A list, or its first places, was posted, made official, or opened again.

    `places` is what was posted, best first; `through` the last journal entry it knew. `depth` None: the whole list.
    `protest_us`: how long protests are open after a posting.
    """

    list_id: str
    state: Literal["posted", "official", "reopened"]
    at_us: Instant
    author: str
    role: Role
    through: int = 0
    depth: int | None = None
    protest_us: Duration = 0
    places: tuple[PostedPlace, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostStepBody:
    """The clock of the engine's own machine was moved by `step_us` (forward positive); `at_us` is of the new time."""

    at_us: Instant
    step_us: Duration


_ACTS: Final[Mapping[str, type]] = {
    re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower(): kind for kind in typing.get_args(rulings.Act)
}
_NAMES: Final[Mapping[type, str]] = {kind: name for name, kind in _ACTS.items()}


def act_name(act: Act) -> str:
    """The name of an act's kind in the journal and in commands: `set_gun`, `swap_tags`."""
    return _NAMES[type(act)]


def act_fields(act: Act) -> dict[str, Any]:
    """An act as plain values, its name under `act`."""
    return {"act": act_name(act), **plain(act)}


def act_of(given: Mapping[str, Any]) -> Act:
    """The act that plain values describe. Raises: ValueError when they describe none, saying what is wrong."""
    name = given.get("act")
    if not isinstance(name, str) or name not in _ACTS:
        raise ValueError(f"no act {name!r}; there are: {', '.join(_ACTS)}")
    act = built(_ACTS[name], {key: value for key, value in given.items() if key != "act"})
    return typing.cast(Act, act)


def plain(value: Any) -> Any:
    """A value of ours as JSON has it: dataclasses as objects without fields that have their default."""
    if is_dataclass(value):
        shown = {}
        for field in fields(value):
            inner = getattr(value, field.name)
            if inner != field.default:
                shown[field.name] = plain(inner)
        return shown
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, tuple):
        return [plain(inner) for inner in value]
    return value


def built(kind: type, given: Any) -> Any:
    """A dataclass of ours from plain values. Raises: ValueError naming the field that does not fit."""
    if not isinstance(given, Mapping):
        raise ValueError(f"{kind.__name__}: an object is needed, not {given!r}")
    hints = _hints(kind)
    unknown = set(given) - set(hints)
    if unknown:
        raise ValueError(f"{kind.__name__}: unknown {', '.join(sorted(unknown))}; there are: {', '.join(hints)}")
    try:
        return kind(**{name: _value(hints[name], value, name) for name, value in given.items()})
    except TypeError as error:
        raise ValueError(f"{kind.__name__}: {str(error).partition('() ')[2] or error}") from error


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    return typing.get_type_hints(kind)


def _value(hint: Any, given: Any, name: str) -> Any:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        kinds = [kind for kind in typing.get_args(hint) if kind is not type(None)]
        if given is None and len(kinds) < len(typing.get_args(hint)):
            return None
        return _value(kinds[0], given, name)
    if origin is Literal:
        if given not in typing.get_args(hint):
            raise ValueError(f"{name}: {given!r}; accepted: {', '.join(map(str, typing.get_args(hint)))}")
        return given
    if origin is tuple:
        return _tuple(typing.get_args(hint), given, name)
    if isinstance(hint, typing.NewType):
        return _value(hint.__supertype__, given, name)
    if is_dataclass(hint):
        return built(typing.cast(type, hint), given)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        try:
            return hint(given)
        except ValueError as error:
            raise ValueError(f"{name}: {given!r}; accepted: {', '.join(str(e.value) for e in hint)}") from error
    if not isinstance(given, hint) or (hint is int and isinstance(given, bool)):
        raise ValueError(f"{name}: {given!r} is no {hint.__name__}")
    return given


def _tuple(inner: tuple[Any, ...], given: Any, name: str) -> tuple[Any, ...]:
    if not isinstance(given, list | tuple):
        raise ValueError(f"{name}: a list is needed, not {given!r}")
    if inner[-1] is Ellipsis:
        return tuple(_value(inner[0], value, name) for value in given)
    if len(given) != len(inner):
        raise ValueError(f"{name}: {len(inner)} values are needed, not {len(given)}")
    return tuple(_value(kind, value, name) for kind, value in zip(inner, given, strict=True))


def ruling_fields(body: RulingBody) -> dict[str, Any]:
    return {
        "act": act_fields(body.act),
        "author": body.author,
        "role": body.role.value,
        "reason": body.reason,
        "seen": body.seen,
    }


def ruling_of(given: Mapping[str, Any]) -> RulingBody:
    return RulingBody(**{**given, "act": act_of(given["act"]), "role": Role(given["role"])})
