"""Alarms in words, French and English: the fact and since when, then what it costs and what happens next.

A no-break space stands before : ; ? ! % in French, and between a figure and its unit.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from config.plan import RacePlan
from results.act_words import joined, point_words
from results.clock_words import clock_sentence
from results.crew.alarm_causes import clock_about
from results.crew.alarms import Alarm, AlarmKind, Level
from results.printing import NO_BREAK_SPACE, Language, count, duration, hour
from timing.clock_faults import ClockFinding
from timing.instants import MILLISECOND, SECOND
from timing.race import MatRole

LEVELS: Final[Mapping[Language, Mapping[Level, str]]] = {
    Language.FR: {Level.ALARM: "ALARME", Level.WARNING: "ATTENTION", Level.NOTE: "Note"},
    Language.EN: {Level.ALARM: "ALARM", Level.WARNING: "WARNING", Level.NOTE: "Note"},
}

_ROLES: Final = {
    Language.FR: {MatRole.MAIN: "principal", MatRole.BACKUP: "secours"},
    Language.EN: {MatRole.MAIN: "main", MatRole.BACKUP: "backup"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmWords:
    """`fact`: what it is, since when. `cost`: what it costs and what is to do; may be empty."""

    level: str
    fact: str
    cost: str


def alarm_words(alarm: Alarm, plan: RacePlan, language: Language, clocks: tuple[ClockFinding, ...] = ()) -> AlarmWords:
    """clocks: the findings of the same moment, whose sentences are theirs."""
    telling = _Telling(alarm, plan, language, clocks)
    fact, cost = _SAY[alarm.cause.kind](telling)
    return AlarmWords(level=LEVELS[language][alarm.cause.level], fact=fact, cost=cost)


def mat_words(mat: str, plan: RacePlan, language: Language) -> str:
    """`Arrivée principal`, `Finish main`: the point and the role; with the id where a point has several of a role."""
    found = next((each for each in plan.race.course.mats if each.id == mat), None)
    if found is None:
        return mat
    alike = [each for each in plan.race.course.mats if (each.point, each.role) == (found.point, found.role)]
    named = f" {mat}" if len(alike) > 1 else ""
    return f"{point_words(found.point, plan, language)} {_ROLES[language][found.role]}{named}"


@dataclass(frozen=True, slots=True)
class _Telling:
    alarm: Alarm
    plan: RacePlan
    language: Language
    clocks: tuple[ClockFinding, ...]

    def __getitem__(self, key: str) -> Any:
        return self.alarm.cause.facts[key]

    def say(self, french: str, english: str) -> str:
        return french if self.language is Language.FR else english

    @property
    def since(self) -> str:
        at = hour(self.alarm.since_us, self.plan.race.zone)
        return self.say(f"depuis {at}", f"since {at}")

    @property
    def mat(self) -> str:
        return mat_words(self["mat"], self.plan, self.language)

    @property
    def mats(self) -> str:
        return joined([mat_words(mat, self.plan, self.language) for mat in self["mats"]], self.language)

    def count(self, key: str) -> str:
        return count(self[key], self.language)

    def text(self, key: str) -> str:
        """What a reader or a system said, as it is."""
        return self.say(f" «{NO_BREAK_SPACE}{self[key]}{NO_BREAK_SPACE}»", f" “{self[key]}”") if self[key] else ""

    def percent(self, share: float) -> str:
        figure = f"{100 * share:.1f}"
        return self.say(figure.replace(".", ",") + f"{NO_BREAK_SPACE}%", figure + "%")


_Said = tuple[str, str]


def _antenna_silent(t: _Telling) -> _Said:
    fact = t.say(
        f"{t.mat}\u00a0: antenne {t['antenna']} muette {t.since}.",
        f"{t.mat}: antenna {t['antenna']} silent {t.since}.",
    )
    if t["never"]:
        fact = t.say(
            f"{t.mat}\u00a0: l'antenne {t['antenna']} n'a rien lu de la journée.",
            f"{t.mat}: antenna {t['antenna']} has read nothing all day.",
        )
    expected, others = t.count("expected_reads"), t.count("heard_by_others")
    cost = t.say(
        f"{expected} lectures attendues, 0 reçue\u00a0; {others} puces entendues par les autres antennes. ",
        f"{expected} reads expected, 0 received; {others} chips heard by the other antennas. ",
    )
    return fact, cost + _others(t)


def _others(t: _Telling) -> str:
    if t["others_hear"]:
        return t.say(
            "L'autre tapis du point lit\u00a0: des passages peuvent y manquer aussi.",
            "The other mat of the point reads: it may miss some of them too.",
        )
    return t.say(
        "Aucun autre tapis ne lit à ce point\u00a0: ce qui passe là est perdu.",
        "No other mat reads at this point: what passes there is lost.",
    )


def _antenna_weak(t: _Telling) -> _Said:
    now = "–" if t["share_now"] is None else t.percent(t["share_now"])
    return (
        t.say(f"{t.mat}\u00a0: antenne {t['antenna']} faible.", f"{t.mat}: antenna {t['antenna']} is weak."),
        t.say(
            f"{now} des lectures, {t.percent(t['share'])} sur la journée\u00a0: câble ou tapis à vérifier.",
            f"{now} of the reads, {t.percent(t['share'])} over the day: check cable and mat.",
        ),
    )


def _mat_silent(t: _Telling) -> _Said:
    fact = t.say(f"{t.mat}\u00a0: aucune lecture {t.since}.", f"{t.mat}: no read {t.since}.")
    passed, due = t.count("passed"), t.count("due")
    if t["passed"]:
        seen = t.say(f"{passed} coureurs vus là par d'autres. ", f"{passed} runners seen there by others. ")
    else:
        seen = t.say(f"{due} coureurs attendus là depuis. ", f"{due} runners due there since. ")
    if t["role"] == MatRole.BACKUP and t["others_hear"]:
        return fact, seen + t.say(
            "Plus de secours à ce point\u00a0: ce que le principal manque est perdu.",
            "No backup at this point: what the main mat misses is lost.",
        )
    if t["others_hear"]:
        return fact, seen + t.say("Le point ne tient plus qu'à l'autre tapis.", "The point hangs on the other mat.")
    return fact, seen + t.say("Les passages à ce point sont perdus.", "The crossings at this point are lost.")


def _link_down(t: _Telling) -> _Said:
    fact = t.say(
        f"{t.mats}\u00a0: liaison coupée {t.since} ({t['source']}).", f"{t.mats}: link lost {t.since} ({t['source']})."
    )
    if t["covered"]:
        cost = t.say("L'autre tapis du point est relié. ", "The other mat of the point is linked. ")
    else:
        cost = t.say("Rien n'arrive de ce point. ", "Nothing comes from this point. ")
    retry = t.say("On réessaie sans cesse\u00a0; ", "It is tried again for ever; ")
    memory = t.say(
        "ce que le lecteur garde en mémoire sera demandé ensuite.", "what the reader keeps will be asked for then."
    )
    return fact, f"{cost}{retry}{memory}{t.text('error')}"


def _link_unintelligible(t: _Telling) -> _Said:
    return (
        t.say(
            f"{t.mats}\u00a0: des octets arrivent, aucun n'a de sens, {t.since} ({t['source']}).",
            f"{t.mats}: bytes come and none makes sense {t.since} ({t['source']}).",
        ),
        t.say("Aucune lecture n'en sort.", "No read comes out of them.") + t.text("error"),
    )


def _link_mute(t: _Telling) -> _Said:
    return (
        t.say(
            f"{t.mats}\u00a0: relié, mais rien de compris {t.since} ({t['source']}).",
            f"{t.mats}: linked, and nothing understood {t.since} ({t['source']}).",
        ),
        t.say("Le lecteur est peut-être éteint ou occupé.", "The reader may be off or busy."),
    )


def _reads_missing(t: _Telling) -> _Said:
    fact = t.say(
        f"{t['source']}\u00a0: des lectures manquent {t.since}.", f"{t['source']}: reads are missing {t.since}."
    )
    if t["memory"] == "none":
        return fact, t.say(
            "Ce lecteur n'a pas de mémoire\u00a0: elles ne reviendront pas.",
            "This reader has no memory: they will not come back.",
        )
    return fact, t.say(
        "Elles sont redemandées\u00a0; les places à ce point peuvent encore changer.",
        "They are asked for again; places at this point may still change.",
    )


def _reader_says(t: _Telling) -> _Said:
    return t.say(f"{t['source']}\u00a0:", f"{t['source']}:") + t.text("text"), ""


def _battery(t: _Telling) -> _Said:
    left = ""
    if t["minutes"] is not None:
        about = duration(int(t["minutes"]) * 60, t.language)
        left = t.say(f", encore {about} environ", f", about {about} left")
    percent = t.say(f"{t['percent']:.0f}{NO_BREAK_SPACE}%", f"{t['percent']:.0f}%")
    cost = t.say("À brancher ou à changer avant la coupure.", "Connect or change it before it ends.")
    return t.say(f"{t['source']}\u00a0: batterie {percent}{left}.", f"{t['source']}: battery {percent}{left}."), cost


def _clock(t: _Telling) -> _Said:
    finding = next((each for each in t.clocks if clock_about(each) == t.alarm.cause.about), None)
    if finding is not None:
        return clock_sentence(finding, t.plan.race, t.language), t.say(
            "La proposition attend une décision." if finding.proposal is not None else "",
            "The proposal waits for a decision." if finding.proposal is not None else "",
        )
    source = t["source"] or t.say("cet ordinateur", "this computer")
    return t.say(f"Horloge de {source} à vérifier {t.since}.", f"Clock of {source} to be checked {t.since}."), ""


def _late(t: _Telling) -> _Said:
    zone = t.plan.race.zone
    first, last = hour(t["first_us"], zone), hour(t["last_us"], zone)
    point, reads = point_words(t.alarm.cause.about, t.plan, t.language), t.count("reads")
    return (
        t.say(f"{point}\u00a0: données tardives {t.since}.", f"{point}: late data {t.since}."),
        t.say(
            f"{reads} lectures de {first} à {last}\u00a0: les places à ce point changent encore.",
            f"{reads} reads of {first} to {last}: places at this point still change.",
        ),
    )


def _broker(t: _Telling) -> _Said:
    return (
        t.say(f"Relais des tapis lointains (MQTT) injoignable {t.since}.", f"Broker of the far mats lost {t.since}."),
        t.say(
            "Leurs collecteurs gardent les lectures jusqu'à son retour.",
            "Their collectors keep the reads until it is back.",
        )
        + t.text("error"),
    )


def _far_mat(t: _Telling) -> _Said:
    name = t["source"] or t.say("Tapis lointains", "Far mats")
    fact = f"{name}{t.say(chr(160) + ':', ':')}{t.text('text')}"
    if t["about"] == "loss":
        return fact, t.say("Ces lectures ne viendront plus.", "Those reads will never come.")
    return fact, t.say("À voir avec qui tient ce tapis.", "To be looked into with whoever is at that mat.")


def _journal_stopped(t: _Telling) -> _Said:
    return (
        t.say(f"Le journal n'est plus écrit {t.since}.", f"The journal is not being written {t.since}."),
        t.say(
            "Rien n'est confirmé\u00a0; les lectures attendent chez leurs lecteurs et ici.",
            "Nothing is confirmed; reads wait with their readers and here.",
        )
        + t.text("error"),
    )


def _journal_slow(t: _Telling) -> _Said:
    waits = t["waiting_us"] // SECOND
    return (
        t.say(
            f"Le journal est lent {t.since}\u00a0: {waits}{NO_BREAK_SPACE}s d'attente.",
            f"The journal is slow {t.since}: {waits}{NO_BREAK_SPACE}s of waiting.",
        ),
        t.say("Les confirmations tardent, rien n'est perdu.", "Confirmations are late, nothing is lost."),
    )


def _disk(t: _Telling) -> _Said:
    free = f"{t['free_bytes'] / 2**30:.1f}"
    free = t.say(free.replace(".", ",") + f"{NO_BREAK_SPACE}Gio", f"{free}{NO_BREAK_SPACE}GiB")
    return (
        t.say(f"Disque presque plein\u00a0: {free} libres.", f"Disk nearly full: {free} free."),
        t.say(
            "À zéro, plus rien n'est confirmé\u00a0: faire de la place.",
            "At none, nothing is confirmed any more: make room.",
        ),
    )


def _unknown_tags(t: _Telling) -> _Said:
    return (
        t.say(
            f"{t.mat}\u00a0: {t.count('tags')} puces inconnues pour {t.count('runners')} coureurs.",
            f"{t.mat}: {t.count('tags')} unknown chips beside {t.count('runners')} runners.",
        ),
        t.say(
            "Peut-être une liste incomplète\u00a0: qui les porte n'a pas de temps avant d'y figurer.",
            "Perhaps a roster that is not whole: whoever wears them has no time until they are in it.",
        ),
    )


def _questions(t: _Telling) -> _Said:
    many = t["questions"] > 1
    return (
        t.say(
            f"{t.count('questions')} {'décisions touchent' if many else 'décision touche'} un podium {t.since}.",
            f"{t.count('questions')} {'decisions touch' if many else 'decision touches'} a podium {t.since}.",
        ),
        t.say("Ces places restent ouvertes jusque-là.", "Those places stay open until then."),
    )


def _matching_slow(t: _Telling) -> _Said:
    took = f"{t['took_us'] // MILLISECOND}{NO_BREAK_SPACE}ms"
    return (
        t.say(f"Le calcul est lent {t.since}\u00a0: {took} par image.", f"Matching is slow {t.since}: {took} a view."),
        t.say("Les pages retardent, le journal non.", "Pages lag, the journal does not."),
    )


_SAY: Final[Mapping[AlarmKind, Callable[[_Telling], _Said]]] = {
    AlarmKind.ANTENNA_SILENT: _antenna_silent,
    AlarmKind.ANTENNA_WEAK: _antenna_weak,
    AlarmKind.MAT_SILENT: _mat_silent,
    AlarmKind.LINK_DOWN: _link_down,
    AlarmKind.LINK_UNINTELLIGIBLE: _link_unintelligible,
    AlarmKind.LINK_MUTE: _link_mute,
    AlarmKind.READS_MISSING: _reads_missing,
    AlarmKind.READER_SAYS: _reader_says,
    AlarmKind.BATTERY: _battery,
    AlarmKind.CLOCK: _clock,
    AlarmKind.LATE: _late,
    AlarmKind.BROKER: _broker,
    AlarmKind.FAR_MAT: _far_mat,
    AlarmKind.JOURNAL_STOPPED: _journal_stopped,
    AlarmKind.JOURNAL_SLOW: _journal_slow,
    AlarmKind.DISK: _disk,
    AlarmKind.UNKNOWN_TAGS: _unknown_tags,
    AlarmKind.QUESTIONS: _questions,
    AlarmKind.MATCHING_SLOW: _matching_slow,
}
