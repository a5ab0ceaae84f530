"""A proof of results: all that they follow from in one file, and the way to recompute them from it anywhere.

Owns what belongs to a proof, and what it means that one holds. The results come by the one path: journal, state,
derived picture, lists. The file itself is for `proof_file`.
"""

import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Final

from calanque.derived import Derived
from calanque.errors import ProofRefused
from calanque.proof_file import (
    JOURNAL,
    LISTS,
    RACE_FOLDER,
    RESULTS,
    ROSTER,
    Manifest,
    ProofParts,
    read_proof,
    sha256,
    write_proof,
)
from config.errors import ConfigError
from config.loader import RACE_FILE, WINNERS_FILE, parse_race
from config.plan import RacePlan
from config.roster_csv import roster_csv
from results.compare import compare_results, first_list_difference
from results.errors import ComparisonFailed
from results.people import Audience
from results.results_csv import results_csv
from results.results_json import lists_json
from timing.entries import RulesBody, decode
from timing.errors import JournalDamaged, JournalError
from timing.journal import EntryKind, Journal
from timing.state import RaceState

DERIVED: Final = (ROSTER, RESULTS, LISTS)
"""The parts that follow from the others: whoever verifies makes them anew."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What verifying found. `digest`: of the lists as recomputed here, empty where they cannot be."""

    manifest: Manifest
    digest: str
    faults: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.faults


def make_proof(journal_file: Path, race_folder: Path, out: Path) -> Manifest:
    """Writes the proof of a race as its journal stands now, also while an engine writes to it.

    Raises: ProofRefused (the file exists, a file of the race is missing), JournalError, ConfigError.
    """
    with tempfile.TemporaryDirectory(prefix="calanque-proof-") as place:
        copy = Path(place) / JOURNAL
        with Journal.open(journal_file, read_only=True) as journal:
            race, copied = journal.race, journal.snapshot(copy)
            text = _rules_in_force(journal, copied.last) or _text_of(race_folder / RACE_FILE)
        files = _race_files(text, race_folder)
        made = _derived(copy, _plan(files, race))
        parts = {JOURNAL: copy.read_bytes(), **files, **made}
        manifest = Manifest(
            engine=version("calanque"),
            race=race,
            through=copied.last,
            seal=copied.seal.hex(),
            digest=sha256(made[LISTS]),
            files={name: sha256(content) for name, content in parts.items()},
        )
    write_proof(manifest, parts, out)
    return manifest


def verify_proof(file: Path) -> Verdict:
    """Recomputes everything from the journal and the rules in the file, and holds it against what the file says.

    Raises: ProofRefused when it is no proof, or its manifest is damaged; JournalRefused when an entry needs another
    version of Calanque.
    """
    found = read_proof(file)
    manifest = found.manifest
    missing = [name for name in (JOURNAL, RACE_FOLDER + RACE_FILE, *DERIVED) if name not in found.parts]
    if missing:
        return Verdict(manifest=manifest, digest="", faults=found.faults or (f"{missing[0]} is missing",))
    faults = [fault for fault in found.faults if not fault.startswith(DERIVED)]
    with tempfile.TemporaryDirectory(prefix="calanque-proof-") as place:
        copy = Path(place) / JOURNAL
        copy.write_bytes(found.parts[JOURNAL])
        try:
            rules = _check_journal(copy, manifest)
            _check_rules(found.parts, rules)
            made = _derived(copy, _plan(found.parts, manifest.race))
        except (JournalDamaged, _Broken, ConfigError) as error:
            return Verdict(manifest=manifest, digest="", faults=(*faults, str(error).replace(str(copy), JOURNAL)))
    digest = sha256(made[LISTS])
    faults += _differences(found, made)
    if digest != manifest.digest and not faults:
        faults.append("the digest of the manifest is not that of its lists")
    return Verdict(manifest=manifest, digest=digest, faults=tuple(faults))


class _Broken(Exception):
    """A part contradicts another."""


def _rules_in_force(journal: Journal, through: int) -> str:
    """The race file as the journal holds it; empty where it holds none."""
    text = ""
    for entry in journal.entries(kinds={EntryKind.RULES}):
        body = decode(entry)
        if entry.number <= through and isinstance(body, RulesBody):
            text = body.text
    return text


def _text_of(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ProofRefused(f"{path} cannot be read: {error}") from error


def _race_files(text: str, folder: Path) -> dict[str, bytes]:
    """The race file and what it names, by their names in the proof."""
    files = {RACE_FOLDER + RACE_FILE: text.encode()}
    try:
        named = tomllib.loads(text).get("course", {}).get("winners", "")
    except tomllib.TOMLDecodeError as error:
        raise ProofRefused(f"the race file in force cannot be read: {error}") from error
    name = PurePosixPath(named or WINNERS_FILE)
    if name.is_absolute() or ".." in name.parts:
        raise ProofRefused(f"the race file names {name}: a proof takes files that lie beside the race file")
    try:
        files[RACE_FOLDER + str(name)] = (folder / name).read_bytes()
    except FileNotFoundError as error:
        if named:
            raise ProofRefused(f"the race file names {folder / name}, which does not exist") from error
    return files


def _plan(parts: Mapping[str, bytes], race: str) -> RacePlan:
    """The plan of the race file among the parts, in a folder of its own with the files it names."""
    with tempfile.TemporaryDirectory(prefix="calanque-proof-") as place:
        for name, content in parts.items():
            inner = PurePosixPath(name)
            if name.startswith(RACE_FOLDER) and ".." not in inner.parts:
                path = Path(place, *inner.parts[1:])
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        text = parts[RACE_FOLDER + RACE_FILE].decode("utf-8", "replace")
        return parse_race(text, file=Path(place) / RACE_FILE, default_id=race)


def _derived(journal_file: Path, plan: RacePlan) -> dict[str, bytes]:
    """What follows from the journal by the rules of the plan: roster in force, results of everybody, all lists."""
    state = RaceState(plan.race)
    with Journal.open(journal_file, read_only=True, race=plan.race.id) as journal:
        state.apply_all(journal.entries())
    # Neither number nor hour of a publication is in any of these.
    standing = Derived(plan, state).picture().standing(plan, number=0, at_us=0)
    return {
        ROSTER: roster_csv(standing.roster),
        RESULTS: results_csv(plan, standing.roster, standing.times, standing.shown),
        LISTS: lists_json(standing, Audience.JURY) + b"\n",
    }


def _check_journal(copy: Path, manifest: Manifest) -> str:
    """The rules in force, after checking every seal and the end of the journal."""
    try:
        with Journal.open(copy, read_only=True) as journal:
            found = journal.verify()
            if found.damaged is not None:
                raise _Broken(found.message.partition(" Keep the file")[0])
            if (found.last, found.seal.hex(), journal.race) != (manifest.through, manifest.seal, manifest.race):
                raise _Broken(
                    f"{JOURNAL} is of race {journal.race} and ends at entry {found.last}, "
                    f"but not as the manifest says: race {manifest.race}, entry {manifest.through}"
                )
            return _rules_in_force(journal, found.last)
    except JournalDamaged as error:
        raise _Broken(str(error).partition(" Keep the file")[0]) from error
    except JournalError as error:
        raise _Broken(f"{JOURNAL} cannot be used: {error}") from error


def _check_rules(parts: Mapping[str, bytes], rules: str) -> None:
    if rules and parts[RACE_FOLDER + RACE_FILE] != rules.encode():
        raise _Broken(f"{RACE_FOLDER}{RACE_FILE} is not the race file that the journal holds")


def _differences(found: ProofParts, made: Mapping[str, bytes]) -> list[str]:
    """For each derived part that is not what follows, its first difference."""
    faults = []
    for name in (LISTS, RESULTS, ROSTER):
        if made[name] == found.parts[name]:
            faults += [fault for fault in found.faults if fault.startswith(name)]
            continue
        faults.append(f"{name}: {_first_difference(name, found.parts[name], made[name])}")
    return faults


def _first_difference(name: str, given: bytes, made: bytes) -> str:
    if not given:
        return "damaged, nothing of it can be read"
    try:
        if name == LISTS:
            difference = first_list_difference(given, made)
            if difference is not None:
                return str(difference)
        elif name == RESULTS:
            comparison = compare_results(given, made)
            if not comparison.equal:
                return str(comparison.first[0]) if comparison.first else str(comparison)
    except ComparisonFailed as error:
        return str(error)
    ours, theirs = given.splitlines(), made.splitlines()
    line = next(
        (n for n, (one, two) in enumerate(zip(ours, theirs, strict=False)) if one != two), min(len(ours), len(theirs))
    )
    return f"line {line + 1} is not the one that follows from the journal"
