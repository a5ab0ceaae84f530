"""What each audience is shown at one moment: the public's board, and what speakers and crew see beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Sections: TypeAlias = Mapping[str, Any]
"""Named parts of a board, JSON-ready: each is sent whole when it changed, and not at all when it did not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Boards:
    """One numbered moment. `public` is whole, with its `number`; the others hold what is theirs alone."""

    public: dict[str, Any]
    speaker: Sections
    crew: Sections
