"""`calanque forecast`: its own error so far and the next arrivals, from the journal of a race."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import calanque
from small_race import at
from told_race import ToldRace, runner

from calanque.exit_codes import OK, REFUSED
from timing.desk_entries import PassingOrderBody
from timing.instants import MINUTE
from timing.roster import Bib

RUNNERS = 60


def clock(second: int) -> str:
    return f"{9 + second // 3600}:{second // 60 % 60:02d}:{second % 60:02d}"


def told_day() -> ToldRace:
    """Sixty runners half a minute apart at the col, who run the second half a little faster; the last ten not home."""
    race = ToldRace(*(runner(bib) for bib in range(1, RUNNERS + 1)))
    for bib in range(1, RUNNERS + 1):
        col = 36 * 60 + 30 * bib
        finish = None if bib > RUNNERS - 10 else clock(5 + col + col * 9 // 10)
        race.run(bib, clock(5), clock(5 + col), finish)
    return race


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return told_day().folder(tmp_path_factory.mktemp("race")).path


def test_it_tells_its_own_error_beside_constant_pace_and_who_is_next(folder: Path) -> None:
    done = calanque("forecast", folder, "--language", "en")
    assert done.returncode == OK, done.stderr
    lines = done.stdout.splitlines()
    assert "10 on the course" in lines[0]
    assert lines[1].startswith("median error of today's forecasts ±")
    (of_col,) = [line for line in lines if line.strip().startswith("Col de la Gineste    ")]
    assert " 50 " in of_col
    arrivals = lines[lines.index("Expected at the finish (!: the hour is past)") + 1 :]
    assert len(arrivals) == 10
    assert "NOM51" in arrivals[0]
    assert all("±" in line and "Col de la Gineste" in line and "≈" in line for line in arrivals)
    assert len(calanque("forecast", folder, "--most", "3").stdout.splitlines()) == len(lines) - 7


def test_it_speaks_french_as_the_race_does(folder: Path) -> None:
    done = calanque("forecast", folder)
    assert done.stdout.startswith("Prévisions à ")
    assert "erreur médiane des prévisions aujourd'hui ± " in done.stdout.replace("\u00a0", " ")
    assert "allure constante" in done.stdout


def test_it_looks_back_with_what_was_known_then(folder: Path) -> None:
    done = calanque("forecast", folder, "--at", "10:00:00", "--json")
    assert done.returncode == OK, done.stderr
    told = json.loads(done.stdout)
    assert told["score"]["now_us"] == at("10:00:00")
    assert told["score"]["points"] == []
    first = told["arrivals"][0]
    assert first["bib"] == "1"
    assert first["from"] == "GINESTE"
    assert abs(first["finish_us"] - at("10:09:22")) < 6 * MINUTE
    assert first["plus_minus_us"] > MINUTE
    assert first["gun_time_us"] - first["net_time_us"] == 5_000_000
    before = calanque("forecast", folder, "--at", "08:59:59", "--language", "en")
    assert "0 on the course" in before.stdout
    assert "Nobody is expected at the finish" in before.stdout


def test_it_takes_in_what_spotters_told(tmp_path: Path) -> None:
    race = told_day()
    usual = json.loads(calanque("forecast", race.folder(tmp_path / "without").path, "--json").stdout)["arrivals"]
    bib, late_us = usual[-1]["bib"], 4 * MINUTE
    assert bib == str(RUNNERS)
    col_us = at(clock(5 + 36 * 60 + 30 * RUNNERS))
    metres, passed_us = 15_000, col_us + (usual[-1]["finish_us"] - col_us) // 2 + late_us
    race.take(PassingOrderBody(metres=metres, bibs=(Bib(bib), Bib("777")), at_us=passed_us, author="Radio Gineste"))
    made = race.folder(tmp_path / "with").path
    told = json.loads(calanque("forecast", made, "--json").stdout)["arrivals"]
    assert [each["reported"] for each in told] == [False] * 9 + [True]
    assert told[-1]["finish_us"] > usual[-1]["finish_us"] + MINUTE
    assert told[:-1] == usual[:-1]
    assert "Col de la Gineste + radio" in calanque("forecast", made).stdout


def test_an_hour_that_is_none_is_refused(folder: Path) -> None:
    refused = calanque("forecast", folder, "--at", "ten")
    assert refused.returncode == REFUSED
    assert "give HH:MM:SS" in refused.stderr
