"""What entries of the journal say, one sentence each, in French or English: for the engine's log and the shift log.

Without who did it, which stands beside it, and without a full stop. Names of runners stay out; bibs are enough. Reads
have no sentence, nor has what comes many times an hour (clocks compared).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from config.plan import RacePlan
from results.act_words import point_words, ruled_sentence
from results.clock_words import amount, held_words
from results.desk_words import desk_sentence
from results.exact_times import exact_duration, exact_hour
from results.people import plain_text
from results.printing import NO_BREAK_SPACE, Language, count, moment
from results.titles import title_of
from timing.clock_ledger import ClockLedger, Explained, explain
from timing.desk_entries import DeskBody
from timing.entries import (
    Body,
    ClockBody,
    ClosingBody,
    DecodedReads,
    GunBody,
    HostStepBody,
    LossBody,
    NoteBody,
    PostingBody,
    PublicationBody,
    RosterBody,
    RulesBody,
    RulingBody,
    SightingBody,
)
from timing.guns import nearest_wave
from timing.instants import Instant
from timing.reads import ClockKind
from timing.state import Recorded

TEXT_MAX: Final = 200
"""Characters of what a person wrote that are repeated."""

NO_SENTENCE: Final = (ClockBody, DecodedReads)

_STATES: Final = {
    "posted": ("affichée", "posted"),
    "official": ("officielle", "official"),
    "reopened": ("rouverte", "reopened"),
}


def entry_sentence(
    body: Body,
    plan: RacePlan,
    language: Language,
    *,
    ledger: ClockLedger,
    now_us: Instant,
    rulings: Sequence[Recorded[RulingBody]] = (),
) -> str:
    """What was decided or happened: `start closed at 09:40:00.000`.

    Args:
        ledger: how stamps become instants now, for guns of a wire.
        now_us: when it came in.
        rulings: those before it, so that a withdrawal says what was taken back.
    """
    assert not isinstance(body, NO_SENTENCE), f"{type(body).__name__} has no sentence"
    return _Telling(plan, language, rulings).of(body, ledger, now_us)


@dataclass(frozen=True, slots=True)
class _Telling:
    plan: RacePlan
    language: Language
    rulings: Sequence[Recorded[RulingBody]]

    def say(self, french: str, english: str) -> str:
        return french if self.language is Language.FR else english

    def of(self, body: Body, ledger: ClockLedger, now_us: Instant) -> str:
        match body:
            case GunBody(origin="wire"):
                return self.wire_gun(body, ledger, now_us)
            case GunBody():
                return self.gun(body)
            case RosterBody():
                return self.roster(body)
            case RulesBody():
                return self.say("fichier de course pris", "race file taken") + f", {line(body.file)}"
            case ClosingBody():
                return self.closing(body)
            case PublicationBody():
                return self.say(
                    f"publication {body.number}, jusqu'au numéro {body.through}",
                    f"publication {body.number} of all through number {body.through}",
                )
            case RulingBody():
                said = ruled_sentence(body.act, self.rulings, self.plan, self.language).removesuffix(".")
                return self.say("décision\u00a0: ", "ruling: ") + line(said) + self.because(body.reason)
            case PostingBody():
                return self.posting(body)
            case SightingBody():
                return self.sighting(body)
            case NoteBody():
                return self.say("note\u00a0: ", "note: ") + line(body.text)
            case LossBody():
                return self.loss(body)
            case HostStepBody():
                return self.host_step(body)
            case _ if isinstance(body, DeskBody):
                return line(desk_sentence(body, self.plan, self.language))
            case _:
                raise AssertionError(f"{type(body).__name__} has no sentence")

    def gun(self, body: GunBody) -> str:
        how = self.say("saisi", "entered")
        if body.origin == "button":
            how = self.say("pressé", "pressed")
        at = self.at(body.instant_us)
        return self.say(f"coup de feu de la vague {body.wave} à {at}, {how}", f"gun of wave {body.wave} at {at}, {how}")

    def wire_gun(self, body: GunBody, ledger: ClockLedger, now_us: Instant) -> str:
        """Where it stands by its reader's clock, and whose it is by the plan; or that a decision about that clock
        comes first.
        """
        source, stamp_us, clock = body.source, body.stamp_us, body.clock
        race = self.plan.race
        if source is None or stamp_us is None or clock is None:  # from a file: an instant and no clock to explain
            at = self.at(body.instant_us)
            return self.say(f"coup de feu par le fil à {at}", f"gun on the wire at {at}")
        found = explain(ledger, race, source=source, clock=clock, stamp_us=stamp_us, received_us=now_us)
        if found.held is not None:
            held, stamped = held_words(found.held, self.language), self.stamped(found)
            return self.say(
                f"coup de feu par le fil de {source}, horodaté {stamped}, ne compte pour aucune vague\u00a0: "
                f"{held}\u00a0; il attend une décision sur cette horloge",
                f"gun on the wire of {source}, stamped {stamped}, counts for no wave: {held}; "
                "it waits for a decision about that clock (`calanque clocks`)",
            )
        wave, at = nearest_wave(race, found.instant_us), self.at(found.instant_us)
        if wave is None:
            return self.say(
                f"coup de feu par le fil de {source} à {at}, loin de tout départ prévu, ne compte pour aucune vague",
                f"gun on the wire of {source} at {at}, near the plan of no wave, it counts for none",
            )
        return self.say(
            f"coup de feu par le fil de {source} à {at}, près du départ prévu de la vague {wave}",
            f"gun on the wire of {source} at {at}, near the plan of wave {wave}",
        )

    def stamped(self, found: Explained) -> str:
        """What the clock said, with its date, which may be what is wrong; nonsense as the number it is."""
        if found.clock is ClockKind.ELAPSED:
            after = exact_duration(found.stamp_us, self.language)
            return self.say(f"{after} après son zéro", f"{after} after its zero")
        try:
            return moment(found.instant_us, self.plan.race.zone)[:23].replace("T", " ")
        except OverflowError:
            return f"{found.stamp_us} µs"

    def roster(self, body: RosterBody) -> str:
        match body.change:
            case ("new", bib):
                return self.say(f"dossard {line(bib)} inscrit au guichet", f"bib {line(bib)} entered at the desk")
            case ("fields", bib):
                return self.say(f"fiche du dossard {line(bib)} changée", f"fields of bib {line(bib)} changed")
            case ("rebib", old, new):
                return self.say(
                    f"dossard {line(old)} remplacé par {line(new)}", f"bib {line(old)} replaced by {line(new)}"
                )
            case ("bind", bib, tag):
                return self.say(
                    f"puce {line(tag)} liée au dossard {line(bib)}", f"chip {line(tag)} bound to bib {line(bib)}"
                )
            case ("unbind", bib, tag):
                return self.say(
                    f"puce {line(tag)} retirée au dossard {line(bib)}", f"chip {line(tag)} taken off bib {line(bib)}"
                )
        many = len(body.roster) != 1
        number = count(len(body.roster), self.language)
        return self.say(
            f"liste prise, {number} {'inscrits' if many else 'inscrit'}, {line(body.file)}",
            f"roster taken, {number} {'entrants' if many else 'entrant'}, {line(body.file)}",
        )

    def closing(self, body: ClosingBody) -> str:
        start = body.point == "start"
        if body.at_us is None:
            french = "départ de nouveau ouvert" if start else "arrivée de nouveau ouverte"
            return self.say(french, f"{body.point} open again")
        at = self.at(body.at_us)
        french = "départ clos" if start else "arrivée close"
        return self.say(f"{french} à {at}", f"{body.point} closed at {at}")

    def posting(self, body: PostingBody) -> str:
        french, english = _STATES[body.state]
        depth = ""
        if body.depth is not None:
            depth = self.say(f", les {body.depth} premiers", f", the first {body.depth}")
        title = title_of(body.list_id, self.plan, self.language)
        return self.say(f"liste {title} {french}", f"list {title} {english}") + depth + self.because(body.reason)

    def sighting(self, body: SightingBody) -> str:
        who = self.say("quelqu'un sans dossard", "somebody without a bib")
        if body.bib is not None:
            who = self.say(f"dossard {body.bib}", f"bib {body.bib}")
        said = self.say("\u00a0: ", ": ") + line(body.text) if body.text else ""
        point, at = point_words(body.point, self.plan, self.language), self.at(body.at_us)
        quoted = self.say(f"«{NO_BREAK_SPACE}{point}{NO_BREAK_SPACE}»", f"“{point}”")
        return self.say(f"{who} vu à {quoted} à {at}", f"{who} seen at {quoted} at {at}") + said

    def loss(self, body: LossBody) -> str:
        lost = sum(last - first + 1 for first, last in body.ranges)
        number = count(lost, self.language)
        return self.say(
            f"{body.source}\u00a0: {number} enregistrements perdus pour de bon, le magasin {body.store} de son "
            "collecteur ne les a plus",
            f"{body.source}: {number} records lost for good, its collector's store {body.store} has let go of them",
        )

    def host_step(self, body: HostStepBody) -> str:
        much = amount(body.step_us, self.language)
        forward = body.step_us >= 0
        return self.say(
            f"horloge de cet ordinateur {'avancée' if forward else 'reculée'} de {much}",
            f"clock of this computer moved {'forward' if forward else 'back'} by {much}",
        )

    def at(self, instant: Instant | None) -> str:
        """The hour to the millisecond, in the race's zone."""
        if instant is None:
            return self.say("une heure inconnue", "an hour nobody knows")
        return exact_hour(instant - instant % 1_000, self.plan.race.zone, self.language)

    def because(self, reason: str) -> str:
        return f" ({line(reason)})" if reason else ""


def line(text: str) -> str:
    """What a person wrote, on one line and not too long."""
    return plain_text(text)[:TEXT_MAX]
