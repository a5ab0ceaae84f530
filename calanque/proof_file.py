"""The file of a proof: a ZIP of named parts and a manifest that seals them.

Owns names, manifest and what is damaged; knows nothing of what the parts mean (`proof`). The same parts give the same
bytes on every machine.
"""

import hashlib
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from calanque.errors import ProofRefused

FORMAT: Final = "calanque proof 1"
MANIFEST: Final = "manifest.json"
JOURNAL: Final = "journal.sqlite"
RACE_FOLDER: Final = "race/"
ROSTER: Final = "roster.csv"
RESULTS: Final = "results.csv"
LISTS: Final = "lists.json"

PART_MAX: Final = 4 << 30
"""Bytes of one part: a journal of a race of 20,000 has some tens of millions."""

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_LOCAL_HEADER: Final = struct.Struct("<4s22xHH")


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a proof says of itself. `digest`: SHA-256 of the lists; `seal`: of the journal's last entry (`through`)."""

    engine: str
    race: str
    through: int
    seal: str
    digest: str
    files: Mapping[str, str]

    def as_bytes(self) -> bytes:
        """The manifest, its own check last: over all bytes before it."""
        fields = {
            "format": FORMAT,
            "engine": self.engine,
            "race": self.race,
            "through": self.through,
            "seal": self.seal,
            "digest": self.digest,
            "files": dict(self.files),
        }
        body = json.dumps(fields, ensure_ascii=False, indent=1).removesuffix("\n}")
        return f'{body},\n "check": "{sha256(body.encode())}"\n}}\n'.encode()

    @property
    def check(self) -> str:
        """The check of this manifest, which stands for the whole proof."""
        return str(json.loads(self.as_bytes())["check"])


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def write_proof(manifest: Manifest, parts: Mapping[str, bytes], out: Path) -> None:
    """Writes the file; it appears under its name when it is whole and on the disk.

    Raises: ProofRefused when there is a file of that name, or it cannot be written.
    """
    if out.exists():
        raise ProofRefused(f"{out} exists already: give the name of a file that does not")
    partial = out.with_name(f"{out.name}.partial")
    try:
        with partial.open("wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, content in ((MANIFEST, manifest.as_bytes()), *parts.items()):
                    info = zipfile.ZipInfo(name, _EPOCH)
                    # Stored as it is: bodies are compressed already, and damage can be found in it.
                    info.compress_type = zipfile.ZIP_STORED if name == JOURNAL else zipfile.ZIP_DEFLATED
                    info.external_attr = 0o644 << 16
                    archive.writestr(info, content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(out)
    except OSError as error:
        raise ProofRefused(f"{out} cannot be written: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)


@dataclass(frozen=True, kw_only=True)
class ProofParts:
    """What was found in a file. `faults`: parts that are missing, damaged, or not of the manifest, in words."""

    manifest: Manifest
    parts: Mapping[str, bytes]
    faults: tuple[str, ...]


def read_proof(file: Path) -> ProofParts:
    """The parts of a proof, each held against the manifest.

    Raises: ProofRefused when it is no proof at all, or its manifest is damaged, so that nothing can be held against it.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            found = {info.filename: info for info in archive.infolist()}
            if MANIFEST not in found:
                raise ProofRefused(f"{file} is no proof: it has no {MANIFEST}")
            content, fault = _content(archive, found.pop(MANIFEST))
            manifest = _manifest(file, content, fault)
            return _parts(archive, manifest, found)
    except OSError as error:
        raise ProofRefused(f"{file} cannot be read: {error.strerror or error}") from error
    except zipfile.BadZipFile as error:
        raise ProofRefused(f"{file} is no proof, or is cut off: {error}") from error


def _parts(archive: zipfile.ZipFile, manifest: Manifest, found: Mapping[str, zipfile.ZipInfo]) -> ProofParts:
    parts: dict[str, bytes] = {}
    faults = []
    for name, digest in manifest.files.items():
        if name not in found:
            faults.append(f"{name} is missing")
            continue
        parts[name], fault = _content(archive, found[name])
        if fault:
            faults.append(f"{name} is damaged: {fault}")
        elif sha256(parts[name]) != digest:
            faults.append(f"{name} is not what the manifest says: it was changed")
    faults += [f"{name} is not in the manifest" for name in found if name not in manifest.files]
    return ProofParts(manifest=manifest, parts=parts, faults=tuple(faults))


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> tuple[bytes, str]:
    """The bytes of a part and what is wrong with them; of one that is stored as it is also the damaged ones."""
    if info.file_size > PART_MAX:
        return b"", f"{info.file_size} bytes are more than a part may have"
    try:
        return archive.read(info), ""
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        return _as_it_is(archive, info), str(error)


def _as_it_is(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    if info.compress_type != zipfile.ZIP_STORED or archive.fp is None:
        return b""
    archive.fp.seek(info.header_offset)
    header = archive.fp.read(30)
    if len(header) < 30:
        return b""
    _, name, extra = _LOCAL_HEADER.unpack(header)
    archive.fp.seek(info.header_offset + 30 + name + extra)
    return archive.fp.read(info.file_size)


def _manifest(file: Path, content: bytes, fault: str) -> Manifest:
    if fault:
        raise ProofRefused(f"{file}: {MANIFEST} is damaged: {fault}")
    try:
        given: dict[str, Any] = json.loads(content)
        if given["format"] != FORMAT:
            raise ProofRefused(f"{file}: format {given['format']!r}; this version of Calanque knows {FORMAT!r}")
        manifest = Manifest(
            **{key: given[key] for key in ("engine", "race", "through", "seal", "digest", "files")}
        )  # fmt: skip
        whole = manifest.as_bytes()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProofRefused(f"{file}: {MANIFEST} is damaged: {error}") from error
    if whole != content:
        line = next((n for n, (one, two) in enumerate(_lines(whole, content), 1) if one != two), 1)
        raise ProofRefused(f"{file}: {MANIFEST} is damaged: line {line} does not match its check")
    return manifest


def _lines(one: bytes, two: bytes) -> zip:  # type: ignore[type-arg]
    return zip(one.splitlines(), two.splitlines(), strict=False)
