"""The forecast's own error in words, French and English."""

from collections.abc import Mapping
from typing import Final

from config.plan import RacePlan
from results.clock_words import amount
from results.forecast_score import ForecastScore
from results.printing import NO_BREAK_SPACE, Language, count
from timing.instants import MILLISECOND, MINUTE, SECOND, Duration

_ERROR: Final[Mapping[Language, str]] = {
    Language.FR: "erreur médiane des prévisions aujourd'hui {error}",
    Language.EN: "median error of today's forecasts {error}",
}

_NONE_YET: Final[Mapping[Language, str]] = {
    Language.FR: "trop peu d'arrivées pour dire l'erreur des prévisions",
    Language.EN: "too few arrivals to tell the error of the forecasts",
}


HEADS: Final[Mapping[Language, tuple[str, ...]]] = {
    Language.FR: (
        "prévus de",
        "arrivés",
        "erreur dès le passage",
        "erreur à l'annonce",
        "dans le ±",
        "allure constante",
    ),
    Language.EN: ("from", "finished", "error when seen", "error when announced", "inside the ±", "constant pace"),
}
"""Of the columns of `score_rows`."""


def score_rows(score: ForecastScore, plan: RacePlan, language: Language) -> list[tuple[str, ...]]:
    """A row of cells for each point: median errors as made and as announced, share inside the ±, constant pace."""
    names = {point.id: point.name for point in plan.race.course.points}
    return [
        (
            names[each.point],
            count(each.count, language),
            plus_minus_words(each.made.median_us, language),
            plus_minus_words(each.announced.median_us, language),
            f"{100 * (each.announced.covered or 0.0):.0f}{NO_BREAK_SPACE}%",
            "–" if each.constant is None else plus_minus_words(each.constant.median_us, language),
        )
        for each in score.points
    ]


def error_words(score: ForecastScore, language: Language) -> str:
    """What boards say over forecasts: the error of those announced from the last point before the finish."""
    nearest = score.nearest
    if nearest is None:
        return _NONE_YET[language]
    return _ERROR[language].format(error=plus_minus_words(nearest.announced.median_us, language))


def plus_minus_words(error_us: Duration, language: Language) -> str:
    """`± 0,4 s`, `± 4 s`, `± 2 min 10 s`: rounded up as far as somebody may care; never 0."""
    step = 100 * MILLISECOND if error_us < 3 * SECOND else SECOND if error_us < 2 * MINUTE else 10 * SECOND
    rounded = max(step, -(-error_us // step) * step)
    return f"±{NO_BREAK_SPACE}{amount(rounded, language)}"
