"""What people should know of the entrants of a roster: what is missing, and where the file's category is another."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from config.categories import YOUNGEST_OVER_15_KM, CategoryBasis, birth_year_of, parse_category, season_of
from config.plan import RacePlan
from timing.roster import Entrant, Sex

_LONG_RACE_M: Final = 15_000
_EXAMPLES_MAX: Final = 5
_WITH_LISTS: Final = (Sex.M, Sex.F)
_ON_WHEELS: Final = ("wheelchair", "handbike")


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterRemark:
    """One thing to know about a roster. `line` None and `bib` empty: the whole file.

    `held`: something was not taken over and waits for a decision.
    """

    line: int | None
    bib: str
    what: str
    held: bool

    def __str__(self) -> str:
        place = "" if self.line is None else f"line {self.line}: "
        return f"{place}{'HELD: ' if self.held else ''}{self.what}"


def entrant_remarks(
    entrants: Sequence[Entrant], lines: Sequence[int], plan: RacePlan
) -> tuple[list[RosterRemark], int, int]:
    """Remarks on entrants (each kind once, with examples), rows with a category, and rows where it differs."""
    remarks: list[RosterRemark] = []

    def tell(what: str, found: Sequence[int]) -> None:
        if found:
            remarks.append(_remark(what, found, entrants, lines))

    each = list(enumerate(entrants))
    timed = {name for name, rule in plan.roles.items() if rule.timed}
    tell("without a tag", [i for i, e in each if not e.tags and e.role in timed])
    tell("of no sex list", [i for i, e in each if e.sex not in _WITH_LISTS and e.role == "runner"])
    tell("in no wave", _in_no_wave(each, plan))
    tell("on wheels in a wave of the main race, with its minimum times and lists", _wheels_among_runners(each, plan))
    tell("perhaps a test entry", [i for i, e in each if e.last_name.upper() == "TEST" and e.role == "runner"])
    twice = _entered_twice(entrants)
    if twice:
        tell("with the name and birth date of another", [i for i, e in each if _person(e) in twice])
    if plan.categories.basis is CategoryBasis.ROSTER:
        without = [i for i, e in each if not e.category]
        tell("without a category", [i for i in without if entrants[i].role == "runner"])
        return remarks, len(entrants) - len(without), 0
    tell(
        "without a birth date",
        [i for i, e in each if birth_year_of(e) is None and e.age is None and e.role == "runner"],
    )
    if plan.race.course.finish.distance_m > _LONG_RACE_M:
        youngest = season_of(plan.race.day, plan.categories.season_starts) - YOUNGEST_OVER_15_KM
        tell(
            f"too young to run more than 15 km (born after {youngest})",
            [i for i, e in each if (birth_year_of(e) or 0) > youngest],
        )
    given, differs = _categories(entrants, lines, plan, remarks)
    return remarks, given, differs


def _remark(what: str, found: Sequence[int], entrants: Sequence[Entrant], lines: Sequence[int]) -> RosterRemark:
    examples = ", ".join(f"{entrants[index].bib} (line {lines[index]})" for index in found[:_EXAMPLES_MAX])
    more = ", ..." if len(found) > _EXAMPLES_MAX else ""
    plural = "entrant" if len(found) == 1 else "entrants"
    return RosterRemark(
        line=lines[found[0]],
        bib=entrants[found[0]].bib if len(found) == 1 else "",
        what=f"{len(found)} {plural} {what}: {examples}{more}",
        held=False,
    )


def _person(entrant: Entrant) -> tuple[str, str, date | None]:
    return entrant.last_name, entrant.first_name, entrant.birth_date


def _entered_twice(entrants: Sequence[Entrant]) -> set[tuple[str, str, date | None]]:
    """Who stands in the roster more than once, as far as name and birth date can tell."""
    known = Counter(_person(entrant) for entrant in entrants if entrant.birth_date and entrant.last_name)
    return {person for person, times in known.items() if times > 1}


def _in_no_wave(each: Iterable[tuple[int, Entrant]], plan: RacePlan) -> list[int]:
    """Who has no wave in the roster, and a bib in the range of none."""
    if len(plan.race.waves) == 1:
        return []
    ranges = [bounds for wave in plan.race.waves for bounds in wave.bibs]
    numbers = [(i, int(e.bib) if e.bib.isdecimal() else -1) for i, e in each if not e.wave]
    return [i for i, number in numbers if not any(low <= number <= high for low, high in ranges)]


def _wheels_among_runners(each: Iterable[tuple[int, Entrant]], plan: RacePlan) -> list[int]:
    """Wheelchairs and handbikes that start with a wave of the main race: too early there, or first in its lists."""
    waves = plan.race.waves
    main = {wave.id for wave in waves if not wave.group}
    known = {wave.id for wave in waves}
    ranges = [(low, high, not wave.group) for wave in waves for low, high in wave.bibs]

    def among_runners(entrant: Entrant) -> bool:
        if entrant.wave in known or len(waves) == 1:
            return (entrant.wave in main) if entrant.wave in known else bool(main)
        number = int(entrant.bib) if entrant.bib.isdecimal() else -1
        return next((is_main for low, high, is_main in ranges if low <= number <= high), False)

    return [i for i, e in each if e.role in _ON_WHEELS and among_runners(e)]


def _categories(
    entrants: Sequence[Entrant], lines: Sequence[int], plan: RacePlan, remarks: list[RosterRemark]
) -> tuple[int, int]:
    """Compares the categories of the file with those of the rule: the rule counts, the file is only told."""
    given = [index for index, entrant in enumerate(entrants) if entrant.category]
    if not given:
        return 0, 0
    computed = plan.categories.categories_of(entrants, plan.race.day)
    other = [index for index in given if _differs(entrants[index], computed[index])]
    if other:
        pairs = Counter((entrants[index].category, computed[index] or "none") for index in other)
        shown = ", ".join(f"{file} is {rule} ({n})" for (file, rule), n in pairs.most_common(_EXAMPLES_MAX))
        more = ", ..." if len(pairs) > _EXAMPLES_MAX else ""
        what = (
            f"{len(other)} of {len(given)} categories of the file differ from those of the race's rule, which count"
            f" (season {season_of(plan.race.day, plan.categories.season_starts)}): {shown}{more}"
        )
        remarks.append(RosterRemark(line=lines[other[0]], bib="", what=what, held=False))
    return len(given), len(other)


def _differs(entrant: Entrant, computed: str | None) -> bool:
    if computed is None or entrant.category.upper() == computed:
        return computed is None
    parsed = parse_category(entrant.category)
    if parsed is None:
        return True
    code, sex = parsed
    return computed not in ({code + sex} if sex is not Sex.UNKNOWN else {code + "M", code + "F"})
