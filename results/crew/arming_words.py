"""The checks before the gun in words, French and English: what is looked at, and what was found."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from config.plan import RacePlan
from results.act_words import joined
from results.clock_words import amount
from results.crew.alarm_words import mat_words
from results.crew.arming import Check, CheckKind, CheckState
from results.printing import NO_BREAK_SPACE, Language, count, hour

TITLES: Final[Mapping[Language, Mapping[CheckKind, str]]] = {
    Language.FR: {
        CheckKind.ROSTER: "Liste chargée",
        CheckKind.TEST_TAGS: "Puces d'essai hors chronométrage",
        CheckKind.LINKS: "Lecteurs reliés",
        CheckKind.FAR_MATS: "Tapis lointains reliés",
        CheckKind.BACKUPS: "Secours en marche",
        CheckKind.MEMORIES: "Mémoires des lecteurs",
        CheckKind.CLOCKS: "Horloges",
        CheckKind.ANTENNAS: "Antennes essayées",
        CheckKind.GUNS: "Coup de feu essayé",
        CheckKind.DISK: "Place sur le disque",
        CheckKind.POWER: "Alimentation",
    },
    Language.EN: {
        CheckKind.ROSTER: "Roster loaded",
        CheckKind.TEST_TAGS: "Test chips are not timed",
        CheckKind.LINKS: "Readers linked",
        CheckKind.FAR_MATS: "Far mats linked",
        CheckKind.BACKUPS: "Backups running",
        CheckKind.MEMORIES: "Memories of readers",
        CheckKind.CLOCKS: "Clocks",
        CheckKind.ANTENNAS: "Antennas tested",
        CheckKind.GUNS: "Gun tested",
        CheckKind.DISK: "Disk space",
        CheckKind.POWER: "Power",
    },
}

STATES: Final[Mapping[Language, Mapping[CheckState, str]]] = {
    Language.FR: {
        CheckState.OK: "en ordre",
        CheckState.NOT_YET: "pas encore",
        CheckState.FAILED: "à corriger",
        CheckState.NOT_APPLICABLE: "sans objet",
    },
    Language.EN: {
        CheckState.OK: "in order",
        CheckState.NOT_YET: "not yet",
        CheckState.FAILED: "to be put right",
        CheckState.NOT_APPLICABLE: "does not apply",
    },
}


def check_title(kind: CheckKind, language: Language) -> str:
    return TITLES[language][kind]


def check_sentence(check: Check, plan: RacePlan, language: Language) -> str:
    """What was found; empty where nothing applies."""
    if check.state is CheckState.NOT_APPLICABLE:
        return ""
    return _SAY[check.kind](_Telling(check, plan, language))


class _Telling:
    def __init__(self, check: Check, plan: RacePlan, language: Language) -> None:
        self.check, self.plan, self.language = check, plan, language
        self.facts = check.facts

    def say(self, french: str, english: str) -> str:
        return french if self.language is Language.FR else english

    def count(self, number: int) -> str:
        return count(number, self.language)

    def items(self, *states: CheckState) -> list[Mapping[str, Any]]:
        return [item for item in self.check.items if item["state"] in states]

    @property
    def open(self) -> list[Mapping[str, Any]]:
        return self.items(CheckState.NOT_YET, CheckState.FAILED)

    def joined(self, parts: Sequence[str]) -> str:
        return joined(parts, self.language)

    def mat(self, mat: str) -> str:
        return mat_words(mat, self.plan, self.language)

    def all_or(self, what: str, open_: Sequence[str]) -> str:
        """`8 sur 8`; `6 sur 8 ; manquent A et B`."""
        whole = len(self.check.items)
        told = self.say(f"{whole - len(open_)} sur {whole}", f"{whole - len(open_)} of {whole}")
        if not open_:
            return f"{told}."
        return told + self.say("\u00a0; ", "; ") + f"{what} {self.joined(open_)}."


def _roster(t: _Telling) -> str:
    entrants, tagged = t.count(t.facts["entrants"]), t.count(t.facts["with_tag"])
    return t.say(f"{entrants} inscrits, dont {tagged} avec une puce.", f"{entrants} entrants, {tagged} with a chip.")


def _test_tags(t: _Telling) -> str:
    tags = t.facts["tags"]
    if not tags:
        return t.say("Aucun inscrit du rôle «\u00a0test\u00a0».", "No entrant of the role “test”.")
    if not t.facts["ignored"]:
        return t.say(
            "La course chronomètre le rôle «\u00a0test\u00a0»\u00a0: à exclure dans le fichier de course.",
            "The race times the role “test”: exclude it in the race file.",
        )
    return t.say(f"{t.count(len(tags))} puces d'essai.", f"{t.count(len(tags))} test chips.")


def _links(t: _Telling) -> str:
    return t.all_or(t.say("à relier\u00a0:", "to be linked:"), [item["source"] for item in t.open])


def _backups(t: _Telling) -> str:
    return t.all_or(t.say("sans lecture d'essai\u00a0:", "without a test read:"), [t.mat(i["mat"]) for i in t.open])


def _memories(t: _Telling) -> str:
    told = []
    for item in t.check.items:
        if not item["left_over"]:
            continue
        who = t.say("de personne en course", "of nobody in the race")
        if item["of_runners"]:
            who = t.say(
                f"dont {t.count(item['of_runners'])} puces de coureurs ({t.joined(item['bibs'])})",
                f"{t.count(item['of_runners'])} chips of runners among them ({t.joined(item['bibs'])})",
            )
        left = t.count(item["left_over"])
        told.append(
            t.say(
                f"{item['source']}\u00a0: {left} lectures d'avant l'essai, {who}",
                f"{item['source']}: {left} reads from before the test, {who}",
            )
        )
        if item["held"]:
            told.append(
                t.say(
                    f"{t.count(item['held'])} d'entre elles sans heure sûre\u00a0: l'horloge d'abord",
                    f"{t.count(item['held'])} of them of no sure hour: the clock comes first",
                )
            )
    fetching = [item["source"] for item in t.check.items if item["memory"] in ("asked", "running")]
    if fetching:
        told.append(t.say("mémoire en cours de lecture\u00a0: ", "memory being fetched: ") + t.joined(fetching))
    return ". ".join(told) + "." if told else t.say("Rien d'avant l'essai.", "Nothing from before the test.")


def _clocks(t: _Telling) -> str:
    told = []
    for item in t.open:
        if item["ahead_us"] is None:
            told.append(t.say(f"{item['source']} inconnue", f"{item['source']} is not known"))
            continue
        way = t.say("avance", "ahead") if item["ahead_us"] >= 0 else t.say("retarde", "behind")
        much = amount(item["ahead_us"], t.language)
        told.append(t.say(f"{item['source']} {way} de {much}", f"{item['source']} is {much} {way}"))
    return t.all_or("", told).replace("  ", " ")


def _antennas(t: _Telling) -> str:
    def name(item: Mapping[str, Any]) -> str:
        number = "" if item["antenna"] is None else f" {item['antenna']}"
        return t.mat(item["mat"]) + number

    return t.all_or(t.say("sans puce d'essai\u00a0:", "without a test chip:"), [name(item) for item in t.open])


def _guns(t: _Telling) -> str:
    zone = t.plan.race.zone
    late = t.items(CheckState.FAILED)
    if late:
        at = t.joined([hour(item["at_us"], zone) for item in late])
        return t.say(
            f"Signal à {at}, près du départ prévu\u00a0: armée maintenant, la course le prendrait pour un essai.",
            f"A signal at {at}, near the planned start: armed now, the race would take it for a trial.",
        )
    if not t.check.items:
        return t.say("Aucun signal d'essai.", "No test signal yet.")
    return t.say("Essai à ", "Tried at ") + t.joined([hour(item["at_us"], zone) for item in t.check.items]) + "."


def _disk(t: _Telling) -> str:
    free = f"{t.facts['free_bytes'] / 2**30:.1f}"
    return t.say(f"{free.replace('.', ',')}{NO_BREAK_SPACE}Gio libres.", f"{free}{NO_BREAK_SPACE}GiB free.")


def _power(t: _Telling) -> str:
    def name(item: Mapping[str, Any]) -> str:
        source = item["source"] or t.say("cet ordinateur", "this computer")
        if item["percent"] is None:
            return str(source)
        return f"{source} " + t.say(f"{item['percent']:.0f}{NO_BREAK_SPACE}%", f"{item['percent']:.0f}%")

    return t.all_or(t.say("sur batterie\u00a0:", "on battery:"), [name(item) for item in t.open])


_SAY: Final[Mapping[CheckKind, Callable[[_Telling], str]]] = {
    CheckKind.ROSTER: _roster,
    CheckKind.TEST_TAGS: _test_tags,
    CheckKind.LINKS: _links,
    CheckKind.FAR_MATS: _links,
    CheckKind.BACKUPS: _backups,
    CheckKind.MEMORIES: _memories,
    CheckKind.CLOCKS: _clocks,
    CheckKind.ANTENNAS: _antennas,
    CheckKind.GUNS: _guns,
    CheckKind.DISK: _disk,
    CheckKind.POWER: _power,
}
