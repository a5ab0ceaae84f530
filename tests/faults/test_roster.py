"""The roster: imported twice, with duplicates. F43 and F44 of docs/faults.md."""

from __future__ import annotations

from pathlib import Path

from race_book import Book, runner

from config.plan import RacePlan
from config.roster_file import load_roster
from timing.entries import RosterBody
from timing.roster import Roster
from timing.rulings import Withdraw


def _roster(text: str, folder: Path, plan: RacePlan) -> Roster:
    file = folder / "roster.csv"
    file.write_text(text, encoding="utf-8")
    return load_roster(file, plan).roster


def test_f43_the_same_start_list_twice_changes_nothing_and_a_newer_one_can_be_taken_back(
    plan: RacePlan, tmp_path: Path
) -> None:
    text = "bib,tag,last_name,sex,birth_year\n1,T1,Un,F,1990\n2,T2,Deux,F,1990\n"
    book = Book(plan)
    book.add(RosterBody(roster=_roster(text, tmp_path, plan)))
    book.cross("T1", "9:00:05", "9:45:00", "10:30:00").cross("T2", "9:00:06", "9:46:00", "10:31:00")
    before = book.bytes()
    book.add(RosterBody(roster=_roster(text, tmp_path, plan)))
    assert book.bytes() == before
    newer = book.add(RosterBody(roster=_roster(text.replace("Un,F,1990", "One,F,1950"), tmp_path, plan)))
    assert book.of("1").finish_us == Book.of(book, "1").finish_us
    assert book.bytes() != before
    book.rule(Withdraw(number=newer))
    assert book.bytes() == before


def test_f44_two_people_with_one_bib_and_one_chip_on_two_bibs_are_held_and_the_rest_is_taken(
    plan: RacePlan, tmp_path: Path
) -> None:
    file = tmp_path / "roster.csv"
    file.write_text("bib,tag,last_name\n88,T1,Un\n88,T2,Deux\n3,T3,Trois\n4,T3,Quatre\n5,T5,Cinq\n", encoding="utf-8")
    loaded = load_roster(file, plan)
    told = "\n".join(str(remark) for remark in loaded.remarks)
    assert [e.bib for e in loaded.roster.entrants if e.bib in ("88", "5")] in (["5"], ["88", "5"], ["88", "88", "5"])
    assert "88" in told
    assert "T3" in told
    assert sum(e.bib == "88" for e in loaded.roster.entrants) <= 1
    assert sum("T3" in e.tags for e in loaded.roster.entrants) <= 1
    held = [e for e in loaded.roster.entrants if e.bib in ("3", "4")]
    assert all("T3" not in e.tags for e in held), "never: the last row wins"
    assert any(e.bib == "5" and e.tags == ("T5",) for e in loaded.roster.entrants)
    book = Book(plan, [*loaded.roster.entrants, runner("6")])
    assert book.picture().roster.by_bib.keys() >= {"5", "6"}
