"""A race day on which things went wrong: what the crew has, what is true, and what must come out in the end.

What the crew has: the roster as entered, guns as recorded, reads with the stamps of wrong clocks. What must come out is
the expected answer on true clocks, true owners and true guns. `rulings_of_day` are the acts that lead from one to the
other, no more and no less.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np

from config.plan import RacePlan
from simulators.chance import stream
from simulators.clock_faults import ClockFault, Repair, repair_of
from simulators.emission import EmittedReads, grid_us
from simulators.expected import Answer, Row, expected_answers, rows_of
from simulators.expected_lists import expected_csv
from simulators.field import FieldPlan, make_field
from simulators.mats import emit
from simulators.mishaps import with_mishaps
from simulators.physics import Physics
from simulators.race_day import RaceDay
from simulators.race_faults import Mishaps, RaceFaults
from timing.guns import GunSignal
from timing.instants import SECOND, Instant
from timing.race import Race
from timing.reads import Int64, SourceId
from timing.roster import Bib, Roster
from timing.rulings import (
    Act,
    AssignTag,
    CorrectClock,
    Declare,
    Disqualify,
    OutOfUse,
    RecallStart,
    SetGun,
    Span,
    SwapTags,
)
from timing.times import Closings

NOBODY: Final = Bib("")
RULE_DRIVEN: Final = "transport"
"""The rule the jury names when it disqualifies somebody who was driven."""


@dataclass(frozen=True, kw_only=True)
class TroubledDay:
    """`happened`: the day with true clocks, before anything was written down wrong; its field knows what each wore.

    `reads`: what came out, in order of delivery, with the stamps shown. `moment_us`: of each, the instant once its
    clock is corrected. `repairs`: of the clocks that are wrong.
    """

    happened: RaceDay
    faults: RaceFaults
    mishaps: Mishaps
    reads: EmittedReads
    moment_us: Int64
    repairs: tuple[Repair, ...]

    @property
    def plan(self) -> RacePlan:
        """The plan, with the kinds of clocks as they are."""
        return self.happened.plan

    @property
    def roster(self) -> Roster:
        """Who is entered, with the chips they were given."""
        return self.happened.field.roster

    @property
    def closings(self) -> Closings:
        return self.happened.closings

    @property
    def true_guns(self) -> Mapping[str, Instant]:
        return self.happened.guns

    @cached_property
    def gun_signals(self) -> tuple[GunSignal, ...]:
        """Guns as the crew has them: signals on the wire, and those written down wrong by hand."""
        wire = [*self.true_guns.values()]
        wire += [self.true_guns[gun.wave] - gun.before_us for gun in self.faults.false_guns]
        wire += [self.true_guns[gun.wave] + gun.after_us for gun in self.faults.second_shots]
        by_hand = [(gun.wave, self.true_guns[gun.wave] + gun.by_us) for gun in self.faults.wrong_guns]
        return (
            *(GunSignal(instant_us=instant) for instant in sorted(wire)),
            *(GunSignal(instant_us=at, wave=wave, number=n) for n, (wave, at) in enumerate(by_hand, 1)),
        )

    @cached_property
    def corrected_answers(self) -> list[Answer]:
        """What must come out for each entrant once every ruling of `rulings_of_day` is in force."""
        rows = self._rows_in_use()
        given_up = {abandon.bib: abandon.at_us for abandon in self.mishaps.abandons}
        owner: dict[str, Bib] = {tag: entrant.bib for entrant in self._true_roster.entrants for tag in entrant.tags}
        kept: list[Row] = []
        after: list[Row] = []
        for row in rows:
            left_us = given_up.get(owner.get(row[0], NOBODY))
            (kept if left_us is None or row[2] <= left_us else after).append(row)
        answers = self._answers(kept)
        finish = self.plan.race.course.finish.id
        at_finish = {i for i, mat in enumerate(self.plan.race.course.mats) if finish in (mat.point, *mat.also)}
        seen = {owner[tag] for tag, mat, *_ in after if mat in at_finish}
        return [
            _flagged(answer, "finish_after_abandon") if answer.entrant.bib in seen else answer for answer in answers
        ]

    @cached_property
    def corrected_csv(self) -> str:
        """The results.csv that must come out in the end."""
        return expected_csv(self.plan, self.corrected_answers)

    def _answers(self, rows: list[Row]) -> list[Answer]:
        return expected_answers(self.plan.race, self._true_roster, self.true_guns, rows, self.closings)

    def _rows_in_use(self) -> list[Row]:
        """The reads with true clocks, without those of mats that were lifted."""
        mats = {mat.id: number for number, mat in enumerate(self.plan.race.course.mats)}
        used = np.ones(len(self.reads), np.bool_)
        for lifted in self.faults.lifted:
            inside = (self.moment_us >= lifted.begin_us) & (self.moment_us < lifted.end_us)
            used &= ~(inside & (self.reads.mat == mats[lifted.mat]))
        return rows_of(replace(self.reads, stamp_us=self.moment_us).take(used))

    @cached_property
    def _true_roster(self) -> Roster:
        """The roster with the chips each really wore, and what was declared during the day."""
        said = {abandon.bib: "DNF" for abandon in self.mishaps.abandons} | dict.fromkeys(self.mishaps.driven, "DSQ")
        worn = self.happened.field.tags_worn
        return Roster(
            entrants=tuple(
                entrant._replace(tags=tags, status=said.get(entrant.bib, entrant.status))
                for entrant, tags in zip(self.roster.entrants, worn, strict=True)
            )
        )


def _flagged(answer: Answer, word: str) -> Answer:
    return replace(answer, flags=answer.flags | {word})


def troubled_day(
    plan: RacePlan, faults: RaceFaults, *, field: FieldPlan | None = None, physics: Physics | None = None
) -> TroubledDay:
    """A race day with faults, from seeds; equal plans, faults, fields and physics give equal days.

    Raises: ValueError when a fault names a wave, mat or source that the race does not have.
    """
    faults.check(plan.race)
    people = FieldPlan() if field is None else field
    people = replace(
        people,
        early=people.early if faults.early is None else 0.0,
        late=people.late if faults.late is None else 0.0,
    )
    rules = Physics() if physics is None else physics
    rules = replace(
        rules,
        walked_back=rules.walked_back if faults.second_visits is None else faults.second_visits,
        parked=rules.parked if faults.parked is None else 0,
        strays=rules.strays if faults.parked is None else faults.parked,
    )
    true_field, mishaps = with_mishaps(make_field(plan.race, people), faults, rules)
    rules = replace(rules, swapped_chips=0.0)  # now in the field itself, where it is known
    plan = _with_clock_kinds(plan, faults)
    happened = RaceDay(plan=plan, field=true_field, physics=rules, reads=emit(true_field, rules))
    seen = _seen_by_lifted(happened.reads, plan.race, faults)
    reads, moment_us, repairs = _stamped(seen, plan.race, faults)
    return TroubledDay(
        happened=happened, faults=faults, mishaps=mishaps, reads=reads, moment_us=moment_us, repairs=repairs
    )


def _with_clock_kinds(plan: RacePlan, faults: RaceFaults) -> RacePlan:
    kinds = {fault.source: fault.kind for fault in faults.clocks}
    sources = tuple(replace(source, clock=kinds.get(source.id) or source.clock) for source in plan.race.sources)
    return replace(plan, race=replace(plan.race, sources=sources))


def _grids(race: Race) -> Mapping[SourceId, int]:
    return {source.id: grid_us(source.protocol) for source in race.sources}


def _seen_by_lifted(reads: EmittedReads, race: Race, faults: RaceFaults) -> EmittedReads:
    """The reads, of which lifted mats give half, three to eight seconds too soon: all of a tag together."""
    rng = stream(faults.seed, "lifted")
    mats = {mat.id: number for number, mat in enumerate(race.course.mats)}
    stamp, kept = reads.stamp_us.copy(), np.ones(len(reads), np.bool_)
    for lifted in faults.lifted:
        grid = _grids(race)[race.course.mats[mats[lifted.mat]].source]
        inside = (reads.mat == mats[lifted.mat]) & (stamp >= lifted.begin_us) & (stamp < lifted.end_us)
        unseen = rng.random(len(reads.tags)) < 0.5
        sooner = rng.integers(3 * SECOND, 8 * SECOND, len(reads.tags)) // grid * grid
        kept &= ~(inside & unseen[reads.tag])
        first = -(-lifted.begin_us // grid) * grid
        stamp[inside] = np.maximum(stamp[inside] - sooner[reads.tag[inside]], first)
    return replace(reads, stamp_us=stamp).take(kept)


def _stamped(reads: EmittedReads, race: Race, faults: RaceFaults) -> tuple[EmittedReads, Int64, tuple[Repair, ...]]:
    """The reads as wrong clocks stamp them, the instants that right corrections give, and those corrections."""
    shown, right, due = reads.stamp_us.copy(), reads.stamp_us.copy(), reads.due_us.copy()
    repairs = []
    for fault in faults.clocks:
        grid = _grids(race)[fault.source]
        of_source = np.array([mat.source == fault.source for mat in race.course.mats], np.bool_)
        rows = np.flatnonzero(of_source[reads.mat])
        true_us = reads.stamp_us[rows]
        piece = fault.piece_of(true_us)
        repair = repair_of(fault, race.first_instant_us, race.last_instant_us, grid)
        shown[rows] = fault.stamps(true_us, grid)
        right[rows] = repair.instants(shown[rows], piece)
        due[rows] = _due_in_piece(due[rows], piece, fault)
        repairs.append(repair)
    order = np.lexsort((np.arange(len(due)), due))
    out = replace(reads, stamp_us=shown, due_us=due).take(order)
    return out, right[order], tuple(repairs)


def _due_in_piece(due_us: Int64, which: Int64, fault: ClockFault) -> Int64:
    """A clock that steps or starts again does so with nothing left to send: what it saw before came out before."""
    for number, piece in enumerate(fault.pieces):
        if piece.begin_us is not None:
            due_us = np.where(which < number, np.minimum(due_us, piece.begin_us - 1), due_us)
    return due_us


def rulings_of_day(day: TroubledDay) -> list[Act]:
    """What the crew and the jury must decide so that the corrected expected answer comes out; nothing besides.

    Early and late starters, second visits, tags that lie about and second shots need no decision.
    """
    faults, mishaps = day.faults, day.mishaps
    clocks: list[CorrectClock] = [act for repair in day.repairs for act in repair.acts if act is not None]
    by_hour: dict[Instant, list[Bib]] = defaultdict(list)
    for abandon in mishaps.abandons:
        by_hour[abandon.at_us].append(abandon.bib)
    acts: list[Act] = [
        *clocks,
        *(SetGun(wave=gun.wave, instant_us=day.true_guns[gun.wave]) for gun in faults.wrong_guns),
        *(RecallStart(wave=gun.wave, at_us=day.true_guns[gun.wave] - gun.before_us // 2) for gun in faults.false_guns),
        *(OutOfUse(mat=mat.mat, span=Span(begin_us=mat.begin_us, end_us=mat.end_us)) for mat in faults.lifted),
        *(SwapTags(bibs=pair) for pair in mishaps.swapped),
        *(AssignTag(tag=tag, bib=bib) for tag, bib in mishaps.spares),
        *(Declare(bibs=tuple(bibs), status="DNF", at_us=at_us) for at_us, bibs in sorted(by_hour.items())),
    ]
    if mishaps.driven:
        acts.append(Disqualify(bibs=mishaps.driven, rule=RULE_DRIVEN))
    return acts
