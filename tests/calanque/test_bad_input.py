"""Bad input through the command line: a message that says what, where and what would be accepted; nothing else lost."""

from __future__ import annotations

import gzip
import subprocess
from pathlib import Path

import pytest
from command_line import calanque

from calanque.exit_codes import DIFFERENT, OK, REFUSED, USAGE

RACE = Path(__file__).parents[1] / "config" / "ten_miles.toml"

ROSTER = """bib,tag,last_name,first_name,sex,category
1,058000000001,Alpha,Ann,F,F30-34
2,058000000002,Beta,Bob,M,M30-34
3,058000000003,Gamma,Guy,M,M30-34
"""

READS_HEAD = "mat,tag,epoch_us,antenna,rssi\n"
GUN = 1_270_985_400_250_000
"""11 April 2010, 7:30:00.25 in New York."""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Three runners of a ten mile race, and what the mats read of them."""
    (tmp_path / "race.toml").write_text(RACE.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "roster.csv").write_text(ROSTER, encoding="utf-8")
    lines = ["mat,tag,epoch_us,antenna,rssi"]
    for bib in (1, 2, 3):
        lines.append(f"S,05800000000{bib},{GUN + bib * 1_000_000},,")
        lines.append(f"F,05800000000{bib},{GUN + (4000 + bib) * 1_000_000},,")
    (tmp_path / "reads.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


def results(files: Path, *more: object) -> subprocess.CompletedProcess[str]:
    return calanque(
        "results", files / "race.toml", "--roster", files / "roster.csv", "--reads", files / "reads.csv",
        "--out", files / "out", *more,
    )  # fmt: skip


def finishers(files: Path) -> list[str]:
    lines = (files / "out" / "results.csv").read_text(encoding="utf-8").splitlines()
    return [line.split(",")[0] for line in lines if ",FINISHED," in line]


def test_sound_files_give_results_and_no_remark_that_counts(files: Path) -> None:
    done = results(files)
    assert done.returncode == OK, done.stderr
    assert finishers(files) == ["1", "2", "3"]


def test_all_faults_of_a_race_file_come_in_one_message_with_their_lines(files: Path) -> None:
    race = files / "race.toml"
    text = race.read_text(encoding="utf-8").replace('kind = "finish"', 'kind = "finisch"')
    race.write_text(text.replace('source = "halfway"', 'source = "halfwey"') + '\n[[lists]]\nid = "x"\ncolour = 1\n')
    for done in (results(files), calanque("check", race)):
        said = done.stdout + done.stderr
        assert done.returncode in (REFUSED, DIFFERENT)
        for words in ("finisch", "halfwey", "colour", "accepted", "race.toml:"):
            assert words in said, said


def test_a_race_file_that_is_no_toml_says_where(files: Path) -> None:
    (files / "race.toml").write_text('[event\nname = "x"\n', encoding="utf-8")
    done = results(files)
    assert done.returncode == REFUSED
    assert "race.toml:1" in done.stderr


def test_a_roster_in_windows_1252_with_semicolons_is_read(files: Path) -> None:
    french = (
        "Dossard;Puce;Nom;Prénom;Sexe;Catégorie\n"
        "1;058000000001;L’HÉRITIER;Anaïs;F;F30-34\n2;058000000002;BŒUF;Zoé;F;F30-34\n"
    )
    (files / "roster.csv").write_bytes(french.encode("cp1252"))
    assert results(files).returncode == OK
    assert finishers(files) == ["1", "2"]
    assert "BŒUF" in (files / "out" / "results.json").read_text(encoding="utf-8")


def test_doubled_bibs_and_tags_are_quoted_and_the_rest_is_imported(files: Path) -> None:
    doubled = ROSTER + "3,058000000004,Delta,Dan,M,M30-34\n5,058000000002,Epsilon,Eve,F,F30-34\n"
    (files / "roster.csv").write_text(doubled, encoding="utf-8")
    done = results(files)
    assert done.returncode == OK
    for words in ("Gamma", "Delta", "Beta", "Epsilon"):
        assert words in done.stderr, done.stderr
    assert finishers(files) == ["1"], "neither of two rows with one bib, nor of two with one tag, wins silently"


def test_damaged_lines_of_a_read_log_are_named_and_the_others_count(files: Path) -> None:
    reads = files / "reads.csv"
    good = reads.read_text(encoding="utf-8").splitlines()
    reads.write_text("\n".join([*good[:3], "F,0580", "S,058000000009,soon,,", *good[3:]]) + "\n", encoding="utf-8")
    done = results(files)
    assert done.returncode == OK
    assert finishers(files) == ["1", "2", "3"]
    assert ":4" in done.stderr or "line 4" in done.stderr, done.stderr
    assert ":5" in done.stderr or "line 5" in done.stderr, done.stderr
    assert results(files, "--strict").returncode not in (OK, REFUSED)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["results", "no_such_race", "--roster", "r.csv", "--reads", "x.csv", "--out", "o"], "r.csv"),
        (["check", "no_such_race"], "no_such_race"),
        (["demo", "--speed", "fast"], "--speed"),
        (["demo", "--speed", "0"], "--speed"),
        (["demo", "--speed", "-60"], "--speed"),
        (["demo", "--speed", "²"], "--speed"),
        (["demo", "--from-results", "list.csv"], "list.csv"),
        (["demo", "--from-results", "list.csv", "--runners", "9"], "--runners"),
        (["demo", "--folder", "/proc/demo"], "/proc/demo"),
        (["simulate", "no_such_race", "--out", "o"], "no_such_race"),
        (["simulate", "marseille_cassis_2024", "--out", "/proc/o", "--runners", "5"], "/proc/o"),
        (["simulate", "marseille_cassis_2024", "--out", "o", "--clock", "noon"], "noon"),
        (["run", "marseille_cassis_2024", "--clock", "noon"], "noon"),
        (["run", "marseille_cassis_2024", "--connect", "finish"], "SOURCE=WHERE"),
        (["run", "marseille_cassis_2024", "--connect", "nowhere=tcp:h:1"], "gineste"),
        (["run", "marseille_cassis_2024", "--connect", "gineste=usb:1"], "serial:/dev/ttyUSB0"),
        (["run", "marseille_cassis_2024", "--broker", "127.0.0.1:1883"], "mqtt://host:port"),
        (["broker", "no_such_race"], "no_such_race"),
        (["publish", "no_such_race", "--author", "Anne"], "no journal"),
        (["close", "no_such_race", "middle", "--author", "Anne"], "start or finish"),
        (["snapshot", "no_such_race", "copy.sqlite"], "no journal"),
        (["journal", "reads", "no_such_race", "reads.sqlite"], "no journal"),
        (["check", "marseille_cassis_2024", "--roster", "r.csv"], "r.csv"),
        (["run", "no_such_race"], "no_such_race"),
        (["journal", "verify", "no_such_race"], "no journal"),
        (["replay", "nowhere", "--out", "o"], "nowhere"),
        (["close", "no_such_race", "start", "--author", "Anne"], "no_such_race"),
        (["collect", "a/b", "--source", "x", "--reader", "tcp:h:1", "--broker", "mqtt://h", "--store", "s"], "a/b"),
        (["collect", "race", "--source", "X!", "--reader", "tcp:h:1", "--broker", "mqtt://h", "--store", "s"], "X!"),
        (
            ["collect", "race", "--source", "x", "--reader", "tcp:h:1", "--broker", "mqtt://h", "--store", "/proc/s"],
            "/proc/s",
        ),
        (["collect", "race", "--source", "x", "--reader", "usb:1", "--broker", "mqtt://h", "--store", "s"], "usb:1"),
        (
            ["collect", "race", "--source", "x", "--reader", "tcp:h:1", "--broker", "http://h", "--store", "s"],
            "mqtt://",
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_what_is_not_there_or_makes_no_sense_is_named(words: list[str], said: str, tmp_path: Path) -> None:
    done = calanque(*words, place=tmp_path)
    assert done.returncode in (DIFFERENT, REFUSED)
    assert said in done.stdout + done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["bundle", "races/nope", "--out", "o.zip"],
        ["clock-out", "races/nope", "--serial", "/dev/ttyUSB1"],
        ["clocks", "races/nope"],
        ["close", "races/nope", "start", "--author", "Anne"],
        ["close", "races/nope", "start", "--author", "Anne", "--at", "09:00:00"],
        ["gun", "races/nope", "--author", "Anne"],
        ["gun", "races/nope", "--author", "Anne", "--wave", "1", "--at", "09:00:00"],
        ["journal", "verify", "races/nope"],
        ["official", "races/nope", "all", "--author", "Anne"],
        ["post", "races/nope", "all", "--author", "Anne"],
        ["publish", "races/nope", "--author", "Anne"],
        ["questions", "races/nope"],
        ["replay", "finish.0001.capture", "--out", "o", "--race", "races/nope"],
        ["rule", "status", "races/nope", "7", "--is", "DNF", "--author", "Anne"],
        ["rulings", "races/nope"],
        ["seen", "races/nope", "--bib", "7", "--point", "FINISH", "--author", "Anne"],
        ["why", "races/nope", "7"],
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_a_race_folder_that_is_not_there_is_called_as_it_was_given(words: list[str], tmp_path: Path) -> None:
    (tmp_path / "finish.0001.capture").write_bytes(b"CALANQUE-CAPTURE 1 finish\n")
    done = calanque(*words, place=tmp_path)
    assert done.returncode == REFUSED, done.stderr
    assert "races/nope" in done.stderr
    assert "races/races" not in done.stderr


@pytest.mark.parametrize("where", ["listen:4001", "mqtt:board", "usb:1", "tcp:board", "serial:COM3", "collector"])
def test_a_display_board_is_offered_a_serial_port_or_tcp_and_nothing_else(where: str, tmp_path: Path) -> None:
    done = calanque("clock-out", "marseille_cassis_2024", "--serial", where, place=tmp_path)
    assert done.returncode == REFUSED
    assert where in done.stderr
    assert "serial:/dev/ttyUSB0" in done.stderr or "tcp:192.168" in done.stderr
    for other in ("listen:3097", "mqtt:topic"):
        assert other not in done.stderr


@pytest.mark.parametrize("where", [".", "races/x/capture"])
def test_a_capture_that_is_not_there_is_no_race_folder_without_a_journal(where: str, tmp_path: Path) -> None:
    path = Path(where) / "nope.0001.capture"
    done = calanque("replay", path, "--out", "o", place=tmp_path)
    assert done.returncode == REFUSED
    assert f"{path}: no such file" in done.stderr
    assert "journal" not in done.stderr
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["demo", "--fast"],
        ["demo", "--runners", "many"],
        ["demo", "--runners", "0"],
        ["run", "marseille_cassis_2024", "--port", "99999"],
        ["broker", "marseille_cassis_2024", "--port", "-1"],
        ["simulate", "marseille_cassis_2024", "--out", "o", "--reads", "0"],
        ["results", "marseille_cassis_2024"],
        ["journal", "mend", "marseille_cassis_2024"],
        ["start"],
    ],
    ids=" ".join,
)
def test_what_no_command_takes_is_a_wrong_usage(words: list[str], tmp_path: Path) -> None:
    done = calanque(*words, place=tmp_path)
    assert done.returncode == USAGE
    assert "Try 'calanque" in done.stderr
    assert list(tmp_path.iterdir()) == [], "and nothing was begun"


def test_an_unknown_wave_in_a_file_of_guns_is_named_with_its_line(files: Path) -> None:
    (files / "guns.csv").write_text(f"wave,epoch_us\nall,{GUN}\nlate,{GUN}\n", encoding="utf-8")
    done = results(files, "--guns", files / "guns.csv")
    assert done.returncode == REFUSED
    assert 'guns.csv:3: wave: there is no wave "late"' in done.stderr


@pytest.mark.parametrize("option", ["--roster", "--reads", "--guns", "--expected"])
def test_a_file_that_is_not_there_is_named(files: Path, option: str) -> None:
    done = results(files, option, files / "nowhere.csv")
    assert done.returncode == REFUSED
    assert "nowhere.csv" in done.stderr
    assert len(done.stderr.splitlines()) <= 3, done.stderr


def test_a_format_that_is_not_known_names_those_that_are(files: Path) -> None:
    done = results(files, "--formats", "csv,pdf")
    assert done.returncode == REFUSED
    assert "pdf" in done.stderr
    assert "xlsx" in done.stderr


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut short", bytes(range(256)), "nom\nseul\n".encode("utf-16")])
def test_a_roster_that_is_none_is_refused_with_what_would_be(files: Path, content: bytes) -> None:
    (files / "roster.csv").write_bytes(content)
    done = results(files)
    assert done.returncode == REFUSED
    assert "roster.csv" in done.stderr
    assert "accepted" in done.stderr


@pytest.mark.parametrize("content", [b"bib,time\n1,3600\n", bytes(range(256))])
def test_a_file_of_reads_of_no_known_kind_is_refused(files: Path, content: bytes) -> None:
    (files / "reads.csv").write_bytes(content)
    done = results(files)
    assert done.returncode == REFUSED
    assert "reads.csv" in done.stderr


def test_an_unknown_source_before_a_file_of_reads_names_the_sources(files: Path) -> None:
    done = calanque(
        "results", files / "race.toml", "--roster", files / "roster.csv", "--reads", f"finnish={files / 'reads.csv'}",
        "--out", files / "out",
    )  # fmt: skip
    assert done.returncode == REFUSED
    assert "finnish" in done.stderr
    assert "halfway" in done.stderr


def test_packed_reads_that_are_damaged_are_told(files: Path) -> None:
    (files / "reads.csv").write_bytes(b"\x1f\x8b not gzip")
    assert "damaged" in results(files).stderr
    packed = gzip.compress((READS_HEAD + f"F,058000000001,{GUN + 4_001_000_000},,\n" * 50_000).encode())
    (files / "reads.csv").write_bytes(packed[: len(packed) // 2])
    done = results(files)
    assert "reads.csv" in done.stderr
    assert finishers(files) == ["1"], "what came before the damage counts"


def test_a_replay_beyond_the_end_or_at_no_speed_is_refused(files: Path) -> None:
    from timing.journal import Journal

    Journal.create(files / "journal.sqlite", race="ten_miles").close()
    for option, value in (("--through", "99"), ("--speed", "0"), ("--speed", "fast")):
        done = calanque("replay", files, "--out", files / "again", option, value)
        assert done.returncode == REFUSED
        assert f"{option} {value}" in done.stderr


def test_an_out_folder_that_cannot_be_written_is_named(files: Path) -> None:
    (files / "out").write_text("a file where a folder should be", encoding="utf-8")
    done = results(files)
    assert done.returncode == REFUSED
    assert "out" in done.stderr


def test_when_reads_give_nobody_a_time_that_is_said_with_what_to_look_at(files: Path) -> None:
    race = files / "race.toml"
    race.write_text(race.read_text(encoding="utf-8").replace("07:30:00", "09:30:00"), encoding="utf-8")
    done = results(files)
    assert "NOBODY IS TIMED" in done.stderr
    assert "09:30:00" in done.stderr
    assert results(files, "--strict").returncode not in (OK, REFUSED)
