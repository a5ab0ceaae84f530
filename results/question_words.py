"""Open questions as sentences in French and English: what is known, then what one can do about it.

Facts and no verdict: what a mat did not see proves nothing, and says so.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from config.plan import RacePlan
from results.act_words import STATUSES, act_sentence, joined
from results.asked import Kind, OpenQuestion
from results.printing import Language
from results.question_telling import Telling
from results.question_titles import TITLES
from results.titles import title_of

_PROVES_NOTHING: Final = {
    Language.FR: "Un passage non lu ne prouve rien.",
    Language.EN: "A crossing that was not read proves nothing.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionWords:
    """`fact`: what is known, in sentences. `proposals`: one for each act of the question, in its order."""

    title: str
    fact: str
    proposals: tuple[str, ...]


def question_words(question: OpenQuestion, plan: RacePlan, language: Language) -> QuestionWords:
    """A question as a person reads it."""
    fact = _FACTS[question.kind](Telling(question, plan, language))
    return QuestionWords(
        title=TITLES[language][question.kind],
        fact=f"{fact[0].upper()}{fact[1:]}",
        proposals=tuple(act_sentence(act, plan, language) for act in question.proposals),
    )


def _missed_split(t: Telling) -> str:
    unseen = t.points(t["unseen"])
    return t.say(
        f"{t.who}, vu à {t.crossings(t['crossings_us'])}, n'a pas été lu à {unseen}.",
        f"{t.who}, seen at {t.crossings(t['crossings_us'])}, was not read at {unseen}.",
    ) + f" {_PROVES_NOTHING[t.language]}"  # fmt: skip


def _mat_missed_many(t: Telling) -> str:
    when = ""
    if t["from_us"] is not None:
        begin, end = t.hour(t["from_us"]), t.hour(t["until_us"])
        when = t.say(f", pour neuf sur dix entre {begin} et {end}", f", nine in ten between {begin} and {end}")
    missed, passed, elsewhere = t.count(t["missed"]), t.count(t["passed"]), t.count(t["missed_elsewhere"])
    return t.say(
        f"à {t.point}, {missed} coureurs sur {passed} n'ont pas été lus{when}\u00a0; "
        f"aux autres points, {elsewhere} sur {t.count(t['passed_elsewhere'])}. "
        "Cela en dit plus sur le tapis que sur les coureurs\u00a0: un passage non lu ne prouve rien.",
        f"at {t.point}, {missed} runners of {passed} were not read{when}; at the other points, {elsewhere} of "
        f"{t.count(t['passed_elsewhere'])}. That says more about the mat than about the runners: "
        "a crossing that was not read proves nothing.",
    )


def _impossible_pace(t: Telling) -> str:
    if t["took_us"] < 0:
        before, early = t.quoted(t["from"]), t.duration(-t["took_us"])
        return t.say(
            f"{t.who} a été vu à {t.point} {early} avant {before}, qui vient d'abord sur le parcours. "
            "L'un des passages n'est pas le sien.",
            f"{t.who} was seen at {t.point} {early} before {before}, which comes first on the course. "
            "One of the crossings is not theirs.",
        )
    took, fastest = t.duration(t["took_us"]), t.duration(t["fastest_us"])
    km = f"{t['metres'] / 1000:g}".replace(".", t.say(",", "."))
    return t.say(
        f"{t.who}\u00a0: {took} de {t.quoted(t['from'])} à {t.point} ({km}\u00a0km)\u00a0; "
        f"on n'attend personne de sa catégorie en moins de {fastest}.",
        f"{t.who}: {took} from {t.quoted(t['from'])} to {t.point} ({km}\u00a0km); "
        f"nobody of the category is expected in less than {fastest}.",
    )


def _odd_leg(t: Telling) -> str:
    took, own = t.duration(t["took_us"]), t.duration(t["at_own_pace_us"])
    return t.say(
        f"{t.who}\u00a0: {took} de {t.quoted(t['from'])} à {t.point}\u00a0; "
        f"à l'allure de sa course jusque-là, environ {own}.",
        f"{t.who}: {took} from {t.quoted(t['from'])} to {t.point}; at the pace of their race until there, about {own}.",
    )


def _tag_on_two(t: Telling) -> str:
    parts = []
    for tag in t["tags"]:
        chip = tag["tag"] or t.say("les deux puces", "both chips")
        colon = t.say("\u00a0:", ":")
        parts.append(f"{chip}{colon} {joined(tag['worn_by'], t.language) or '–'}")
    tail = f" ({', '.join(parts)})" if parts else ""
    return t.say(
        f"{t.who} partage une puce avec quelqu'un d'autre pour une partie de la course{tail}.",
        f"{t.who} shares a chip with somebody else for a part of the race{tail}.",
    )


def _two_tags_apart(t: Telling) -> str:
    seen = ", ".join(
        f"{each['tag']} {t.say('à', 'at')} {t.quoted(each['point'])} {t.exact(each['first_us'])}" for each in t["seen"]
    )
    tail = f"\u00a0: {seen}" if seen and t.french else f": {seen}" if seen else ""
    return t.say(
        f"les puces {t.of_whom} ont passé un même point à des moments différents{tail}. Peut-être deux personnes.",
        f"the chips {t.of_whom} passed one point at different moments{tail}. Perhaps two people.",
    )


def _travels_together(t: Telling) -> str:
    apart = ", ".join(f"{t.quoted(point)} {t.gap(us)}" for point, us in t["apart_us"].items())
    return t.say(
        f"{t.who} passent ensemble partout (écarts\u00a0: {apart}). Ils courent peut-être côte à côte, "
        "ou l'un porte la puce de l'autre.",
        f"{t.who} pass everywhere together (apart: {apart}). They may run side by side, "
        "or one carries the chip of the other.",
    )


def _finish_without_start(t: Telling) -> str:
    at = t.exact(t["finish_us"])
    return t.say(
        f"{t.who} a franchi l'arrivée à {at} sans avoir été lu à {t.points(t['unseen'])}. "
        f"{_PROVES_NOTHING[t.language]}",
        f"{t.who} crossed the finish at {at} without being read at {t.points(t['unseen'])}. "
        f"{_PROVES_NOTHING[t.language]}",
    )


def _finish_after_abandon(t: Telling) -> str:
    when = "" if t["abandoned_us"] is None else t.say(" à ", " at ") + t.hour(t["abandoned_us"])
    return t.say(
        f"{t.who}, dont l'abandon a été signalé{when}, a été lu ensuite à {t.point}. Ces lectures sont en attente.",
        f"{t.who}, whose abandon was reported{when}, was read at {t.point} afterwards. Those reads are held.",
    )


def _out_of_order(t: Telling) -> str:
    told = t.say("\u00a0; ", "; ").join(_too_soon(t, after) for after in t["too_soon"])
    seen = t.crossings(t["crossings_us"]) + (t.say("\u00a0: ", ": ") + told if told else "")
    return t.say(
        f"{t.who} a été vu à {seen}. L'un des passages n'est pas le sien.",
        f"{t.who} was seen at {seen}. One of the crossings is not theirs.",
    )


def _too_soon(t: Telling, after: str) -> str:
    """How a point was passed too soon after the split before: before it, even."""
    crossings, start = t["crossings_us"], t.plan.race.course.start.id
    splits = [point for point in crossings if point != start]
    before = splits[splits.index(after) - 1] if after in splits[1:] else None
    early_us = 0 if before is None else crossings[before] - crossings[after]
    if early_us > 0:
        return t.say(
            f"à {t.quoted(after)} {t.duration(early_us)} avant {t.quoted(before)}, qui vient d'abord sur le parcours",
            f"at {t.quoted(after)} {t.duration(early_us)} before {t.quoted(before)}, which comes first on the course",
        )
    return t.say(
        f"à {t.quoted(after)} plus tôt après le point d'avant que personne ne peut y être",
        f"at {t.quoted(after)} sooner after the point before than anybody can be",
    )


def _before_own_gun(t: Telling) -> str:
    start, gun, early = t.exact(t["start_us"]), t.exact(t["gun_us"]), t.gap(t["early_us"])
    return t.say(
        f"{t.who} (vague {t['wave'] or '–'}) a passé le départ à {start}, {early} avant le coup de feu de sa vague "
        f"({gun}), avec la vague {t['crossed_wave'] or '–'}.",
        f"{t.who} (wave {t['wave'] or '–'}) crossed the start at {start}, {early} before the gun of the own wave "
        f"({gun}), with wave {t['crossed_wave'] or '–'}.",
    )


def _other_wave(t: Telling) -> str:
    wave, crossed = t["wave"] or "–", t["crossed_wave"] or "–"
    if t["runners"] == 1:
        return t.say(
            f"{t.who} (vague {wave}) a passé le départ à {t.exact(t['start_us'])}, avec la vague {crossed}. "
            f"Son temps officiel court du coup de feu de la vague {wave}.",
            f"{t.who} (wave {wave}) crossed the start at {t.exact(t['start_us'])}, with wave {crossed}. "
            f"The gun time runs from the gun of wave {wave}.",
        )
    number = t.count(t["runners"])
    return t.say(
        f"{number} coureurs de la vague {wave} sont partis avec la vague {crossed}. Leur temps officiel court du coup "
        f"de feu de la vague {wave}.",
        f"{number} runners of wave {wave} started with wave {crossed}. "
        f"Their gun time runs from the gun of wave {wave}.",
    )


def _check_by_eye(t: Telling) -> str:
    places = t.places(t["places"])
    reasons = []
    if t["unseen"]:
        reasons.append(t.say(f"non lu à {t.points(t['unseen'])}", f"not read at {t.points(t['unseen'])}"))
    crossed, neighbours = t["crossed_wave"] or "–", t["neighbours_wave"]
    if "not_of_the_neighbours" in t["reasons"]:
        reasons.append(
            t.say(
                f"parti avec la vague {crossed}, ses voisins de classement avec la vague {neighbours}",
                f"started with wave {crossed}, the neighbours in the list with wave {neighbours}",
            )
        )
    if "not_of_the_list" in t["reasons"]:
        reasons.append(
            t.say(
                f"parti avec la vague {crossed}, qui n'est pas de cette liste",
                f"started with wave {crossed}, which is not of this list",
            )
        )
    nothing = f" {_PROVES_NOTHING[t.language]}" if t["unseen"] else ""
    if t["finish_us"] is None:
        return t.say(
            f"{t.who} est en vue à {t.point} ({places}), {joined(reasons, t.language)}.{nothing}",
            f"{t.who} is in a place that counts at {t.point} ({places}), {joined(reasons, t.language)}.{nothing}",
        )
    return t.say(
        f"{t.who} prend une place en vue ({places}), {joined(reasons, t.language)}.{nothing}",
        f"{t.who} takes a place that counts ({places}), {joined(reasons, t.language)}.{nothing}",
    )


def _close_finish(t: Telling) -> str:
    first, second = t.question.bibs
    places = t.places(t["places"])
    at = t["finish_us"]
    return t.say(
        f"{t.gap(t['gap_us'])} entre le dossard {first} ({t.exact(at[first])}) et le dossard {second} "
        f"({t.exact(at[second])}) pour une place de prix ({places})\u00a0; "
        f"au-dessous de {t.gap(t['margin_us'])} les puces ne départagent pas.",
        f"{t.gap(t['gap_us'])} between bib {first} ({t.exact(at[first])}) and bib {second} "
        f"({t.exact(at[second])}) for a prize place ({places}); "
        f"below {t.gap(t['margin_us'])} chips do not decide.",
    )


def _parked(t: Telling) -> str:
    return t.say(
        f"une puce {t.of_whom} est restée plus longtemps au tapis de {t.point} qu'on ne passe une ligne.",
        f"a chip {t.of_whom} stayed longer at the mat of {t.point} than anybody takes to cross a line.",
    )


def _declared_but_seen(t: Telling) -> str:
    status = STATUSES[t.language].get(t["status"], t["status"])
    return t.say(
        f"{t.who}, déclaré {status}, a été lu\u00a0: {t.crossings(t['crossings_us'])}.",
        f"{t.who}, declared {status}, was read: {t.crossings(t['crossings_us'])}.",
    )


def _seen(t: Telling) -> str:
    by, at = t.say("par", "by"), t.say("à", "at")
    return joined([f"{at} {t.hour(each['at_us'])} {by} {each['author']}" for each in t["seen"]], t.language)


def _seen_not_read(t: Telling) -> str:
    if t["unknown_bib"]:
        return t.say(
            f"{t.who} a été vu à {t.point} {_seen(t)}\u00a0; ce dossard n'est pas dans la liste.",
            f"{t.who} was seen at {t.point} {_seen(t)}; no such bib is in the list.",
        )
    status = STATUSES[t.language][t["status"]]
    return t.say(
        f"{t.who} a été vu à {t.point} {_seen(t)}\u00a0; aucun tapis ne l'y a lu (état\u00a0: {status}).",
        f"{t.who} was seen at {t.point} {_seen(t)}; no mat read them there (status: {status}).",
    )


def _seen_at_other_time(t: Telling) -> str:
    late = t["apart_us"] > 0
    apart = t.gap(t["apart_us"])
    return t.say(
        f"{t.who} a été vu à {t.point} {_seen(t)}, {apart} {'après' if late else 'avant'} "
        f"le passage retenu ({t.exact(t['crossing_us'])}).",
        f"{t.who} was seen at {t.point} {_seen(t)}, {apart} {'after' if late else 'before'} "
        f"the crossing that counts ({t.exact(t['crossing_us'])}).",
    )


def _seen_twice(t: Telling) -> str:
    return t.say(
        f"{t.who} a été vu à {t.point} {_seen(t)}, à {t.gap(t['apart_us'])} d'intervalle. Peut-être deux personnes.",
        f"{t.who} was seen at {t.point} {_seen(t)}, {t.gap(t['apart_us'])} apart. Perhaps two people.",
    )


def _seen_without_bib(t: Telling) -> str:
    seen, tags, missing = (t.count(t[key]) for key in ("seen", "unknown_tags", "not_read_there"))
    between = t.say(
        f"entre {t.hour(t['first_us'])} et {t.hour(t['last_us'])}",
        f"between {t.hour(t['first_us'])} and {t.hour(t['last_us'])}",
    )
    return t.say(
        f"vus à {t.point} sans dossard lisible\u00a0: {seen}, {between}. Puces inconnues lues là\u00a0: {tags}\u00a0; "
        f"coureurs vus ailleurs et non lus là\u00a0: {missing}.",
        f"seen at {t.point} without a legible bib: {seen}, {between}. Unknown chips read there: {tags}; "
        f"runners seen elsewhere and not read there: {missing}.",
    )


def _official_difference(t: Telling) -> str:
    lists = ", ".join(
        f"{title_of(each['list'], t.plan, t.language)} ("
        + t.say("officiel\u00a0: ", "official: ")
        + t.place(each["official_place"], each["official_us"])
        + t.say(", calculé\u00a0: ", ", computed: ")
        + f"{t.place(each['computed_place'], each['computed_us'])})"
        for each in t["lists"]
    )
    return t.say(
        f"{t.who} est classé autrement que le calcul ne le donne à présent\u00a0: {lists}. "
        "Le résultat officiel reste affiché tant que la liste n'est pas rouverte.",
        f"{t.who} stands otherwise than is computed now: {lists}. "
        "The official result stays as it is until the list is opened again.",
    )


_FACTS: Final[Mapping[Kind, Callable[[Telling], str]]] = {
    Kind.MISSED_SPLIT: _missed_split,
    Kind.MAT_MISSED_MANY: _mat_missed_many,
    Kind.IMPOSSIBLE_PACE: _impossible_pace,
    Kind.ODD_LEG: _odd_leg,
    Kind.TAG_ON_TWO: _tag_on_two,
    Kind.TWO_TAGS_APART: _two_tags_apart,
    Kind.TRAVELS_TOGETHER: _travels_together,
    Kind.FINISH_WITHOUT_START: _finish_without_start,
    Kind.FINISH_AFTER_ABANDON: _finish_after_abandon,
    Kind.OUT_OF_ORDER: _out_of_order,
    Kind.BEFORE_OWN_GUN: _before_own_gun,
    Kind.OTHER_WAVE: _other_wave,
    Kind.CHECK_BY_EYE: _check_by_eye,
    Kind.CLOSE_FINISH: _close_finish,
    Kind.PARKED: _parked,
    Kind.DECLARED_BUT_SEEN: _declared_but_seen,
    Kind.SEEN_NOT_READ: _seen_not_read,
    Kind.SEEN_AT_OTHER_TIME: _seen_at_other_time,
    Kind.SEEN_TWICE: _seen_twice,
    Kind.SEEN_WITHOUT_BIB: _seen_without_bib,
    Kind.OFFICIAL_DIFFERENCE: _official_difference,
}
