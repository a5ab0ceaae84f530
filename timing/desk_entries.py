"""What people do at the pages of a race, as bodies in the journal: names said, reports, hand stamps, alarms taken.

Nothing here gives anybody a time or a place: a report, a stamp or a mark is what somebody said or did, kept so that a
page shows the same after a restart and to everybody. Owns the format (version 1): an object of the fields with the
body's name under `what`; absent fields have their defaults, so that a body can be given further ones. Every body has
`at_us`, the instant of the race clock it is about, and `author`.
"""

import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from timing.instants import Duration, Instant
from timing.roster import Bib
from timing.ruling_entries import built, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkBody:
    """What an announcer did with a name: `unsaid` takes the mark before it back. `microphone`: whose."""

    bib: Bib
    mark: Literal["said", "skipped", "later", "unsaid"]
    microphone: str
    at_us: Instant
    author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FavouritesBody:
    """Who is not to be missed, from now on or (`on` false) no more: bibs, everybody of a club, or of a town."""

    by: Literal["bib", "club", "town"]
    values: tuple[str, ...]
    on: bool
    at_us: Instant
    author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceBody:
    """How fast names are said, and how often the rows of the board move, in real milliseconds; None: as before."""

    at_us: Instant
    author: str
    name_ms: int | None = None
    step_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PassingOrderBody:
    """An order of passing that somebody on the course reported: `bibs` in order, the first of them at `at_us`.

    `first_place`: the place of the first of them over all. It feeds board and forecast, never results.
    """

    metres: int
    bibs: tuple[Bib, ...]
    at_us: Instant
    author: str
    first_place: int = 1
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmBody:
    """Somebody takes care of an alarm; `key` names this occurrence of it."""

    key: str
    at_us: Instant
    author: str
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmedBody:
    """The race is armed: from `at_us` on reads count. `open_checks`: what was not in order, and was accepted."""

    armed: bool
    at_us: Instant
    author: str
    open_checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MatBody:
    """A mat was laid or lifted: lifted, it is not expected to hear anybody."""

    mat: str
    laid: bool
    at_us: Instant
    author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AbandonBody:
    """An abandon as it was reported, with where. `private` is for the crew and the doctors, and in no public byte."""

    bib: Bib
    at_us: Instant
    author: str
    place: str = ""
    metres: int | None = None
    private: str = ""
    withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HandStampBody:
    """A press of the key of a hand timer: the `number`-th of its `device`, for a point.

    `error_us`: how far the device's clock may have been from the engine's, as measured; None: never measured.
    `order_only`: pressed faster than a person can time, so it says who came before whom, and no more.
    """

    device: str
    number: int
    point: str
    at_us: Instant
    author: str
    error_us: Duration | None = None
    order_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HandBibBody:
    """Whose a hand stamp is, as somebody typed it; None: nobody's, or not to be used. The last word counts."""

    device: str
    number: int
    bib: Bib | None
    at_us: Instant
    author: str


DeskBody: TypeAlias = (
    MarkBody
    | FavouritesBody
    | PaceBody
    | PassingOrderBody
    | AlarmBody
    | ArmedBody
    | MatBody
    | AbandonBody
    | HandStampBody
    | HandBibBody
)

_NAMES: Final[Mapping[type, str]] = {
    kind: re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__.removesuffix("Body")).lower()
    for kind in typing.get_args(DeskBody)
}
_KINDS: Final[Mapping[str, type]] = {name: kind for kind, name in _NAMES.items()}


def desk_fields(body: DeskBody) -> dict[str, Any]:
    """A body as plain values, its name under `what`."""
    return {"what": _NAMES[type(body)], **plain(body)}


def desk_body_of(given: Mapping[str, Any]) -> DeskBody:
    """The body that plain values describe. Raises: ValueError when they describe none, saying what is wrong."""
    name = given.get("what")
    if not isinstance(name, str) or name not in _KINDS:
        raise ValueError(f"no {name!r} at a desk; there are: {', '.join(_KINDS)}")
    body = built(_KINDS[name], {key: value for key, value in given.items() if key != "what"})
    return typing.cast(DeskBody, body)
