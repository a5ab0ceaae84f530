"""The states of lists in words: what stands over a list and beside its title.

Owns the sentences. An hour is told to the minute that has begun, so that nobody comes too late for a protest.
"""

from typing import Final
from zoneinfo import ZoneInfo

from results.list_states import ListState, StateOfList
from results.printing import Language, hour
from timing.instants import Instant
from timing.rulings import Role

_STATES: Final = {
    Language.FR: {ListState.PROVISIONAL: "provisoire", ListState.POSTED: "affiché", ListState.OFFICIAL: "officiel"},
    Language.EN: {ListState.PROVISIONAL: "provisional", ListState.POSTED: "posted", ListState.OFFICIAL: "official"},
}

_ROLES: Final = {
    Language.FR: {Role.CREW: "l'équipe", Role.REFEREE: "le juge-arbitre", Role.JURY: "le jury"},
    Language.EN: {Role.CREW: "the crew", Role.REFEREE: "the referee", Role.JURY: "the jury"},
}

_WORDS: Final = {
    Language.FR: {
        "posted": "Affiché à {at}.",
        "official": "Officiel.",
        "so_many": "les {n} premiers",
        "first": "Les {n} premiers.",
        "first_official": "Les {n} premiers sont officiels.",
        "open": "Réclamations jusqu'à {until}.",
        "over": "Réclamations closes à {until}, en attente du juge-arbitre.",
        "by": "Arrêté à {at} par {role}.",
        "rest": "La suite est provisoire.",
    },
    Language.EN: {
        "posted": "Posted at {at}.",
        "official": "Official.",
        "so_many": "the first {n}",
        "first": "The first {n}.",
        "first_official": "The first {n} are official.",
        "open": "Protests until {until}.",
        "over": "Protests closed at {until}, the referee has not confirmed yet.",
        "by": "Confirmed at {at} by {role}.",
        "rest": "What follows is provisional.",
    },
}


def state_word(state: ListState, language: Language) -> str:
    """`provisoire`, `affiché`, `officiel`."""
    return _STATES[language][state]


def state_label(state: StateOfList, language: Language) -> str:
    """What stands beside the title of a list: `provisoire`, `officiel (les 3 premiers)`."""
    word = state_word(state.state, language)
    return word if state.depth is None else f"{word} ({_WORDS[language]['so_many'].format(n=state.depth)})"


def state_sentence(state: StateOfList, now_us: Instant, zone: ZoneInfo, language: Language) -> tuple[str, str]:
    """What stands over a list: a word and a sentence, as of an instant. Empty for a provisional one.

    `Affiché à 12:00.`, `Les 3 premiers. Réclamations jusqu'à 12:30.`; `Officiel.`, `Arrêté à 12:45 par le jury.`
    """
    words = _WORDS[language]
    if state.state is ListState.PROVISIONAL or state.at_us is None:
        return "", ""
    at = hour(state.at_us, zone)[:5]
    if state.state is ListState.OFFICIAL:
        parts = [] if state.depth is None else [words["first"].format(n=state.depth)]
        if state.role is not None:
            parts.append(words["by"].format(at=at, role=_ROLES[language][state.role]))
        if state.depth is not None:
            parts.append(words["rest"])
        return words["official"], " ".join(parts)
    assert state.protest_until_us is not None, "a posting says until when protests are heard"
    until = hour(state.protest_until_us, zone)[:5]
    parts = [] if state.depth is None else [words["first"].format(n=state.depth)]
    parts.append(words["open" if state.protests_open(now_us) else "over"].format(until=until))
    if state.is_official and state.official_depth is not None:
        parts.append(words["first_official"].format(n=state.official_depth))
    return words["posted"].format(at=at), " ".join(parts)
