"""`calanque bundle` and `calanque verify`: results in one file, and whether they follow from what is in it."""

from importlib.metadata import version
from pathlib import Path

from calanque.commands.journal import journal_of
from calanque.exit_codes import DIFFERENT, OK
from calanque.proof import make_proof, verify_proof
from calanque.terminal import grouped, say


def bundle_command(race: str, *, out: Path) -> int:
    journal = journal_of(race)
    manifest = make_proof(journal, journal.parent, out)
    say(f"{out}: {manifest.race} through entry {grouped(manifest.through)}, {len(manifest.files)} files")
    say(f"lists {manifest.digest}")
    say(f"proof {manifest.check}")
    return OK


def verify_command(file: Path) -> int:
    verdict = verify_proof(file)
    manifest, here = verdict.manifest, version("calanque")
    say(f"{file}: {manifest.race} through entry {grouped(manifest.through)}")
    if verdict.digest:
        say(f"lists {verdict.digest}")
    say(f"proof {manifest.check}")
    for fault in verdict.faults:
        say(fault)
    if not verdict.holds and manifest.engine != here:
        say(f"It was made by Calanque {manifest.engine}; this is {here}")
    say("It holds: all results follow from the journal" if verdict.holds else "IT DOES NOT HOLD")
    return OK if verdict.holds else DIFFERENT
