"""What every file says of the state of its lists, of official places and of places the jury gave."""

import io
import json
from pathlib import Path
from typing import Any

import openpyxl
from golden_race import ROSTER as GOLDEN_ROSTER
from golden_race import RUNS, golden_plan, golden_race, golden_standing
from results_builder import GUN_US, small_times

from results.list_states import ListStates, list_states, official_of, posting_of
from results.people import Audience
from results.printing import Language
from results.publication import publish
from results.rankings import rank
from results.results_csv import results_csv
from results.results_json import results_json
from results.site import site_files
from results.standing import Standing
from results.workbook import results_xlsx
from timing.decisions import Decisions
from timing.instants import HOUR, MINUTE
from timing.roster import Bib
from timing.rulings import FinishOrder, Role

NOON = GUN_US + 3 * HOUR
"""The golden standing is of 13:00."""


def states(*official: str, posted: tuple[str, ...] = (), depth: int | None = None) -> ListStates:
    """These lists as they stand in the golden race, posted at noon, or made official at 12:45."""
    _, roster, _, rankings = golden_race()
    bodies = [
        posting_of(
            rankings.by_id[list_id], roster, at_us=NOON, author="Anne Durand", role=Role.CREW, through=40,
            protest_us=30 * MINUTE, depth=depth,
        )
        for list_id in (*official, *posted)
    ]  # fmt: skip
    known = list_states(bodies)
    at_us = NOON + 45 * MINUTE
    return list_states(
        [*bodies, *(official_of(known, name, at_us=at_us, author="Marc Roux", role=Role.REFEREE) for name in official)]
    )


def standing(of: ListStates, *, order: tuple[str, ...] = (), disqualified: str = "", **runs: Any) -> Standing:
    """The golden race with lists in these states, after what came later."""
    plan = golden_plan()
    orders = (FinishOrder(order=tuple((Bib(bib),) for bib in order)),) if order else ()
    rules = {Bib(disqualified): "40.1"} if disqualified else {}
    decisions = Decisions(orders=orders, disqualified=rules)
    times = small_times(plan, GOLDEN_ROSTER, RUNS | {name[1:]: one for name, one in runs.items()})
    return Standing(
        plan=plan, roster=GOLDEN_ROSTER, times=times, rankings=rank(plan, GOLDEN_ROSTER, times, decisions=decisions),
        number=4, at_us=GUN_US + 4 * HOUR, through=60, decisions=decisions, states=of,
    )  # fmt: skip


def lists_of(content: bytes) -> dict[str, Any]:
    return {each["id"]: each for each in json.loads(content)["lists"]}


def test_results_json_says_the_state_of_each_list_and_the_act_that_brought_it_there() -> None:
    content = results_json(standing(states("scratch", posted=("net",), depth=2)))
    assert json.loads(content)["publication"]["state"] == "provisional", "some list still is"
    lists = lists_of(content)
    assert (lists["scratch"]["state"], lists["scratch"]["official"]) == ("official", 2)
    assert lists["scratch"]["posting"] == {
        "at_us": NOON + 45 * MINUTE, "at": "2024-10-27T12:45:00.000000+01:00", "role": "referee", "depth": 2,
        "protest_until_us": NOON + 30 * MINUTE, "protest_until": "2024-10-27T12:30:00.000000+01:00",
    }  # fmt: skip
    assert (lists["net"]["state"], lists["net"]["official"], lists["net"]["posting"]["role"]) == ("posted", 0, "crew")
    assert (lists["sex-F"]["state"], lists["sex-F"]["posting"]) == ("provisional", None)


def test_who_signed_is_told_to_the_jury_only() -> None:
    of = standing(states("scratch"))
    assert b"Marc Roux" not in results_json(of, Audience.PUBLIC)
    assert lists_of(results_json(of, Audience.JURY))["scratch"]["posting"]["author"] == "Marc Roux"


def test_the_publication_is_official_when_every_list_of_the_public_is() -> None:
    _, _, _, rankings = golden_race()
    public = [ranked.id for ranked in rankings.lists if ranked.rule.public]
    of = standing(states(*public))
    assert json.loads(results_json(of))["publication"]["state"] == "official"
    assert json.loads(results_json(of, Audience.JURY))["publication"]["state"] == "provisional"


def test_official_places_are_in_every_file_as_they_were_posted() -> None:
    from results_builder import run

    later = standing(states("scratch"), b3=run(4, 3500))
    (first, *_) = lists_of(results_json(later))["scratch"]["rows"]
    assert first["time"] == "1:00:00", "the withheld winner, and not bib 3 who is found to be faster"
    before = golden_standing().rankings.rank_overall.tolist()
    assert later.shown.rank_overall.tolist() == before
    ranks = [row.split(b",")[9] for row in results_csv(later.plan, later.roster, later.times, later.shown).split()]
    assert ranks == [row.split(b",")[9] for row in results_csv(*golden_race()).split()]
    page = dict(site_files(later))["scratch.html"].decode()
    assert page.count('<span class="pl of">') == 8
    assert "<b>Officiel.</b> <span>Arrêté à 12:45 par le juge-arbitre.</span>" in page
    assert "Scratch · Officiel. Arrêté à 12:45 par le juge-arbitre. · publication 4" in page, "on paper too"


def test_a_row_that_the_jury_placed_says_so() -> None:
    of = standing(ListStates(), order=("3", "10"))
    rows = {row["bib"]: row for row in lists_of(results_json(of))["scratch"]["rows"]}
    assert [bib for bib, row in rows.items() if row["by_jury"]] == ["3", "10"]
    page = dict(site_files(of))["scratch.html"].decode()
    assert page.count('<abbr class=why title="place donnée par le jury">jury</abbr>') == 2
    cells = sheet(of, "Scratch")
    assert [row[2] for row in cells if row[1] and "jury" in row[1]] == ["3", "10"]


def test_the_site_says_of_each_list_what_it_is() -> None:
    files = dict(site_files(standing(states("scratch", posted=("sex-F",)))))
    index = files["index.html"].decode()
    assert '<p class="state provisional"><b>Provisoire.</b>' in index
    assert "8 classés · officiel</small>" in index
    assert "3 classés · affiché</small>" in index
    assert "les 3 premiers" in dict(site_files(standing(states("scratch", depth=3))))["index.html"].decode()
    women = files["sex-f.html"].decode()
    assert '<p class="state posted"><b>Affiché à 12:00.</b> <span>Réclamations closes à 12:30' in women
    english = files["en/sex-f.html"].decode()
    assert "<b>Posted at 12:00.</b> <span>Protests closed at 12:30" in english


def test_the_workbook_says_of_each_list_what_it_is() -> None:
    of = standing(states("scratch", posted=("net",)))
    told = {row[0]: row[3] for row in sheet(of, "Lisez-moi") if len(row) > 3 and row[0]}
    assert told["Scratch"] == "Officiel. Arrêté à 12:45 par le juge-arbitre."
    assert told["Temps réel"].startswith("Affiché à 12:00. Réclamations closes à 12:30")
    assert told["Femmes"] == "provisoire"


def test_the_workbook_tells_equal_seconds_apart_by_the_fraction() -> None:
    remarks = {row[2]: row[1] for row in sheet(standing(ListStates()), "Scratch")}
    assert remarks["10"] == "1/100 01,25"
    assert remarks["12A"] == "ex æquo, 1/100 01,75"
    assert remarks["2"] == "ex æquo"


def test_the_jury_reads_by_which_rule_somebody_was_disqualified() -> None:
    rows = sheet(standing(ListStates(), disqualified="22"), "Sans place", Audience.JURY)
    assert [row[0] for row in rows if row[2] == "22"] == ["DSQ 40.1"]


def test_the_record_of_a_publication_says_what_its_lists_were(tmp_path: Path) -> None:
    plan, roster, times, rankings = golden_race()
    of = states("scratch")
    made = publish(plan, roster, times, rankings, tmp_path, 1, GUN_US + 4 * HOUR, through=60, states=of)
    record = json.loads((made.folder / "publication.json").read_bytes())
    assert record["state"] == "provisional"
    assert (record["lists"]["scratch"], record["lists"]["net"]) == ("official", "provisional")


def sheet(of: Standing, name: str, audience: Audience = Audience.PUBLIC) -> list[list[str | None]]:
    book = openpyxl.load_workbook(io.BytesIO(results_xlsx(of, audience, Language.FR)))
    return [[cell.value for cell in row] for row in book[name].iter_rows()]
