"""Who may appear in which list, as columns: once for each version of the roster.

Owns the reading of a list's eligibility. Times and places are not its business: whether somebody finished, and in
which wave, is asked when ranking.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Self

import numpy as np

from config.plan import ListRule, Per, RacePlan
from results.bibs import bib_order
from results.categories import Categories, categorise
from timing.pace import kinds_permille
from timing.reads import Bool, Int16, Int32, Int64
from timing.roster import Bib, Entrant, Roster, Sex

SCOPE_SEXES: Final = (Sex.F, Sex.M)
"""The sexes that have lists of their own, in the order they are shown."""

NO_SCOPE: Final = -1


@dataclass(frozen=True, kw_only=True)
class Admission:
    """One rule against one roster.

    `admitted`: for each entrant, whether the roster allows a place in some list of the rule. `scope`: an index into
    `scopes` (NO_SCOPE where not admitted); a rule that is not split has the single scope "". `pool`: how many the
    roster admits to each scope: the list can never be longer.
    """

    rule: ListRule
    admitted: Bool
    scopes: tuple[str, ...]
    scope: Int16
    pool: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Eligibility:
    """All rules of a plan against one version of the roster.

    `by_bib`: indexes of entrants in the order of bibs. `overrides`: categories that rulings gave, by bib.
    """

    plan: RacePlan
    roster: Roster
    categories: Categories
    by_bib: Int32
    ranked_role: Bool
    admissions: tuple[Admission, ...]
    overrides: Mapping[Bib, str] = field(default_factory=dict)

    @cached_property
    def kinds_permille(self) -> Int64:
        """How much slower than the fastest runner the fastest of each entrant's sex and age is (`timing.pace`)."""
        return kinds_permille(self.roster.entrants, self.plan.race.day)

    @classmethod
    def of(cls, plan: RacePlan, roster: Roster, overrides: Mapping[Bib, str] | None = None) -> Self:
        """Reads the rules for a roster, with the categories that rulings gave (`Decisions.categories`)."""
        known = categorise(plan, roster, overrides)
        ranked_roles: dict[str, bool] = {}
        for entrant in roster.entrants:
            if entrant.role not in ranked_roles:
                ranked_roles[entrant.role] = plan.role(entrant).ranked
        ranked = _column([ranked_roles[entrant.role] for entrant in roster.entrants])
        return cls(
            plan=plan,
            roster=roster,
            categories=known,
            by_bib=bib_order([entrant.bib for entrant in roster.entrants]),
            ranked_role=ranked,
            admissions=tuple(_admission(rule, roster, known, ranked) for rule in plan.lists),
            overrides=dict(overrides or {}),
        )


def _admission(rule: ListRule, roster: Roster, categories: Categories, ranked: Bool) -> Admission:
    admitted = ranked.copy()
    if _asks_the_roster(rule):
        admitted &= _column([_admits(rule, entrant) for entrant in roster.entrants])
    if rule.categories:
        wanted = [code for code, name in enumerate(categories.names) if name in rule.categories]
        admitted &= np.isin(categories.code, wanted)
    names, scope = _scopes(rule, roster, categories)
    scope = np.where(admitted, scope, NO_SCOPE).astype(np.int16)
    sizes = np.bincount(scope[scope != NO_SCOPE], minlength=len(names)).tolist()
    return Admission(rule=rule, admitted=scope != NO_SCOPE, scopes=names, scope=scope, pool=tuple(sizes))


def _asks_the_roster(rule: ListRule) -> bool:
    """Whether `_admits` can say no to anybody."""
    return bool(rule.sexes or rule.nationalities or rule.roles) or rule.licensed is not None or rule.elite is not None


def _admits(rule: ListRule, entrant: Entrant) -> bool:
    """What the roster alone can tell: sex, nationality, role, licence, elite. Empty eligibility admits everybody."""
    if rule.sexes and entrant.sex not in rule.sexes:
        return False
    if rule.nationalities and entrant.nationality not in rule.nationalities:
        return False
    if rule.roles and entrant.role not in rule.roles:
        return False
    if rule.licensed is not None and rule.licensed != bool(entrant.licence):
        return False
    return rule.elite is None or rule.elite == entrant.elite


def _scopes(rule: ListRule, roster: Roster, categories: Categories) -> tuple[tuple[str, ...], Int16]:
    """The scopes of a rule and the scope of each entrant. Sex X has no list of its own: it stands in scratch."""
    if rule.per is Per.NONE:
        return ("",), np.zeros(len(roster), dtype=np.int16)
    if rule.per is Per.CATEGORY:
        return categories.names, categories.code
    code_of = {sex: code for code, sex in enumerate(SCOPE_SEXES)}
    codes = [code_of.get(entrant.sex, NO_SCOPE) for entrant in roster.entrants]
    return tuple(str(sex) for sex in SCOPE_SEXES), np.array(codes, dtype=np.int16)


def _column(values: Sequence[bool]) -> Bool:
    return np.array(values, dtype=np.bool_)
