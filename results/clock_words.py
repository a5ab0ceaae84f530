"""What is wrong with a clock, as a plain sentence in French or English, and what is proposed.

A no-break space stands before : ; ? ! in French, and between a figure and its unit.
"""

from collections.abc import Mapping
from typing import Final

from results.printing import Language
from timing.clock_faults import ClockFault, ClockFinding
from timing.clock_ledger import Holding
from timing.instants import DAY, HOUR, MINUTE, SECOND, Duration, Instant, datetime_of
from timing.race import Race

_TENTH: Final = SECOND // 10
_NO_BREAK: Final = "\u00a0"

_SENTENCES: Final[Mapping[Language, Mapping[ClockFault, str]]] = {
    Language.FR: {
        ClockFault.DEFAULT_EPOCH: "{source} est revenu à sa date d'origine ({shown})\u00a0: il a sans doute redémarré.",
        ClockFault.DAYS: "{source} {runs} de {amount}\u00a0: sa date est fausse.",
        ClockFault.HOURS: "{source} {runs} de {amount}\u00a0: heure d'été ou fuseau horaire.",
        ClockFault.OFFSET: "{source} {runs} de {amount}.",
        ClockFault.STEP: "{source} a été réglé en cours de course\u00a0: il {runs} de {amount}{since}.",
        ClockFault.DRIFT: "{source} dérive de {ppm} ppm ({per_hour} ms par heure).",
        ClockFault.NO_ZERO: "{source} compte depuis un zéro que personne n'a donné{zero}.",
        ClockFault.PAIR: "{source} et {other} diffèrent de {amount} pour tout le monde ({reads} puces).",
        ClockFault.HOST: "L'horloge de cet ordinateur {runs} de {amount}\u00a0: "
        "tous les lecteurs s'accordent contre elle.",
        ClockFault.HOUR_TWICE: "{source} a {reads} lectures dans l'heure qui existe deux fois{meant}.",
    },
    Language.EN: {
        ClockFault.DEFAULT_EPOCH: "{source} is back at its first date ({shown}): it has probably restarted.",
        ClockFault.DAYS: "{source} is {amount} {runs}: its date is wrong.",
        ClockFault.HOURS: "{source} is {amount} {runs}: summer time or time zone.",
        ClockFault.OFFSET: "{source} is {amount} {runs}.",
        ClockFault.STEP: "{source} was set during the race: it is {amount} {runs}{since}.",
        ClockFault.DRIFT: "{source} drifts by {ppm} ppm ({per_hour} ms an hour).",
        ClockFault.NO_ZERO: "{source} counts from a zero that nobody has given{zero}.",
        ClockFault.PAIR: "{source} and {other} differ by {amount} for everybody ({reads} tags).",
        ClockFault.HOST: "The clock of this computer is {amount} {runs}: all readers agree against it.",
        ClockFault.HOUR_TWICE: "{source} has {reads} reads in the hour that exists twice{meant}.",
    },
}

_WORDS: Final[Mapping[Language, Mapping[str, str]]] = {
    Language.FR: {
        "behind": "retarde",
        "ahead": "avance",
        "day": "jour",
        "days": "jours",
        "since": " depuis {at}",
        "zero": "\u00a0; d'après les arrivées, c'était {at}",
        "first": "\u00a0; d'après les arrivées, la première fois",
        "second": "\u00a0; d'après les arrivées, la deuxième fois",
        "uncertain": " À {amount} près.",
        "held": " Ses lectures ({reads}) sont mises en attente\u00a0: "
        "elles ne comptent pour personne avant une décision.",
        "held_to_come": " Ses lectures à venir seront mises en attente\u00a0: qu'on le règle, ou qu'on décide.",
        "another": " La correction en vigueur était faite pour une autre mise sous tension.",
        "at": "le {day:02d}/{month:02d}/{year} à {hour:02d}:{minute:02d}:{second:02d}",
    },
    Language.EN: {
        "behind": "behind",
        "ahead": "ahead",
        "day": "day",
        "days": "days",
        "since": " since {at}",
        "zero": "; by arrivals it was {at}",
        "first": "; by arrivals, the first time",
        "second": "; by arrivals, the second time",
        "uncertain": " Give or take {amount}.",
        "held": " Its reads ({reads}) are held: they count for nobody until somebody decides.",
        "held_to_come": " Reads to come will be held: set it, or decide.",
        "another": " The correction in force was given for another power-on.",
        "at": "{year}-{month:02d}-{day:02d} at {hour:02d}:{minute:02d}:{second:02d}",
    },
}

_HELD: Final[Mapping[Language, Mapping[Holding, str]]] = {
    Language.FR: {
        Holding.OUTSIDE_WINDOW: "hors des heures de la course",
        Holding.HOUR_TWICE: "dans l'heure qui existe deux fois cette nuit-là",
        Holding.NO_ZERO: "l'horloge compte depuis un zéro que personne n'a donné",
        Holding.SOURCE_HELD: "l'horloge de ce lecteur n'est pas sûre",
    },
    Language.EN: {
        Holding.OUTSIDE_WINDOW: "outside the hours of the race",
        Holding.HOUR_TWICE: "in the hour that exists twice that night",
        Holding.NO_ZERO: "the clock counts from a zero that nobody has given",
        Holding.SOURCE_HELD: "this reader's clock cannot be trusted",
    },
}


def clock_sentence(finding: ClockFinding, race: Race, language: Language) -> str:
    """What was found, how sure it is, and whether reads are held for it."""
    words = _WORDS[language]
    offset_us = finding.offset_us or 0
    # What is to be added to our own clock's arrivals says how far it is behind with the sign the other way.
    behind = offset_us > 0 if finding.source is not None else offset_us < 0
    text = _SENTENCES[language][finding.fault].format(
        source=finding.source,
        other=finding.other,
        reads=finding.reads,
        amount=amount(offset_us, language),
        runs=words["behind" if behind else "ahead"],
        shown=_shown(finding, race, language),
        since=_since(finding, race, language),
        zero=words["zero"].format(at=_at(offset_us, race, language)) if finding.offset_us is not None else "",
        meant="" if finding.offset_us is None else words["first" if offset_us == 0 else "second"],
        ppm=_decimal(finding.drift_ppb, 1_000, language),
        per_hour=_decimal(finding.drift_ppb * 36, 10_000, language),
    )
    if finding.uncertainty_us and finding.fault in (ClockFault.OFFSET, ClockFault.STEP, ClockFault.NO_ZERO):
        text += words["uncertain"].format(amount=amount(finding.uncertainty_us, language))
    if finding.holds:
        text += words["held" if finding.reads else "held_to_come"].format(reads=finding.reads)
    if finding.meant_for_another:
        text += words["another"]
    return text


def held_words(held: Holding, language: Language) -> str:
    """Why a read counts for nobody."""
    return _HELD[language][held]


def amount(duration_us: Duration, language: Language) -> str:
    """`1 h`, `1 h 30 min`, `37.2 s`, `2 days 1 h`; without a sign."""
    left = abs(duration_us)
    if left < MINUTE:
        return f"{_decimal(left, SECOND, language)}{_NO_BREAK}s"
    words = _WORDS[language]
    parts = []
    days, left = divmod(left, DAY)
    if days:
        parts.append(f"{days}{_NO_BREAK}{words['day' if days == 1 else 'days']}")
    for unit, name in ((HOUR, "h"), (MINUTE, "min")):
        count, left = divmod(left, unit)
        if count:
            parts.append(f"{count}{_NO_BREAK}{name}")
    if left >= _TENTH and days < 2:
        parts.append(f"{_decimal(left, SECOND, language)}{_NO_BREAK}s")
    return " ".join(parts)


def _shown(finding: ClockFinding, race: Race, language: Language) -> str:
    anchor = finding.proposal.anchors[0][0] if finding.proposal is not None else 0
    return (
        str(datetime_of(anchor, race.zone).year)
        if anchor
        else ("date inconnue", "date unknown")[language is Language.EN]
    )


def _since(finding: ClockFinding, race: Race, language: Language) -> str:
    begin = finding.received.begin_us
    return "" if begin is None else _WORDS[language]["since"].format(at=_at(begin, race, language))


def _at(instant: Instant, race: Race, language: Language) -> str:
    moment = datetime_of(instant, race.zone)
    return _WORDS[language]["at"].format(
        year=moment.year,
        month=moment.month,
        day=moment.day,
        hour=moment.hour,
        minute=moment.minute,
        second=moment.second,
    )


def _decimal(value: int, unit: int, language: Language) -> str:
    """With one digit after the mark, none where it would be 0."""
    tenths = (abs(value) * 10 + unit // 2) // unit
    mark = "," if language is Language.FR else "."
    return f"{tenths // 10}" if tenths % 10 == 0 else f"{tenths // 10}{mark}{tenths % 10}"
