"""Commands to a running engine: who may give them, what they look like, what is wrong with them.

Owns the token, the shape of each command, and which roles may give it. What a command does is the engine's: it is
handed over as a plain dict.
"""

import hmac
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from results.errors import ResultsError
from results.web.access import ANNOUNCING, CREWING, NOBODY, Access, Session
from results.web.command_fields import Author, BibText, DeviceName, Identifier, InstantUs, ListedName, PathText, TagText
from results.web.command_fields import Command as _Command
from results.web.crew_commands import CREW_COMMANDS

BODY_MAX: Final = 64 * 1024
"""Bytes of a command: none carries a file."""

HAND_MAX: Final = 200
"""Stamps or bibs in one command: a device that comes back sends the rest in the next."""


class CommandRefused(ResultsError):
    """A command that cannot be understood; says which field and what would be accepted.

    Attributes: faults: one mapping for each, with `field` and `message`.
    """

    def __init__(self, faults: list[dict[str, str]]) -> None:
        self.faults = faults
        super().__init__("; ".join(f"{fault['field']}: {fault['message']}" for fault in faults))


class Close(_Command):
    """Declare the start or the finish closed: from then on DNS (or DNF) is known. `at_us` empty: now."""

    point: Literal["start", "finish"]
    author: Author
    at_us: InstantUs | None = None


class Gun(_Command):
    """A gun entered by hand. `wave` empty: the first wave that has none yet. `at_us` empty: now.

    `pressed`: `at_us` is when a key was pressed, not an hour that somebody noted: a backup of a signal on the wire.
    """

    author: Author
    wave: Identifier | None = None
    at_us: InstantUs | None = None
    pressed: bool = False


class Publish(_Command):
    """Publish the lists as they stand, under the next number."""

    author: Author


class Roster(_Command):
    """Take a new version of the roster from a file on the engine's machine."""

    author: Author
    path: PathText


class Rule(_Command):
    """A ruling: what was decided, by whom, in what capacity, and why.

    `seen`: the last journal number the author had seen; something decided on the same thing since then refuses it.
    Empty: all there is. With `preview` nothing is decided: the answer says what would change.
    """

    act: dict[str, Any]
    author: Author
    role: Literal["crew", "referee", "jury"] = "crew"
    reason: Annotated[str, StringConstraints(max_length=1000)] = ""
    seen: Annotated[int, Field(ge=0)] | None = None
    preview: bool = False


class Post(_Command):
    """A list, or its first `depth` places, is posted, made official by the referee, or opened again."""

    list_id: Identifier
    state: Literal["posted", "official", "reopened"]
    author: Author
    role: Literal["crew", "referee", "jury"] = "crew"
    depth: Annotated[int, Field(ge=1)] | None = None
    reason: Annotated[str, StringConstraints(max_length=1000)] = ""


class Seen(_Command):
    """Somebody was seen at a point without a chip being read. `bib` empty: no bib could be seen."""

    author: Author
    point: Identifier
    at_us: InstantUs | None = None
    bib: Identifier | None = None
    order: Annotated[int, Field(ge=1)] | None = None
    text: Annotated[str, StringConstraints(max_length=1000)] = ""


class Note(_Command):
    """Something that was done or seen, for the record; changes nothing."""

    author: Author
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]


class GivenStamp(BaseModel):
    """One press of the key, as the device has it: the `number`-th there."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    number: Annotated[int, Field(strict=True, ge=1, lt=2**31)]
    point: Identifier
    at_us: InstantUs
    error_us: Annotated[int, Field(strict=True, ge=0, lt=2**53)] | None = None
    order_only: bool = False


class GivenWord(BaseModel):
    """Whose a stamp is, as somebody typed it at `at_us`; `bib` empty: nobody's, or not to be used."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    device: DeviceName
    number: Annotated[int, Field(strict=True, ge=1, lt=2**31)]
    bib: BibText | None
    at_us: InstantUs


class HandStamps(_Command):
    """Stamps of one device; those that were delivered before are known and do no harm."""

    author: Author
    device: DeviceName
    stamps: Annotated[list[GivenStamp], Field(min_length=1, max_length=HAND_MAX)]


class HandBibs(_Command):
    """Whose stamps are, of any device; of several words on one stamp the last counts."""

    author: Author
    bibs: Annotated[list[GivenWord], Field(min_length=1, max_length=HAND_MAX)]


RosterVersion = Annotated[int, Field(strict=True, ge=0)]
"""The journal number of the roster that the author saw; 0: none was there yet."""


class EntrantTyped(_Command):
    """A new entrant (`create`, with tags), or fields of one that is there, as texts; what is not given stays."""

    author: Author
    bib: BibText
    fields: Annotated[dict[Identifier, Annotated[str, StringConstraints(max_length=200)]], Field(max_length=40)]
    create: bool = False
    tags: Annotated[list[TagText], Field(max_length=8)] = Field(default_factory=list)
    seen: RosterVersion = 0


class OtherBib(_Command):
    """Another bib for somebody; the old one is void."""

    author: Author
    bib: BibText
    new_bib: BibText
    seen: RosterVersion


class TagBound(_Command):
    """A tag is worn by somebody, or (`bound` false) no more. `take`: although somebody else has it."""

    author: Author
    bib: BibText
    tag: TagText
    bound: bool = True
    take: bool = False
    seen: RosterVersion


class RosterTaken(_Command):
    """A roster file that was sent to the desk and compared there is taken. `keep`: those it does not have stay."""

    author: Author
    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    seen: RosterVersion
    keep: bool = False


class Mark(_Command):
    """What an announcer did with a name. `at_us`: when, so that a page that was cut off can say it late; empty: now."""

    author: Author
    bib: Identifier
    mark: Literal["said", "skipped", "later", "unsaid"]
    microphone: Annotated[str, StringConstraints(max_length=20)] = ""
    at_us: InstantUs | None = None


class Favourites(_Command):
    """Who is not to be missed, typed or from a list: bibs, everybody of a club, or of a town. `on` false: no more."""

    author: Author
    by: Literal["bib", "club", "town"]
    values: Annotated[list[ListedName], Field(min_length=1, max_length=2000)]
    on: bool = True


class Pace(_Command):
    """How fast names are said and how often the rows of the board move, in real milliseconds; empty: as before."""

    author: Author
    name_ms: Annotated[int, Field(strict=True, ge=500, le=60_000)] | None = None
    step_ms: Annotated[int, Field(strict=True, ge=500, le=60_000)] | None = None


class PassingOrder(_Command):
    """An order of passing that a spotter reported: `bibs` in order, the first of them at `at_us` (empty: now)."""

    author: Author
    metres: Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
    bibs: Annotated[list[Identifier], Field(min_length=1, max_length=100)]
    at_us: InstantUs | None = None
    first_place: Annotated[int, Field(strict=True, ge=1)] = 1
    text: Annotated[str, StringConstraints(max_length=1000)] = ""


class StatusAsked(_Command):
    """What the engine is doing: sources, journal, counts."""


COMMANDS: Final[Mapping[str, type[_Command]]] = {
    **CREW_COMMANDS,
    "bind_tag": TagBound,
    "close": Close,
    "entrant": EntrantTyped,
    "favourites": Favourites,
    "gun": Gun,
    "hand_bib": HandBibs,
    "hand_stamp": HandStamps,
    "mark": Mark,
    "note": Note,
    "pace": Pace,
    "passing_order": PassingOrder,
    "post": Post,
    "publish": Publish,
    "rebib": OtherBib,
    "roster": Roster,
    "rule": Rule,
    "seen": Seen,
    "status": StatusAsked,
    "take_roster": RosterTaken,
}


MAY_GIVE: Final[Mapping[str, frozenset[Access]]] = {
    **dict.fromkeys(CREW_COMMANDS, CREWING),
    "bind_tag": CREWING,
    "close": CREWING,
    "entrant": CREWING,
    "favourites": ANNOUNCING,
    "gun": CREWING,
    "hand_bib": CREWING,
    "hand_stamp": CREWING,
    "mark": ANNOUNCING,
    "note": CREWING,
    "pace": ANNOUNCING,
    "passing_order": ANNOUNCING,
    "post": CREWING,
    "publish": CREWING,
    "rebib": CREWING,
    # It reads a file of the engine's machine by its path: for those who have the race folder.
    "roster": NOBODY,
    "rule": CREWING,
    "seen": CREWING,
    "status": CREWING,
    "take_roster": CREWING,
}
"""Which sessions may give a command; the token of the race folder may give all."""


def command_of(name: str, body: bytes, session: Session | None = None) -> dict[str, Any]:
    """The command a request asks for, checked: its fields and `command`, the name.

    An empty body is a command without fields. With a session `author`, `role` and `microphone` are the session's,
    where the command has them: other values are refused. Raises: KeyError for an unknown name, CommandRefused.
    """
    model = COMMANDS[name]
    try:
        given = json.loads(body) if body.strip() else {}
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CommandRefused([{"field": "body", "message": f"not JSON ({error}); accepted: a JSON object"}]) from error
    if not isinstance(given, dict):
        raise CommandRefused([{"field": "body", "message": "accepted: a JSON object"}])
    if session is not None:
        given = _signed(given, model, session)
    try:
        command = model.model_validate(given)
    except ValidationError as error:
        raise CommandRefused([_fault(fault["loc"], fault["msg"], model) for fault in error.errors()]) from error
    return {"command": name, **command.model_dump()}


def _signed(given: dict[str, Any], model: type[_Command], session: Session) -> dict[str, Any]:
    """What was given, with who gave it as the session says. Raises: CommandRefused when it says somebody else."""
    who = {"author": session.name, "role": str(session.access), "microphone": session.microphone}
    said = {field: value for field, value in who.items() if field in model.model_fields}
    others = [field for field, value in said.items() if given.get(field) not in (None, value)]
    if others:
        raise CommandRefused(
            [{"field": field, "message": f"comes from the sign-in: {said[field]!r}; leave it out"} for field in others]
        )
    return {**given, **said}


def _fault(where: tuple[int | str, ...], message: str, model: type[_Command]) -> dict[str, str]:
    field = ".".join(map(str, where)) or "body"
    if where and where[0] not in model.model_fields:
        message = "unknown field; accepted: " + (", ".join(model.model_fields) or "none")
    return {"field": field, "message": message}


def token_in(secret: Path) -> str:
    """The token a race folder's `secret` holds.

    Raises: ResultsError when there is none: then nobody may command.
    """
    try:
        token = secret.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ResultsError(f"{secret}: the token cannot be read ({error})") from error
    if len(token) < 16:
        raise ResultsError(f"{secret}: the token must have at least 16 characters")
    return token


def may_command(authorization: str | None, token: str | None) -> bool:
    """Whether an Authorization header carries the token; compared in constant time. Without a token nobody may."""
    scheme, _, given = (authorization or "").partition(" ")
    if token is None or scheme.lower() != "bearer":
        return False
    return hmac.compare_digest(given.strip().encode("utf-8", "replace"), token.encode())
