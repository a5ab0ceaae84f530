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


_FAMILIES: Final = {
    Language.FR: {Per.SEX: "Par sexe", Per.CATEGORY: "Par catégorie"},
    Language.EN: {Per.SEX: "By sex", Per.CATEGORY: "By category"},
}
"""With these words a race file calls a family of lists; in the title of one list the scope stands in their place."""

_CATEGORIES: Final = {Language.FR: "Catégories", Language.EN: "Categories"}


def list_title(ranked: RankedList, plan: RacePlan, language: Language) -> str:
    """`Scratch`, `Femmes, temps réel`, `Nationaux, femmes`, `M2F, Masters 2 femmes`."""
    return _title(ranked.rule, ranked.id, scope_name(ranked.rule, ranked.scope, plan, language), language)


def short_title(ranked: RankedList, plan: RacePlan, language: Language) -> str:
    """The same with a category's code alone: `M2F, temps réel`."""
    return _short_title(ranked.rule, ranked.id, ranked.scope, plan, language)


def title_of(list_id: str, plan: RacePlan, language: Language) -> str:
    """The short title of the list with an id, such as `sex-F` or `category-M2F`; an id no list has, as it is."""
    for rule in sorted(plan.lists, key=lambda rule: -len(rule.id)):
        scope = list_id.removeprefix(f"{rule.id}-")
        if list_id == rule.id:
            return _short_title(rule, list_id, "", plan, language)
        if rule.per is not Per.NONE and scope != list_id and (rule.per is Per.CATEGORY or scope in _SEXES[language]):
            return _short_title(rule, list_id, scope, plan, language)
    return list_id


def _short_title(rule: ListRule, list_id: str, scope: str, plan: RacePlan, language: Language) -> str:
    named = scope_name(rule, scope, plan, language) if rule.per is Per.SEX else scope
    return _title(rule, list_id, named, language)


def family_title(rule: ListRule, language: Language) -> str:
    """What the lists of a family of categories are called together: `Catégories, temps réel`."""
    title = rule.title_in(language)
    return _CATEGORIES[language] + _beyond_family(rule, title, language) if _is_general(rule, language) else title


def _title(rule: ListRule, list_id: str, scope: str, language: Language) -> str:
    title = rule.title_in(language)
    if not scope:
        return title or list_id
    if _is_general(rule, language):
        return scope + _beyond_family(rule, title, language)
    return f"{title}, {scope[0].lower() + scope[1:] if rule.per is Per.SEX else scope}"


def _is_general(rule: ListRule, language: Language) -> bool:
    """Whether a title says no more than that there is a list for each sex or category."""
    title, family = rule.title_in(language), _FAMILIES[language].get(rule.per)
    return not title or (family is not None and (title == family or title.startswith(f"{family},")))


def _beyond_family(rule: ListRule, title: str, language: Language) -> str:
    return title.removeprefix(_FAMILIES[language].get(rule.per, ""))


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
