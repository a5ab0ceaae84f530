"""`calanque forecast`: how far off the forecasts were so far, beside constant pace, and who is expected next."""

import json
from collections.abc import Mapping
from typing import Any, Final

from calanque.at_rest import RaceAtRest, read_race
from calanque.commands.control import command, instant_on_race_day
from calanque.commands.why import spoken_language
from calanque.exit_codes import OK
from calanque.terminal import say, table
from config.plan import MainRank, RacePlan
from results.forecast import Forecast, Forecaster
from results.forecast_observations import Observation, observations_of
from results.forecast_places import ExpectedPlace, expected_places
from results.forecast_score import ForecastScore, forecast_score, score_values
from results.forecast_words import HEADS, error_words, plus_minus_words, score_rows
from results.printing import Language, hour
from timing.desk_entries import PassingOrderBody
from timing.instants import DAY, MISSING, Instant
from timing.reads import Int64
from timing.roster import Entrant, Roster

_WORDS: Final[Mapping[Language, Mapping[str, str]]] = {
    Language.FR: {
        "now": "Prévisions à {hour} : {running} en course, {overdue} en retard au point suivant",
        "next": "Attendus à l'arrivée ({due} : l'heure est passée)",
        "nobody": "Personne n'est attendu à l'arrivée",
    },
    Language.EN: {
        "now": "Forecasts at {hour}: {running} on the course, {overdue} overdue at their next point",
        "next": "Expected at the finish ({due}: the hour is past)",
        "nobody": "Nobody is expected at the finish",
    },
}
_DUE: Final = "!"
_REPORTED: Final = " + radio"
"""Behind the point last seen of whoever a spotter has reported beyond it."""


def forecast_command(race: str, *, language: str | None, at: str | None, most: int, as_json: bool) -> int:
    with read_race(race) as found:
        spoken = spoken_language(language, found.plan)
        found.derived.refresh(settle=True)
        picture = found.derived.picture()
        now_us = _now(found, at)
        forecaster = Forecaster.of(picture.rankings.eligibility)
        made = forecaster.at(picture.times, now_us, _reported(found, picture.roster))
        score = forecast_score(forecaster, picture.times, now_us)
        rows = made.arriving(DAY)[:most]
        places = expected_places(forecaster.frame, picture.times, made, rows).get(MainRank.OVERALL)
        plan, entrants = found.plan, picture.roster.entrants
    if as_json:
        say(json.dumps(_values(plan, made, score, rows, entrants), ensure_ascii=False, indent=1))
        return OK
    _say_score(plan, made, score, spoken)
    _say_arrivals(plan, made, rows, places, entrants, spoken)
    return OK


def _reported(found: RaceAtRest, roster: Roster) -> tuple[Observation, ...]:
    """What spotters told."""
    orders = (told.body for told in found.state.desk if isinstance(told.body, PassingOrderBody))
    return observations_of(orders, roster)


def _now(found: RaceAtRest, at: str | None) -> Instant:
    """The hour asked for; else the race clock of the running engine; else that of the last crossing."""
    if at is not None:
        return instant_on_race_day(found.folder, at)
    if found.folder.is_running:
        return int(command(found.folder, "status", {})["now_us"])
    return int(found.derived.picture().times.crossing_us.max(initial=found.plan.race.waves[0].planned_gun_us))


def _say_score(plan: RacePlan, made: Forecast, score: ForecastScore, language: Language) -> None:
    running = int((made.from_point >= 0).sum())
    words = _WORDS[language]["now"]
    say(words.format(hour=hour(made.now_us, plan.race.zone), running=running, overdue=len(made.overdue())))
    say(error_words(score, language))
    if score.points:
        table([HEADS[language], *score_rows(score, plan, language)])


def _say_arrivals(
    plan: RacePlan,
    made: Forecast,
    rows: Int64,
    places: ExpectedPlace | None,
    entrants: tuple[Entrant, ...],
    language: Language,
) -> None:
    if not len(rows):
        say(_WORDS[language]["nobody"])
        return
    say(_WORDS[language]["next"].format(due=_DUE))
    lines = []
    for number, row in enumerate(rows.tolist()):
        expected_us = int(made.finish_us[row])
        place = 0 if places is None else int(places.place[number])
        lines.append(
            (
                f"{_DUE if expected_us <= made.now_us else ' '} {hour(expected_us, plan.race.zone)}",
                plus_minus_words(int(made.plus_minus_us[row]), language),
                plan.race.course.points[max(0, int(made.from_point[row]))].name + _REPORTED * bool(made.observed[row]),
                f"≈ {place}" if place else "",
                str(entrants[row].bib),
                f"{entrants[row].first_name} {entrants[row].last_name}".strip(),
            )
        )
    table(lines)


def _values(
    plan: RacePlan, made: Forecast, score: ForecastScore, rows: Int64, entrants: tuple[Entrant, ...]
) -> dict[str, Any]:
    arrivals = [
        {
            "bib": entrants[row].bib,
            "from": plan.race.course.points[max(0, int(made.from_point[row]))].id,
            "reported": bool(made.observed[row]),
            "finish_us": int(made.finish_us[row]),
            "plus_minus_us": int(made.plus_minus_us[row]),
            "gun_time_us": _known(made.gun_time_us, row),
            "net_time_us": _known(made.net_time_us, row),
        }
        for row in rows.tolist()
    ]
    return {"score": score_values(score), "arrivals": arrivals}


def _known(column: Int64, row: int) -> int | None:
    return None if column[row] == MISSING else int(column[row])
