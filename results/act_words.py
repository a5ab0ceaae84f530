"""What a person can decide, as sentences in French and English: for proposals, and for rulings that were given.

Infinitive and imperative, so that one sentence says both what would be done and what was done.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from config.plan import RacePlan
from results.exact_times import exact_hour, gap
from results.printing import NO_BREAK_SPACE, Language
from timing.entries import RulingBody
from timing.race import PointKind
from timing.roster import Bib
from timing.rulings import (
    Act,
    AssignTag,
    Clear,
    CorrectClock,
    Declare,
    Disqualify,
    FinishOrder,
    MoveToWave,
    OutOfUse,
    Question,
    ReadSelector,
    RecallStart,
    Reinstate,
    Role,
    SetAside,
    SetCategory,
    SetGun,
    SetTime,
    Span,
    SwapTags,
    UseAgain,
    Withdraw,
)
from timing.state import Recorded

_SHOWN: Final = 6
"""So many bibs are named one by one."""

_FR: Final = Language.FR

ROLES: Final[Mapping[Language, Mapping[Role, str]]] = {
    Language.FR: {Role.CREW: "équipe", Role.REFEREE: "juge-arbitre", Role.JURY: "jury"},
    Language.EN: {Role.CREW: "crew", Role.REFEREE: "referee", Role.JURY: "jury"},
}

STATUSES: Final[Mapping[Language, Mapping[str, str]]] = {
    Language.FR: {
        "ENTERED": "inscrit",
        "STARTED": "en course",
        "FINISHED": "arrivé",
        "DNS": "non-partant",
        "DNF": "abandon",
        "DSQ": "disqualifié",
        "NC": "non classé",
        "HD": "hors délai",
    },
    Language.EN: {
        "ENTERED": "entered",
        "STARTED": "running",
        "FINISHED": "finished",
        "DNS": "did not start (DNS)",
        "DNF": "did not finish (DNF)",
        "DSQ": "disqualified (DSQ)",
        "NC": "not classified (NC)",
        "HD": "over the time limit (HD)",
    },
}

_ENDS: Final[Mapping[Language, Mapping[PointKind, str]]] = {
    Language.FR: {PointKind.START: "Départ", PointKind.FINISH: "Arrivée"},
    Language.EN: {PointKind.START: "Start", PointKind.FINISH: "Finish"},
}

QUESTIONS: Final[Mapping[Language, Mapping[Question, str]]] = {
    Language.FR: {
        Question.BEFORE_OWN_GUN: "départ avant le coup de feu de sa vague",
        Question.OTHER_WAVE: "départ avec une autre vague",
        Question.CHECK_BY_EYE: "à vérifier de visu",
        Question.IMPOSSIBLE_PACE: "allure impossible",
        Question.MISSED_SPLIT: "passage non lu",
        Question.FINISH_WITHOUT_START: "arrivée sans départ lu",
        Question.FINISH_AFTER_ABANDON: "arrivée après un abandon",
        Question.OUT_OF_ORDER: "ordre des points",
        Question.PARKED: "puce garée",
        Question.TWO_TAGS_APART: "deux puces à des moments différents",
        Question.TRAVELS_TOGETHER: "puces qui voyagent ensemble",
        Question.CLOSE_FINISH: "arrivée serrée",
        Question.TAG_ON_TWO: "une puce pour deux",
        Question.DECLARED_BUT_SEEN: "déclaré non-partant, mais vu",
        Question.ODD_LEG: "allure inégale",
        Question.SIGHTING: "vu, sans lecture qui corresponde",
        Question.OFFICIAL_DIFFERENCE: "écart avec une liste officielle",
    },
    Language.EN: {
        Question.BEFORE_OWN_GUN: "start before the gun of the own wave",
        Question.OTHER_WAVE: "start with another wave",
        Question.CHECK_BY_EYE: "to be checked by eye",
        Question.IMPOSSIBLE_PACE: "impossible pace",
        Question.MISSED_SPLIT: "split not read",
        Question.FINISH_WITHOUT_START: "finish without a start read",
        Question.FINISH_AFTER_ABANDON: "finish after an abandon",
        Question.OUT_OF_ORDER: "order of points",
        Question.PARKED: "parked chip",
        Question.TWO_TAGS_APART: "two chips at different moments",
        Question.TRAVELS_TOGETHER: "chips that travel together",
        Question.CLOSE_FINISH: "close finish",
        Question.TAG_ON_TWO: "one chip for two",
        Question.DECLARED_BUT_SEEN: "declared a non-starter, but seen",
        Question.ODD_LEG: "uneven pace",
        Question.SIGHTING: "seen, with no read that fits",
        Question.OFFICIAL_DIFFERENCE: "difference to an official list",
    },
}


def act_sentence(act: Act, plan: RacePlan, language: Language) -> str:
    """`Placer le dossard 712 dans la vague 2.`; `Move bib 712 to wave 2.`"""
    text = _SAY[type(act)](act, plan, language)
    return f"{text[0].upper()}{text[1:]}."


def ruled_sentence(act: Act, rulings: Sequence[Recorded[RulingBody]], plan: RacePlan, language: Language) -> str:
    """The same, where a withdrawal says what it takes back and whose it was: nobody knows acts by their numbers."""
    said = act_sentence(act, plan, language)
    if not isinstance(act, Withdraw):
        return said
    taken = next((ruling.body for ruling in rulings if ruling.number == act.number), None)
    if taken is None:
        return said
    what = act_sentence(taken.act, plan, language).removesuffix(".")
    colon = f"{NO_BREAK_SPACE}: " if language is _FR else ": "
    return (
        f"{said.removesuffix('.')}{colon}{what[0].lower()}{what[1:]} ({taken.author}, {ROLES[language][taken.role]})."
    )


def bib_words(bibs: Sequence[Bib], language: Language) -> str:
    """`le dossard 7`, `les dossards 7, 8 et 9`, `les dossards 1, 2, 3, 4, 5, 6 et 14 autres`."""
    if len(bibs) == 1:
        return f"le dossard {bibs[0]}" if language is _FR else f"bib {bibs[0]}"
    return f"les dossards {joined(bibs, language)}" if language is _FR else f"bibs {joined(bibs, language)}"


def of_bibs(bibs: Sequence[Bib], language: Language) -> str:
    """The same after *of*: `du dossard 7`, `des dossards 7 et 8`; `of bib 7`."""
    if language is not _FR:
        return f"of {bib_words(bibs, language)}"
    return bib_words(bibs, language).replace("le dossard", "du dossard", 1).replace("les dossards", "des dossards", 1)


def joined(parts: Sequence[str], language: Language) -> str:
    """`A`, `A et B`, `A, B et C`; of many the first, and how many others."""
    conjunction = " et " if language is _FR else " and "
    if len(parts) > _SHOWN + 1:
        others = len(parts) - _SHOWN
        return f"{', '.join(parts[:_SHOWN])}{conjunction}{others} {'autres' if language is _FR else 'others'}"
    return conjunction.join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def wave_words(wave: str | None, plan: RacePlan, language: Language) -> str:
    """`la vague 2`; its name where the race file gives another; `aucune vague`."""
    if wave is None:
        return "aucune vague" if language is _FR else "no wave"
    return f"la vague {wave}" if language is _FR else f"wave {wave}"


def point_words(point: str | None, plan: RacePlan, language: Language) -> str:
    """Start and finish in the language, as on the pages; a split by the name the race file gives it, else its id."""
    found = next((each for each in plan.race.course.points if each.id == point), None)
    if found is None:
        return point or ""
    return _ENDS[language].get(found.kind) or found.name or found.id


def span_words(span: Span, plan: RacePlan, language: Language) -> str:
    """` de 10:00:00,000 à 10:05:00,000`; empty for always."""
    begin, end = (
        None if us is None else exact_hour(us, plan.race.zone, language) for us in (span.begin_us, span.end_us)
    )
    if begin and end:
        return f" de {begin} à {end}" if language is _FR else f" from {begin} to {end}"
    if begin:
        return f" à partir de {begin}" if language is _FR else f" from {begin} on"
    if end:
        return f" jusqu'à {end}" if language is _FR else f" until {end}"
    return ""


def _set_gun(act: SetGun, plan: RacePlan, language: Language) -> str:
    if act.instant_us is None:
        if language is _FR:
            return f"prendre le signal n°{NO_BREAK_SPACE}{act.signal} pour coup de feu de la vague {act.wave}"
        return f"take signal {act.signal} as the gun of wave {act.wave}"
    at = exact_hour(act.instant_us, plan.race.zone, language)
    return (
        f"fixer le coup de feu de la vague {act.wave} à {at}"
        if language is _FR
        else f"set the gun of wave {act.wave} to {at}"
    )


def _recall(act: RecallStart, plan: RacePlan, language: Language) -> str:
    at = exact_hour(act.at_us, plan.race.zone, language)
    if language is _FR:
        return f"rappeler le départ de la vague {act.wave}, les signaux jusqu'à {at} ne comptent pas"
    return f"recall the start of wave {act.wave}, signals up to {at} do not count"


def _clock(act: CorrectClock, plan: RacePlan, language: Language) -> str:
    """Of several anchors the first says how much; the rest is a line through them."""
    offset_us = act.anchors[0][1] if act.anchors else 0
    drift = len(act.anchors) > 1
    sign = "-" if offset_us < 0 else "+"
    much = f"{sign}{gap(offset_us, language)}"
    if language is _FR:
        return f"corriger l'horloge {act.source} de {much}{', avec sa dérive' if drift else ''}"
    return f"correct clock {act.source} by {much}{', with its drift' if drift else ''}"


def _set_time(act: SetTime, plan: RacePlan, language: Language) -> str:
    point = point_words(act.point, plan, language)
    if act.instant_us is None:
        if language is _FR:
            return f"retirer le passage {of_bibs((act.bib,), language)} à «{NO_BREAK_SPACE}{point}{NO_BREAK_SPACE}»"
        return f"take away the crossing of bib {act.bib} at “{point}”"
    at = exact_hour(act.instant_us, plan.race.zone, language)
    if language is _FR:
        return f"fixer le passage {of_bibs((act.bib,), language)} à «{NO_BREAK_SPACE}{point}{NO_BREAK_SPACE}» à {at}"
    return f"set the crossing of bib {act.bib} at “{point}” to {at}"


def _reads(reads: ReadSelector, plan: RacePlan, language: Language) -> str:
    parts = []
    if reads.bibs:
        parts.append(of_bibs(reads.bibs, language))
    if reads.tags:
        word = "de la puce" if language is _FR else "of chip"
        parts.append(f"{word} {joined(reads.tags, language)}")
    if reads.mat is not None:
        parts.append(f"{'au tapis' if language is _FR else 'at mat'} {reads.mat}")
    if reads.antenna is not None:
        parts.append(f"{'antenne' if language is _FR else 'antenna'} {reads.antenna}")
    return f"{' '.join(parts)}{span_words(reads.span, plan, language)}"


def _set_aside(act: SetAside, plan: RacePlan, language: Language) -> str:
    which = _reads(act.reads, plan, language)
    return f"écarter les lectures {which}" if language is _FR else f"set aside the reads {which}"


def _use_again(act: UseAgain, plan: RacePlan, language: Language) -> str:
    which = _reads(act.reads, plan, language)
    return f"reprendre les lectures {which}" if language is _FR else f"use again the reads {which}"


def _assign(act: AssignTag, plan: RacePlan, language: Language) -> str:
    span = span_words(act.span, plan, language)
    if act.bib is None:
        return (
            f"ne donner la puce {act.tag} à personne{span}"
            if language is _FR
            else f"give chip {act.tag} to nobody{span}"
        )
    return (
        f"donner la puce {act.tag} au dossard {act.bib}{span}"
        if language is _FR
        else f"give chip {act.tag} to bib {act.bib}{span}"
    )


def _swap(act: SwapTags, plan: RacePlan, language: Language) -> str:
    span = span_words(act.span, plan, language)
    first, second = act.bibs
    if language is _FR:
        return f"échanger les puces des dossards {first} et {second}{span}"
    return f"swap the chips of bibs {first} and {second}{span}"


def _move(act: MoveToWave, plan: RacePlan, language: Language) -> str:
    bibs = bib_words(act.bibs, language)
    return f"placer {bibs} dans la vague {act.wave}" if language is _FR else f"move {bibs} to wave {act.wave}"


def _declare(act: Declare, plan: RacePlan, language: Language) -> str:
    bibs = bib_words(act.bibs, language)
    if not act.status:
        return f"lever la déclaration pour {bibs}" if language is _FR else f"lift what was declared of {bibs}"
    status = STATUSES[language].get(act.status, act.status)
    at = exact_hour(act.at_us, plan.race.zone, language)
    return f"déclarer {bibs} {status} à {at}" if language is _FR else f"declare {bibs}: {status}, at {at}"


def _disqualify(act: Disqualify, plan: RacePlan, language: Language) -> str:
    bibs = bib_words(act.bibs, language)
    return f"disqualifier {bibs}, règle {act.rule}" if language is _FR else f"disqualify {bibs}, rule {act.rule}"


def _reinstate(act: Reinstate, plan: RacePlan, language: Language) -> str:
    bibs = bib_words(act.bibs, language)
    return f"réintégrer {bibs}, règle {act.rule}" if language is _FR else f"reinstate {bibs}, rule {act.rule}"


def _out_of_use(act: OutOfUse, plan: RacePlan, language: Language) -> str:
    span = span_words(act.span, plan, language)
    antenna = "" if act.antenna is None else f", {'antenne' if language is _FR else 'antenna'} {act.antenna},"
    if language is _FR:
        return f"mettre hors service le tapis {act.mat}{antenna}{span}"
    return f"take mat {act.mat}{antenna} out of use{span}"


def _category(act: SetCategory, plan: RacePlan, language: Language) -> str:
    bibs = bib_words(act.bibs, language)
    if language is _FR:
        return f"classer {bibs} en {act.category}"
    return f"put {bibs} into category {act.category}"


def _clear(act: Clear, plan: RacePlan, language: Language) -> str:
    question = QUESTIONS[language][act.question]
    if language is _FR:
        return f"ne rien changer pour {bib_words(act.bibs, language)} (vu{NO_BREAK_SPACE}: {question})"
    return f"change nothing for {bib_words(act.bibs, language)} (looked into: {question})"


def _order(act: FinishOrder, plan: RacePlan, language: Language) -> str:
    places = [joined(together, language) for together in act.order]
    if len(places) == 1:
        bibs = bib_words(act.order[0], language)
        return f"classer {bibs} ex æquo à l'arrivée" if language is _FR else f"place {bibs} as tied at the finish"
    if language is _FR:
        return f"fixer l'ordre d'arrivée{NO_BREAK_SPACE}: {', puis '.join(places)}"
    return f"set the order over the line: {', then '.join(places)}"


def _withdraw(act: Withdraw, plan: RacePlan, language: Language) -> str:
    return f"retirer l'acte n°{NO_BREAK_SPACE}{act.number}" if language is _FR else f"withdraw act {act.number}"


_SAY: Final[Mapping[type, Callable[..., str]]] = {
    SetGun: _set_gun,
    RecallStart: _recall,
    CorrectClock: _clock,
    SetTime: _set_time,
    SetAside: _set_aside,
    UseAgain: _use_again,
    AssignTag: _assign,
    SwapTags: _swap,
    MoveToWave: _move,
    Declare: _declare,
    Disqualify: _disqualify,
    Reinstate: _reinstate,
    OutOfUse: _out_of_use,
    SetCategory: _category,
    Clear: _clear,
    FinishOrder: _order,
    Withdraw: _withdraw,
}
