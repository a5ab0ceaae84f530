"""What a jury signs: every prize place with its reads, its gap, what was decided and what is open."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from command_line import calanque
from small_race import at
from told_race import PLAN, ToldRace, runner, small_field

from calanque.at_rest import read_race
from calanque.commands.dossier import race_dossier
from calanque.derived import Derived
from calanque.exit_codes import OK, REFUSED
from calanque.explaining import evidence_of
from results.dossier import Dossier, dossier
from results.dossier_page import dossier_page
from results.dossier_words import DossierWords, dossier_words
from results.printing import Language
from results.rankings import rank
from results.why import Why, why
from timing.instants import MILLISECOND, MINUTE, SECOND
from timing.roster import Bib
from timing.rulings import FinishOrder, MoveToWave, Role, SetTime
from timing.state import RaceState

LIST = "prize-scratch-F"
NOW = at("12:00:00")
CHROMIUM = shutil.which("chromium")


def dossier_of(race: ToldRace, root: Path, list_id: str = LIST) -> Dossier:
    with read_race(str(race.folder(root).path)) as found:
        return race_dossier(found, list_id, NOW)


def words_of(race: ToldRace, root: Path, language: Language = Language.EN) -> DossierWords:
    return dossier_words(dossier_of(race, root), language)


def section(words: DossierWords, row: int, title: str) -> tuple[str, ...]:
    return dict(words.places[row].sections)[title]


def test_a_dossier_has_the_places_of_the_lists_depth_best_first(tmp_path: Path) -> None:
    found = dossier_of(small_field(), tmp_path)
    assert [(place.place, place.entrant.bib) for place in found.places] == [
        (1, "1"), (2, "2"), (3, "3"), (4, "4"), (5, "5"),
    ]  # fmt: skip


def test_the_gap_of_the_last_prize_place_is_to_the_first_without_one(tmp_path: Path) -> None:
    race = small_field().run(6, "9:00:06", None, "10:12:30.25")
    found = dossier_of(race, tmp_path)
    assert [place.gap_us for place in found.places][:4] == [30 * SECOND] * 4
    assert found.places[4].gap_us == 250 * MILLISECOND


def test_with_nobody_behind_there_is_no_gap(tmp_path: Path) -> None:
    race = ToldRace(runner(7)).run(7, "9:00:05", "9:35:00", "10:10:00")
    assert dossier_of(race, tmp_path).places[0].gap_us is None


def test_whoever_is_moved_into_the_lists_wave_has_a_place_in_the_dossier(tmp_path: Path) -> None:
    race = small_field()
    assert "2600" not in [place.entrant.bib for place in dossier_of(race, tmp_path / "before").places]
    race.rule(MoveToWave(bibs=(Bib("2600"),), wave="1"))
    assert dossier_of(race, tmp_path / "after").places[0].entrant.bib == "2600"


def test_an_early_starter_who_would_have_a_place_waits_in_the_head(tmp_path: Path) -> None:
    for_all_waves = replace(PLAN, lists=tuple(replace(rule, waves=frozenset()) for rule in PLAN.lists))
    state, derived = small_field().derived()
    standing = derived.picture().standing(for_all_waves, number=0, at_us=NOW)
    rankings = rank(for_all_waves, standing.roster, standing.times)
    standing = replace(standing, rankings=rankings)
    explain = partial(explained, state, derived)
    found = dossier(standing, rankings.by_id[LIST], explain)
    assert found.waiting == ("2600",)
    assert "bib 2600" in dict(dossier_words(found, Language.EN).head)["Waiting"]


def explained(state: RaceState, derived: Derived, bib: Bib) -> Why:
    return why(evidence_of(PLAN, state, derived, bib))


def test_the_reads_of_the_finish_are_told_used_and_others(tmp_path: Path) -> None:
    race = small_field().read("FINISH-BACKUP", "T2", "10:11:01").read("FINISH-MAIN", "T2", "10:11:00.4", "10:40:00")
    told = " ".join(section(words_of(race, tmp_path), 1, "Finish"))
    assert "Chip T2 was read 2 times at mat FINISH-MAIN" in told
    assert "1 read at mat FINISH-BACKUP at 10:11:01.000 gives no time: same passing, on the other mat." in told
    assert "1 read at mat FINISH-MAIN at 10:40:00.000 gives no time" in told


def test_splits_seen_and_unseen_are_told(tmp_path: Path) -> None:
    race = ToldRace(runner(7)).run(7, "9:00:05", None, "10:10:00")
    words = words_of(race, tmp_path)
    assert section(words, 0, "Course") == ("Start: seen at 09:00:05.000", "Col de la Gineste: not read")
    assert any("proves nothing" in fact for fact in section(words, 0, "To decide"))
    assert words.places[0].is_open


def test_who_a_runner_is_stands_in_the_facts(tmp_path: Path) -> None:
    race = ToldRace(runner(7, licence="123456", club="SMUC")).run(7, "9:00:05", "9:35:00", "10:10:00")
    facts = words_of(race, tmp_path).places[0].facts
    for fact in ("born 1990", "nationality FRA", "licence 123456", "club SMUC", "wave 1", "started with wave 1"):
        assert fact in facts


def test_rulings_stand_with_number_author_role_and_reason(tmp_path: Path) -> None:
    race = small_field()
    number = race.rule(SetTime(bib=Bib("1"), point="FINISH", instant_us=at("10:10:29.9")), reason="finish video")
    (said,) = section(words_of(race, tmp_path), 0, "Rulings")
    assert said.startswith(f"No. {number}, 11:00:00, Luc (referee): Set the crossing of bib 1")
    assert said.endswith("Reason: finish video.")


def test_a_close_finish_stands_with_both_until_the_jury_has_put_them_in_order(tmp_path: Path) -> None:
    race = small_field().run(3, "9:00:03", None, "10:11:00.2")
    race.rule(SetTime(bib=Bib("3"), point="FINISH", instant_us=at("10:11:00.2")))
    open_words = words_of(race, tmp_path / "open")
    assert [place.is_open for place in open_words.places] == [False, True, True, False, False]
    race.rule(FinishOrder(order=((Bib("3"),), (Bib("2"),))), role=Role.JURY)
    decided = dossier_of(race, tmp_path / "decided")
    assert [place.entrant.bib for place in decided.places[1:3]] == ["3", "2"]
    assert decided.places[1].by_jury


def test_the_head_says_list_rule_gun_state_and_how_far_the_journal_was_read(tmp_path: Path) -> None:
    race = small_field()
    head = dict(words_of(race, tmp_path).head)
    assert head["List"] == f"Overall prizes, women ({LIST})"
    assert head["Rule"].startswith("Ranked by the time from the first gun.")
    assert head["Gun"] == "Gun of wave 1 at 09:00:00.000, entered by Anne (no. 2)."
    assert head["State"] == "provisional"
    assert head["Based on"] == f"journal through no.\u00a0{len(race.entries)}"
    assert head["Made"] == "12:00:00, 27 October 2024"


@pytest.mark.parametrize("language", [Language.FR, Language.EN])
def test_the_page_is_whole_without_scripts_or_other_files(tmp_path: Path, language: Language) -> None:
    race = small_field()
    race.rule(SetTime(bib=Bib("1"), point="FINISH", instant_us=at("10:10:29")), reason="<script>alert(1)</script>")
    page = dossier_page(words_of(race, tmp_path, language), language)
    assert f'<html lang="{language.value}">' in page
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert not re.search(r"(src|href)=|url\(|@import", page)
    assert page.count("<article") == 5
    assert page.count('class="sign"') == 5


def test_a_list_without_places_says_so(tmp_path: Path) -> None:
    words = words_of(ToldRace(runner(7)), tmp_path)
    assert words.places == ()
    assert words.nobody in dossier_page(words, Language.EN)


def test_the_command_prints_and_writes_a_dossier(tmp_path: Path) -> None:
    folder = small_field().folder(tmp_path).path
    said = calanque("dossier", folder, LIST, "--language", "en")
    assert said.returncode == OK, said.stderr
    assert "1st  1  Anne NOM1  1:10:30" in said.stdout
    page = tmp_path / "dossier.html"
    assert calanque("dossier", folder, LIST, "--out", page).returncode == OK
    assert "Dossier pour le jury" in page.read_text(encoding="utf-8")


def test_the_command_refuses_what_is_not_there(tmp_path: Path) -> None:
    folder = small_field().folder(tmp_path).path
    refused = calanque("dossier", folder, "prizes")
    assert refused.returncode == REFUSED
    assert LIST in refused.stderr
    unwritable = calanque("dossier", folder, LIST, "--out", tmp_path / "no" / "such" / "folder.html")
    assert unwritable.returncode == REFUSED
    assert "can be written" in unwritable.stderr


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed")
def test_on_a4_no_place_is_cut_in_two(tmp_path: Path) -> None:
    """Laid out by a browser as for print: every place fits on a page, and none is wider than the paper."""
    from playwright.sync_api import sync_playwright

    page_file = tmp_path / "dossier.html"
    page_file.write_text(dossier_page(words_of(small_field(), tmp_path), Language.EN), encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        page = browser.new_page(viewport={"width": 680, "height": 1000})
        page.goto(page_file.as_uri())
        page.emulate_media(media="print")
        sizes = page.eval_on_selector_all("article", "all => all.map(a => [a.scrollWidth, a.offsetHeight])")
        breaks = page.eval_on_selector("article", "a => getComputedStyle(a).breakInside")
        browser.close()
    assert breaks == "avoid"
    assert all(width <= 680 and height < 950 for width, height in sizes), sizes
    assert len(sizes) == 5


def test_minutes_behind_are_milliseconds_too(tmp_path: Path) -> None:
    race = ToldRace(runner(7), runner(8)).run(7, "9:00:05", "9:35:00", "10:10:00")
    race.run(8, "9:00:05", "9:36:00", "10:11:05.123")
    found = dossier_of(race, tmp_path)
    assert found.places[0].gap_us == MINUTE + 5_123 * MILLISECOND
    assert "gap to the next 65,123\u00a0ms (1:05)" in dossier_words(found, Language.EN).places[0].facts
