"""From crossings to times, statuses and flags. See docs/rules.md sections 7 to 9."""

from typing import Final

import numpy as np

from timing.field import NOT_DECLARED, Field
from timing.instants import MISSING
from timing.point_matching import Crossings, MatchRules
from timing.race import GunOrigin, MatRole, NetWithoutStart, Race
from timing.reads import Bool, Int16, Int32, Int64, UInt8
from timing.times import Closings, Flag, Origin, Status, Times

APART_POINTS: Final = 2
"""At one point a tag that was missed may be seen when its runner walks back; at two it is perhaps another person."""


def times_of(found: Crossings, rules: MatchRules) -> Times:
    """Times of every entrant, from the crossings that were found."""
    field, race, guns, closings = rules.field, rules.race, rules.guns, rules.closings
    wave_us = np.array(guns.wave_us, np.int64)
    has_wave = field.wave >= 0
    wave_gun_us = np.where(has_wave, wave_us[np.maximum(field.wave, 0)], guns.first_us)
    gun_us = wave_gun_us if race.gun_origin is GunOrigin.WAVE else rules.race_gun_us
    start_us, finish_us = found.moment_us[0], found.moment_us[-1]
    seen = found.moment_us != MISSING
    missed = _missed(seen)
    backup = _backup(found.mat, race)
    crossed_wave = _crossed_wave(start_us, wave_us)
    start_origin = _origins(seen[0], backup[0], found.by_hand[0])
    if race.net_without_start is NetWithoutStart.GUN:
        start_origin[~seen[0] & seen[-1]] = Origin.GUN
    return Times(
        status=_status(seen, field, closings),
        crossing_us=found.moment_us,
        crossing_mat=found.mat,
        wave=field.wave,
        crossed_wave=crossed_wave,
        wave_gun_us=wave_gun_us,
        race_gun_us=rules.race_gun_us,
        gun_us=gun_us,
        gun_time_us=_between(gun_us, finish_us),
        net_time_us=_between(net_origin(start_us, gun_us, race), finish_us),
        flags=_flags(found, seen, missed, backup, crossed_wave, wave_gun_us, field),
        missed=missed,
        start_origin=start_origin,
        finish_origin=_origins(seen[-1], backup[-1], found.by_hand[-1]),
        guns=guns,
        closings=closings,
    )


def net_origin(start_us: Int64, gun_us: Int64, race: Race) -> Int64:
    """From when net times and splits run: the own start crossing, else the gun or nothing, as the race file says."""
    if race.net_without_start is NetWithoutStart.EMPTY:
        return start_us
    return np.where(start_us == MISSING, gun_us, start_us)


def _between(begin_us: Int64, end_us: Int64) -> Int64:
    known = (begin_us != MISSING) & (end_us != MISSING)
    return np.where(known, np.where(known, end_us, 0) - np.where(known, begin_us, 0), MISSING)


def _missed(seen: Bool) -> Int32:
    """A bit for each point where somebody seen at a later point was not seen."""
    bits = np.zeros(seen.shape[1], np.int32)
    seen_later = np.zeros(seen.shape[1], np.bool_)
    for index in range(len(seen) - 1, -1, -1):
        bits |= np.where(seen_later & ~seen[index], np.int32(1 << index), np.int32(0))
        seen_later |= seen[index]
    return bits


def _backup(crossing_mat: Int16, race: Race) -> Bool:
    is_backup: Bool = np.array([mat.role is MatRole.BACKUP for mat in race.course.mats] + [False], np.bool_)
    return np.take(is_backup, crossing_mat)


def _crossed_wave(start_us: Int64, wave_us: Int64) -> Int16:
    """The wave whose gun was the last before the own start read, -1 without a start read or before all guns."""
    order = np.argsort(wave_us, kind="stable")
    place = np.searchsorted(wave_us[order], start_us, side="right") - 1
    return np.where(place >= 0, order[np.maximum(place, 0)], -1).astype(np.int16)


def _origins(seen: Bool, backup: Bool, by_hand: Bool) -> UInt8:
    on_mat = np.where(backup, Origin.BACKUP, Origin.MAIN)
    return np.where(seen, np.where(by_hand, Origin.MANUAL, on_mat), Origin.NONE).astype(np.uint8)


def _status(seen: Bool, field: Field, closings: Closings) -> UInt8:
    under_way = Status.STARTED if closings.finish_us is None else Status.DNF
    unseen = Status.ENTERED if closings.start_us is None else Status.DNS
    status = np.where(seen[-1], Status.FINISHED, np.where(seen.any(axis=0), under_way, unseen))
    return np.where(field.declared != NOT_DECLARED, field.declared, status).astype(np.uint8)


def _flags(
    found: Crossings,
    seen: Bool,
    missed: Int32,
    backup: Bool,
    crossed_wave: Int16,
    wave_gun_us: Int64,
    field: Field,
) -> Int32:
    started, start_us = seen[0], found.moment_us[0]
    raised: dict[Flag, Bool] = {
        Flag.NO_START_READ: (missed & 1) != 0,
        Flag.MISSED_SPLIT: (missed & ~1) != 0,
        Flag.START_BACKUP: backup[0],
        Flag.FINISH_BACKUP: backup[-1],
        Flag.SPLIT_BACKUP: np.asarray(backup[1:-1].any(axis=0), np.bool_),
        Flag.BEFORE_OWN_GUN: started & (start_us < wave_gun_us),
        Flag.OTHER_WAVE: started & (field.wave >= 0) & (crossed_wave != field.wave),
        Flag.PARKED: found.parked,
        Flag.DECLARED_BUT_SEEN: (field.declared == Status.DNS) & seen.any(axis=0),
        Flag.FINISH_WITHOUT_START: seen[-1] & ~seen[:-1].any(axis=0),
        Flag.NO_WAVE: field.wave < 0,
        Flag.OUT_OF_ORDER: found.out_of_order,
        Flag.TWO_TAGS_APART: found.apart >= APART_POINTS,
        Flag.FINISH_AFTER_ABANDON: found.after_giving_up,
        Flag.SET_BY_HAND: np.asarray(found.by_hand.any(axis=0), np.bool_),
    }
    flags = np.zeros(len(started), np.int32)
    for flag, where in raised.items():
        flags |= np.where(where, np.int32(flag), np.int32(0))
    for loan in field.loans:
        if loan.entrant >= 0:
            flags[loan.entrant] |= int(Flag.TAG_ON_TWO)
    if field.cleared is not None:
        flags &= ~field.cleared
    return flags
