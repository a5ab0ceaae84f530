"""The replies of the API, made from the same values as the pages.

Owns which value stands in which field; no address and no language but where both are given.
"""

from dataclasses import asdict
from typing import Any

from results.list_pages import (
    ListRow,
    club_counts,
    club_rows,
    list_head,
    list_rows,
    overall_list,
    public_lists,
)
from results.people import Audience, Person
from results.printing import Language
from results.rankings import RankedList
from results.runner_card import RunnerCard, runner_card
from results.titles import list_title
from results.web import api_board_models as board_models
from results.web import api_models as models
from results.web.newest import Newest
from results.why_public import public_sections
from timing.roster import Bib


class Values:
    """Replies about the newest race."""

    def __init__(self, newest: Newest) -> None:
        self._newest = newest

    # ---- the race ----

    def race(self) -> board_models.RaceReply:
        board = self._newest.live.view().board
        wanted = board_models.RaceReply.model_fields
        return board_models.RaceReply.model_validate({name: board[name] for name in wanted})

    def flow(self) -> models.FlowReply:
        board = self._newest.live.view().board
        return models.FlowReply.model_validate({"first_gun_us": board["phase"]["first_gun_us"], "flow": board["flow"]})

    # ---- lists ----

    def lists(self) -> models.ListsReply:
        standing = self._newest.standing()
        return models.ListsReply(
            lists=[
                models.ListFacts.model_validate(
                    {
                        **_renamed(asdict(list_head(standing, ranked)), list_id="id"),
                        "title": self._titles(ranked),
                    }
                )
                for ranked in public_lists(standing).values()
            ]
        )

    def list_page(self, ranked: RankedList, first: int, count: int) -> models.ListReply:
        standing = self._newest.standing()
        return models.ListReply.model_validate(
            {
                "id": ranked.id,
                "title": self._titles(ranked),
                "clock": str(ranked.rule.clock),
                "state": str(standing.state_of(ranked).state),
                "rows": [_row(row) for row in list_rows(standing, ranked, first, count)],
            }
        )

    async def clubs(self) -> models.ClubsReply:
        clubs = await self._newest.clubs()
        standing = self._newest.standing()
        counts = club_counts(overall_list(standing), clubs, len(standing.roster))
        return models.ClubsReply(
            clubs=[
                models.ClubFacts(key=each.club.key, name=each.club.name, entered=each.entered, ranked=each.ranked)
                for each in counts
            ]
        )

    async def club(self, key: str, first: int, count: int) -> models.ClubReply | None:
        club = (await self._newest.clubs()).get(key)
        standing = self._newest.standing()
        ranked = overall_list(standing)
        if club is None or ranked is None:
            return None
        rows, every = club_rows(standing, ranked, club, first, count)
        return models.ClubReply.model_validate(
            {
                "key": club.key,
                "name": club.name,
                "list_id": ranked.id,
                "state": str(standing.state_of(ranked).state),
                "ranked": every,
                "rows": [_row(row) for row in rows],
            }
        )

    def _titles(self, ranked: RankedList) -> dict[str, str]:
        plan = self._newest.standing().plan
        return {str(language): list_title(ranked, plan, language) for language in (Language.FR, Language.EN)}

    # ---- runners ----

    def runner(self, bib: str) -> models.RunnerReply | None:
        card = runner_card(self._newest.standing(), bib)
        return None if card is None else _runner(card)

    async def why(self, bib: str) -> models.WhyReply | None:
        standing = self._newest.standing()
        card = runner_card(standing, bib)
        if card is None or card.withheld:
            return None
        found = await self._newest.live.why(Bib(bib))
        if found is None:
            return None
        told = {
            str(language): [asdict(section) for section in public_sections(found, standing.plan, language)]
            for language in (Language.FR, Language.EN)
        }
        return models.WhyReply.model_validate({"bib": card.bib, "through": found.through, **told})

    async def search(self, asked: str, count: int) -> models.SearchReply:
        names = await self._newest.names()
        found, every = names.find(asked, count)
        standing = self._newest.standing()
        people, overall = standing.people(Audience.PUBLIC), standing.shown.rank_overall
        return models.SearchReply(
            asked=asked,
            every=every,
            found=[
                models.FoundFacts(
                    person=models.PersonFacts.model_validate(_person(people[index])), place=int(overall[index]) or None
                )
                for index in found
            ],
        )


def _renamed(values: dict[str, Any], **names: str) -> dict[str, Any]:
    return {names.get(key, key): value for key, value in values.items()}


def _person(person: Person) -> dict[str, Any]:
    values = {key: value if isinstance(value, bool) else value or None for key, value in asdict(person).items()}
    if person.withheld:
        # Of somebody whose bib is told: sex and category stand in the lists, nothing else does.
        values |= {"first_name": None, "last_name": None, "club": None, "town": None, "nationality": None}
    return values


def _row(row: ListRow) -> dict[str, Any]:
    return {**asdict(row), "person": _person(row.person)}


def _runner(card: RunnerCard) -> models.RunnerReply:
    values = asdict(card)
    del values["index"]
    values["status"] = card.status.name
    values["person"] = _person(card.person)
    values["places"] = [{**place, "main": place["main"] or None} for place in values["places"]]
    if card.withheld:
        for key in ("person", "status", "start_read", "net_from_gun"):
            values[key] = None
    return models.RunnerReply.model_validate(values)
