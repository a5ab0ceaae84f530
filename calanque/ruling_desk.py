"""The desk where rulings are handed in: whether one can be taken as it stands, and what it would change.

Owns what is asked of a ruling before it is journalled: that everything it names exists, that whoever signs may, and
that nobody decided on the same thing since the author looked. Used by a running engine and by commands without one.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from calanque.derived import Derived, Picture
from config.plan import RacePlan
from results.effects import Effect, Snapshot, effect, effect_values
from timing.clock_ledger import checked_correction
from timing.errors import GroundMoved, RulingRefused
from timing.instants import SECOND, Instant
from timing.journal_chain import Entry
from timing.roster import Bib
from timing.ruling_entries import RulingBody, SightingBody, act_fields, act_of
from timing.rulings import (
    JURY_ONLY,
    Act,
    AssignTag,
    Clear,
    CorrectClock,
    Declare,
    Disqualify,
    FinishOrder,
    MoveToWave,
    OutOfUse,
    RecallStart,
    Reinstate,
    Role,
    SetAside,
    SetCategory,
    SetGun,
    SetTime,
    SwapTags,
    UseAgain,
    Withdraw,
    bibs_of,
    subjects_of,
)
from timing.state import RaceState, Recorded
from timing.times import Status

_RANGE: Final = re.compile(r"([0-9]+)-([0-9]+)")
_BULK: Final = (MoveToWave, Declare, Disqualify, Reinstate, SetCategory, Clear)
EFFECTS_SHOWN: Final = 100
"""Of each kind of change, one by one; the counts are always whole."""

NOW: Final = "now"

DECLARABLE: Final = ("DNS", "DNF", "NC", "HD", "")


class RulingDesk:
    """Takes rulings on one race. Belongs where the state does: no other thread may change it meanwhile."""

    def __init__(self, plan: RacePlan, state: RaceState, derived: Derived) -> None:
        self._plan = plan
        self._state = state
        self._derived = derived

    def ruling(self, given: Mapping[str, Any], now_us: Instant) -> RulingBody:
        """The ruling that a command asks for: `act` (plain values), `author`, `role`, `reason`, `seen` (or None).

        In `bibs` of an act, `100-199` and `wave:3` stand for the bibs entered there; its instant may be `now`.
        Raises: RulingRefused, saying what and what would be accepted.
        """
        try:
            act = act_of(self._with_bibs(given["act"], now_us))
        except ValueError as error:
            raise RulingRefused(str(error)) from error
        role = Role(given["role"])
        if isinstance(act, JURY_ONLY) and role is not Role.JURY:
            raise RulingRefused(f"{act_fields(act)['act']} is signed by the jury only, not by the {role}")
        self._check(act)
        if isinstance(act, Withdraw):
            self._check_may_withdraw(act.number, role)
        seen = self._state.applied if given.get("seen") is None else int(given["seen"])
        if seen > self._state.applied:
            raise RulingRefused(f"seen: the journal ends at number {self._state.applied}, nobody has seen {seen}")
        body = RulingBody(act=act, author=given["author"], role=role, reason=given.get("reason") or "", seen=seen)
        self._check_not_stale(body)
        return body

    def taken(self, given: Mapping[str, Any], now_us: Instant) -> tuple[RulingBody, dict[str, Any]]:
        """The ruling of a command, and what it changes: `act`, `seen` (the journal as it is now), `effect_values`."""
        body = self.ruling(given, now_us)
        found, _ = self.effect(body.act)
        _check_possible(found)
        return body, {"act": act_fields(body.act), "seen": self._state.applied, **effect_values(found, EFFECTS_SHOWN)}

    def all_taken(self, given: Mapping[str, Any], now_us: Instant) -> tuple[list[RulingBody], dict[str, Any]]:
        """The rulings of a command with `acts`, and what they change together, as `taken` has it of one."""
        bodies, found = self.all_weighed(given, now_us)
        acts = [act_fields(body.act) for body in bodies]
        return bodies, {"acts": acts, "seen": self._state.applied, **effect_values(found, EFFECTS_SHOWN)}

    def all_weighed(self, given: Mapping[str, Any], now_us: Instant) -> tuple[list[RulingBody], Effect]:
        """The rulings of a command with `acts`, each as `ruling` has it, and their effect together.

        Raises: RulingRefused when one of them cannot be taken: then none is.
        """
        bodies = [self.ruling({**given, "act": act}, now_us) for act in given["acts"]]
        found, _ = self.effect(*(body.act for body in bodies))
        _check_possible(found)
        return bodies, found

    def sighting(self, given: Mapping[str, Any]) -> SightingBody:
        """A sighting that a command reports. Raises: RulingRefused."""
        self._one_of("point", given["point"], [p.id for p in self._plan.race.course.points])
        self._check_instant(given["at_us"])
        if given["bib"] is not None:
            self._check_bib(Bib(given["bib"]))
        return SightingBody(
            point=given["point"],
            at_us=given["at_us"],
            author=given["author"],
            bib=None if given["bib"] is None else Bib(given["bib"]),
            order=given["order"],
            text=given["text"],
        )

    def effect(self, *acts: Act) -> tuple[Effect, Picture]:
        """What these acts together would change, and the race as it would be."""
        self._derived.refresh(settle=True)
        after = self._derived.preview(acts)
        return effect(_snapshot(self._derived.picture()), _snapshot(after)), after

    def subjects(self, act: Act) -> frozenset[str]:
        """What an act is about; a withdrawal is about what it takes back."""
        about = subjects_of(act)
        if isinstance(act, Withdraw):
            target = next((r.body.act for r in self._state.rulings if r.number == act.number), None)
            if target is not None:
                about |= self.subjects(target)
        return about

    def _check_not_stale(self, body: RulingBody) -> None:
        """Raises: GroundMoved when something was decided on the same thing after what the author saw."""
        about = self.subjects(body.act)
        for ruling in reversed(self._state.rulings):
            if ruling.number <= body.seen:
                return
            same = sorted(about & self.subjects(ruling.body.act))
            if same:
                raise GroundMoved(
                    f"the ground has moved: entry {ruling.number}, by {ruling.body.author}, decided on "
                    f"{', '.join(same)} after entry {body.seen}, the last you had seen; look at it, then rule again",
                    number=ruling.number,
                    author=ruling.body.author,
                    about=tuple(same),
                )

    def _with_bibs(self, act: Any, now_us: Instant) -> Any:
        """The act with words for many bibs replaced by the bibs, and `now` by the instant it is."""
        if not isinstance(act, Mapping):
            raise ValueError("act: an object is needed")
        act = {name: now_us if name == "at_us" and value == NOW else value for name, value in act.items()}
        if isinstance(act.get("bibs"), Sequence) and not isinstance(act["bibs"], str):
            return {**act, "bibs": [bib for word in act["bibs"] for bib in self._bibs_of(str(word))]}
        return act

    def _bibs_of(self, word: str) -> list[Bib]:
        roster = self._derived.ground.roster
        if word.startswith("wave:"):
            index = self._wave_index(word.removeprefix("wave:"))
            waves = self._derived.ground.field.wave.tolist()
            return [entrant.bib for entrant, wave in zip(roster.entrants, waves, strict=True) if wave == index]
        many = _RANGE.fullmatch(word)
        if many is None or Bib(word) in roster.by_bib:
            return [Bib(word)]
        low, high = int(many[1]), int(many[2])
        found = [e.bib for e in roster.entrants if e.bib.isdecimal() and low <= int(e.bib) <= high]
        if not found:
            raise ValueError(f"bibs: nobody is entered with a bib from {word}")
        return found

    def _check(self, act: Act) -> None:
        """Raises: RulingRefused when the act names what the race does not have."""
        for bib in bibs_of(act):
            self._check_bib(bib)
        if isinstance(act, _BULK) and not act.bibs:
            raise RulingRefused("bibs: at least one is needed")
        match act:
            case SetGun() | RecallStart():
                self._check_gun(act)
            case CorrectClock():
                checked_correction(act, self._plan.race)
            case SetTime(point=point, instant_us=instant):
                self._one_of("point", point, [p.id for p in self._plan.race.course.points])
                self._check_instant(instant)
            case SetAside(reads=reads) | UseAgain(reads=reads):
                if not reads.bibs and not reads.tags and reads.mat is None:
                    raise RulingRefused("reads: say whose (bibs), of which tags, or at which mat")
                if reads.mat is not None:
                    self._check_mat(reads.mat)
            case OutOfUse(mat=mat):
                self._check_mat(mat)
            case AssignTag(tag=tag):
                if not tag:
                    raise RulingRefused("tag: the code of a tag is needed")
            case SwapTags(bibs=(first, second)):
                if first == second:
                    raise RulingRefused(f"bibs: {first} cannot be swapped with itself")
            case FinishOrder():
                self._check_order(act)
            case _:
                self._check_more(act)

    def _check_more(self, act: Act) -> None:
        match act:
            case MoveToWave(wave=wave):
                self._wave_index(wave)
            case Declare(status=status, at_us=at_us):
                self._one_of("status", status, DECLARABLE)
                self._check_instant(at_us)
            case Disqualify(rule=rule) | Reinstate(rule=rule):
                if not rule.strip():
                    raise RulingRefused("rule: the number of the rule is needed")
            case SetCategory(category=category):
                if not category.strip():
                    raise RulingRefused("category: a whole category is needed, like M2F")
            case Withdraw(number=number):
                self._check_withdrawal(number)
            case _:
                pass

    def _check_gun(self, act: SetGun | RecallStart) -> None:
        self._wave_index(act.wave)
        if isinstance(act, RecallStart):
            self._check_instant(act.at_us)
            return
        if (act.instant_us is None) == (act.signal is None):
            raise RulingRefused("a gun is an instant or the number of a signal, one of the two")
        self._check_instant(act.instant_us)
        if act.signal is not None and act.signal not in {gun.number for gun in self._state.guns}:
            known = ", ".join(str(gun.number) for gun in self._state.guns) or "none"
            raise RulingRefused(f"signal: entry {act.signal} is no gun; signals: {known}")

    def _check_order(self, act: FinishOrder) -> None:
        bibs = bibs_of(act)
        if len(bibs) < 2 or len(set(bibs)) < len(bibs):
            raise RulingRefused("order: at least two bibs, each once")
        status = self._derived.picture().times.status
        rows = self._derived.ground.roster.by_bib
        for bib in bibs:
            if status[rows[bib]] != Status.FINISHED:
                raise RulingRefused(f"order: bib {bib} has not finished, so it has no place to be put in order")

    def _check_withdrawal(self, number: int) -> None:
        state = self._state
        if number in state.withdrawn:
            raise RulingRefused(f"entry {number} is withdrawn already")
        acts: list[Sequence[Entry | Recorded[object]]] = [
            state.rulings,
            state.closings,
            [gun for gun in state.guns if gun.body.origin != "wire"],
            state.roster_entries,
            state.sightings,
            state.postings,
        ]
        if not any(number == entry.number for entries in acts for entry in entries):
            raise RulingRefused(
                f"entry {number} is nothing that can be withdrawn: give the number of a ruling, closing, gun by hand, "
                "roster, sighting or posting"
            )

    def _check_may_withdraw(self, number: int, role: Role) -> None:
        """Raises: RulingRefused when somebody would undo what took more than their signature to do."""
        needed = self._signed_by(number)
        if needed is Role.JURY and role is not Role.JURY:
            raise RulingRefused(f"entry {number} was signed by the jury: only the jury takes it back, not the {role}")
        if needed is Role.REFEREE and role is Role.CREW:
            raise RulingRefused(f"entry {number} is the referee's: only referee or jury take it back, not the {role}")

    def _signed_by(self, number: int) -> Role:
        """Who must sign to undo an entry: as much as it took to make it."""
        for ruling in self._state.rulings:
            if ruling.number == number:
                act = ruling.body.act
                below = self._signed_by(act.number) if isinstance(act, Withdraw) else Role.CREW
                return (
                    Role.JURY
                    if isinstance(act, JURY_ONLY) or Role.JURY in (ruling.body.role, below)
                    else (Role.REFEREE if Role.REFEREE in (ruling.body.role, below) else Role.CREW)
                )
        for posting in self._state.postings:
            if posting.number == number and posting.body.state != "posted":
                return posting.body.role
        return Role.CREW

    def _check_bib(self, bib: Bib) -> None:
        if bib not in self._derived.ground.roster.by_bib:
            raise RulingRefused(f"nobody is entered with bib {bib}")

    def _check_mat(self, mat: str) -> None:
        self._one_of("mat", mat, [m.id for m in self._plan.race.course.mats])

    def _check_instant(self, instant_us: Instant | None) -> None:
        race = self._plan.race
        if instant_us is not None and not race.first_instant_us <= instant_us <= race.last_instant_us:
            raise RulingRefused(f"{instant_us} is outside the race window: give an instant of the race")

    def _wave_index(self, wave: str) -> int:
        known = [w.id for w in self._plan.race.waves]
        self._one_of("wave", wave, known)
        return known.index(wave)

    @staticmethod
    def _one_of(what: str, given: str, accepted: Sequence[str]) -> None:
        if given not in accepted:
            raise RulingRefused(f"{what}: {given!r}; there are: {', '.join(word or 'empty' for word in accepted)}")


def _check_possible(found: Effect) -> None:
    """Raises: RulingRefused when somebody would be at the finish before the gun, or before their own start."""
    for which, name in (("gun", "gun_time_us"), ("net", "net_time_us")):
        below = [change for change in found.runners if (getattr(change, name)[1] or 0) < 0]
        new = [change for change in below if (getattr(change, name)[0] or 0) >= 0]
        if new:
            seconds = getattr(new[0], name)[1] // SECOND
            raise RulingRefused(
                f"this gives {len(new)} a {which} time below zero (bib {new[0].bib}: {seconds} s): "
                "are the hour and the sign right?"
            )


def _snapshot(picture: Picture) -> Snapshot:
    return Snapshot(roster=picture.roster, times=picture.times, rankings=picture.rankings, states=picture.states)
