"""The commands of the crew's console: what is said there, what is decided together, and what is asked.

Owns the shape of each, beside those of `control`. Questions change nothing.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints

from results.web.command_fields import Author, Command, Identifier, InstantUs, Reason, ShortText


class _Asked(Command):
    """A question: it changes nothing, and is answered in a language, for somebody who signs in a capacity."""

    language: Literal["fr", "en"] = "fr"
    role: Literal["crew", "referee", "jury"] = "crew"


class Alarm(Command):
    """Somebody takes care of an alarm: `key` names this occurrence of it, `text` says what it was."""

    author: Author
    key: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    text: ShortText = ""


class Arm(Command):
    """The race is armed, or (`armed` false) no more. `at_us` empty: from now on.

    `open_checks`: what is not in order, and is accepted.
    """

    author: Author
    armed: bool = True
    at_us: InstantUs | None = None
    open_checks: Annotated[list[Identifier], Field(max_length=100)] = Field(default_factory=list)


class Mat(Command):
    """A mat was laid, or lifted: then nobody is expected there. `at_us` empty: now."""

    author: Author
    mat: Identifier
    laid: bool
    at_us: InstantUs | None = None


class MatHistoryAsked(_Asked):
    """What a mat heard in each minute so far, by antenna, and how its reader's clock stood."""

    mat: Identifier


class Abandon(Command):
    """An abandon as it was reported, with where; a declaration is a ruling of its own. `at_us` empty: now.

    `private` is for crew and doctors. `withdrawn`: the report is taken back.
    """

    author: Author
    bib: Identifier
    at_us: InstantUs | None = None
    place: ShortText = ""
    metres: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    private: Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)] = ""
    withdrawn: bool = False


class RuleMany(Command):
    """Rulings of one author for one reason, taken together or not at all; `seen` and `preview` as of one ruling.

    The answer tells what all of them change together.
    """

    acts: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=2000)]
    author: Author
    role: Literal["crew", "referee", "jury"] = "crew"
    reason: Reason = ""
    seen: Annotated[int, Field(ge=0)] | None = None
    preview: bool = False


class DecisionAsked(_Asked):
    """What is known of an open decision, what can be done about it, and what its proposal number `chosen` changes."""

    key: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    chosen: Annotated[int, Field(ge=0, le=1000)] = 0


class GroupAsked(_Asked):
    """All open questions of one kind on which no place hangs, and what settles them together."""

    kind: Identifier
    choice: Literal["clear", "propose", ""] = ""


class Weigh(_Asked):
    """What acts would change together, in words."""

    acts: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=2000)]


class RulingsAsked(_Asked):
    """The rulings in force, the newest first."""


class RunnerAsked(_Asked):
    """One runner with why of every time, or those whose bib or name is like what is asked."""

    bib: Identifier


class ShiftLogAsked(_Asked):
    """All that was done and decided, the newest first."""


class OnCourseAsked(_Asked):
    """Everybody who started and neither finished nor stopped, for the crew alone."""


CREW_COMMANDS: Final[Mapping[str, type[Command]]] = {
    "abandon": Abandon,
    "alarm": Alarm,
    "arm": Arm,
    "decision": DecisionAsked,
    "decision_group": GroupAsked,
    "mat": Mat,
    "mat_history": MatHistoryAsked,
    "on_course": OnCourseAsked,
    "rule_many": RuleMany,
    "rulings": RulingsAsked,
    "runner": RunnerAsked,
    "shift_log": ShiftLogAsked,
    "weigh": Weigh,
}
