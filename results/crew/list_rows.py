"""Each list with its state, for whoever publishes, posts and makes official. Values are ready for JSON."""

from typing import Any, Final

from config.plan import RacePlan
from results.list_states import ListStates
from results.printing import Language
from results.rankings import Rankings
from results.titles import title_of

LANGUAGES: Final = (Language.FR, Language.EN)


def list_rows(plan: RacePlan, rankings: Rankings, states: ListStates) -> list[dict[str, Any]]:
    """In the order of the race file: prize lists among them; lists with nobody are left out unless they were posted."""
    rows = []
    for ranked in rankings.lists:
        state = states.of(ranked.id)
        if not len(ranked) and state.at_us is None:
            continue
        rows.append(
            {
                "id": ranked.id,
                "title": {str(language): title_of(ranked.id, plan, language) for language in LANGUAGES},
                "placed": len(ranked),
                "prize": ranked.rule.prize,
                "main": ranked.rule.main is not None and ranked.rule.main.value != "category",
                "state": str(state.state),
                "depth": state.depth,
                "at_us": state.at_us,
                "author": state.author,
                "protest_until_us": state.protest_until_us,
                "protest_us": plan.jury.protest_us,
            }
        )
    return rows
