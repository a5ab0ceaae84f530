"""What entries of the journal say: each kind in French and English, without who did it."""

from __future__ import annotations

from typing import get_args

import pytest
from results_builder import GUN_US, runner, small_plan

from results.entry_words import NO_SENTENCE, TEXT_MAX, entry_sentence, line
from results.printing import Language
from timing.clock_ledger import AS_STAMPED, ClockLedger, Hold
from timing.desk_entries import AbandonBody, DeskBody, MatBody
from timing.entries import (
    Body,
    ClosingBody,
    GunBody,
    HostStepBody,
    LossBody,
    NoteBody,
    PostingBody,
    PublicationBody,
    RosterBody,
    RulesBody,
    RulingBody,
    SightingBody,
)
from timing.instants import HOUR, MINUTE, SECOND
from timing.reads import ClockKind, SourceId
from timing.roster import Bib, Roster
from timing.rulings import MoveToWave, Role, Withdraw
from timing.state import Recorded

PLAN = small_plan()
BOX = SourceId("box")
HEARD = GunBody(wave=None, instant_us=GUN_US, origin="wire", source=BOX, stamp_us=GUN_US, clock=ClockKind.UTC)

SAID: list[tuple[Body, str, str]] = [
    (HEARD, "coup de feu par le fil de box à 09:00:00,000, près du départ prévu de la vague 1",
     "gun on the wire of box at 09:00:00.000, near the plan of wave 1"),
    (GunBody(wave="1", instant_us=GUN_US, origin="button", author="Anne"),
     "coup de feu de la vague 1 à 09:00:00,000, pressé", "gun of wave 1 at 09:00:00.000, pressed"),
    (GunBody(wave="1", instant_us=None, origin="hand", author="Anne"),
     "coup de feu de la vague 1 à une heure inconnue, saisi", "gun of wave 1 at an hour nobody knows, entered"),
    (RosterBody(roster=Roster(entrants=(runner(1), runner(2))), file="a.csv"), "liste prise, 2 inscrits, a.csv",
     "roster taken, 2 entrants, a.csv"),
    (RosterBody(roster=Roster(entrants=()), change=("new", "801")), "dossard 801 inscrit au guichet",
     "bib 801 entered at the desk"),
    (RosterBody(roster=Roster(entrants=()), change=("fields", "4")), "fiche du dossard 4 changée",
     "fields of bib 4 changed"),
    (RosterBody(roster=Roster(entrants=()), change=("rebib", "3", "9003")), "dossard 3 remplacé par 9003",
     "bib 3 replaced by 9003"),
    (RosterBody(roster=Roster(entrants=()), change=("bind", "4", "AA01")), "puce AA01 liée au dossard 4",
     "chip AA01 bound to bib 4"),
    (RosterBody(roster=Roster(entrants=()), change=("unbind", "4", "AA01")), "puce AA01 retirée au dossard 4",
     "chip AA01 taken off bib 4"),
    (RosterBody(roster=Roster(entrants=(runner(1),)), file="b.csv", change=("file",)), "liste prise, 1 inscrit, b.csv",
     "roster taken, 1 entrant, b.csv"),
    (RulesBody(text="", file="race.toml"), "fichier de course pris, race.toml", "race file taken, race.toml"),
    (ClosingBody(point="start", at_us=GUN_US + HOUR, author="Anne"), "départ clos à 10:00:00,000",
     "start closed at 10:00:00.000"),
    (ClosingBody(point="finish", at_us=GUN_US, author="Anne"), "arrivée close à 09:00:00,000",
     "finish closed at 09:00:00.000"),
    (ClosingBody(point="finish", at_us=None, author="Anne"), "arrivée de nouveau ouverte", "finish open again"),
    (PublicationBody(number=3, at_us=1, through=11), "publication 3, jusqu'au numéro 11",
     "publication 3 of all through number 11"),
    (RulingBody(act=MoveToWave(bibs=(Bib("7"),), wave="2"), author="Marc", role=Role.REFEREE, reason="dit\npar lui"),
     "décision\u00a0: Placer le dossard 7 dans la vague 2 (dit par lui)", "ruling: Move bib 7 to wave 2 (dit par lui)"),
    (PostingBody(list_id="sex-F", state="posted", at_us=1, author="Marc", role=Role.CREW, depth=3),
     "liste Femmes affichée, les 3 premiers", "list Women posted, the first 3"),
    (SightingBody(point="FINISH", at_us=GUN_US + HOUR, author="Luc", bib=Bib("7"), text="maillot vert"),
     "dossard 7 vu à «\u00a0Arrivée\u00a0» à 10:00:00,000\u00a0: maillot vert",
     "bib 7 seen at “Finish” at 10:00:00.000: maillot vert"),
    (SightingBody(point="FINISH", at_us=GUN_US, author="Luc"),
     "quelqu'un sans dossard vu à «\u00a0Arrivée\u00a0» à 09:00:00,000",
     "somebody without a bib seen at “Finish” at 09:00:00.000"),
    (NoteBody(text="il\npleut\x1b[2J"), "note\u00a0: il pleut [2J", "note: il pleut [2J"),
    (LossBody(source=BOX, store="s1", ranges=((1, 1200),)),
     "box\u00a0: 1\u00a0200 enregistrements perdus pour de bon, le magasin s1 de son collecteur ne les a plus",
     "box: 1,200 records lost for good, its collector's store s1 has let go of them"),
    (HostStepBody(at_us=1, step_us=-8 * SECOND), "horloge de cet ordinateur reculée de 8\u00a0s",
     "clock of this computer moved back by 8\u00a0s"),
    (AbandonBody(bib=Bib("7"), at_us=GUN_US + HOUR, author="Samir", place="Carpiagne"),
     "abandon du dossard 7 signalé à 10:00:00 (Carpiagne)", "abandon of bib 7 reported at 10:00:00 (Carpiagne)"),
    (MatBody(mat="col", laid=False, at_us=GUN_US + HOUR, author="Samir"), "tapis col levé à 10:00:00",
     "mat col lifted at 10:00:00"),
]  # fmt: skip


def said(body: Body, language: Language, ledger: ClockLedger = AS_STAMPED) -> str:
    return entry_sentence(body, PLAN, language, ledger=ledger, now_us=GUN_US)


@pytest.mark.parametrize(("body", "french", "english"), SAID)
def test_each_kind_is_said_in_both_languages(body: Body, french: str, english: str) -> None:
    assert said(body, Language.FR) == french
    assert said(body, Language.EN) == english


def test_no_kind_is_left_out() -> None:
    told = {type(body) for body, _, _ in SAID} | set(get_args(DeskBody))
    assert told | set(NO_SENTENCE) == set(get_args(Body))


def test_a_gun_of_a_clock_that_is_held_or_far_from_any_plan_counts_for_no_wave() -> None:
    held = ClockLedger(holds=(Hold(source=BOX),))
    for language, words in ((Language.FR, "ne compte pour aucune vague"), (Language.EN, "counts for no wave")):
        assert words in said(HEARD, language, held)
    far = GunBody(
        wave=None, instant_us=None, origin="wire", source=BOX, stamp_us=GUN_US + 50 * MINUTE, clock=ClockKind.UTC
    )
    assert said(far, Language.FR).endswith("loin de tout départ prévu, ne compte pour aucune vague")


def test_a_withdrawal_says_what_is_taken_back_and_whose_it_was() -> None:
    moved = RulingBody(act=MoveToWave(bibs=(Bib("2"),), wave="1"), author="Anne", role=Role.JURY)
    before = [Recorded(number=44, at_us=GUN_US, body=moved)]
    back = RulingBody(act=Withdraw(number=44), author="Luc", role=Role.JURY)
    told = [
        entry_sentence(back, PLAN, language, ledger=AS_STAMPED, now_us=GUN_US, rulings=before)
        for language in (Language.FR, Language.EN)
    ]
    assert told == [
        "décision\u00a0: Retirer l'acte n° 44 : placer le dossard 2 dans la vague 1 (Anne, jury)",
        "ruling: Withdraw act 44: move bib 2 to wave 1 (Anne, jury)",
    ]


def test_what_people_wrote_is_one_line_of_a_bounded_length() -> None:
    assert line("a\nb\t c\u202e") == "a b c"
    assert len(line("x" * 1_000)) == TEXT_MAX
