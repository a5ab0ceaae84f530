"""Tags that are near a mat without crossing it: runners who wait on the start mat, and tags that lie about.

Gives reads (tag, mat, moment); knows nothing of signals or delivery.
"""

from typing import Final

import numpy as np

from simulators.chance import stream
from simulators.crossings import Crossings
from simulators.pace import whole_us
from simulators.physics import Physics
from simulators.sim_field import SPARES, SimField, has_short_tags, main_waves, tag_code
from timing.instants import MINUTE, MISSING, SECOND, Duration, Instant
from timing.reads import Int16, Int32, Int64

_WAITING_GAP_S: Final = 0.7


def bystanders(field: SimField, crossings: Crossings, physics: Physics) -> tuple[tuple[str, ...], Int32, Int16, Int64]:
    """The tag codes (some added), and for each read its tag, mat and moment."""
    codes = list(crossings.tags)
    code_of = {code: number for number, code in enumerate(codes)}
    parts = [_waiting(field, physics, code_of), *_parked(field, physics, codes, code_of)]
    tag, mat, moment = (np.concatenate(column) for column in zip(*parts, strict=True))
    return tuple(codes), tag.astype(np.int32), mat.astype(np.int16), moment.astype(np.int64)


def _waiting(field: SimField, physics: Physics, code_of: dict[str, int]) -> tuple[Int64, Int64, Int64]:
    """Runners of the first wave who stand on the start mats before the gun, 1 to `early_reads` reads each."""
    rng = stream(physics.seed, "waiting")
    first_wave = int(main_waves(field.race)[0])
    gun = field.guns_us[first_wave]
    worn = field.tags_worn
    likely = (
        (field.wave == first_wave) & (field.line_us[0] != MISSING) & (rng.random(len(field)) < physics.early_readers)
    )
    who = [i for i in np.flatnonzero(likely).tolist() if worn[i]]
    count = np.rint(np.exp(rng.uniform(0, np.log(max(physics.early_reads, 1)), len(who)))).astype(np.int64)
    tags = np.array([code_of[worn[i][0]] for i in who], np.int64)
    row = np.repeat(np.arange(len(who)), count)
    begin = gun - whole_us(rng.uniform(1, 600, len(who)))
    index = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    moment = begin[row] + whole_us(_WAITING_GAP_S * (index + rng.random(len(row))))
    # Who is on the mat at the gun leaves it when they cross the line, not before.
    kept = moment < np.minimum(gun + 2 * MINUTE, field.line_us[0][np.array(who, np.int64)][row] if who else 0)
    mats = np.array([i for i, m in enumerate(field.race.course.mats) if m.point == field.race.course.start.id])
    return tags[row][kept], rng.choice(mats, len(row))[kept], moment[kept]


def _parked(
    field: SimField, physics: Physics, codes: list[str], code_of: dict[str, int]
) -> list[tuple[Int64, Int64, Int64]]:
    """Tags that lie beside a point for minutes: in turn nobody's, a finisher's, a volunteer's, a non-starter's."""
    rng = stream(physics.seed, "parked")
    points = field.race.course.points
    parts = []
    for row, point in enumerate(points):
        mats = [i for i, m in enumerate(field.race.course.mats) if m.point == point.id]
        if not mats:
            continue
        seen = field.line_us[row][field.line_us[row] != MISSING]
        low, high = (int(seen.min()), int(seen.max())) if len(seen) else (min(field.guns_us), field.closed_us)
        more = physics.strays * (row + 1) // len(points) - physics.strays * row // len(points)
        for number in range(physics.parked + more):
            begin = int(rng.integers(low - 5 * MINUTE, max(high, low) + 1))
            lasting = int(rng.integers(MINUTE, 15 * MINUTE))
            tag, not_before = _whose(field, rng, number, row, codes, code_of)
            begin = max(begin, not_before)
            parts.append(_lying(rng, tag, int(rng.choice(mats)), begin, lasting, physics.parked_gap_us))
    return parts


def _whose(
    field: SimField, rng: np.random.Generator, number: int, row: int, codes: list[str], code_of: dict[str, int]
) -> tuple[int, Instant]:
    """A tag that lies about, and the instant before which it does not."""
    owners: list[int] = []
    not_before: Instant = min(field.guns_us) - 20 * MINUTE
    if number % 4 == 1:
        owners = np.flatnonzero(field.line_us[-1] != MISSING).tolist()
    elif number % 4 == 2:
        owners = [i for i, story in enumerate(field.story) if story in ("staff", "test")]
    elif number % 4 == 3 and row == 0:  # elsewhere they would be taken for runners
        owners = [i for i, story in enumerate(field.story) if story == "dns"]
    worn = field.tags_worn
    owners = [i for i in owners if worn[i]]
    if not owners:
        short = has_short_tags(field.race)
        codes.append(tag_code(SPARES + len(codes), field.race) if short else f"0A{len(codes):010X}")
        return len(codes) - 1, not_before
    owner = owners[int(rng.integers(0, len(owners)))]
    if number % 4 == 1:
        not_before = int(field.line_us[-1, owner]) + 40 * SECOND
    return code_of[worn[owner][0]], not_before


def _lying(
    rng: np.random.Generator, tag: int, mat: int, begin: Instant, lasting: Duration, gap_us: Duration
) -> tuple[Int64, Int64, Int64]:
    gaps = rng.uniform(0.3, 1.7, max(1, lasting // max(gap_us, 1))) * gap_us
    moment = begin + np.cumsum(gaps).astype(np.int64)
    return np.full(len(moment), tag, np.int64), np.full(len(moment), mat, np.int64), moment
