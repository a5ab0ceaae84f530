"""What people did at the pages, in one sentence each, in French or English: for the log and the shift log.

Bibs stand for names. What an abandon report keeps for the doctors is in no sentence.
"""

from config.plan import RacePlan
from results.act_words import bib_words, joined, of_bibs, point_words
from results.printing import NO_BREAK_SPACE, Language, hour
from timing.desk_entries import (
    AbandonBody,
    AlarmBody,
    ArmedBody,
    DeskBody,
    FavouritesBody,
    HandBibBody,
    HandStampBody,
    MarkBody,
    MatBody,
    PaceBody,
    PassingOrderBody,
)
from timing.instants import MILLISECOND, SECOND, Instant
from timing.roster import Bib

_MARKS = {
    "said": ("{} dit", "{} said"),
    "skipped": ("{} passé", "{} skipped"),
    "later": ("{} gardé pour plus tard", "{} kept for later"),
    "unsaid": ("{} à dire de nouveau", "{} to say again"),
}


def desk_sentence(body: DeskBody, plan: RacePlan, language: Language) -> str:
    """What was done, without who did it and without a full stop."""
    words = _Words(plan, language)
    match body:
        case MarkBody():
            french, english = _MARKS[body.mark]
            return words.say(french, english).format(words.bib(body.bib)) + words.say(
                f", micro {body.microphone}", f", microphone {body.microphone}"
            )
        case FavouritesBody():
            return words.favourites(body)
        case PaceBody():
            return words.pace(body)
        case PassingOrderBody():
            bibs = joined([*body.bibs], language)
            return words.say(
                f"ordre de passage au {words.km(body.metres)} à {words.hour(body.at_us)} : {bibs}",
                f"order of passing at {words.km(body.metres)} at {words.hour(body.at_us)}: {bibs}",
            )
        case AlarmBody():
            return words.say("alarme prise en charge : ", "alarm taken: ") + (body.text or body.key)
        case ArmedBody():
            return words.armed(body)
        case MatBody():
            return words.say(
                f"tapis {body.mat} {'posé' if body.laid else 'levé'} à {words.hour(body.at_us)}",
                f"mat {body.mat} {'laid' if body.laid else 'lifted'} at {words.hour(body.at_us)}",
            )
        case AbandonBody():
            return words.abandon(body)
        case HandStampBody() | HandBibBody():
            return words.hand(body)


class _Words:
    def __init__(self, plan: RacePlan, language: Language) -> None:
        self._plan = plan
        self._language = language

    def say(self, french: str, english: str) -> str:
        return french if self._language is Language.FR else english

    def bib(self, bib: Bib) -> str:
        return bib_words((bib,), self._language)

    def hour(self, instant: Instant) -> str:
        return hour(instant, self._plan.race.zone)

    def km(self, metres: int) -> str:
        kilometres = f"{metres / 1000:g}"
        return f"km{NO_BREAK_SPACE}" + self.say(kilometres.replace(".", ","), kilometres)

    def seconds(self, milliseconds: int) -> str:
        figure = f"{milliseconds / 1000:g}"
        return self.say(figure.replace(".", ","), figure) + f"{NO_BREAK_SPACE}s"

    def favourites(self, body: FavouritesBody) -> str:
        kind = {"bib": ("dossards", "bibs"), "club": ("clubs", "clubs"), "town": ("villes", "towns")}[body.by]
        done = (
            self.say("à ne pas manquer", "not to be missed") if body.on else self.say("plus suivis", "followed no more")
        )
        return f"{self.say(*kind)} {done}{self.say(' :', ':')} {joined([*body.values], self._language)}"

    def pace(self, body: PaceBody) -> str:
        told = []
        if body.name_ms is not None:
            told.append(self.say("un nom toutes les ", "one name every ") + self.seconds(body.name_ms))
        if body.step_ms is not None:
            told.append(self.say("un pas toutes les ", "one step every ") + self.seconds(body.step_ms))
        return ", ".join(told) or self.say("rythme inchangé", "pace unchanged")

    def armed(self, body: ArmedBody) -> str:
        if not body.armed:
            return self.say("course désarmée", "race disarmed")
        open_checks = joined([*body.open_checks], self._language)
        still = self.say(f", malgré : {open_checks}", f", in spite of: {open_checks}") if body.open_checks else ""
        return self.say("course armée à ", "race armed at ") + self.hour(body.at_us) + still

    def abandon(self, body: AbandonBody) -> str:
        where = body.place or ("" if body.metres is None else self.km(body.metres))
        at = f" ({where})" if where else ""
        whose = of_bibs((body.bib,), self._language)
        if body.withdrawn:
            return self.say(f"abandon {whose} retiré", f"abandon {whose} taken back")
        return self.say(
            f"abandon {whose} signalé à {self.hour(body.at_us)}{at}",
            f"abandon {whose} reported at {self.hour(body.at_us)}{at}",
        )

    def hand(self, body: HandStampBody | HandBibBody) -> str:
        number = f"{body.device} {body.number}"
        if isinstance(body, HandStampBody):
            point = point_words(body.point, self._plan, self._language)
            at = f"{self.hour(body.at_us)}.{body.at_us % SECOND // MILLISECOND:03d}"
            return self.say(f"pointage {number}, {point}, {at}", f"hand stamp {number}, {point}, {at}")
        if body.bib is None:
            return self.say(f"pointage {number} à personne", f"hand stamp {number} is nobody's")
        return self.say(f"pointage {number} : {self.bib(body.bib)}", f"hand stamp {number}: {self.bib(body.bib)}")
