"""A proof of results: made on one machine, recomputed on another, and whatever was changed in it is named."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from small_race import at

from calanque.commands.proof import bundle_command, verify_command
from calanque.derived import Derived
from calanque.errors import ProofRefused
from calanque.exit_codes import DIFFERENT, OK
from calanque.folder import RaceFolder, race_folder
from calanque.proof import make_proof, verify_proof
from calanque.proof_file import (
    JOURNAL,
    LISTS,
    MANIFEST,
    RACE_FOLDER,
    RESULTS,
    ROSTER,
    Manifest,
    read_proof,
    sha256,
    write_proof,
)
from config.loader import load_race
from config.roster_csv import roster_csv
from config.roster_file import load_roster
from results.list_states import list_states, official_of, posting_of
from timing.entries import ClosingBody, GunBody, RosterBody, RulesBody, RulingBody, new_entry, reads_entry
from timing.instants import MINUTE
from timing.journal import Journal, NewEntry
from timing.reads import ChipRead, ClockKind, SourceId, SourceReads, Tag
from timing.roster import Bib, Entrant, Roster, Sex
from timing.rulings import Disqualify, FinishOrder, Role, Withdraw
from timing.state import RaceState

RACE = "marseille_cassis_2024"
NOON = at("12:00:00")


def roster() -> Roster:
    return Roster(
        entrants=tuple(
            Entrant(
                bib=Bib(str(n)), tags=(Tag(f"0580{n:08X}"),), last_name=f"Éloi-{n}", first_name="Zoë",
                sex=Sex.F if n % 3 else Sex.M, birth_year=1950 + n, wave="1",
            )
            for n in range(1, 31)
        )
    )  # fmt: skip


def reads_of(source: str, base_us: int) -> SourceReads:
    reads = []
    for n, entrant in enumerate(roster().entrants):
        moment = base_us + n * 1_300_000
        reads.append(ChipRead(tag=entrant.tags[0], stamp_us=moment, received_us=moment + 20_000))
    return SourceReads(source=SourceId(source), clock=ClockKind.UTC, reads=reads)


def entries() -> list[NewEntry]:
    text = (load_race(RACE).path or Path()).read_text(encoding="utf-8")
    return [
        new_entry(RulesBody(text=text, file="race.toml"), 1),
        new_entry(RosterBody(roster=roster(), file="roster.csv"), 2),
        *(
            new_entry(GunBody(wave=w.id, instant_us=w.planned_gun_us, origin="hand"), 3)
            for w in load_race(RACE).race.waves
        ),
        reads_entry(reads_of("start-main", at("9:00:03")), 4),
        reads_entry(reads_of("finish-main", at("10:05:00")), 5),
        new_entry(ClosingBody(point="start", at_us=at("9:40:00"), author="Anne"), 6),
        new_entry(ClosingBody(point="finish", at_us=at("11:59:00"), author="Anne"), 7),
        ruling(FinishOrder(order=((Bib("2"),), (Bib("1"),)))),
    ]


def ruling(act: Disqualify | FinishOrder | Withdraw) -> NewEntry:
    return new_entry(RulingBody(act=act, author="Marc", role=Role.JURY, reason="seen on the film"), NOON)


@pytest.fixture
def folder(tmp_path: Path) -> RaceFolder:
    """A race that is over: a finish order by the jury, and the overall list official."""
    made = race_folder(RACE, root=tmp_path / "races")
    with Journal.create(made.journal, race=RACE) as journal:
        journal.append(entries()).result(20)
    plan = load_race(made.path)
    state = RaceState(plan.race)
    with Journal.open(made.journal) as journal:
        state.apply_all(journal.entries())
        picture = Derived(plan, state).picture()
        posted = posting_of(
            picture.rankings.lists[0], picture.roster, at_us=NOON, author="Anne", role=Role.CREW,
            through=picture.through, protest_us=30 * MINUTE, depth=3,
        )  # fmt: skip
        official = official_of(
            list_states([posted]), posted.list_id, at_us=NOON + 40 * MINUTE, author="Marc", role=Role.REFEREE
        )
        journal.append([new_entry(body, NOON + n) for n, body in enumerate((posted, official))]).result(20)
    return made


@pytest.fixture
def proof(folder: RaceFolder, tmp_path: Path) -> Path:
    out = tmp_path / "proof.zip"
    make_proof(folder.journal, folder.path, out)
    return out


def parts_of(proof: Path) -> tuple[Manifest, dict[str, bytes]]:
    found = read_proof(proof)
    return found.manifest, dict(found.parts)


def rewritten(proof: Path, parts: Mapping[str, bytes], manifest: Manifest | None = None) -> Path:
    """Another file with these parts, as somebody makes it who has a ZIP program: its own checksums are right."""
    out = proof.with_name("changed.zip")
    out.unlink(missing_ok=True)
    write_proof(manifest or parts_of(proof)[0], parts, out)
    return out


def test_a_proof_holds_where_it_was_made_and_names_what_it_is_of(
    folder: RaceFolder, proof: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    verdict = verify_proof(proof)
    assert verdict.holds, verdict.faults
    assert verdict.digest == verdict.manifest.digest
    assert verify_command(proof) == OK
    said = capsys.readouterr().out
    assert f"lists {verdict.digest}\n" in said
    assert "It holds" in said
    with zipfile.ZipFile(proof) as archive:
        assert set(archive.namelist()) >= {
            MANIFEST, JOURNAL, ROSTER, RESULTS, LISTS, f"{RACE_FOLDER}race.toml", f"{RACE_FOLDER}winners.csv",
        }  # fmt: skip


def test_the_same_race_gives_the_same_proof(folder: RaceFolder, tmp_path: Path) -> None:
    one = make_proof(folder.journal, folder.path, tmp_path / "a.zip")
    two = make_proof(folder.journal, folder.path, tmp_path / "b.zip")
    assert (one.digest, one.seal, one.files[LISTS]) == (two.digest, two.seal, two.files[LISTS])


PLACES = [
    {"TZ": "Pacific/Kiritimati"},
    {"TZ": "America/St_Johns", "LC_ALL": "C"},
    {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "PYTHONHASHSEED": "7"},
]


@pytest.mark.parametrize("place", PLACES)
def test_it_holds_elsewhere_in_any_zone_and_locale(proof: Path, tmp_path: Path, place: dict[str, str]) -> None:
    away = tmp_path / "away"
    away.mkdir()
    moved = away / "p.zip"
    proof.rename(moved)
    done = subprocess.run(
        [sys.executable, "-m", "calanque", "verify", "p.zip"],
        cwd=away, env={**os.environ, **place}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == OK, done.stdout + done.stderr
    assert verify_proof(moved).digest in done.stdout
    assert list(away.iterdir()) == [moved], "nothing is left behind"


def changed_in_lists(content: bytes) -> bytes:
    """The first time of the first list is a microsecond less, which no print shows."""
    found = re.search(rb'"time_us":([0-9]+)', content)
    assert found
    return content[: found.start(1)] + str(int(found[1]) - 1).encode() + content[found.end(1) :]


CHANGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    LISTS: (changed_in_lists, r"list [a-z_-]+, place 1, bib \d+, time_us: \d+, expected \d+"),
    RESULTS: (lambda c: c.replace(b"FINISHED", b"DSQ", 1), "results.csv: bib 1, status: DSQ, expected FINISHED"),
    ROSTER: (lambda c: c.replace("Éloi-2,".encode(), "Éloi-9,".encode(), 1), "roster.csv: line 3 is not"),
    f"{RACE_FOLDER}race.toml": (lambda c: c + b"#", "race/race.toml is not the race file that the journal holds"),
    f"{RACE_FOLDER}winners.csv": (lambda c: c + b"\n", "race/winners.csv is not what the manifest says"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_was_changed_in_a_part_is_named(proof: Path, name: str) -> None:
    change, words = CHANGES[name]
    _, parts = parts_of(proof)
    parts[name] = change(parts[name])
    verdict = verify_proof(rewritten(proof, parts))
    assert not verdict.holds
    assert any(re.search(words, fault) for fault in verdict.faults), verdict.faults
    assert verify_command(proof.with_name("changed.zip")) == DIFFERENT


def test_a_new_manifest_does_not_help_whoever_changes_a_list(proof: Path) -> None:
    manifest, parts = parts_of(proof)
    parts[LISTS] = changed_in_lists(parts[LISTS])
    forged = replace(
        manifest, digest=sha256(parts[LISTS]), files={name: sha256(content) for name, content in parts.items()}
    )
    verdict = verify_proof(rewritten(proof, parts, forged))
    assert not verdict.holds
    assert verdict.digest == manifest.digest
    assert verdict.faults[0].startswith("lists.json: list ")


def test_a_changed_entry_of_the_journal_is_located(proof: Path) -> None:
    _, parts = parts_of(proof)
    where = parts[JOURNAL].index(b"seen on the film")
    journal = bytearray(parts[JOURNAL])
    journal[where] ^= 1
    parts[JOURNAL] = bytes(journal)
    number = len(entries())
    verdict = verify_proof(rewritten(proof, parts))
    assert any(f"entry {number} does not match its seal" in fault for fault in verdict.faults), verdict.faults
    assert verdict.digest == ""


def test_a_byte_that_rots_in_the_file_is_found_wherever_it_lies(proof: Path) -> None:
    whole = proof.read_bytes()
    with zipfile.ZipFile(proof) as archive:
        parts = {info.filename: (info.header_offset, info.compress_size) for info in archive.infolist()}
    rotten = proof.with_name("rotten.zip")
    for name, (offset, size) in parts.items():
        content = bytearray(whole)
        content[offset + 30 + len(name) + size // 2] ^= 0x10
        rotten.write_bytes(content)
        if name == MANIFEST:
            with pytest.raises(ProofRefused, match=r"manifest\.json is damaged"):
                verify_proof(rotten)
            continue
        faults = verify_proof(rotten).faults
        assert any(name in fault for fault in faults), (name, faults)


@pytest.mark.parametrize("number", range(0, 2000, 97))
def test_a_byte_of_the_manifest_is_located(proof: Path, number: int) -> None:
    manifest, parts = parts_of(proof)
    content = bytearray(manifest.as_bytes())
    content[number % len(content)] ^= 1
    out = proof.with_name("manifest.zip")
    with zipfile.ZipFile(out, "w") as archive:
        for name, part in {MANIFEST: bytes(content), **parts}.items():
            archive.writestr(name, part)
    with pytest.raises(ProofRefused, match=r"manifest\.json is damaged|format"):
        verify_proof(out)


def test_a_part_that_is_missing_or_was_added_is_named(proof: Path) -> None:
    _, parts = parts_of(proof)
    less = {name: content for name, content in parts.items() if name != RESULTS}
    assert verify_proof(rewritten(proof, less)).faults == ("results.csv is missing",)
    assert verify_proof(rewritten(proof, {**parts, "more.txt": b""})).faults == ("more.txt is not in the manifest",)


def test_what_is_decided_later_does_not_change_a_proof(folder: RaceFolder, proof: Path, tmp_path: Path) -> None:
    before = verify_proof(proof)
    order = len(entries())
    with Journal.open(folder.journal) as journal:
        journal.append([ruling(Withdraw(number=order)), ruling(Disqualify(bibs=(Bib("5"),), rule="40.1"))]).result(20)
    assert verify_proof(proof) == before
    after = make_proof(folder.journal, folder.path, tmp_path / "later.zip")
    assert after.digest != before.digest, "another race by now, another proof"
    assert verify_proof(tmp_path / "later.zip").holds


def test_official_places_and_the_order_of_the_jury_are_in_the_proof(proof: Path) -> None:
    lists = parts_of(proof)[1][LISTS].decode()
    first = lists.split("\n")[1]
    assert '"state":"official"' in first
    assert '"official":3' in first
    assert re.findall(r'"by_jury":true.*?"bib":"(\d+)"', lists)[:2] == ["2", "1"]


def test_the_roster_of_a_proof_is_read_back_as_it_was(proof: Path, tmp_path: Path) -> None:
    file = tmp_path / "roster.csv"
    file.write_bytes(parts_of(proof)[1][ROSTER])
    assert file.read_bytes() == roster_csv(roster())
    assert load_roster(file, load_race(RACE)).roster == roster()


def test_a_proof_is_made_while_an_engine_writes_and_never_over_another_file(folder: RaceFolder, tmp_path: Path) -> None:
    out = tmp_path / "now.zip"
    with Journal.open(folder.journal) as journal:
        journal.append([ruling(Disqualify(bibs=(Bib("5"),), rule="40.1"))]).result(20)
        assert bundle_command(str(folder.path), out=out) == OK
    assert verify_proof(out).holds
    with pytest.raises(ProofRefused, match="exists already"):
        bundle_command(str(folder.path), out=out)


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_proof_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "other.zip"
    file.write_bytes(content)
    with pytest.raises(ProofRefused, match="is no proof"):
        verify_proof(file)
    with pytest.raises(ProofRefused, match="cannot be read"):
        verify_proof(tmp_path / "nowhere.zip")


def test_the_page_of_proofs_names_every_part() -> None:
    page = (Path(__file__).parents[2] / "docs" / "proof.md").read_text(encoding="utf-8")
    for name in (MANIFEST, JOURNAL, ROSTER, RESULTS, LISTS, f"{RACE_FOLDER}race.toml"):
        assert f"`{name}`" in page
    for field in ("format", "engine", "race", "through", "seal", "digest", "files", "check"):
        assert f"`{field}`" in page
