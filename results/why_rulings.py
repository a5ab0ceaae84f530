"""The rulings that bear on one runner: by bib, tag, wave, clock or mat; those that were taken back among them."""

from dataclasses import dataclass

from results.evidence import Evidence
from timing.instants import Instant
from timing.ruling_entries import RulingBody
from timing.rulings import (
    Act,
    AssignTag,
    CorrectClock,
    OutOfUse,
    RecallStart,
    SetAside,
    SetGun,
    SwapTags,
    UseAgain,
    Withdraw,
    bibs_of,
)
from timing.state import Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class RulingWhy:
    """A ruling that is about this runner, their tags, wave, clocks or mats."""

    number: int
    at_us: Instant
    act: Act
    author: str
    role: str
    reason: str
    withdrawn: bool


def rulings_about(evidence: Evidence) -> tuple[RulingWhy, ...]:
    """The rulings about this runner, in the order of the journal, and those that took one of them back."""
    about: dict[int, Recorded[RulingBody]] = {}
    subject = _Subject(evidence)
    for ruling in evidence.rulings:
        act = ruling.body.act
        if subject.is_about(act) or (isinstance(act, Withdraw) and act.number in about):
            about[ruling.number] = ruling
    return tuple(
        RulingWhy(
            number=ruling.number,
            at_us=ruling.at_us,
            act=ruling.body.act,
            author=ruling.body.author,
            role=ruling.body.role.value,
            reason=ruling.body.reason,
            withdrawn=ruling.number in evidence.withdrawn,
        )
        for ruling in about.values()
    )


class _Subject:
    """What a ruling may name that concerns one runner: bib, tags, wave, sources and mats."""

    def __init__(self, evidence: Evidence) -> None:
        times, index, race = evidence.times, evidence.index, evidence.plan.race
        self._bib = evidence.bib
        self._tags = {evidence.tags.names[code] for code in set(evidence.reads.tag.tolist()) if code >= 0}
        self._tags |= set(evidence.roster.entrants[index].tags)
        self._sources = {evidence.sources.names[code] for code in set(evidence.reads.source.tolist()) if code >= 0}
        self._mats = {race.course.mats[mat].id for mat in set(evidence.reads.mat.tolist()) if mat >= 0}
        wave = int(times.wave[index])
        guns = {int(times.gun_us[index]), int(times.race_gun_us[index])}
        self._waves = {race.waves[wave].id} if wave >= 0 else set()
        self._waves |= {gun.wave for gun in evidence.guns if gun.instant_us in guns and not self._waves}
        self._moments = evidence.reads.moment_us

    def is_about(self, act: Act) -> bool:
        if self._bib in bibs_of(act):
            return True
        match act:
            case SetGun(wave=wave) | RecallStart(wave=wave):
                return wave in self._waves
            case CorrectClock(source=source):
                return source in self._sources
            case AssignTag(tag=tag):
                return tag in self._tags
            case SwapTags():
                return self._bib in act.bibs
            case OutOfUse(mat=mat, span=span):
                return mat in self._mats and any(span.holds(us) for us in self._moments.tolist())
            case SetAside(reads=reads) | UseAgain(reads=reads):
                named = bool(reads.bibs or reads.tags)
                return not self._tags.isdisjoint(reads.tags) or (not named and reads.mat in self._mats)
            case _:
                return False
