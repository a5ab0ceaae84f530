"""Publications: numbered, whole, never a mixture."""

import errno
import hashlib
import json
import os
import threading
from pathlib import Path

import pytest
from golden_race import golden_race
from results_builder import GUN_US

from results import publication
from results.errors import ExportFailed, PublicationRefused
from results.exports import Format
from results.publication import Publication, last_number, latest_publication, publish, read_publication

QUICK = (Format.CSV, Format.JSON)


def publish_golden(folder: Path, number: int, formats: tuple[Format, ...] = QUICK) -> Publication:
    return publish(*golden_race(), folder, number, GUN_US + number, through=10 * number, formats=formats)


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_publication_is_whole_and_says_what_it_holds(tmp_path: Path) -> None:
    made = publish_golden(tmp_path, 1, tuple(Format))
    assert made.folder == tmp_path / "publications" / "0001"
    on_disk = everything(made.folder)
    assert set(on_disk) == {*made.files, "publication.json"}
    assert {name: hashlib.sha256(on_disk[name]).hexdigest() for name in made.files} == made.files
    assert {"results.csv", "results.json", "results.xlsx", "jury/results.xlsx", "site/index.html"} <= set(made.files)
    assert latest_publication(tmp_path) == made == read_publication(made.folder)
    assert not made.damaged()


def test_the_same_race_is_published_in_the_same_bytes(tmp_path: Path) -> None:
    one = publish_golden(tmp_path / "a", 5, tuple(Format))
    two = publish_golden(tmp_path / "b", 5, tuple(Format))
    assert one.files == two.files
    assert everything(tmp_path / "a") == everything(tmp_path / "b")


def test_numbers_only_increase(tmp_path: Path) -> None:
    publish_golden(tmp_path, 2)
    before = everything(tmp_path)
    for number in (0, 1, 2):
        with pytest.raises(PublicationRefused, match="the next number is 3"):
            publish_golden(tmp_path, number)
    assert everything(tmp_path) == before
    publish_golden(tmp_path, 9)
    assert last_number(tmp_path) == 9


def test_the_files_people_look_for_are_copies_of_the_newest(tmp_path: Path) -> None:
    publish_golden(tmp_path, 1)
    newest = publish_golden(tmp_path, 2)
    assert (tmp_path / "latest").read_text() == "publications/0002\n"
    assert (tmp_path / "results.json").read_bytes() == (newest.folder / "results.json").read_bytes()
    assert json.loads((tmp_path / "results.json").read_bytes())["publication"]["number"] == 2


def test_what_a_crash_left_half_written_is_not_a_publication(tmp_path: Path) -> None:
    first = publish_golden(tmp_path, 1)
    half = tmp_path / "publications" / ".writing-0002"
    half.mkdir()
    (half / "results.csv").write_text("bib,sta")
    assert latest_publication(tmp_path) == first
    assert last_number(tmp_path) == 1
    publish_golden(tmp_path, 2)
    assert sorted(path.name for path in (tmp_path / "publications").iterdir()) == ["0001", "0002"]


@pytest.mark.parametrize("failing", range(1, 12))
def test_a_full_disk_at_any_write_leaves_the_last_publication_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    first = publish_golden(tmp_path, 1)
    calls = 0
    flush = os.fsync

    def full(handle: int) -> None:
        nonlocal calls
        calls += 1
        if calls == failing:
            raise OSError(errno.ENOSPC, "No space left on device")
        flush(handle)

    monkeypatch.setattr(publication.os, "fsync", full)
    with pytest.raises(ExportFailed, match=r"publication 2 .*No space left"):
        publish_golden(tmp_path, 2)
    monkeypatch.setattr(publication.os, "fsync", flush)
    latest = latest_publication(tmp_path)
    assert latest is not None
    assert latest.number in (1, 2)
    assert not latest.damaged()
    assert not first.damaged()
    assert not list(tmp_path.rglob(".writing-*"))
    assert publish_golden(tmp_path, 3).number == 3, "it goes on when there is space again"


def test_a_reader_that_follows_the_pointer_never_sees_a_mixture(tmp_path: Path) -> None:
    publish_golden(tmp_path, 1)
    finished = threading.Event()

    def write() -> None:
        for number in range(2, 25):
            publish_golden(tmp_path, number)
        finished.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = []
    while not finished.is_set() or not seen or seen[-1] < 24:
        latest = latest_publication(tmp_path)
        assert latest is not None
        assert not latest.damaged()
        inside = json.loads((latest.folder / "results.json").read_bytes())["publication"]
        assert (inside["number"], inside["at_us"]) == (latest.number, latest.at_us)
        json.loads((tmp_path / "results.json").read_bytes())
        seen.append(latest.number)
    writer.join()
    assert seen == sorted(seen)


def test_damage_is_found(tmp_path: Path) -> None:
    made = publish_golden(tmp_path, 1)
    (made.folder / "results.csv").write_bytes(b"changed")
    (made.folder / "results.json").unlink()
    assert made.damaged() == ("results.csv", "results.json")


def test_a_folder_that_holds_no_publication_is_refused_in_words(tmp_path: Path) -> None:
    assert latest_publication(tmp_path) is None
    with pytest.raises(PublicationRefused, match="not a publication"):
        read_publication(tmp_path)
    (tmp_path / "publication.json").write_text('{"format": "another 9"}')
    with pytest.raises(PublicationRefused, match="another 9"):
        read_publication(tmp_path)
