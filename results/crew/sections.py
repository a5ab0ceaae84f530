"""The parts of the crew's board that are words as well as values: alarms and the checks before the gun, JSON-ready."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from config.plan import RacePlan
from results.crew.alarm_words import alarm_words
from results.crew.alarms import Alarm
from results.crew.arming import Check, CheckState
from results.crew.arming_words import check_sentence, check_title
from results.printing import Language
from timing.clock_faults import ClockFinding

_LANGUAGES: Final = (Language.FR, Language.EN)


def alarm_section(alarms: Sequence[Alarm], plan: RacePlan, clocks: Sequence[ClockFinding] = ()) -> dict[str, Any]:
    """`rows`: each with `text` (the fact and since when) and `cost` in both languages, and the `point` it is at."""
    return {"rows": [_alarm(alarm, plan, tuple(clocks)) for alarm in alarms]}


def _alarm(alarm: Alarm, plan: RacePlan, clocks: tuple[ClockFinding, ...]) -> dict[str, Any]:
    said = {str(language): alarm_words(alarm, plan, language, clocks) for language in _LANGUAGES}
    values = alarm.values()
    return {
        "key": alarm.key,
        "rank": values["level"],
        "kind": values["kind"],
        "about": values["about"],
        "since_us": alarm.since_us,
        "point": _point(alarm.cause.facts, plan),
        "text": {language: words.fact for language, words in said.items()},
        "cost": {language: words.cost for language, words in said.items()},
        "taken": values["taken"],
    }


def _point(facts: Mapping[str, Any], plan: RacePlan) -> str | None:
    """The point an alarm is at: that of its mat, or the first of its source."""
    if "point" in facts:
        return str(facts["point"])
    source = facts.get("source")
    return next((mat.point for mat in plan.race.course.mats if mat.source == source), None)


def arming_section(checks: Iterable[Check], plan: RacePlan) -> dict[str, Any]:
    """`checks`: those that apply, each with its title and what was found; `state`: `ok` or `open`, `found` exactly."""
    return {"checks": [_check(check, plan) for check in checks if check.state is not CheckState.NOT_APPLICABLE]}


def _check(check: Check, plan: RacePlan) -> dict[str, Any]:
    said = {
        str(language): f"{check_title(check.kind, language)}{_COLON[language]} {check_sentence(check, plan, language)}"
        for language in _LANGUAGES
    }
    return {
        "id": check.key,
        "state": "ok" if check.state is CheckState.OK else "open",
        "found": str(check.state),
        "text": said,
        "items": [dict(item) for item in check.items],
        "facts": dict(check.facts),
    }


_COLON: Final = {Language.FR: "\u00a0:", Language.EN: ":"}
