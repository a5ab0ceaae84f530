"""Questions that follow from the flags of single runners: guns, waves, tags, abandons, order of points."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from results.asked import Asked, Kind, OpenQuestion, Stake, clear
from results.legs_too_soon import legs_too_soon
from results.stakes import Stakes
from timing.instants import MISSING
from timing.reads import Tag
from timing.roster import Bib
from timing.rulings import Act, AssignTag, Declare, MoveToWave, Question, ReadSelector, SetAside, SetTime, SwapTags
from timing.times import Flag, Status

TAKEN_BACK: Final = ""
"""As the status of a `Declare`: neither an earlier declaration nor the roster's holds."""


def runner_questions(asked: Asked, stakes: Stakes) -> Iterator[OpenQuestion]:
    """One for each runner and flag that nobody has answered; waves without anything at stake are gathered."""
    yield from _before_own_gun(asked, stakes)
    yield from _other_wave(asked, stakes)
    yield from _without_start(asked, stakes)
    yield from _after_abandon(asked, stakes)
    yield from _out_of_order(asked, stakes)
    yield from _tags_apart(asked, stakes)
    yield from _tags_on_two(asked, stakes)
    yield from _parked(asked, stakes)
    yield from _declared_but_seen(asked, stakes)


def _before_own_gun(asked: Asked, stakes: Stakes) -> Iterator[OpenQuestion]:
    times = asked.times
    for index in asked.flagged(Flag.BEFORE_OWN_GUN, Question.BEFORE_OWN_GUN):
        bib = asked.bib(index)
        crossed = asked.wave_id(int(times.crossed_wave[index]))
        start_us, gun_us = int(times.start_us[index]), int(times.wave_gun_us[index])
        moves: tuple[Act, ...] = () if crossed is None else (MoveToWave(bibs=(bib,), wave=crossed),)
        yield OpenQuestion(
            kind=Kind.BEFORE_OWN_GUN,
            bibs=(bib,),
            point=asked.point_ids[0],
            evidence={
                "start_us": start_us,
                "gun_us": gun_us,
                "early_us": gun_us - start_us,
                "wave": asked.wave_id(int(times.wave[index])),
                "crossed_wave": crossed,
            },
            proposals=(*moves, clear(Kind.BEFORE_OWN_GUN, bib)),
            weight=stakes.of(index),
        )


def _other_wave(asked: Asked, stakes: Stakes) -> Iterator[OpenQuestion]:
    """Started behind a later gun. One question for each on whom a place hangs, one for each pair of waves for the rest.

    Starting early is a question of its own (`before_own_gun`).
    """
    times = asked.times
    later = ((times.flags & int(Flag.OTHER_WAVE)) != 0) & ~asked.left_early
    later &= asked.open_for(Question.OTHER_WAVE) & (times.crossed_wave >= 0)
    matters = later & (stakes.stake < Stake.NONE)
    for index in np.flatnonzero(matters).tolist():
        yield _of_waves(asked, stakes, np.array([index]))
    rest = np.flatnonzero(later & ~matters)
    pair = times.wave[rest].astype(np.int64) * len(asked.plan.race.waves) + times.crossed_wave[rest]
    order = np.argsort(pair, kind="stable")
    for indexes in np.split(rest[order], np.flatnonzero(np.diff(pair[order])) + 1):
        if len(indexes):
            yield _of_waves(asked, stakes, indexes)


def _of_waves(asked: Asked, stakes: Stakes, indexes: Any) -> OpenQuestion:
    times, first, bibs = asked.times, int(indexes[0]), asked.bibs(indexes)
    crossed = asked.wave_id(int(times.crossed_wave[first]))
    moves: tuple[Act, ...] = () if crossed is None else (MoveToWave(bibs=bibs, wave=crossed),)
    return OpenQuestion(
        kind=Kind.OTHER_WAVE,
        bibs=bibs,
        point=asked.point_ids[0],
        evidence={
            "wave": asked.wave_id(int(times.wave[first])),
            "crossed_wave": crossed,
            "gun_us": int(times.wave_gun_us[first]),
            "start_us": int(times.start_us[first]),
            "runners": len(bibs),
        },
        proposals=(clear(Kind.OTHER_WAVE, *bibs), *moves),
        weight=stakes.of(first) if len(bibs) == 1 else stakes.of(),
    )


def _without_start(asked: Asked, stakes: Stakes) -> Iterator[OpenQuestion]:
    times = asked.times
    for index in asked.flagged(Flag.FINISH_WITHOUT_START, Question.FINISH_WITHOUT_START):
        bib = asked.bib(index)
        yield OpenQuestion(
            kind=Kind.FINISH_WITHOUT_START,
            bibs=(bib,),
            point=asked.point_ids[-1],
            evidence={
                "finish_us": int(times.finish_us[index]),
                "gun_time_us": int(times.gun_time_us[index]),
                "unseen": list(asked.point_ids[:-1]),
            },
            proposals=(
                clear(Kind.FINISH_WITHOUT_START, bib),
                SetTime(bib=bib, point=asked.point_ids[-1], instant_us=None),
            ),
            weight=stakes.of(index),
        )


def _after_abandon(asked: Asked, stakes: Stakes) -> Iterator[OpenQuestion]:
    for index in asked.flagged(Flag.FINISH_AFTER_ABANDON, Question.FINISH_AFTER_ABANDON):
        bib = asked.bib(index)
        declared = asked.decisions.declared.get(bib)
        lifted = Declare(bibs=(bib,), status=TAKEN_BACK, at_us=0 if declared is None else declared.at_us)
        yield OpenQuestion(
            kind=Kind.FINISH_AFTER_ABANDON,
            bibs=(bib,),
            point=asked.point_ids[-1],
            evidence={"abandoned_us": None if declared is None else declared.at_us},
            proposals=(lifted, clear(Kind.FINISH_AFTER_ABANDON, bib)),
            weight=stakes.of(index),
        )


def _out_of_order(asked: Asked, stakes: Stakes) -> Iterator[OpenQuestion]:
    """A point was passed sooner after the split before than anybody can: one of the two passings is not theirs."""
    times, ids = asked.times, asked.point_ids
    for index in asked.flagged(Flag.OUT_OF_ORDER, Question.OUT_OF_ORDER):
        bib = asked.bib(index)
        seen = {
            point: int(us) for point, us in zip(ids, times.crossing_us[:, index].tolist(), strict=True) if us != MISSING
        }
        too_soon = [(ids[before], ids[after]) for before, after in legs_too_soon(asked, index)]
        doubtful = list(dict.fromkeys(point for pair in too_soon for point in pair))
        yield OpenQuestion(
            kind=Kind.OUT_OF_ORDER,
            bibs=(bib,),
            point=too_soon[0][0] if too_soon else None,
            evidence={"crossings_us": seen, "too_soon": [after for _, after in too_soon]},
            proposals=(
                *(SetTime(bib=bib, point=point, instant_us=None) for point in doubtful),
                clear(Kind.OUT_OF_ORDER, bib),
            ),
            weight=stakes.of(index),
        )


def _tags_apart(asked: Asked, stakes: Stakes) -> Iterator[OpenQuestion]:
    for index in asked.flagged(Flag.TWO_TAGS_APART, Question.TWO_TAGS_APART):
        bib = asked.bib(index)
        seen = asked.tags_seen.get(bib, ())
        tags = list(dict.fromkeys(one.tag for one in seen)) or list(asked.roster.entrants[index].tags)
        yield OpenQuestion(
            kind=Kind.TWO_TAGS_APART,
            bibs=(bib,),
            evidence={
                "tags": tags,
                "seen": [
                    {"tag": one.tag, "point": one.point, "first_us": one.first_us, "reads": one.reads} for one in seen
                ],
            },
            proposals=(
                *(AssignTag(tag=Tag(tag), bib=None) for tag in tags),
                clear(Kind.TWO_TAGS_APART, bib),
            ),
            weight=stakes.of(index),
        )


def _tags_on_two(asked: Asked, stakes: Stakes) -> Iterator[OpenQuestion]:
    for index in asked.flagged(Flag.TAG_ON_TWO, Question.TAG_ON_TWO):
        bib = asked.bib(index)
        acts = [act for act in asked.decisions.tags if _touches(act, bib, asked.roster.entrants[index].tags)]
        yield OpenQuestion(
            kind=Kind.TAG_ON_TWO,
            bibs=(bib,),
            evidence={"tags": [_tag_facts(act) for act in acts]},
            proposals=(clear(Kind.TAG_ON_TWO, bib),),
            weight=stakes.of(index),
        )


def _touches(act: AssignTag | SwapTags, bib: Bib, tags: tuple[Tag, ...]) -> bool:
    if isinstance(act, SwapTags):
        return bib in act.bibs
    return act.bib == bib or act.tag in tags


def _tag_facts(act: AssignTag | SwapTags) -> dict[str, Any]:
    worn_by = list(act.bibs) if isinstance(act, SwapTags) else [act.bib] if act.bib is not None else []
    return {
        "tag": None if isinstance(act, SwapTags) else act.tag,
        "worn_by": worn_by,
        "from_us": act.span.begin_us,
        "until_us": act.span.end_us,
    }


def _parked(asked: Asked, stakes: Stakes) -> Iterator[OpenQuestion]:
    for index in asked.flagged(Flag.PARKED, Question.PARKED):
        bib = asked.bib(index)
        start = asked.plan.race.course.start
        main = start.mats[0].id if start.mats else None
        yield OpenQuestion(
            kind=Kind.PARKED,
            bibs=(bib,),
            point=start.id,
            evidence={"start_us": _known(asked.times.start_us[index])},
            proposals=(clear(Kind.PARKED, bib), SetAside(reads=ReadSelector(bibs=(bib,), mat=main))),
            weight=stakes.of(index),
        )


def _declared_but_seen(asked: Asked, stakes: Stakes) -> Iterator[OpenQuestion]:
    times = asked.times
    for index in asked.flagged(Flag.DECLARED_BUT_SEEN, Question.DECLARED_BUT_SEEN):
        bib = asked.bib(index)
        crossings = {
            point: int(us)
            for point, us in zip(asked.point_ids, times.crossing_us[:, index].tolist(), strict=True)
            if us != MISSING
        }
        first_us = min(crossings.values(), default=0)
        yield OpenQuestion(
            kind=Kind.DECLARED_BUT_SEEN,
            bibs=(bib,),
            evidence={"status": Status(int(times.status[index])).name, "crossings_us": crossings},
            proposals=(
                Declare(bibs=(bib,), status=TAKEN_BACK, at_us=first_us),
                clear(Kind.DECLARED_BUT_SEEN, bib),
            ),
            weight=stakes.of(index),
        )


def _known(value: Any) -> int | None:
    return None if int(value) == MISSING else int(value)
