"""results.csv, results.json and the workbooks: exact, the same for the same race, safe to open."""

import csv
import io
import json
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import openpyxl
import pytest
from golden_race import SECRETS, crowd_standing, golden_race, golden_standing
from results_builder import GUN_US, roster_of, run, runner, small_plan, small_times

from results.exports import export_files
from results.people import Audience
from results.printing import Language
from results.rankings import rank
from results.results_csv import columns_of, results_csv
from results.results_json import lists_json, results_json
from results.workbook import results_xlsx, sheet_names
from timing.race import NetWithoutStart

HERE = Path(__file__).parent


def rows_of(content: bytes) -> dict[str, dict[str, str]]:
    return {row["bib"]: row for row in csv.DictReader(io.StringIO(content.decode(), newline=""))}


def test_results_csv_of_a_race_in_which_everything_happens_is_the_golden_one() -> None:
    found = results_csv(*golden_race())
    expected = HERE / "golden_results.csv"
    assert found == expected.read_bytes(), "a change of the format is a new version: see docs/results_files.md"


def test_results_csv_has_the_documented_columns_and_ends_its_lines_with_a_line_feed() -> None:
    plan, *_ = race = golden_race()
    content = results_csv(*race)
    assert content.split(b"\n")[0].decode() == ",".join(columns_of(plan.race))
    assert b"\r" not in content
    assert content.endswith(b"\n")
    page = (HERE.parents[1] / "docs" / "results_files.md").read_text()
    assert all(f"`{column.replace('GINESTE', '<POINT>')}`" in page for column in columns_of(plan.race))


def test_rows_are_in_the_natural_order_of_bibs_whatever_the_order_of_the_roster() -> None:
    assert list(rows_of(results_csv(*golden_race()))) == [
        "2", "3", "4", "5", "7", "10", "12A", "20", "21", "22", "23", "900", "999"
    ]  # fmt: skip


def test_no_start_read_is_marked_and_leaves_net_time_and_splits_empty() -> None:
    row = rows_of(results_csv(*golden_race()))["5"]
    assert (row["start_us"], row["net_time_us"], row["net_time"], row["split_GINESTE_us"]) == ("", "", "", "")
    assert (row["gun_time"], row["start_source"], row["flags"]) == ("1:03:20", "", "no_start_read")


def test_where_the_gun_stands_in_net_time_and_splits_run_from_it_and_say_so() -> None:
    plan = small_plan(net_without_start=NetWithoutStart.GUN)
    roster = roster_of(runner(5))
    times = small_times(plan, roster, {"5": run(None, 3800, 1900)})
    row = rows_of(results_csv(plan, roster, times, rank(plan, roster, times)))["5"]
    assert (row["start_us"], row["net_time"], row["start_source"]) == ("", "1:03:20", "gun")
    assert row["split_GINESTE_us"] == "1900000000"


def test_who_holds_no_place_keeps_the_times() -> None:
    rows = rows_of(results_csv(*golden_race()))
    assert (rows["22"]["status"], rows["22"]["gun_time"], rows["22"]["rank_overall"]) == ("DSQ", "1:00:50", "")
    assert (rows["900"]["status"], rows["900"]["net_time"], rows["900"]["rank_sex"]) == ("FINISHED", "1:39:55", "")
    assert rows["20"]["status"] == "DNS"
    assert (rows["21"]["status"], rows["21"]["split_GINESTE_us"]) == ("DNF", "2494000000")


def test_flags_say_which_mat_and_which_point() -> None:
    rows = rows_of(results_csv(*golden_race()))
    assert rows["12A"]["flags"] == "missed:GINESTE;missed_main:START;missed_main:FINISH"
    assert (rows["12A"]["start_source"], rows["12A"]["finish_source"]) == ("backup", "backup")
    assert rows["2"]["flags"] == "missed_main:GINESTE"
    assert rows["4"]["flags"] == "before_own_gun;other_wave"


def test_instants_are_since_the_epoch_and_durations_exact() -> None:
    row = rows_of(results_csv(*golden_race()))["2"]
    assert int(row["finish_us"]) == GUN_US + 3_700_000_001
    assert (row["gun_time_us"], row["gun_time"]) == ("3700000001", "1:01:41")
    assert (row["net_time_us"], row["net_time"]) == ("3699250001", "1:01:40")


def test_a_bib_that_needs_quotes_is_quoted() -> None:
    plan = small_plan()
    roster = roster_of(runner('1,"2'), runner("=1+1"), runner("a\nb"))
    times = small_times(plan, roster, {})
    assert set(rows_of(results_csv(plan, roster, times, rank(plan, roster, times)))) == {'1,"2', "=1+1", "a\nb"}


def test_an_empty_roster_gives_a_header_alone() -> None:
    plan = small_plan()
    roster = roster_of()
    times = small_times(plan, roster, {})
    assert results_csv(plan, roster, times, rank(plan, roster, times)).count(b"\n") == 1


def test_results_csv_of_a_full_field_is_written_between_two_ticks() -> None:
    standing = crowd_standing(20_000)
    race = (standing.plan, standing.roster, standing.times, standing.rankings)
    best = 1e9
    for _ in range(4):
        begin = time.perf_counter()
        results_csv(*race)
        best = min(best, time.perf_counter() - begin)
    assert best < 0.5, f"{best:.3f} s"


# ---- results.json ----


def test_results_json_names_race_publication_rules_and_every_posted_list() -> None:
    content = json.loads(results_json(golden_standing()))
    assert content["format"] == "calanque results 1"
    assert content["race"]["points"][1] == {
        "id": "GINESTE", "kind": "split", "name": "Col de la Gineste", "distance_m": 10_000
    }  # fmt: skip
    assert content["publication"]["number"] == 3
    assert content["publication"]["through"] == 42
    assert content["publication"]["state"] == "provisional"
    assert content["rules"]["rounding"] == {"reading_us": 1, "reading": "up", "whole_second": "up"}
    assert [rule["id"] for rule in content["rules"]["lists"]] == [
        "scratch", "sex", "category", "net", "nationals", "prize"
    ]  # fmt: skip
    lists = {ranked["id"]: ranked for ranked in content["lists"]}
    assert "prize-M" not in lists
    assert (lists["scratch"]["clock"], lists["scratch"]["gun_origin"]) == ("gun", "wave")
    assert (lists["net"]["clock"], lists["net"]["gun_origin"], lists["net"]["ties"]) == ("net", None, "shared")
    assert [(row["place"], row["shared"], row["bib"]) for row in lists["scratch"]["rows"]] == [
        (1, False, None), (2, False, "10"), (3, True, "3"), (3, True, "12A"), (5, True, "2"), (5, True, "23"),
        (7, False, "5"), (8, False, "4"),
    ]  # fmt: skip
    assert lists["scratch"]["rows"][1]["time"] == "1:01:02"
    assert lists["scratch"]["rows"][6]["net_time_us"] is None
    assert lists["sex-M"]["title"] == {"fr": "Hommes", "en": "Men"}


def test_a_withheld_winner_keeps_the_place_and_loses_the_name_in_public_only() -> None:
    public, jury = (results_json(golden_standing(), audience) for audience in (Audience.PUBLIC, Audience.JURY))
    assert not any(secret in public.decode() for secret in SECRETS)
    winner = json.loads(public)["lists"][0]["rows"][0]
    assert (winner["place"], winner["time"], winner["withheld"]) == (1, "1:00:00", True)
    assert winner["last_name"] is winner["club"] is winner["town"] is winner["bib"] is winner["category"] is None
    named = json.loads(jury)
    assert named["lists"][0]["rows"][0]["last_name"] == "Caché"
    assert {ranked["id"] for ranked in named["lists"]} >= {"prize-M", "prize-F"}


def test_the_lists_do_not_hang_on_the_number_or_the_hour_of_a_publication() -> None:
    one, two = golden_standing(3), golden_standing(4)
    assert results_json(one) != results_json(two)
    assert lists_json(one) == lists_json(two)
    assert results_json(one).endswith(b'"lists": ' + lists_json(one) + b"\n}\n")


def test_a_race_without_a_posted_list_is_still_json() -> None:
    plan = small_plan(lists=())
    roster = roster_of(runner(1))
    times = small_times(plan, roster, {})
    standing = golden_standing()
    empty = type(standing)(
        plan=plan, roster=roster, times=times, rankings=rank(plan, roster, times), number=1, at_us=GUN_US
    )
    assert json.loads(results_json(empty))["lists"] == []


# ---- workbooks ----


def sheet_rows(content: bytes, name: str) -> list[tuple[object, ...]]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return list(book[name].iter_rows(values_only=True))


def test_a_workbook_has_a_sheet_for_each_list_and_times_as_text() -> None:
    book = results_xlsx(golden_standing(), Audience.PUBLIC, Language.FR)
    names = openpyxl.load_workbook(io.BytesIO(book)).sheetnames
    assert names == [
        "Lisez-moi", "Scratch", "Femmes", "Hommes", "SEF", "M0F", "M0M", "Temps réel", "Nationaux, femmes",
        "Nationaux, hommes",
    ]  # fmt: skip
    head, winner, second, *_ = sheet_rows(book, "Scratch")
    assert head[:3] == ("Place", "", "Dossard")
    assert winner[0] == 1
    assert winner[2:6] == (None, "nom non publié", None, None)
    assert second[3:5] == ("OUAZZANI", "Saïd")
    assert second[10:12] == ("1h01'02", "1h00'59")


def test_the_workbook_of_the_jury_names_everybody_and_those_without_a_place() -> None:
    book = results_xlsx(golden_standing(), Audience.JURY, Language.FR)
    assert sheet_rows(book, "Scratch")[1][2:5] == ("7", "CACHÉ", "Nom")
    without = {row[2]: row for row in sheet_rows(book, "Sans place")[1:]}
    assert set(without) == {"20", "21", "22", "900", "999"}
    assert without["22"][0] == "DSQ"
    assert without["999"][1] == "vehicle"


def test_withheld_names_are_nowhere_in_the_public_workbook() -> None:
    with zipfile.ZipFile(io.BytesIO(results_xlsx(golden_standing(), Audience.PUBLIC, Language.EN))) as parts:
        text = "".join(parts.read(name).decode() for name in parts.namelist())
    assert not any(secret in text for secret in SECRETS)


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", '=cmd|" /C calc"!A0', "|x", "%x"])
def test_a_name_that_looks_like_a_formula_stays_a_text(name: str) -> None:
    standing = crowd_standing(2, first={"last_name": name})
    book = openpyxl.load_workbook(io.BytesIO(results_xlsx(standing, Audience.JURY, Language.EN)))
    cell = book["Overall"]["D2"]
    assert (cell.value, cell.data_type) == (name.upper(), "s")
    assert cell.quotePrefix, "so that it is one again after a spreadsheet has saved the file"
    assert not any(row.data_type == "f" for rows in book["Overall"].iter_rows() for row in rows)


def test_names_of_sheets_are_what_a_workbook_accepts() -> None:
    names = sheet_names(["Hommes", "hommes", "a/b[c]:*?\\", "'quoted'", "x" * 40, "x" * 40, "", "History"])
    assert len({name.casefold() for name in names}) == len(names)
    assert all(1 <= len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in names)
    assert not any(name.startswith("'") or name.endswith("'") for name in names)
    assert "history" not in [name.casefold() for name in names]


# ---- the same bytes ----

DIGESTS = """
import hashlib, sys
sys.path[:0] = sys.argv[1:]
from golden_race import golden_standing
from results.exports import export_files
for name, content in export_files(golden_standing()):
    print(hashlib.sha256(content).hexdigest(), name)
"""


def test_the_same_race_gives_the_same_bytes_in_every_process() -> None:
    def digests(seed: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", DIGESTS, str(HERE), str(HERE.parents[1])],
            env={"PYTHONHASHSEED": seed, "PATH": "/usr/bin", "TZ": "Asia/Tokyo" if seed == "1" else "UTC"},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    first = digests("1")
    assert len(first.splitlines()) == len(list(export_files(golden_standing())))
    assert first == digests("2")
