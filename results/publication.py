"""Publications: numbered, whole, and never changed.

A publication is a folder `publications/NNNN/` written beside its place and moved there in one step once every file is
on the disk; `latest` names the newest and is replaced in one step too. Whoever follows `latest` therefore reads files
of one publication, however often the next one comes. Numbers only increase.
"""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from config.plan import RacePlan
from results.errors import ExportFailed, PublicationRefused
from results.exports import ALL_FORMATS, SHORTCUTS, Format, export_files
from results.list_states import NO_STATES, ListStates
from results.people import Audience
from results.printing import moment
from results.rankings import Rankings
from results.standing import Standing
from timing.decisions import NO_DECISIONS, Decisions
from timing.instants import Instant
from timing.roster import Roster
from timing.times import Times

PUBLICATIONS: Final = "publications"
LATEST: Final = "latest"
MANIFEST: Final = "publication.json"
FORMAT: Final = "calanque publication 1"
_UNFINISHED: Final = ".writing-"


@dataclass(frozen=True, kw_only=True)
class Publication:
    """One publication on the disk. `files`: sha256 (hexadecimal) of each by its path within `folder`, with `/`."""

    number: int
    at_us: Instant
    through: int | None
    folder: Path
    files: Mapping[str, str]

    def damaged(self) -> tuple[str, ...]:
        """Files that are missing or are not what was published."""
        return tuple(name for name, digest in self.files.items() if _digest_of(self.folder / name) != digest)


def publish(
    plan: RacePlan,
    roster: Roster,
    times: Times,
    rankings: Rankings,
    folder: Path,
    number: int,
    at_us: Instant,
    *,
    through: int | None = None,
    decisions: Decisions = NO_DECISIONS,
    states: ListStates = NO_STATES,
    formats: Collection[Format] = ALL_FORMATS,
) -> Publication:
    """Writes publication `number` into `folder` and points `latest` at it.

    Args: `rankings` as computed; `states` says which of their places are official and stand as they were posted.
    Raises:
        PublicationRefused: the number is not greater than every one published there.
        ExportFailed: the disk refused (full, not writable); everything published before is as it was. The number is
            used up where only the last step, pointing at the publication, failed: go on from `last_number`.
    """
    last = last_number(folder)
    if number <= last:
        raise PublicationRefused(f"{folder}: publication {number} cannot follow {last}; the next number is {last + 1}")
    standing = Standing(
        plan=plan, roster=roster, times=times, rankings=rankings, number=number, at_us=at_us, through=through,
        decisions=decisions, states=states,
    )  # fmt: skip
    try:
        return _write(standing, folder, formats)
    except OSError as error:
        raise ExportFailed(f"publication {number} could not be written into {folder}: {error}") from error


def last_number(folder: Path) -> int:
    """The greatest number published in a folder, 0 where there is none."""
    found = (path.name for path in (folder / PUBLICATIONS).glob("[0-9]*") if path.is_dir())
    return max((int(name) for name in found if name.isdecimal()), default=0)


def latest_publication(folder: Path) -> Publication | None:
    """The publication `latest` points at, None before the first.

    Raises: PublicationRefused when the pointer or the publication cannot be read.
    """
    try:
        pointed = (folder / LATEST).read_text().strip()
    except FileNotFoundError:
        return None
    return read_publication(folder / pointed)


def read_publication(folder: Path) -> Publication:
    """A publication from its folder.

    Raises: PublicationRefused when the folder holds no publication of ours.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        if manifest["format"] != FORMAT:
            raise PublicationRefused(f"{folder}: format {manifest['format']!r}; only {FORMAT!r} is known")
        return Publication(
            number=manifest["number"],
            at_us=manifest["at_us"],
            through=manifest["through"],
            folder=folder,
            files=manifest["files"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PublicationRefused(f"{folder}: not a publication: {error}") from error


def _write(standing: Standing, folder: Path, formats: Collection[Format]) -> Publication:
    shelf = folder / PUBLICATIONS
    shelf.mkdir(parents=True, exist_ok=True)
    _forget_unfinished(shelf)
    unfinished = shelf / f"{_UNFINISHED}{standing.number:04d}"
    place = shelf / f"{standing.number:04d}"
    try:
        files = {name: _write_file(unfinished / name, data) for name, data in export_files(standing, formats)}
        _write_file(unfinished / MANIFEST, _manifest(standing, files))
        for made in sorted({path.parent for path in unfinished.rglob("*")}):
            _flush_folder(made)
        unfinished.rename(place)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    _flush_folder(shelf)
    _replace(folder / LATEST, f"{PUBLICATIONS}/{place.name}\n".encode())
    for name in SHORTCUTS:
        if name in files:
            _replace(folder / name, (place / name).read_bytes())
    _flush_folder(folder)
    return Publication(
        number=standing.number, at_us=standing.at_us, through=standing.through, folder=place, files=files
    )


def _manifest(standing: Standing, files: Mapping[str, str]) -> bytes:
    manifest = {
        "format": FORMAT,
        "number": standing.number,
        "at_us": standing.at_us,
        "at": moment(standing.at_us, standing.plan.race.zone),
        "through": standing.through,
        "state": str(standing.state(Audience.PUBLIC)),
        "lists": {ranked.id: str(standing.state_of(ranked).state) for ranked in standing.shown.lists},
        "race": standing.plan.race.id,
        "files": files,
    }
    return (json.dumps(manifest, ensure_ascii=False, indent=1) + "\n").encode()


def _write_file(path: Path, content: bytes) -> str:
    """Writes a file through to the disk; returns its sha256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return hashlib.sha256(content).hexdigest()


def _replace(path: Path, content: bytes) -> None:
    """Replaces a file in one step: a reader sees the old or the new one, whole."""
    beside = path.with_name(f"{_UNFINISHED}{PurePosixPath(path.name)}")
    try:
        _write_file(beside, content)
        beside.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise


def _flush_folder(folder: Path) -> None:
    """Makes the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _forget_unfinished(shelf: Path) -> None:
    """What a crash left half written was never published."""
    for path in shelf.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(path, ignore_errors=True)


def _digest_of(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
