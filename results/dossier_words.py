"""A dossier in words, French or English: a head, and for each place facts and sentences.

The same for the terminal and for paper.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from results.act_words import bib_words, point_words
from results.dossier import Dossier, DossierPlace
from results.exact_times import exact_duration, gap
from results.printing import NO_BREAK_SPACE, Language, count, duration, hour, place_word
from results.question_words import question_words
from results.site_words import WORDS, long_date, race_line, rule_line
from results.state_words import state_label, state_sentence
from results.titles import list_title
from results.why import PointWhy
from results.why_words import WhyTelling
from timing.instants import MILLISECOND, datetime_of
from timing.race import GunOrigin
from timing.roster import Sex

_LABELS: Final[Mapping[Language, Mapping[str, str]]] = {
    Language.FR: {
        "title": "Dossier pour le jury",
        "list": "Liste",
        "rule": "Règle",
        "gun": "Coup de feu",
        "state": "État",
        "waiting": "En attente",
        "basis": "Établi sur",
        "made": "Édité",
        "bib": "dossard",
        "born": "naissance",
        "nationality": "nationalité",
        "licence": "licence",
        "no_licence": "sans licence",
        "club": "club",
        "role": "rôle",
        "wave": "vague",
        "crossed": "départ avec la vague",
        "exact": "temps exact",
        "gap": "écart au suivant",
        "nobody": "personne derrière",
        "finish": "Arrivée",
        "course": "Parcours",
        "rulings": "Décisions",
        "questions": "À décider",
        "flags": "Signalé",
        "none": "rien",
        "seen": "vu à",
        "unseen": "non lu",
        "sign": "Juge-arbitre, date et signature",
        "name": "Nom",
        "withheld": "nom non publié",
    },
    Language.EN: {
        "title": "Dossier for the jury",
        "list": "List",
        "rule": "Rule",
        "gun": "Gun",
        "state": "State",
        "waiting": "Waiting",
        "basis": "Based on",
        "made": "Made",
        "bib": "bib",
        "born": "born",
        "nationality": "nationality",
        "licence": "licence",
        "no_licence": "no licence",
        "club": "club",
        "role": "role",
        "wave": "wave",
        "crossed": "started with wave",
        "exact": "exact time",
        "gap": "gap to the next",
        "nobody": "nobody behind",
        "finish": "Finish",
        "course": "Course",
        "rulings": "Rulings",
        "questions": "To decide",
        "flags": "Flagged",
        "none": "nothing",
        "seen": "seen at",
        "unseen": "not read",
        "sign": "Referee, date and signature",
        "name": "Name",
        "withheld": "name withheld",
    },
}

_ROLE_WORDS: Final[Mapping[Language, Mapping[str, str]]] = {
    Language.FR: {"runner": "coureur", "pacer": "meneur d'allure", "guide": "guide", "crew": "équipage"},
    Language.EN: {},
}
"""Roles of the race file that have a word of their own; any other stands as it is written there."""

_FLAGS: Final[Mapping[Language, Mapping[str, str]]] = {
    Language.FR: {
        "no_start_read": "départ non lu",
        "missed_split": "passage non lu",
        "start_backup": "départ lu par le tapis de secours",
        "finish_backup": "arrivée lue par le tapis de secours",
        "split_backup": "passage lu par le tapis de secours",
        "before_own_gun": "parti avant le coup de feu de sa vague",
        "other_wave": "parti avec une autre vague",
        "parked": "puce restée au tapis",
        "declared_but_seen": "déclaré non-partant, mais vu",
        "finish_without_start": "arrivée sans départ lu",
        "no_wave": "sans vague",
        "out_of_order": "ordre des points impossible",
        "finish_after_abandon": "arrivée après un abandon",
        "two_tags_apart": "deux puces à des moments différents",
        "tag_on_two": "puce portée par deux coureurs",
        "set_by_hand": "temps fixé à la main",
    },
    Language.EN: {
        "no_start_read": "start not read",
        "missed_split": "split not read",
        "start_backup": "start read by the backup mat",
        "finish_backup": "finish read by the backup mat",
        "split_backup": "split read by the backup mat",
        "before_own_gun": "started before the gun of the own wave",
        "other_wave": "started with another wave",
        "parked": "chip stayed at a mat",
        "declared_but_seen": "declared a non-starter, but seen",
        "finish_without_start": "finish without a start read",
        "no_wave": "in no wave",
        "out_of_order": "impossible order of points",
        "finish_after_abandon": "finish after an abandon",
        "two_tags_apart": "two chips at different moments",
        "tag_on_two": "chip worn by two runners",
        "set_by_hand": "time set by hand",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceWords:
    """One place: `heading` (place, bib, name, time), facts in one line, and sections of sentences with their titles."""

    place: str
    bib: str
    name: str
    time: str
    facts: tuple[str, ...]
    sections: tuple[tuple[str, tuple[str, ...]], ...]
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierWords:
    """A whole dossier. `head`: labels and values. `sign`, `name`: what stands beside the lines to fill in."""

    title: str
    event: str
    race_line: str
    head: tuple[tuple[str, str], ...]
    places: tuple[PlaceWords, ...]
    nobody: str
    sign: str
    name: str


def dossier_words(given: Dossier, language: Language) -> DossierWords:
    """A dossier as people read it."""
    labels, plan = _LABELS[language], given.standing.plan
    return DossierWords(
        title=labels["title"],
        event=plan.title_in(language),
        race_line=race_line(plan, language),
        head=_head(given, language),
        places=tuple(_place(given, place, language) for place in given.places),
        nobody=WORDS[language]["nobody"],
        sign=labels["sign"],
        name=labels["name"],
    )


def _head(given: Dossier, language: Language) -> tuple[tuple[str, str], ...]:
    labels, standing = _LABELS[language], given.standing
    zone = standing.plan.race.zone
    french = language is Language.FR
    number = given.publication
    basis = [f"{'journal jusqu’au n°' if french else 'journal through no.'}{NO_BREAK_SPACE}{standing.through or 0}"]
    if number is not None:
        basis.append(f"publication {number}")
    sentence = " ".join(part for part in state_sentence(given.state, given.at_us, zone, language) if part)
    state = state_label(given.state, language)
    made = f"{hour(given.at_us, zone)}, {long_date(datetime_of(given.at_us, zone).date(), language)}"
    title = f"{list_title(given.ranked, standing.plan, language)} ({given.ranked.id})"
    rows = [
        (labels["list"], title),
        (labels["rule"], rule_line(given.ranked, language)),
        (labels["gun"], _guns(given, language)),
        (labels["state"], f"{state}. {sentence}" if sentence else state),
        (labels["waiting"], _waiting(given, language)),
        (labels["basis"], ", ".join(basis)),
        (labels["made"], made),
    ]
    return tuple((label, value) for label, value in rows if value)


def _waiting(given: Dossier, language: Language) -> str:
    if not given.waiting:
        return ""
    bibs = bib_words(given.waiting, language)
    if language is Language.FR:
        return f"Sans place tant que le départ avant le coup de feu attend une décision\u00a0: {bibs}."
    return f"Without a place while the start before the gun waits for a ruling: {bibs}."


def _guns(given: Dossier, language: Language) -> str:
    """The guns that the places of the list run from."""
    tell = WhyTelling(given.standing.plan, language)
    by_wave = given.ranked.rule.gun_origin is GunOrigin.WAVE
    used = {place.why.gun if by_wave else place.why.race_gun: None for place in given.places}
    return " ".join(tell.gun(gun, True) for gun in used if gun is not None)


def _place(given: Dossier, place: DossierPlace, language: Language) -> PlaceWords:
    labels, plan, why = _LABELS[language], given.standing.plan, place.why
    tell = WhyTelling(plan, language)
    finish = why.points[-1]
    sections = [
        (labels["finish"], tuple(tell.point(finish))),
        (labels["course"], tuple(_course(point, tell, labels) for point in why.points[:-1])),
        (labels["rulings"], tuple(tell.ruling(ruling) for ruling in why.rulings) or (labels["none"],)),
        (
            labels["questions"],
            tuple(question_words(question, plan, language).fact for question in why.questions) or (labels["none"],),
        ),
        (labels["flags"], tuple(_FLAGS[language].get(flag, flag) for flag in why.flags) or (labels["none"],)),
    ]
    feminine = place.entrant.sex is Sex.F
    return PlaceWords(
        place=place_word(place.place, language, feminine=feminine) + _shared(place, language),
        bib=place.entrant.bib,
        name=place.person.name() or labels["withheld"],
        time=duration(place.printed_s, language),
        facts=_facts(place, labels, language),
        sections=tuple(sections),
        is_open=bool(why.questions),
    )


def _shared(place: DossierPlace, language: Language) -> str:
    return f" {WORDS[language]['tied']}" if place.shared else ""


def _facts(place: DossierPlace, labels: Mapping[str, str], language: Language) -> tuple[str, ...]:
    entrant, why = place.entrant, place.why
    born = entrant.birth_date.year if entrant.birth_date is not None else entrant.birth_year
    facts = [f"{labels['exact']} {exact_duration(place.value_us, language)}"]
    if place.gap_us is None:
        facts.append(labels["nobody"])
    else:
        facts.append(f"{labels['gap']} {_milliseconds(place.gap_us, language)}")
    facts += [f"{labels['born']} {born}"] if born is not None else []
    facts += [why.category] if why.category else []
    facts += [f"{labels['nationality']} {entrant.nationality}"] if entrant.nationality else []
    facts.append(f"{labels['licence']} {entrant.licence}" if entrant.licence else labels["no_licence"])
    facts += [f"{labels['club']} {place.person.club}"] if place.person.club else []
    facts.append(f"{labels['role']} {_ROLE_WORDS[language].get(entrant.role, entrant.role)}")
    facts.append(f"{labels['wave']} {why.wave or '–'}")
    facts.append(f"{labels['crossed']} {why.crossed_wave or '–'}")
    return tuple(facts)


def _milliseconds(value_us: int, language: Language) -> str:
    """Whole milliseconds, rounded down: a gap is never shown larger than it is."""
    return f"{count(value_us // MILLISECOND, language)}{NO_BREAK_SPACE}ms ({gap(value_us, language)})"


def _course(point: PointWhy, tell: WhyTelling, labels: Mapping[str, str]) -> str:
    name = point_words(point.point, tell.plan, tell.language)
    if point.crossing_us is None:
        return f"{name}{tell.colon} {labels['unseen']}"
    split = "" if point.split_us is None else f" ({tell.long(point.split_us)})"
    return f"{name}{tell.colon} {labels['seen']} {tell.exact(point.crossing_us)}{split}"
