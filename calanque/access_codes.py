"""The codes with which people sign in at the staff pages: a file of the race folder that its owner can read.

Owns the file `access.toml`, what a code looks like, and noticing that the file was changed while the engine runs.
"""

import contextlib
import logging
import os
import secrets
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from calanque.errors import FolderRefused
from calanque.folder import RaceFolder
from results.web.access import Access
from results.web.sessions import code_letters

logger = logging.getLogger(__name__)

CONSONANTS: Final = "bdfgjklmnprstvz"
VOWELS: Final = "aiou"
SYLLABLES: Final = 6
DIGITS: Final = 4
"""`badoki-luvana-4821`: 60 syllables to the sixth times 10,000, 48 bits, that can be said over a radio."""

SHORTEST: Final = 8
"""Letters and digits of a code that somebody chose."""


class AccessCodes:
    """The codes of one race folder; made on first use, read again when the file has changed."""

    def __init__(self, folder: RaceFolder) -> None:
        """Raises: FolderRefused when the file is not what it should be."""
        self._file = folder.access
        self._seen = (-1, -1, -1)
        self._codes: Mapping[Access, str] = {}
        ensure_codes(self._file)
        self._codes, self._seen = read_codes(self._file), _state(self._file)

    def now(self) -> Mapping[Access, str]:
        """The codes in force. A file that has become unreadable changes nothing, and is said in the log."""
        state = _state(self._file)
        if state != self._seen:
            self._seen = state
            try:
                self._codes = read_codes(self._file)
            except FolderRefused as error:
                logger.error("the access codes stay what they were: %s", error)
        return self._codes


def new_code() -> str:
    """A code that is easy to say and to type on a phone."""
    syllables = [secrets.choice(CONSONANTS) + secrets.choice(VOWELS) for _ in range(SYLLABLES)]
    digits = "".join(secrets.choice("0123456789") for _ in range(DIGITS))
    half = SYLLABLES // 2
    return "-".join(["".join(syllables[:half]), "".join(syllables[half:]), digits])


def ensure_codes(file: Path) -> None:
    """Makes the file with a code for each role, unless there is one: never over one that somebody else just made."""
    if file.exists():
        return
    made = _written({role: new_code() for role in Access}, file)
    with contextlib.suppress(FileExistsError):
        os.link(made, file)
    made.unlink()


def renew_codes(file: Path, roles: frozenset[Access]) -> Mapping[Access, str]:
    """Gives roles new codes, which ends the sessions of the old ones; all codes as they are then."""
    ensure_codes(file)
    codes = {**read_codes(file), **{role: new_code() for role in roles}}
    os.replace(_written(codes, file), file)
    return codes


def read_codes(file: Path) -> Mapping[Access, str]:
    """The codes of a file; a role that is not in it has none, and nobody signs in as it.

    Raises: FolderRefused naming what is wrong and what would be accepted.
    """
    try:
        given = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FolderRefused(f"{file} cannot be read: {error}; without the file new codes are made") from error
    for name, code in given.items():
        if name not in tuple(Access):
            raise FolderRefused(f"{file}: no role {name!r}; accepted: {', '.join(Access)}")
        if not isinstance(code, str) or len(code_letters(code)) < SHORTEST:
            raise FolderRefused(f"{file}: {name}: a code has at least {SHORTEST} letters and digits, in quotes")
    if len({code_letters(code) for code in given.values()}) < len(given):
        raise FolderRefused(f"{file}: two roles have the same code: nobody could tell which is meant")
    return {role: given[role] for role in Access if role in given}


def _written(codes: Mapping[Access, str], file: Path) -> Path:
    """A file beside, with these codes, readable by its owner only."""
    beside = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    handle = os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(
            "# Codes of the staff pages. A new one, which ends the role's sessions: calanque access RACE --renew.\n"
        )
        out.writelines(f'{role} = "{code}"\n' for role, code in codes.items())
    return beside


def _state(file: Path) -> tuple[int, int, int]:
    """What changes when the file does; nothing known of it is a state as well."""
    try:
        told = file.stat()
    except OSError:
        return (0, 0, 0)
    return (told.st_mtime_ns, told.st_ino, told.st_size)
