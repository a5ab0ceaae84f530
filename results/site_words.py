"""The words of the static site in both languages. Figures are put in by whoever knows them.

A no-break space stands before : ; ? ! in French.
"""

from collections.abc import Mapping
from datetime import date
from typing import Final

from config.plan import Clock, RacePlan, Ties
from results.printing import Language, place_word
from results.rankings import RankedList
from timing.race import GunOrigin

Words = Mapping[str, str]

WORDS: Final[Mapping[Language, Words]] = {
    Language.FR: {
        "other": "English",
        "results": "résultats",
        "home": "Accueil",
        "lists": "Classements",
        "counts": "Coureurs passés",
        "find": "Nom ou dossard",
        "search": "Chercher",
        "found_none": "Personne de ce nom ni de ce dossard dans les listes.",
        "found_more": "Seuls les premiers sont montrés\u00a0: précisez.",
        "no_script": "Sans JavaScript, cherchez par la place ou avec la recherche du navigateur.",
        "running": "{finished} arrivés, {running} en course.",
        "finished": "{finished} arrivés.",
        "may_change": "Les places peuvent encore changer.",
        "publication": "publication {number}",
        "place": "Place",
        "runner": "Coureur",
        "bib": "Dossard",
        "category": "Catégorie",
        "club": "Club ou ville",
        "gun_head": "Temps officiel",
        "net_head": "Temps réel",
        "gun_short": "officiel",
        "net_short": "réel",
        "unread": "non lu",
        "from_gun": "départ non lu, compté du coup de pistolet",
        "withheld": "nom non publié",
        "tied": "ex æquo",
        "pages": "Pages de cette liste",
        "places": "{first} à {last}",
        "next_page": "Page suivante",
        "previous_page": "Page précédente",
        "nobody": "Personne n'est encore classé dans cette liste.",
        "ranked": "{count} classés",
        "ranked_one": "1 classé",
        "first": "En tête",
        "categories": "Catégories",
        "whole": "Toute la liste",
        "print": "Imprimer",
        "dark": "Tente",
        "light": "Plein soleil",
        "seconds": "Les secondes entamées comptent.",
        "gun_race": "Temps officiel\u00a0: du premier coup de feu à la ligne.",
        "gun_wave": "Temps officiel\u00a0: du coup de feu de la vague à la ligne.",
        "net": "Temps réel\u00a0: du tapis de départ à la ligne.",
        "by_net": "Classée au temps réel.",
        "by_gun_race": "Classée au temps depuis le premier coup de feu.",
        "by_gun_wave": "Classée au temps depuis le coup de feu de la vague.",
        "ties_fraction": "À secondes égales, la fraction départage.",
        "ties_shared": "À secondes égales, la place est partagée.",
        "offline": "Ces pages se lisent sans réseau.",
    },
    Language.EN: {
        "other": "Français",
        "results": "results",
        "home": "Home",
        "lists": "Lists",
        "counts": "Runners seen",
        "find": "Name or bib",
        "search": "Search",
        "found_none": "Nobody of that name or bib in the lists.",
        "found_more": "Only the first are shown: type more.",
        "no_script": "Without JavaScript, look by place or with the browser's own search.",
        "running": "{finished} finished, {running} running.",
        "finished": "{finished} finished.",
        "may_change": "Places may still change.",
        "publication": "publication {number}",
        "place": "Place",
        "runner": "Runner",
        "bib": "Bib",
        "category": "Category",
        "club": "Club or town",
        "gun_head": "Gun time",
        "net_head": "Net time",
        "gun_short": "gun",
        "net_short": "net",
        "unread": "not read",
        "from_gun": "start not read, counted from the gun",
        "withheld": "name withheld",
        "tied": "tied",
        "pages": "Pages of this list",
        "places": "{first} to {last}",
        "next_page": "Next page",
        "previous_page": "Previous page",
        "nobody": "Nobody is ranked in this list yet.",
        "ranked": "{count} ranked",
        "ranked_one": "1 ranked",
        "first": "Leaders",
        "categories": "Categories",
        "whole": "Whole list",
        "print": "Print",
        "dark": "Tent",
        "light": "Sunlight",
        "seconds": "Any fraction of a second counts as a whole one.",
        "gun_race": "Gun time: from the first gun to the line.",
        "gun_wave": "Gun time: from the gun of the wave to the line.",
        "net": "Net time: from the start mat to the line.",
        "by_net": "Ranked by net time.",
        "by_gun_race": "Ranked by the time from the first gun.",
        "by_gun_wave": "Ranked by the time from the gun of the wave.",
        "ties_fraction": "Equal seconds are told apart by the fraction.",
        "ties_shared": "Equal seconds share the place.",
        "offline": "These pages need no network.",
    },
}

_MONTHS: Final = {
    Language.FR: (
        "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
        "décembre",
    ),
    Language.EN: (
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ),
}  # fmt: skip


def long_date(day: date, language: Language) -> str:
    """`27 octobre 2024`, `1er novembre 2026`; `27 October 2024`."""
    number = place_word(1, language) if day.day == 1 and language is Language.FR else str(day.day)
    return f"{number} {_MONTHS[language][day.month - 1]} {day.year}"


def race_line(plan: RacePlan, language: Language) -> str:
    """`20 km · 45e édition · 27 octobre 2024`."""
    metres = plan.race.course.finish.distance_m
    mark = "," if language is Language.FR else "."
    distance = f"{metres / 1000:g}".replace(".", mark)
    parts = [f"{distance}\u00a0km"]
    if plan.race.edition is not None:
        feminine = language is Language.FR
        nth = place_word(plan.race.edition, language, feminine=feminine)
        edition = f"{nth} {'édition' if feminine else 'edition'}"
        if edition not in plan.title_in(language):
            parts.append(edition)
    return " · ".join((*parts, long_date(plan.race.day, language)))


def rule_line(ranked: RankedList, language: Language) -> str:
    """By which clock a list is ranked, and what equal seconds do in it."""
    words, rule = WORDS[language], ranked.rule
    if rule.clock is Clock.NET:
        by = words["by_net"]
    else:
        by = words["by_gun_race" if rule.gun_origin is GunOrigin.RACE else "by_gun_wave"]
    return f"{by} {words['ties_shared' if rule.ties is Ties.SHARED else 'ties_fraction']}"


def clocks_line(plan: RacePlan, language: Language) -> str:
    """What the two times are, for the foot of a page."""
    words = WORDS[language]
    official = words["gun_race" if plan.race.gun_origin is GunOrigin.RACE else "gun_wave"]
    return f"{official} {words['net']} {words['seconds']}"
