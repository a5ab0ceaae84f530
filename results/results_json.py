"""results.json, version 1: race, publication, rules in force, and every list with its clock and rows.

Owns the shape of the file; see docs/results_files.md. The part of the lists comes last and hangs on neither the number
of the publication nor its hour, so that two runs of one race can be compared byte for byte.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from config.plan import Clock, ListRule, RacePlan
from results.list_states import StateOfList
from results.people import Audience, Person
from results.printing import Language, moment, printed_column, second_column
from results.rankings import RankedList
from results.standing import Standing
from results.titles import list_title
from timing.instants import MISSING
from timing.race import Race
from timing.reads import Int64
from timing.times import Guns

FORMAT: Final = "calanque results 1"

_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def results_json(standing: Standing, audience: Audience = Audience.PUBLIC) -> bytes:
    """The whole file for an audience: UTF-8, LF, a row of a list on each line."""
    plan = standing.plan
    head = {
        "format": FORMAT,
        "audience": str(audience),
        "race": _race(plan),
        "publication": {
            "number": standing.number,
            "at_us": standing.at_us,
            "at": moment(standing.at_us, plan.race.zone),
            "through": standing.through,
            "state": str(standing.state(audience)),
        },
        "rules": _rules(plan, standing.times.guns),
    }
    opening = json.dumps(head, ensure_ascii=False, indent=1).removesuffix("\n}")
    return b"".join((opening.encode(), b',\n "lists": ', lists_json(standing, audience), b"\n}\n"))


def lists_json(standing: Standing, audience: Audience = Audience.PUBLIC) -> bytes:
    """The lists alone, as they stand in the file: for the public those that are posted, for the jury all."""
    shown = standing.lists(audience)
    people = [_person(person, audience) for person in standing.people(audience)]
    times = standing.times
    clocks = [
        f'"gun_time_us":{gun},"net_time_us":{net},"start_read":{"true" if read else "false"}'
        for gun, net, read in zip(
            _nullable(times.gun_time_us),
            _nullable(times.net_time_us),
            (times.start_us != MISSING).tolist(),
            strict=True,
        )
    ]
    lists = ",\n".join(_list(ranked, standing, audience, people, clocks) for ranked in shown)
    return f"[\n{lists}\n ]".encode() if shown else b"[]"


def _list(ranked: RankedList, standing: Standing, audience: Audience, people: list[str], clocks: list[str]) -> str:
    rule, plan = ranked.rule, standing.plan
    head = {
        "id": ranked.id,
        "rule": rule.id,
        "scope": ranked.scope,
        "title": {str(lang): list_title(ranked, plan, lang) for lang in (Language.FR, Language.EN)},
        "clock": str(rule.clock),
        "gun_origin": str(rule.gun_origin) if rule.clock is Clock.GUN else None,
        "ties": str(rule.ties),
        "depth": rule.depth,
        "public": rule.public,
        "ranked": ranked.ranked,
        **_state(standing.state_of(ranked), audience, plan),
        "official": ranked.official,
    }
    printed = second_column(printed_column(ranked.value_us, plan.rounding), Language.MACHINE)
    rows = ",\n".join(
        f'   {{"place":{place},"shared":{"true" if shared else "false"},'
        f'"by_jury":{"true" if decided else "false"},"time":"{text}","time_us":{value},'
        f"{clocks[index]},{people[index]}}}"
        for place, shared, decided, text, value, index in zip(
            ranked.places.tolist(), ranked.shared.tolist(), ranked.by_jury.tolist(), printed, ranked.value_us.tolist(),
            ranked.entrants.tolist(), strict=True,
        )
    )  # fmt: skip
    opening = _compact(head).removesuffix("}")
    return f'  {opening},"rows":[\n{rows}\n  ]}}' if rows else f'  {opening},"rows":[]}}'


def _state(state: StateOfList, audience: Audience, plan: RacePlan) -> Mapping[str, Any]:
    """The state of a list and the act that brought it there; who did is for the jury."""
    zone = plan.race.zone
    if state.at_us is None or state.role is None:
        return {"state": str(state.state), "posting": None}
    until = state.protest_until_us
    act: dict[str, Any] = {
        "at_us": state.at_us,
        "at": moment(state.at_us, zone),
        "role": str(state.role),
        "depth": state.depth,
        "protest_until_us": until,
        "protest_until": None if until is None else moment(until, zone),
    }
    if audience is Audience.JURY:
        act |= {"author": state.author, "reason": state.reason}
    return {"state": str(state.state), "posting": act}


def _person(person: Person, audience: Audience) -> str:
    """The fields of one entrant, without braces: what is withheld is null, what is unknown empty."""
    hidden = person.withheld and audience is Audience.PUBLIC
    fields: dict[str, Any] = {
        "bib": person.bib or None,
        "last_name": None if hidden else person.last_name,
        "first_name": None if hidden else person.first_name,
        "sex": None if hidden and not person.bib else person.sex,
        "category": None if hidden and not person.bib else person.category,
        "club": None if hidden else person.club,
        "town": None if hidden else person.town,
        "nationality": None if hidden else person.nationality,
        "withheld": person.withheld,
    }
    return _compact(fields)[1:-1]


def _race(plan: RacePlan) -> Mapping[str, Any]:
    race = plan.race
    return {
        "id": race.id,
        "title": dict(plan.title) or {plan.languages[0]: race.name},
        "edition": race.edition,
        "date": race.day.isoformat(),
        "zone": race.zone.key,
        "course": race.course.version,
        "points": [
            {"id": point.id, "kind": str(point.kind), "name": point.name, "distance_m": point.distance_m}
            for point in race.course.points
        ],
    }


def _rules(plan: RacePlan, guns: Guns) -> Mapping[str, Any]:
    race = plan.race
    return {
        "official_time_from": str(race.gun_origin),
        "net_without_start": str(race.net_without_start),
        "guns": _guns(race, guns),
        "rounding": {
            "reading_us": plan.rounding.reading_us,
            "reading": str(plan.rounding.reading),
            "whole_second": "up",
        },
        "categories": str(plan.categories.basis),
        "lists": [_rule(rule) for rule in plan.lists],
        "assumed": [{"key": assumed.key, "why": assumed.why} for assumed in plan.assumed],
    }


def _guns(race: Race, guns: Guns) -> list[Mapping[str, Any]]:
    return [
        {"wave": wave.id, "gun_us": gun_us, "planned": planned}
        for wave, gun_us, planned in zip(race.waves, guns.wave_us, guns.planned, strict=True)
    ]


def _rule(rule: ListRule) -> Mapping[str, Any]:
    """A rule as the race file has it; sets sorted, so that they have one order."""
    return {
        "id": rule.id,
        "clock": str(rule.clock),
        "gun_origin": str(rule.gun_origin) if rule.clock is Clock.GUN else None,
        "per": str(rule.per),
        "waves": sorted(rule.waves),
        "sexes": sorted(map(str, rule.sexes)),
        "categories": sorted(rule.categories),
        "nationalities": sorted(rule.nationalities),
        "roles": sorted(rule.roles),
        "licensed": rule.licensed,
        "elite": rule.elite,
        "ties": str(rule.ties),
        "depth": rule.depth,
        "main": None if rule.main is None else str(rule.main),
        "public": rule.public,
        "groups": sorted(rule.groups),
        "prize": rule.prize,
    }


def _nullable(values: Int64) -> list[str]:
    texts = list(map(str, values.tolist()))
    for row in np.flatnonzero(values == MISSING).tolist():
        texts[row] = "null"
    return texts
