"""`calanque journal …` and `calanque snapshot`: looking after the record of a race."""

from collections.abc import Sequence
from pathlib import Path

from calanque.errors import FolderRefused
from calanque.exit_codes import DIFFERENT, OK
from calanque.folder import RaceFolder
from calanque.terminal import grouped, say
from timing.errors import JournalDamaged
from timing.journal import Journal, repair


def verify_command(race: str) -> int:
    place = journal_of(race)
    try:
        with Journal.open(place, read_only=True) as journal:
            found = journal.verify()
    except JournalDamaged as error:
        say(str(error))
        return DIFFERENT
    say(found.message)
    return OK if found.damaged is None else DIFFERENT


def repair_command(race: str, *, to: Path, copies: Sequence[Path]) -> int:
    damaged = journal_of(race)
    _check_not_in_use(damaged)
    saved = repair(damaged, to, copies=copies)
    say(saved.message)
    say(f"To go on with it: move {damaged.name}, its -wal and -shm files and journal.head away, put {to} in its place")
    return OK if saved.damaged is None else DIFFERENT


def _check_not_in_use(place: Path) -> None:
    """Raises: FolderRefused while an engine writes to it."""
    holder = RaceFolder(place.parent).holder()
    if holder is not None:
        raise FolderRefused(
            f"{place} is in use by `{holder.get('what')}`, process {holder.get('pid')}: stop that first"
        )


def snapshot_command(race: str, out: Path) -> int:
    with Journal.open(journal_of(race), read_only=True) as journal:
        copied = journal.snapshot(out)
    say(f"{out}: {grouped(copied.entries)} entries, verified, through number {copied.last}")
    return OK


def reads_command(race: str, out: Path) -> int:
    from timing.reads_sql import export_reads_sql

    with Journal.open(journal_of(race), read_only=True) as journal:
        rows = export_reads_sql(journal, out)
    say(f"{out}: {grouped(rows)} reads in the table `reads`")
    return OK


def journal_of(race: str) -> Path:
    """The journal of a race folder, or of the folder a shipped race's name stands for; or a journal file itself.

    Raises: FolderRefused when there is none.
    """
    path = Path(race)
    for candidate in (path, RaceFolder(path).journal, RaceFolder(Path("races") / race).journal):
        if candidate.is_file() and candidate.suffix == ".sqlite":
            return candidate
    raise FolderRefused(f"no journal at {race}: give a race folder that was run, or a journal file")
