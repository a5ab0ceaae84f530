"""What the lists are called, in French and English.

A title of the race file comes first; what it leaves out (the sex or category of a list that is one of a family) is
said here.
"""

from typing import Final

from config.plan import Clock, ListRule, Per, RacePlan
from results.printing import Language
from results.rankings import RankedList
from timing.roster import Sex

_SEXES: Final = {
    Language.FR: {Sex.F: "Femmes", Sex.M: "Hommes"},
    Language.EN: {Sex.F: "Women", Sex.M: "Men"},
}


def list_title(ranked: RankedList, plan: RacePlan, language: Language) -> str:
    """`Scratch`, `Nationaux, femmes`, `M2F, Masters 2 femmes`."""
    rule = ranked.rule
    title = rule.title_in(language)
    scope = scope_name(rule, ranked.scope, plan, language)
    if not scope or not title:
        return title or scope or ranked.id
    return f"{title}, {scope[0].lower() + scope[1:] if rule.per is Per.SEX else scope}"


def scope_name(rule: ListRule, scope: str, plan: RacePlan, language: Language) -> str:
    """`Femmes`; `M2F, Masters 2 femmes`; empty for a list that is not one of a family."""
    if not scope:
        return ""
    if rule.per is Per.SEX:
        return _SEXES[language][Sex(scope)]
    name = plan.categories.name_of(scope, plan.race.day, language)
    return scope if name == scope else f"{scope}, {name}"


def clock_name(clock: Clock, language: Language) -> str:
    """What a list's time is called where the two stand side by side."""
    if language is Language.FR:
        return "temps officiel" if clock is Clock.GUN else "temps réel"
    return "gun time" if clock is Clock.GUN else "net time"
