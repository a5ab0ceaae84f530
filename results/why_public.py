"""Why this time, for everybody: the same facts as for the runner at the desk, without what is nobody else's business.

Owns what is left out: names of those who work, reasons given in their own words (they may be medical), numbers of
chips, bibs of others, and questions that are still open.
"""

from dataclasses import replace
from typing import Final

from config.plan import RacePlan
from results.act_words import ROLES, act_sentence, point_words
from results.evidence import GunFact
from results.printing import NO_BREAK_SPACE, Language, count, hour
from results.why import Choice, PointWhy, Why
from results.why_rulings import RulingWhy
from results.why_terms import MOMENTS
from results.why_words import WhySection, WhyTelling
from timing.rulings import (
    AssignTag,
    CorrectClock,
    OutOfUse,
    RecallStart,
    Role,
    SetAside,
    SetGun,
    UseAgain,
    Withdraw,
    bibs_of,
)

_FOR_MANY: Final = (SetGun, RecallStart, CorrectClock, OutOfUse)
"""Acts about a gun, a clock or a mat: they name nobody."""

_OF_READS: Final = (SetAside, UseAgain, AssignTag)
"""Acts that name chips, or reads of several runners."""


def public_sections(found: Why, plan: RacePlan, language: Language) -> tuple[WhySection, ...]:
    """What everybody may read of a `Why`, in the order of the race."""
    tell = _PublicTelling(plan, language)
    sections = [
        (tell.say("Coup de feu", "Gun"), tell.guns(found)),
        *((point_words(point.point, plan, language), tell.point(point)) for point in found.points),
        (tell.say("Temps", "Times"), tell.times(found)),
        (tell.say("Décisions", "Rulings"), tell.rulings(found)),
    ]
    return tuple(WhySection(title=title, sentences=tuple(said)) for title, said in sections if said)


class _PublicTelling(WhyTelling):
    __slots__ = ()

    def gun(self, gun: GunFact, has_wave: bool) -> str:
        return super().gun(replace(gun, author=self._crew) if gun.author else gun, has_wave)

    @property
    def _crew(self) -> str:
        return self.say("l'équipe", "the crew")

    def point(self, point: PointWhy) -> list[str]:
        """The crossing and what gave it; reads that give no time are counted together."""
        said = [self.crossing(point)]
        if point.used is None or point.origin == "manual":
            return said
        used = point.used
        said.append(self.passing(point))
        if used.stamp.ruling is not None or used.stamp.offset_us:
            corrected = replace(used.stamp, author=self._crew) if used.stamp.author else used.stamp
            said.append(self.stamp(corrected, used.source))
        said.extend(self.choices(point))
        return said

    def passing(self, point: PointWhy) -> str:
        """How often the mat read the chip, and which read counts; the chip's number is left out."""
        assert point.used is not None
        mat, instant_us = point.used.mat, point.used.stamp.instant_us
        if point.passing_reads == 1:
            return self.say(f"Une lecture au tapis {mat}.", f"One read at mat {mat}.")
        moment = MOMENTS[self.language][point.moment_rule]
        if Choice.WAITED in point.choices:
            moment = self.say(
                "qui attend sur le tapis part à sa dernière lecture", "who waits on the mat leaves with the last read"
            )
        number, at = count(point.passing_reads, self.language), self.exact(instant_us)
        return self.say(
            f"{number} lectures au tapis {mat}{self.semicolon} {moment}\u00a0: {at}.",
            f"{number} reads at mat {mat}; {moment}: {at}.",
        )

    def rulings(self, found: Why) -> list[str]:
        """What was decided, or that nothing was."""
        if not found.rulings:
            return [self.say("Aucune décision n'a touché ce temps.", "No ruling has touched this time.")]
        return [self._decided(ruling, found.bib) for ruling in found.rulings]

    def _decided(self, ruling: RulingWhy, bib: str) -> str:
        """Number, hour and capacity; what was decided only where it names nobody else."""
        number = f"N°{NO_BREAK_SPACE}{ruling.number}" if self.language is Language.FR else f"No. {ruling.number}"
        at, role = hour(ruling.at_us, self.plan.race.zone), ROLES[self.language][Role(ruling.role)]
        withdrawn = self.say(" Retirée depuis.", " Withdrawn since.") if ruling.withdrawn else ""
        head = f"{number}, {at}, {role}"
        own = set(bibs_of(ruling.act)) == {bib} and not isinstance(ruling.act, _OF_READS)
        if not (own or isinstance(ruling.act, _FOR_MANY)) or isinstance(ruling.act, Withdraw):
            return f"{head}.{withdrawn}"
        act = act_sentence(ruling.act, self.plan, self.language).removesuffix(".")
        return f"{head}{self.colon} {act}.{withdrawn}"
