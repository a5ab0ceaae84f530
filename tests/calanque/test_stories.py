"""Runners with a story, each from the reads on the mats to what is published about them, through `calanque results`.

The race is the shipped Marseille-Cassis: waves every four minutes from 9:00, start, Gineste (28 min), finish (55 min).
"""

from __future__ import annotations

import csv
import json
import zipfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from command_line import calanque

from calanque.exit_codes import OK
from config.loader import race_path
from timing.instants import instant_of

RACE = "marseille_cassis_2024"
DAY = datetime(2024, 10, 27, tzinfo=ZoneInfo("Europe/Paris"))
HEADER = "bib,tag,tag2,last_name,first_name,sex,birth_year,club,town,nationality,licence,wave,role,public"
WAVES = {str(number): f"9:{4 * (number - 1):02d}:00" for number in range(1, 9)}


def instant(clock: str) -> int:
    """`9:25:10.5`, local time of the race day."""
    hours, minutes, seconds = clock.split(":")
    return instant_of(DAY + timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds)))


class Story:
    """A race of few runners: who is entered, where they were seen, and what came out."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.race: str | Path = RACE
        self.entered: list[str] = []
        self.seen: list[str] = []
        self.said = ""

    def enter(self, bib: int, *, wave: str = "", name: str = "", role: str = "", tags: int = 1, **more: str) -> None:
        values = {
            "bib": str(bib), "tag": _tag(bib), "tag2": _tag(bib + 50_000) if tags > 1 else "",
            "last_name": name or f"Runner{bib}", "first_name": "Alix", "sex": "F", "birth_year": "1990",
            "wave": wave, "role": role, **more,
        }  # fmt: skip
        self.entered.append(",".join(values.get(column, "") for column in HEADER.split(",")))

    def at(self, bib: int, mat: str, *clocks: str) -> None:
        self.seen += [f"{mat},{_tag(bib)},{instant(clock)},," for clock in clocks]

    def run(self, bib: int, start: str | None, gineste: str | None, finish: str | None) -> None:
        for mat, clock in (("START-MAIN", start), ("GINESTE-MAIN", gineste), ("FINISH-MAIN", finish)):
            if clock is not None:
                self.at(bib, mat, clock)

    def publish(self, *more: str) -> dict[str, dict[str, str]]:
        """The rows of results.csv by bib."""
        files = {
            "roster.csv": [HEADER, *self.entered],
            "reads.csv": ["mat,tag,epoch_us,antenna,rssi", *self.seen],
            "guns.csv": ["wave,epoch_us", *(f"{wave},{instant(gun)}" for wave, gun in WAVES.items())],
        }
        for name, lines in files.items():
            (self.place / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
        done = calanque(
            "results", self.race, "--roster", self.place / "roster.csv", "--reads", self.place / "reads.csv",
            "--guns", self.place / "guns.csv", "--out", self.out, "--formats", "csv,json,xlsx,site", *more,
        )  # fmt: skip
        assert done.returncode == OK, done.stderr
        self.said = done.stdout
        with (self.out / "results.csv").open(encoding="utf-8", newline="") as file:
            return {row["bib"]: row for row in csv.DictReader(file)}

    @property
    def out(self) -> Path:
        return self.place / "out"

    @property
    def publication(self) -> Path:
        return self.out / "publications" / "0001"

    def lists(self, jury: bool = False) -> dict[str, list[dict[str, Any]]]:
        file = self.publication / "jury" / "results.json" if jury else self.out / "results.json"
        return {one["id"]: one["rows"] for one in json.loads(file.read_bytes())["lists"]}


def _tag(bib: int) -> str:
    return f"058000{bib:06d}"


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(tmp_path)


def test_a_runner_of_wave_8_who_left_with_the_first_and_ran_1h20_has_a_right_net_time(story: Story) -> None:
    story.enter(17501, wave="8")
    story.run(17501, "9:00:30", "9:43:00", "10:20:30")
    row = story.publish()["17501"]
    assert (row["status"], row["net_time"], row["net_time_us"]) == ("FINISHED", "1:20:00", str(80 * 60 * 1_000_000))
    assert row["start_us"] == str(instant("9:00:30"))
    assert row["split_GINESTE_us"] == str((42 * 60 + 30) * 1_000_000)
    assert row["gun_time"] == "0:52:30", "from the gun of the own wave, 28 minutes after the first"
    assert row["flags"].split(";") == ["before_own_gun", "other_wave"]


def test_a_runner_of_wave_8_who_left_with_the_first_unseen_is_a_finisher_all_the_same(story: Story) -> None:
    story.enter(17501, wave="8")
    story.run(17501, None, "9:43:00", "10:20:30")
    row = story.publish()["17501"]
    assert (row["status"], row["finish_us"]) == ("FINISHED", str(instant("10:20:30")))
    assert (row["net_time"], row["start_us"], row["flags"]) == ("", "", "no_start_read")


def test_a_runner_of_wave_1_who_left_at_9_25_has_a_right_net_time_and_pays_in_gun_time(story: Story) -> None:
    story.enter(17, wave="1")
    story.enter(18, wave="1")
    story.run(17, "9:25:00", "10:15:00", "11:05:00")
    story.run(18, "9:00:10", "9:50:10", "10:50:00")
    rows = story.publish()
    assert (rows["17"]["status"], rows["17"]["net_time"], rows["17"]["gun_time"]) == ("FINISHED", "1:40:00", "2:05:00")
    assert rows["17"]["flags"] == "other_wave"
    assert (rows["18"]["rank_overall"], rows["17"]["rank_overall"]) == ("1", "2"), "the list is by gun time"
    lists = story.lists()
    assert [row["bib"] for row in lists["scratch-net"]] == ["17", "18"], "and this one by net time"


def test_of_several_crossings_of_the_start_the_last_counts(story: Story) -> None:
    story.enter(17, wave="1")
    story.at(17, "START-MAIN", "8:55:00", "9:00:20", "9:02:00", "9:25:00")
    story.run(17, None, "10:15:00", "11:05:00")
    row = story.publish()["17"]
    assert (row["start_us"], row["net_time"]) == (str(instant("9:25:00")), "1:40:00")


def test_a_pacer_is_timed_without_a_place_and_a_lead_vehicle_not_at_all(story: Story) -> None:
    story.enter(1, wave="1")
    story.enter(2, wave="1")
    story.enter(900, wave="1", role="pacer", name="Meneur")
    story.enter(901, wave="1", role="vehicle", name="Ouvreuse")
    story.run(901, "9:00:01", "9:30:00", "9:58:00")
    story.run(900, "9:00:02", "9:40:00", "10:20:00")
    story.run(1, "9:00:03", "9:41:00", "10:21:00")
    story.run(2, "9:00:04", "9:42:00", "10:22:00")
    rows = story.publish()
    assert [(rows[bib]["rank_overall"], rows[bib]["rank_sex"]) for bib in ("1", "2")] == [("1", "1"), ("2", "2")]
    pacer, vehicle = rows["900"], rows["901"]
    assert (pacer["status"], pacer["net_time"]) == ("FINISHED", "1:19:58")
    assert (pacer["rank_overall"], pacer["rank_sex"], pacer["rank_category"]) == ("", "", "")
    assert (vehicle["start_us"], vehicle["finish_us"], vehicle["net_time"], vehicle["rank_overall"]) == ("", "", "", "")
    for rows_of_list in story.lists().values():
        assert {"900", "901"}.isdisjoint(row["bib"] for row in rows_of_list)
    strays = next(line for line in story.said.splitlines() if line.strip().startswith("stray"))
    assert strays.split()[-1] == "3", "the reads of the vehicle are kept, as strays"
    for page in (story.publication / "site").rglob("*.html"):
        assert "MENEUR" not in page.read_text(encoding="utf-8").upper()


SECRETS = ("Discrète", "DISCRÈTE", "Ysolde", "YSOLDE", "Club des Ombres", "Carnoux-la-Secrète", "058000000001")


def _public_bytes(story: Story) -> dict[str, str]:
    """Every file that may be posted, as text; what is packed in a workbook unpacked."""
    found: dict[str, str] = {}
    for file in sorted(story.out.rglob("*")):
        if not file.is_file() or "jury" in file.relative_to(story.out).parts:
            continue
        if file.suffix == ".xlsx":
            with zipfile.ZipFile(file) as book:
                found |= {f"{file}!{name}": book.read(name).decode("utf-8", "replace") for name in book.namelist()}
        else:
            found[str(file)] = file.read_bytes().decode("utf-8", "replace")
    return found


def test_a_winner_whose_name_is_withheld_keeps_the_place_and_is_in_no_public_byte(story: Story) -> None:
    story.enter(
        1, wave="1", name="Discrète", first_name="Ysolde", club="Club des Ombres", town="Carnoux-la-Secrète", public="0"
    )
    story.run(1, "9:00:01", "9:35:00", "10:05:00")
    for bib in range(2, 30):
        story.enter(bib, wave="1")
        story.run(bib, "9:00:05", "9:45:00", f"10:30:{bib:02d}")
    assert story.publish()["1"]["rank_overall"] == "1"
    public = _public_bytes(story)
    assert sum(name.endswith(".html") for name in public) > 4
    assert sum("xlsx!" in name for name in public) > 10
    for name, text in public.items():
        for secret in SECRETS:
            assert secret not in text, f"{secret} in {name}"
    winner = story.lists()["scratch"][0]
    assert (winner["place"], winner["time"], winner["withheld"]) == (1, "1:05:00", True)
    assert winner["last_name"] is winner["club"] is winner["town"] is None
    for_the_jury = story.lists(jury=True)["scratch"][0]
    assert (for_the_jury["last_name"], for_the_jury["club"]) == ("Discrète", "Club des Ombres")
    with zipfile.ZipFile(story.publication / "jury" / "results.xlsx") as book:
        assert any(b"DISCR\xc3\x88TE" in book.read(name) for name in book.namelist())


def test_who_was_not_read_at_the_start_has_no_net_time_and_is_marked(story: Story) -> None:
    story.enter(5, wave="1")
    story.run(5, None, "9:45:00", "10:30:00.25")
    row = story.publish()["5"]
    assert (row["status"], row["start_us"], row["start_source"]) == ("FINISHED", "", "")
    assert (row["net_time"], row["net_time_us"], row["gun_time"]) == ("", "", "1:30:01")
    assert (row["flags"], row["rank_overall"]) == ("no_start_read", "1")
    lists = story.lists()
    assert (lists["scratch"][0]["start_read"], lists["scratch"][0]["net_time_us"]) == (False, None)
    assert lists["scratch-net"] == []


def test_where_the_gun_stands_in_for_a_start_read_it_is_marked_wherever_it_is_shown(story: Story) -> None:
    text = race_path(RACE).read_text(encoding="utf-8")
    story.race = story.place / "race.toml"
    story.race.write_text(text.replace('net_without_start = "empty"', 'net_without_start = "gun"'), encoding="utf-8")
    for bib in (5, 6):
        story.enter(bib, wave="1")
    story.run(5, None, "9:45:00", "10:30:00")
    story.run(6, "9:00:10", "9:45:00", "10:31:00")
    rows = story.publish()
    assert (rows["5"]["net_time"], rows["5"]["start_source"], rows["5"]["flags"]) == ("1:30:00", "gun", "no_start_read")
    assert [(row["bib"], row["start_read"]) for row in story.lists()["scratch-net"]] == [("5", False), ("6", True)]
    with zipfile.ZipFile(story.out / "results.xlsx") as book:
        cells = "".join(book.read(name).decode() for name in book.namelist() if "sheet" in name or "Strings" in name)
    assert "1:30:00 *" in cells or "1h30'00 *" in cells
    assert "1:31:00 *" not in cells
    pages = [page.read_text(encoding="utf-8") for page in (story.publication / "site").rglob("*.html")]
    assert sum("start not read, counted from the gun" in page for page in pages) >= 2
    marked = next(line for page in pages for line in page.splitlines() if "counted from the gun" in line)
    assert "1:30:00" in marked


def test_nobody_is_dns_or_dnf_before_start_and_finish_are_closed(story: Story) -> None:
    for bib in (1, 2, 3):
        story.enter(bib, wave="1")
    story.run(1, "9:00:10", "9:45:00", "10:30:00")
    story.run(2, "9:00:10", None, None)
    still = {bib: row["status"] for bib, row in story.publish("--open").items()}
    assert still == {"1": "FINISHED", "2": "STARTED", "3": "ENTERED"}
    closed = {bib: row["status"] for bib, row in story.publish().items()}
    assert closed == {"1": "FINISHED", "2": "DNF", "3": "DNS"}


def test_any_of_several_tags_times_its_runner_once(story: Story) -> None:
    story.enter(7, wave="1", tags=2)
    story.run(7, "9:00:10", None, None)
    story.at(50_007, "GINESTE-MAIN", "9:45:00")
    story.at(50_007, "FINISH-MAIN", "10:30:10")
    story.at(7, "FINISH-MAIN", "10:30:10.3")
    row = story.publish()["7"]
    assert (row["net_time"], row["split_GINESTE_us"]) == ("1:30:00", str((44 * 60 + 50) * 1_000_000))
    assert len(story.lists()["scratch"]) == 1
