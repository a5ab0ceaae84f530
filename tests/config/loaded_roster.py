"""A roster that was loaded, as tests look at it."""

from collections.abc import Callable

from config.roster_file import LoadedRoster
from timing.roster import Entrant

Load = Callable[[str | bytes], LoadedRoster]


def held(loaded: LoadedRoster) -> list[tuple[int | None, str]]:
    return [(remark.line, remark.bib) for remark in loaded.remarks if remark.held]


def said(loaded: LoadedRoster) -> str:
    return "\n".join(str(remark) for remark in loaded.remarks)


def entrants_of(loaded: LoadedRoster) -> tuple[Entrant, ...]:
    return loaded.roster.entrants
