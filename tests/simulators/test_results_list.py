"""A real results list as a race: exact times behind published seconds and places. Skipped where the list is absent."""

import csv
import gzip
import re
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest

from config.loader import RACES, load_race
from config.plan import RacePlan
from simulators.physics import Physics
from simulators.race_day import RaceDay
from simulators.real_race import (
    COLUMNS,
    Published,
    ResultsListRefused,
    agreement,
    draw,
    read_published,
    real_race_day,
    without_start_read,
)
from timing.race import NetWithoutStart

LIST = Path(__file__).parents[3] / "shared" / "data" / "cherry_blossom_10mi_2010.csv.gz"

needs_list = pytest.mark.skipif(not LIST.exists(), reason="the published list is not on this machine")


def published(bib: str, sex: str, gun_s: int, net_s: int, place: int) -> Published:
    return Published(
        bib=bib, sex=sex, age=30, category=f"{sex}30-34", country="USA", gun_s=gun_s, net_s=net_s, split_s=None,
        rank_sex=place, rank_category=place,
    )  # fmt: skip


@pytest.fixture(scope="module")
def plan() -> RacePlan:
    return load_race("cherry_blossom_2010")


def test_the_shipped_race_takes_the_gun_where_the_start_read_is_missing(plan: RacePlan) -> None:
    assert [source.id for source in plan.race.sources] == ["start", "mile5", "finish"]
    assert plan.race.net_without_start is NetWithoutStart.GUN


HEADER = ",".join(COLUMNS)
ROW = "7,F,30,F30-34,USA,3700,3600,1800,1,1"


def test_a_list_is_read_plain_or_packed(tmp_path: Path) -> None:
    text = f"{HEADER},note\n{ROW},x\n8,M,,,,3701,3601,,1,\n".encode()
    (tmp_path / "list.csv").write_bytes(text)
    (tmp_path / "list.csv.gz").write_bytes(gzip.compress(text))
    rows = read_published(tmp_path / "list.csv")
    assert rows == read_published(tmp_path / "list.csv.gz")
    assert (rows[0].split_s, rows[1].age, rows[1].split_s, rows[1].rank_category) == (1800, None, None, None)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"bib,sex\n1,M\n", "without the column age"),
        (f"{HEADER}\n{ROW}\n{ROW}\n".encode(), "list.csv:3: bib 7 stands there twice"),
        (f"{HEADER}\n{ROW.replace('3600', 'fast')}\n".encode(), "list.csv:2: "),
        (f"{HEADER}\n7,F,30\n".encode(), "list.csv:2: "),
        (f"{HEADER}\n{ROW.replace(',F,', ',f,')}\n".encode(), "sex is 'f'"),
        (b"\xff\xfe\x00", "neither UTF-8 text nor whole gzip"),
        (gzip.compress(ROW.encode())[:20], "gzip"),
        (b"\x1f\x8b not gzip at all", "cannot be read"),
    ],
    ids=["columns", "twice", "number", "short", "sex", "encoding", "cut", "no gzip"],
)
def test_what_is_no_results_list_is_refused_with_file_and_line(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    with pytest.raises(ResultsListRefused, match=re.escape(said)) as refused:
        read_published(path)
    assert "list.csv" in str(refused.value)


def test_a_race_without_a_split_or_with_two_is_refused(tmp_path: Path) -> None:
    text = (RACES / "cherry_blossom_2010" / "race.toml").read_text(encoding="utf-8")
    split = re.compile(r'\[\[(points|mats|sources)\]\]\nid = "(MILE5|mile5)[^[]*')
    (tmp_path / "race.toml").write_text(split.sub("", text), encoding="utf-8")
    with pytest.raises(ResultsListRefused, match="has the points START, FINISH"):
        real_race_day(load_race(tmp_path), [published("1", "M", 3000, 2990, 1)])


def test_runners_of_one_printed_second_keep_their_published_order_and_their_printed_times() -> None:
    rows = [published(str(n), "M", 6000 + n % 3, 5000, n + 1) for n in range(14)]
    rows += [published(f"F{n}", "F", 6100, 5000, n + 1) for n in range(9)]
    drawn = draw(rows)
    for sex in "MF":
        nets = [net_of(drawn[row.bib].start, drawn[row.bib].finish) for row in rows if row.sex == sex]
        assert nets == sorted(set(nets))
        assert all(-(-net // 100) == 5000 for net in nets)
    assert len({net_of(d.start, d.finish) for d in drawn.values()}) == 23, "distinct over both sexes"
    assert all(-(-drawn[row.bib].finish // 100) == row.gun_s for row in rows)
    assert all((drawn[row.bib].start or 0) >= 0 for row in rows)


def net_of(start: int | None, finish: int) -> int:
    return finish - (start or 0)


def test_a_net_time_that_is_the_gun_time_means_no_start_read_but_not_at_the_front() -> None:
    rows = [published(str(n), "M", 3000 + n, 3000 + n, n + 1) for n in range(10)]
    assert without_start_read(rows) == {str(n) for n in range(3, 10)}
    drawn = draw(rows)
    assert drawn["0"].start is not None
    assert drawn["9"].start is None


def test_a_second_with_more_runners_than_the_grid_has_places_is_refused() -> None:
    with pytest.raises(ResultsListRefused, match="101 runners share the second 5000"):
        draw([published(str(n), "M", 6000, 5000, n + 1) for n in range(101)])


def test_a_wrong_place_and_a_wrong_time_are_told(plan: RacePlan) -> None:
    rows = [published("1", "M", 3000, 2990, 1), published("2", "M", 3010, 3000, 2)]
    day = real_race_day(plan, rows)
    assert agreement(rows, day.expected_csv).whole
    wrong = [replace(rows[0], rank_sex=2), replace(rows[1], gun_s=3011)]
    told = agreement(wrong, day.expected_csv)
    assert not told.whole
    assert (told.sex_places, told.gun_times) == (1, 1)
    assert "bib 1: rank_sex is '1', published '2'" in told.different


@pytest.fixture(scope="module")
def real(plan: RacePlan) -> tuple[list[Published], RaceDay]:
    rows = read_published(LIST)
    return rows, real_race_day(plan, rows)


@needs_list
def test_every_published_place_comes_back_by_a_naive_count(real: tuple[list[Published], RaceDay]) -> None:
    rows, _ = real
    drawn = draw(rows)
    ranked = sorted(rows, key=lambda row: net_of(drawn[row.bib].start, drawn[row.bib].finish))
    counted: dict[str, int] = defaultdict(int)
    sex_places = category_places = 0
    for row in ranked:
        counted[row.sex] += 1
        sex_places += counted[row.sex] == row.rank_sex
        if row.category:
            counted[row.category] += 1
            category_places += counted[row.category] == row.rank_category
    assert (sex_places, category_places) == (15_762, 15_758)
    assert all(-(-drawn[row.bib].finish // 100) == row.gun_s for row in rows)
    assert all(-(-net_of(drawn[row.bib].start, drawn[row.bib].finish) // 100) == row.net_s for row in rows)


@needs_list
def test_every_published_place_and_time_comes_back_from_the_reads(real: tuple[list[Published], RaceDay]) -> None:
    rows, day = real
    found = agreement(rows, day.expected_csv)
    assert (found.sex_places, found.category_places) == (15_762, 15_758)
    assert (found.gun_times, found.net_times) == (15_762, 15_762)
    assert found.whole
    assert (day.reads.stamp_us % 10_000 == 0).all()


@needs_list
def test_those_without_a_start_read_have_the_gun_and_are_marked(real: tuple[list[Published], RaceDay]) -> None:
    rows, day = real
    without = without_start_read(rows)
    assert len(without) == 83
    found = {row["bib"]: row for row in csv.DictReader(day.expected_csv.splitlines())}
    assert {bib for bib, row in found.items() if row["start_source"] == "gun"} == without
    assert all("no_start_read" in found[bib]["flags"] for bib in without)


@needs_list
def test_splits_print_as_published(real: tuple[list[Published], RaceDay]) -> None:
    rows, day = real
    found = {row["bib"]: row for row in csv.DictReader(day.expected_csv.splitlines())}
    published_splits = [row for row in rows if row.split_s is not None]
    assert len(published_splits) == 15_600
    assert all(-(-int(found[row.bib]["split_MILE5_us"]) // 1_000_000) == row.split_s for row in published_splits)


@needs_list
def test_with_the_full_physics_the_race_is_another_but_has_its_own_expected_answer(
    real: tuple[list[Published], RaceDay],
) -> None:
    rows, day = real
    noisy = real_race_day(day.plan, rows, physics=Physics())
    assert len(noisy.reads) > 500_000
    assert not agreement(rows, noisy.expected_csv).whole
    statuses = [row["status"] for row in csv.DictReader(noisy.expected_csv.splitlines())]
    assert statuses.count("FINISHED") > 15_600
