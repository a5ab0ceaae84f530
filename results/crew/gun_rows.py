"""The guns as the crew sees them: each wave's plan and gun in force, and every signal with where it came from.

A signal is evidence until a person confirms it; one that was refused stays in the list. Values are ready for JSON.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from config.plan import RacePlan
from results.evidence import GunFact
from timing.entries import GunBody
from timing.guns import GunSignal, nearest_wave
from timing.ruling_entries import RulingBody
from timing.rulings import SetGun
from timing.state import Recorded

SIGNALS_SHOWN: Final = 24

WAITING: Final = "waiting"
CONFIRMED: Final = "confirmed"
ENTERED: Final = "entered"
REFUSED: Final = "refused"
TRIAL: Final = "trial"
HELD: Final = "held"


def gun_section(
    plan: RacePlan,
    facts: Sequence[GunFact],
    guns: Sequence[Recorded[GunBody]],
    signals: Sequence[GunSignal],
    rulings: Sequence[Recorded[RulingBody]],
    withdrawn: frozenset[int],
) -> dict[str, Any]:
    """`waves`, in order, and `signals`, the newest first.

    facts: the gun in force of each wave. guns: all of the journal; signals: those of them that can be placed.
    """
    placed = {signal.number: signal for signal in signals}
    confirmed = _confirmed(rulings, withdrawn)
    rows = [_signal(gun, placed.get(gun.number), confirmed, withdrawn, plan) for gun in guns]
    rows.sort(key=lambda row: (row["at_us"] or 0, row["number"]), reverse=True)
    return {
        "waves": [_wave(plan, wave, fact, rows) for wave, fact in enumerate(facts)],
        "signals": rows[:SIGNALS_SHOWN],
        "more": max(0, len(rows) - SIGNALS_SHOWN),
    }


def _confirmed(
    rulings: Sequence[Recorded[RulingBody]], withdrawn: frozenset[int]
) -> Mapping[int, Recorded[RulingBody]]:
    """Who confirmed which signal: a ruling that names it as the gun of a wave."""
    return {
        ruling.body.act.signal: ruling
        for ruling in rulings
        if ruling.number not in withdrawn and isinstance(ruling.body.act, SetGun) and ruling.body.act.signal is not None
    }


def _signal(
    gun: Recorded[GunBody],
    placed: GunSignal | None,
    confirmed: Mapping[int, Recorded[RulingBody]],
    withdrawn: frozenset[int],
    plan: RacePlan,
) -> dict[str, Any]:
    body = gun.body
    at_us = body.instant_us if placed is None else placed.instant_us
    wave = body.wave or (None if at_us is None else nearest_wave(plan.race, at_us))
    ruling = confirmed.get(gun.number)
    if ruling is not None and isinstance(ruling.body.act, SetGun):
        state, wave = CONFIRMED, ruling.body.act.wave
    elif gun.number in withdrawn:
        state = REFUSED
    elif placed is None:
        state = HELD
    elif placed.tried:
        state = TRIAL
    else:
        state = WAITING if body.origin in ("button", "wire") else ENTERED
    return {
        "number": gun.number,
        "at_us": at_us,
        "wave": wave,
        "origin": body.origin,
        "source": "" if body.source is None else str(body.source),
        "author": body.author,
        "state": state,
        "confirmed_by": "" if ruling is None else ruling.body.author,
    }


def _wave(plan: RacePlan, number: int, fact: GunFact, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """`gun_us` None: only the plan is known. `state`: of the signal it comes from; empty where it is from no signal."""
    wave = plan.race.waves[number]
    known = fact.origin != "plan"
    of = [row for row in rows if row["wave"] == wave.id]
    source = next((row for row in of if row["at_us"] == fact.instant_us and row["state"] != REFUSED), None)
    return {
        "id": wave.id,
        "name": wave.name,
        "planned_us": wave.planned_gun_us,
        "gun_us": fact.instant_us if known else None,
        "origin": fact.origin if source is None else source["origin"],
        "author": fact.author if source is None else source["author"],
        "source": fact.source if source is None else source["source"],
        "number": None if source is None else source["number"],
        "state": ""
        if not known
        else CONFIRMED
        if fact.origin == "ruling"
        else ""
        if source is None
        else source["state"],
        "confirmed_by": fact.author if fact.origin == "ruling" else "",
        "others": sum(row["state"] == WAITING and row is not source for row in of),
    }
