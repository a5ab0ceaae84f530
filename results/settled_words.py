"""How it is said that a place is settled, or until when it is open and why, in French and English."""

from typing import Final
from zoneinfo import ZoneInfo

from results.asked import Kind
from results.printing import NO_BREAK_SPACE, Language, hour
from results.question_titles import TITLES
from results.settled_place import (
    CLOCK,
    GUN_NOT_FIRED,
    MAY_BE_BEATEN,
    NO_FINISHER,
    NOT_HEARD,
    PASSING,
    START_NOT_HEARD,
    START_OPEN,
    SettledPlace,
)

_REASONS: Final = {
    Language.FR: {
        MAY_BE_BEATEN: "peut encore être battue",
        NO_FINISHER: "personne encore",
        PASSING: "dernier passage en cours",
        GUN_NOT_FIRED: "un coup de feu manque",
        START_OPEN: "départ encore ouvert",
        NOT_HEARD: "un tapis d'arrivée n'est pas entendu",
        START_NOT_HEARD: "un tapis de départ n'est pas entendu",
        CLOCK: "une horloge est à décider",
    },
    Language.EN: {
        MAY_BE_BEATEN: "may still be beaten",
        NO_FINISHER: "nobody yet",
        PASSING: "last passing under way",
        GUN_NOT_FIRED: "a gun is missing",
        START_OPEN: "start still open",
        NOT_HEARD: "a finish mat is not heard",
        START_NOT_HEARD: "a start mat is not heard",
        CLOCK: "a clock waits for a decision",
    },
}


def reason_words(reason: str, language: Language) -> str:
    """Why a place is open: `peut encore être battue`, `à décider : À vérifier de visu`."""
    known = _REASONS[language].get(reason)
    if known is not None:
        return known
    title = TITLES[language][Kind(reason)]
    return f"à décider{NO_BREAK_SPACE}: {title}" if language is Language.FR else f"to decide: {title}"


def settled_words(place: SettledPlace, language: Language, zone: ZoneInfo) -> str:
    """`acquise à 10:05:46`; `jusqu'à 10:27:19, au plus le 5014`; else the first reason why it is open."""
    french = language is Language.FR
    if place.official:
        return "officielle" if french else "official"
    if place.settled_at_us is not None:
        at = hour(place.settled_at_us, zone)
        return f"acquise à {at}" if french else f"settled at {at}"
    if place.open_until_us is None or not place.can_be_beaten_by:
        return reason_words(place.reasons[0], language)
    until, bib = hour(place.open_until_us, zone), place.can_be_beaten_by.bib
    return f"jusqu'à {until}, au plus le {bib}" if french else f"until {until}, at most bib {bib}"
