"""The race folder: where everything of one race lies, and the lock that lets one engine at a time write to it.

races/<id>/  race.toml  roster/  journal.sqlite  capture/  out/  lock  secret  access.toml
"""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from calanque.errors import FolderInUse, FolderRefused

if TYPE_CHECKING:
    from config.plan import RacePlan

_LOCK_BYTES: Final = 8_000
"""Of a lock file: what is told of its holder, and spaces."""

RACES: Final = Path("races")
"""Where shipped races are copied to, below the current folder."""


@dataclass(frozen=True, slots=True)
class RaceFolder:
    path: Path

    @property
    def race_file(self) -> Path:
        return self.path / "race.toml"

    @property
    def roster(self) -> Path:
        return self.path / "roster"

    @property
    def journal(self) -> Path:
        return self.path / "journal.sqlite"

    @property
    def capture(self) -> Path:
        return self.path / "capture"

    @property
    def out(self) -> Path:
        return self.path / "out"

    @property
    def quarantine(self) -> Path:
        return self.path / "quarantine.jsonl"

    @property
    def access(self) -> Path:
        """The codes of the staff pages, see `access_codes`."""
        return self.path / "access.toml"

    @property
    def _lock(self) -> Path:
        return self.path / "lock"

    def secret(self) -> str:
        """The token that commands show to the engine; made on first use, readable by the owner only."""
        file = self.path / "secret"
        with contextlib.suppress(FileExistsError):
            handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as out:
                out.write(secrets.token_urlsafe(24))
        return file.read_text(encoding="ascii").strip()

    def latest_roster(self) -> Path | None:
        """The roster file that counts: the last by name in `roster/`, or None."""
        files = [
            file
            for file in sorted(self.roster.glob("*"))
            if file.suffix.lower() in (".csv", ".txt", ".tsv", ".xlsx") and not file.name.startswith((".", "~"))
        ]
        return files[-1] if files else None

    @contextlib.contextmanager
    def hold(self, what: str) -> Iterator["HeldFolder"]:
        """Holds the folder for writing as long as the context lasts; the system lets go if the process dies.

        Raises: FolderInUse, naming the holder; FolderRefused when nothing can be written there.
        """
        with open(self._lock, "r+", encoding="utf-8", opener=_made_if_missing) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise FolderInUse(self._in_use()) from error
            held = HeldFolder(self, file)
            try:
                held.tell(what=what)
            except OSError as error:
                raise FolderRefused(f"{self.path} cannot be written: {error.strerror}") from error
            yield held

    def holder(self) -> Mapping[str, Any] | None:
        """Who holds the folder now (`pid`, `host`, `what`, perhaps `url`), or None when nobody does."""
        try:
            with self._lock.open("r", encoding="utf-8") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except OSError:
                    with contextlib.suppress(ValueError):
                        told = json.loads(file.read() or "{}")
                        return told if isinstance(told, dict) else {}
                    return {}
        except FileNotFoundError:
            pass
        return None

    @property
    def is_running(self) -> bool:
        """Whether an engine runs on it that takes commands."""
        holder = self.holder()
        return holder is not None and "url" in holder

    def _in_use(self) -> str:
        holder = self.holder() or {}
        who = f"`{holder.get('what', 'another engine')}`, process {holder.get('pid', '?')} on {holder.get('host', '?')}"
        return (
            f"{self.path} is in use by {who}: one engine at a time writes to a race. "
            "Stop that one first, or look at its page; reading commands work beside it."
        )


def _made_if_missing(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CREAT, 0o644)


class HeldFolder:
    """The right to write to a race folder. `tell` writes into the lock file who holds it."""

    def __init__(self, folder: RaceFolder, file: IO[str]) -> None:
        self.folder = folder
        self._file = file
        self._told: dict[str, Any] = {"pid": os.getpid(), "host": socket.gethostname()}

    def tell(self, **more: Any) -> None:
        self._told |= more
        # Always over the same bytes: on a full disk they could not be had again.
        self._file.seek(0)
        self._file.write(json.dumps(self._told).ljust(_LOCK_BYTES))
        self._file.flush()
        self._file.truncate()


def folder_of(race: str) -> RaceFolder:
    """The folder a race lies in: given as it is, or by its name below `races/`. It may not be there."""
    path, below = Path(race), RACES / race
    is_path = path.is_dir() or (len(path.parts) > 1 and not below.is_dir())
    return RaceFolder(path if is_path else below)


def plan_and_folder(race: str) -> "tuple[RacePlan, RaceFolder]":
    """A race and its folder, for a command before the race: that, or a race file or a shipped race, whose folder may
    not be yet.

    Raises: what `config.loader.load_race` raises.
    """
    from config.loader import load_race

    folder = folder_of(race)
    if folder.race_file.is_file():
        return load_race(folder.path), folder
    plan = load_race(race)
    return plan, folder_of(str(plan.race.id))


def race_folder(name: str | Path, root: Path | None = None) -> RaceFolder:
    """The folder of a race: one that exists, else made below `races/` from a race file or a shipped race.

    Raises: FolderRefused, or what `config.loader.load_race` raises for a name it does not know.
    """
    path = Path(name)
    if path.is_dir():
        if not (path / "race.toml").is_file():
            raise FolderRefused(f"{path} has no race.toml: give a race folder, a race file, or a shipped race's name")
        return _with_rooms(RaceFolder(path))
    from config.loader import load_race

    plan = load_race(str(name))
    if plan.path is None:
        raise FolderRefused(f"{name} is not a file of its own: give a race folder or a race file")
    folder = RaceFolder((root or RACES) / plan.race.id)
    folder.path.mkdir(parents=True, exist_ok=True)
    if not folder.race_file.exists():
        for file in plan.path.parent.iterdir() if plan.path.name == "race.toml" else (plan.path,):
            if file.is_file() and not file.name.startswith("_"):
                shutil.copyfile(file, folder.race_file if file == plan.path else folder.path / file.name)
    elif folder.race_file.read_text(encoding="utf-8") != plan.text:
        raise FolderRefused(
            f"{folder.path} already holds another version of this race: give that folder to go on with it, "
            "or move it away to begin anew"
        )
    return _with_rooms(folder)


def _with_rooms(folder: RaceFolder) -> RaceFolder:
    for room in (folder.roster, folder.capture, folder.out):
        room.mkdir(exist_ok=True)
    return folder
