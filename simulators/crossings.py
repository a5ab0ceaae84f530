"""Every time a chip is carried over a mat: the field's own passages, and the detours people make.

From the true day to crossings of tags at mats. Knows nothing of reads.
"""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from simulators.chance import stream
from simulators.pace import whole_us
from simulators.physics import Physics
from simulators.sim_field import NOBODYS, SimField, tag_code
from timing.instants import MINUTE, MISSING, SECOND
from timing.race import MatRole
from timing.reads import Bool, Int16, Int32, Int64


@dataclass(frozen=True, kw_only=True)
class Crossings:
    """One row for each tag over each mat. `entrant` is who carries it, or the number of entrants for nobody's tag.

    `mat_us` is the instant above the mat, not above the line.
    """

    tags: tuple[str, ...]
    tag: Int32
    entrant: Int64
    mat: Int16
    mat_us: Int64
    speed_mm_s: Int64

    def __len__(self) -> int:
        return len(self.tag)

    def take(self, rows: Int64 | Bool) -> Self:
        columns = {f.name: getattr(self, f.name)[rows] for f in fields(self) if f.name != "tags"}
        return type(self)(tags=self.tags, **columns)


@dataclass(frozen=True, kw_only=True)
class _Passages:
    """Who crosses the line of which point when; mats and tags not yet looked at."""

    carrier: Int64
    point: Int64
    line_us: Int64
    speed_mm_s: Int64


def field_crossings(field: SimField, physics: Physics) -> Crossings:
    """All crossings of the day: passages, turning back, walking back, and tags of nobody."""
    passages = [_own(field)]
    if physics.turned_back > 0:
        passages.append(_turned_back(field, physics))
    if physics.walked_back > 0:
        passages.append(_walked_back(field, physics))
    if field.visits:
        passages.append(_visits(field))
    passages.append(_of_nobody(field, physics))
    joined = _Passages(**{f.name: np.concatenate([getattr(p, f.name) for p in passages]) for f in fields(_Passages)})
    return _over_mats(field, joined, physics)


def _own(field: SimField) -> _Passages:
    point, entrant = np.nonzero(field.line_us != MISSING)
    return _Passages(
        carrier=entrant,
        point=point,
        line_us=field.line_us[point, entrant],
        speed_mm_s=field.speed_mm_s[point, entrant],
    )


def _visits(field: SimField) -> _Passages:
    rows = np.array([(v.entrant, v.point, v.line_us, v.speed_mm_s) for v in field.visits], np.int64).T
    return _Passages(carrier=rows[0], point=rows[1], line_us=rows[2], speed_mm_s=rows[3])


def _turned_back(field: SimField, physics: Physics) -> _Passages:
    """Over the start, back over it, and again: the true start is the last; the two before it are these."""
    rng = stream(physics.seed, "turned back")
    start = field.line_us[0]
    who = np.flatnonzero((start != MISSING) & (rng.random(len(field)) < physics.turned_back))
    back = start[who] - whole_us(rng.uniform(25, 90, len(who)))
    first = back - whole_us(rng.uniform(10, 60, len(who)))
    # Nobody turns back before the first gun: there is no start to turn back from.
    real = first > min(field.guns_us)
    return _passages(who[real], 0, (first[real], back[real]), rng.integers(1200, 2600, int(real.sum())))


def _walked_back(field: SimField, physics: Physics) -> _Passages:
    """Across the finish again 1 to 30 minutes later: for a photograph, or pacing a friend in."""
    rng = stream(physics.seed, "walked back")
    finish = field.line_us[-1]
    who = _who_walks_back(field, physics, rng)
    again = finish[who] + whole_us(60 * np.exp(rng.uniform(0, np.log(30), len(who))))
    return _passages(who, len(field.race.course.points) - 1, (again,), rng.integers(900, 3000, len(who)))


def second_visits(field: SimField, physics: Physics) -> Int64:
    """Who crosses the finish a second time, by number."""
    return _who_walks_back(field, physics, stream(physics.seed, "walked back"))


def _who_walks_back(field: SimField, physics: Physics, rng: np.random.Generator) -> Int64:
    return np.flatnonzero((field.line_us[-1] != MISSING) & (rng.random(len(field)) < physics.walked_back))


def _of_nobody(field: SimField, physics: Physics) -> _Passages:
    """Tags of older editions and other races, worn by people who run along; carriers beyond the entrants."""
    rng = stream(physics.seed, "nobody")
    count = round(physics.unknown_tags * len(field))
    last = len(field.race.course.points) - 1
    point = rng.integers(0, last + 1, count)
    seen = field.line_us[point, rng.integers(0, max(len(field), 1), count)] if count else np.empty(0, np.int64)
    line_us = np.where(seen == MISSING, min(field.guns_us) + 30 * MINUTE, seen + 2 * SECOND)
    return _Passages(
        carrier=len(field) + np.arange(count),
        point=point,
        line_us=line_us,
        speed_mm_s=rng.integers(1500, 4000, count),
    )


def _passages(who: Int64, point: int, moments: tuple[Int64, ...], speed: Int64) -> _Passages:
    return _Passages(
        carrier=np.tile(who, len(moments)),
        point=np.full(len(who) * len(moments), point, np.int64),
        line_us=np.concatenate(moments),
        speed_mm_s=np.tile(speed, len(moments)),
    )


def worn_tags(field: SimField, physics: Physics) -> tuple[tuple[str, ...], list[list[int]]]:
    """All codes on the course, and for each carrier the ones they wear: entrants first, then nobody's.

    A few entrants wear each other's chips; those of the elite are checked before the start.
    """
    code_of: dict[str, int] = {}
    for tags in (*(entrant.tags for entrant in field.roster.entrants), *field.tags_worn):
        for tag in tags:
            code_of.setdefault(tag, len(code_of))
    codes = list(code_of)
    worn = [[code_of[tag] for tag in tags] for tags in field.tags_worn]
    for one, other in swapped_pairs(field, physics):
        worn[one], worn[other] = worn[other], worn[one]
    for number in range(round(physics.unknown_tags * len(field))):
        worn.append([len(codes)])
        codes.append(tag_code(NOBODYS + number, field.race))
    return tuple(codes), worn


def swapped_pairs(field: SimField, physics: Physics) -> list[tuple[int, int]]:
    """Who wears whose chip by chance, by number."""
    rng = stream(physics.seed, "swapped")
    mass = np.array([i for i, e in enumerate(field.roster.entrants) if not e.elite and e.role == "runner"], np.int64)
    pairs = rng.permutation(mass)[: 2 * round(physics.swapped_chips * len(field) / 2)].reshape(-1, 2)
    return [(one, other) for one, other in pairs.tolist()]


def _over_mats(field: SimField, passages: _Passages, physics: Physics) -> Crossings:
    """Each passage once for each tag worn and each mat of the point, at the instant above that mat."""
    codes, worn = worn_tags(field, physics)
    tags_of = np.full((len(worn), max((len(w) for w in worn), default=1) or 1), -1, np.int32)
    for carrier, tags in enumerate(worn):
        tags_of[carrier, : len(tags)] = tags
    parts = []
    rows = {point.id: row for row, point in enumerate(field.race.course.points)}
    for index, mat in enumerate(field.race.course.mats):
        if mat.role is MatRole.BACKUP and not physics.backup_mats:
            continue
        here = np.flatnonzero(np.isin(passages.point, [rows[id_] for id_ in (mat.point, *mat.also)]))
        speed = np.maximum(passages.speed_mm_s[here], 100)
        above = passages.line_us[here] + mat.to_line_mm * SECOND // speed
        for place in range(tags_of.shape[1]):
            tag = tags_of[passages.carrier[here], place]
            has = tag >= 0
            parts.append(
                Crossings(
                    tags=codes,
                    tag=tag[has],
                    entrant=np.minimum(passages.carrier[here][has], len(field)),
                    mat=np.full(int(has.sum()), index, np.int16),
                    mat_us=above[has],
                    speed_mm_s=speed[has],
                )
            )
    columns = [f.name for f in fields(Crossings) if f.name != "tags"]
    return Crossings(tags=codes, **{name: np.concatenate([getattr(p, name) for p in parts]) for name in columns})
