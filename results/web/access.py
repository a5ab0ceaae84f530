"""Who may see and do what at the staff pages: the capacities people sign in with, and a session of one of them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Access(StrEnum):
    """The capacity somebody signs in with. The last three are also the capacity in which they rule and post."""

    SPEAKER = "speaker"
    CREW = "crew"
    REFEREE = "referee"
    JURY = "jury"


ANNOUNCING: Final = frozenset(Access)
"""Who may see the speaker's pages and write there."""

CREWING: Final = frozenset({Access.CREW, Access.REFEREE, Access.JURY})
"""Who may see the crew's pages, and rule, post and publish: each in their own capacity."""

NOBODY: Final[frozenset[Access]] = frozenset()
"""For what only the command line may do, with the token of the race folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody who signed in.

    name: as they gave it; it signs what they do. microphone: which one, empty where it does not matter. since_s: when
    they signed in, seconds since the UTC epoch. csrf: what every write of this session must carry.
    """

    id: str
    name: str
    access: Access
    microphone: str
    since_s: int
    csrf: str
