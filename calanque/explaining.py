"""Collects what is known of one runner's race, for `results.why`; and of the whole race, for its open questions.

Owns no rule: it looks into the state and into what was derived from it.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from calanque.derived import Derived, Picture
from calanque.errors import FrontDoorError
from config.plan import RacePlan
from results.asked import Asked, OpenQuestion, TagSeen
from results.evidence import Evidence, GunFact
from results.official_rows import official_differences, with_official
from results.questions import open_questions, questions_about
from timing.guns import GunSignal
from timing.instants import Instant
from timing.reads import ReadClass
from timing.roster import Bib
from timing.rulings import SetGun
from timing.state import RaceState
from timing.times import Flag

_NEAR_NAMES: Final = 5


def asked_of(plan: RacePlan, state: RaceState, derived: Derived, picture: Picture) -> Asked:
    """The race as questions see it. `picture`: of `derived`, as of now."""
    return Asked(
        plan=plan,
        roster=picture.roster,
        times=picture.times,
        rankings=picture.rankings,
        decisions=picture.decisions,
        sightings=tuple(sighting for sighting in state.sightings if sighting.number not in state.withdrawn),
        hand=derived.hand.stamps,
        differences=official_differences(picture.rankings, picture.states),
        tags_seen=_tags_seen(plan, state, derived, picture),
        unknown_tags=_unknown_tags(plan, state, derived) if state.sightings else {},
    )


def evidence_of(
    plan: RacePlan,
    state: RaceState,
    derived: Derived,
    bib: Bib,
    *,
    questions: tuple[OpenQuestion, ...] | None = None,
) -> Evidence:
    """What is known of one runner, as of the last refresh of `derived`.

    `questions`: all open ones, where they are known already.
    Raises: FrontDoorError when nobody has the bib.
    """
    picture = derived.picture()
    index = picture.roster.by_bib.get(bib)
    if index is None:
        raise FrontDoorError(f"no bib {bib!r} in the roster{_like(bib, picture)}")
    rows = state.rows_of_tags(derived.tags_of(bib))
    every = state.reads()
    rows = rows[np.lexsort((every.mat[rows], every.moment_us[rows]))]
    reads = every.take(rows)
    if questions is None:
        questions = open_questions(asked_of(plan, state, derived, picture))
    return Evidence(
        plan=plan,
        roster=picture.roster,
        times=picture.times,
        rankings=with_official(picture.rankings, picture.states),
        decisions=picture.decisions,
        index=index,
        reads=reads,
        classes=derived.classes_of(rows),
        mine=derived.ground.field.owners_of(reads) == index,
        stamps=state.stamps_of(rows),
        tags=state.tags,
        sources=state.sources,
        ledger=state.ledger,
        rulings=tuple(state.rulings),
        withdrawn=state.withdrawn,
        guns=gun_facts(plan, state, picture),
        questions=questions_about(questions, bib),
        states=picture.states,
        through=picture.through,
    )


def _like(bib: str, picture: Picture) -> str:
    near = [each for each in picture.roster.by_bib if each.lstrip("0") == bib.lstrip("0") or each.startswith(bib)]
    return f"; did you mean {', '.join(near[:_NEAR_NAMES])}?" if near else ""


def gun_facts(plan: RacePlan, state: RaceState, picture: Picture) -> tuple[GunFact, ...]:
    """Where the gun in force of each wave comes from."""
    guns = picture.times.guns
    waves = zip(plan.race.waves, guns.wave_us, guns.planned, strict=True)
    signals = state.gun_signals(state.ledger)
    return tuple(
        GunFact(wave=wave.id, instant_us=instant_us, origin="plan")
        if planned
        else _gun_fact(state, signals, wave.id, instant_us, wave.gun_us)
        for wave, instant_us, planned in waves
    )


def _gun_fact(
    state: RaceState, signals: Sequence[GunSignal], wave: str, instant_us: Instant, of_file_us: Instant | None
) -> GunFact:
    """The ruling, entry, signal or line of the race file that gives this instant, in the order in which they count."""
    ruling = next(
        (
            ruling
            for ruling in reversed(state.rulings)
            if ruling.number not in state.withdrawn
            and isinstance(ruling.body.act, SetGun)
            and ruling.body.act.wave == wave
        ),
        None,
    )
    if ruling is not None and wave in state.decisions.guns:
        return GunFact(
            wave=wave, instant_us=instant_us, origin="ruling", number=ruling.number, author=ruling.body.author
        )
    placed = {signal.number for signal in signals if signal.instant_us == instant_us}
    same = [gun for gun in state.guns if gun.number in placed]
    for gun in reversed(same):
        if gun.body.wave == wave:
            return GunFact(
                wave=wave,
                instant_us=instant_us,
                origin=gun.body.origin,
                number=gun.number,
                author=gun.body.author,
            )
    for gun in same:
        if gun.body.wave is None:
            return GunFact(
                wave=wave,
                instant_us=instant_us,
                origin="wire",
                number=gun.number,
                source=gun.body.source or "",
            )
    return GunFact(wave=wave, instant_us=instant_us, origin="race_file" if of_file_us == instant_us else "plan")


def _tags_seen(plan: RacePlan, state: RaceState, derived: Derived, picture: Picture) -> dict[Bib, tuple[TagSeen, ...]]:
    """Where each tag was, of those whose tags were apart."""
    apart = np.flatnonzero((picture.times.flags & int(Flag.TWO_TAGS_APART)) != 0).tolist()
    found: dict[Bib, tuple[TagSeen, ...]] = {}
    for index in apart:
        bib = picture.roster.entrants[index].bib
        found[bib] = _first_reads(plan, state, derived, bib)
    return found


def _first_reads(plan: RacePlan, state: RaceState, derived: Derived, bib: Bib) -> tuple[TagSeen, ...]:
    rows = state.rows_of_tags(derived.tags_of(bib))
    reads, classes = state.reads().take(rows), derived.classes_of(rows)
    counted = np.isin(classes, (ReadClass.USED, ReadClass.SAME_PASSING, ReadClass.AFTER))
    seen: dict[tuple[str, int], list[int]] = {}
    for tag, mat, moment in zip(
        reads.tag[counted].tolist(), reads.mat[counted].tolist(), reads.moment_us[counted].tolist(), strict=True
    ):
        seen.setdefault((plan.race.course.mats[mat].point, tag), []).append(moment)
    order = {point.id: number for number, point in enumerate(plan.race.course.points)}
    return tuple(
        TagSeen(tag=state.tags.names[tag], point=point, first_us=min(moments), reads=len(moments))
        for (point, tag), moments in sorted(seen.items(), key=lambda item: (order[item[0][0]], item[0][1]))
    )


def _unknown_tags(plan: RacePlan, state: RaceState, derived: Derived) -> dict[str, int]:
    """How many tags of nobody were read at each point."""
    reads = state.reads()
    classes = derived.classes_of(np.arange(len(reads)))
    rows = np.flatnonzero((classes == ReadClass.UNKNOWN_TAG) & (reads.mat >= 0))
    pairs = np.unique(np.stack([reads.mat[rows].astype(np.int64), reads.tag[rows].astype(np.int64)]), axis=1)
    found: dict[str, set[int]] = {}
    for mat, tag in pairs.T.tolist():
        found.setdefault(plan.race.course.mats[mat].point, set()).add(tag)
    return {point: len(tags) for point, tags in found.items()}
