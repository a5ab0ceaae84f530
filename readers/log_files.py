"""Files of reads into columns: read logs (CSV), IPICO lines, files of ChronoTrack boxes, RACE RESULT passings, told
apart by what is in them; and any other CSV that has a mapping beside it.

Owns which file is of which kind, where its reads were made, and the joining of all files into one `Reads`. What lines
of each kind mean is in `read_log.py`, `ipico_file.py`, `chronotrack_file.py`, `race_result_file.py` and
`mapped_csv.py`; the page for people is docs/read_logs.md.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from readers.errors import ReadFileRefused
from readers.file_columns import BadLine, BadLines, FileColumns, UnknownMats, shown
from readers.ipico_file import FileGun, IpicoFile
from readers.line_blocks import BLOCK_BYTES, Block, LineBlocks
from readers.read_log import NEEDED, LogHeader, LogMeanings, ReadLog
from timing.clocks import moments
from timing.instants import Instant
from timing.mats import MatFinder
from timing.race import Race
from timing.reads import ClockKind, Int16, Names, Reads, SourceId, same_for_all

if TYPE_CHECKING:
    from readers.chronotrack_file import ChronoTrackFile, ChronoTrackMarks

__all__ = ["BadLine", "GunSeen", "LoadedReads", "ReadFile", "read_files"]

_IPICO_LINE: Final = re.compile(r"[\0 \t]*a[ab][0-9a-z]{12}", re.IGNORECASE | re.ASCII)
_HEAD_LINES: Final = 2000
"""How many first lines may be text before the first IPICO record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFile:
    """A file of reads; `source`: the race's source it comes from, where a person said so."""

    path: Path
    source: SourceId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GunSeen:
    """A gun in a file of reads: a reader's trigger button. `held`: its clock cannot be trusted."""

    file: str
    line: int
    source: SourceId | None
    label: str
    instant_us: Instant
    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedReads:
    """All files together. `reads` in the order of files and lines.

    `lines` counts every line, `malformed` every bad one, `bad_lines` has the first of them. `unknown_mats`: reads at
    mats the race does not have, by the mat's name; they are in `reads` with mat -1.
    """

    reads: Reads
    bad_lines: tuple[BadLine, ...]
    lines: int
    malformed: int
    guns: tuple[GunSeen, ...]
    unknown_mats: Mapping[str, int]


def read_files(
    paths: Sequence[ReadFile], race: Race, tags: Names, sources: Names, *, block_bytes: int = BLOCK_BYTES
) -> LoadedReads:
    """The reads of these files, their stamps as instants.

    Bad lines are values; what is wrong with a file as a whole is an error.

    Args:
        tags, sources: names already in use keep their numbers; new ones are added.
        block_bytes: how much of a file is looked at at once; plays no part in the result.
    Raises: ReadFileRefused when a file cannot be opened, is of no known kind, or does not say where it was made.
    """
    loading = _Loading(race, tags, sources)
    for file in paths:
        loading.read(file, block_bytes)
    return loading.result()


class _Parser(Protocol):
    lines: int

    def feed(self, block: Block) -> FileColumns: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """What a file turned out to be: its parser, what its stamps are, and where its guns are."""

    parser: _Parser
    clock: ClockKind
    source: SourceId | None
    guns: Sequence[FileGun] = ()


class _Loading:
    """The reads of the files so far."""

    def __init__(self, race: Race, tags: Names, sources: Names) -> None:
        self._race = race
        self._tags = tags
        self._sources = sources
        self._finder = MatFinder(race.course)
        self._unknown = UnknownMats()
        self._bad = BadLines()
        self._guns: list[GunSeen] = []
        self._parts: list[Reads] = []
        self._lines = 0

    def read(self, file: ReadFile, block_bytes: int) -> None:
        self._check_source(file)
        blocks = LineBlocks(file.path, block_bytes=block_bytes)
        kind: _Kind | None = None
        lines = 0
        try:
            for block in blocks:
                if kind is None:
                    if not _text(block).strip():
                        lines += block.raw.count(b"\n", block.first, block.last)
                        continue
                    kind, block = self._kind(file, block, lines)
                self._take(kind, block)
                lines = kind.parser.lines
        except OSError as error:
            raise ReadFileRefused(f"{file.path}: cannot be read: {error.strerror or error}") from error
        self._lines += lines
        if kind is not None:
            self._guns += [self._gun(gun, kind) for gun in kind.guns]
        if blocks.damage:
            self._bad.add(str(file.path), lines + 1, "", blocks.damage)

    def result(self) -> LoadedReads:
        return LoadedReads(
            reads=Reads.concat(self._parts),
            bad_lines=tuple(self._bad.kept),
            lines=self._lines,
            malformed=self._bad.count,
            guns=tuple(self._guns),
            unknown_mats=self._unknown.counts,
        )

    def _take(self, kind: _Kind, block: Block) -> None:
        columns = kind.parser.feed(block)
        moment_us, held = moments(columns.stamp_us, kind.clock, self._race)
        self._parts.append(
            Reads(
                tag=columns.tag,
                mat=self._unknown.settled(columns.mat),
                moment_us=moment_us,
                source=columns.source,
                antenna=columns.antenna,
                rssi=columns.rssi,
                held=held if held.any() else same_for_all(np.False_, len(held)),
            )
        )

    def _gun(self, gun: FileGun, kind: _Kind) -> GunSeen:
        instants, held = moments(np.array([gun.stamp_us], np.int64), kind.clock, self._race)
        return GunSeen(
            file=gun.file,
            line=gun.line,
            source=kind.source,
            label=gun.label,
            instant_us=int(instants[0]),
            held=bool(held[0]),
        )

    def _kind(self, file: ReadFile, block: Block, lines_before: int) -> tuple[_Kind, Block]:
        """The kind of a file, told by its first block, and the part of the block that holds reads."""
        lines = _text(block).split("\n", _HEAD_LINES)[:_HEAD_LINES]
        at, first = next((at, line) for at, line in enumerate(lines) if line.strip())
        mapping = Path(f"{file.path}.toml")
        if mapping.is_file():
            return self._mapped(file, mapping, lines_before), block
        if sum(name in first.lower() for name in NEEDED) >= 2:
            header = LogHeader.of(first.rstrip("\r"), str(file.path))
            for _ in range(at + 1):
                block = block.without_first_line()
            return self._read_log(file, header, lines_before + at + 1), block
        if any(_IPICO_LINE.match(line) for line in lines):
            return self._reader_file(IpicoFile, file, lines_before), block
        return self._rarer_kind(file, lines, first, lines_before), block

    def _rarer_kind(self, file: ReadFile, lines: Sequence[str], first: str, lines_before: int) -> _Kind:
        """Kinds whose code is loaded only where such a file is."""
        from readers.chronotrack_file import MARKER_LINE, READ_LINE, ChronoTrackFile, ChronoTrackMarks
        from readers.race_result_file import is_passing

        if READ_LINE.match(first):
            return self._reader_file(ChronoTrackFile, file, lines_before)
        if MARKER_LINE.match(first):
            return self._reader_file(ChronoTrackMarks, file, lines_before)
        if any(is_passing(line) for line in lines):
            return self._race_result_file(file, lines_before)
        raise ReadFileRefused(
            f"{file.path}: not a file of reads that is known here; it begins with `{shown(first, 60)}`. "
            "A read log is CSV with a header like mat,tag,epoch_us,antenna,rssi; "
            "a file of IPICO lines has records that begin with aa; one of a ChronoTrack box lines that begin with TO~; "
            "one of RACE RESULT passings lines like 1;ZICAD30;2026-10-25;10:00:01.250. For any other CSV write a "
            f"mapping, {file.path.name}.toml."
        )

    def _read_log(self, file: ReadFile, header: LogHeader, lines: int) -> _Kind:
        parser = ReadLog(
            header,
            LogMeanings.of(self._race.course, self._tags, self._sources, self._unknown),
            source_of_mat=self._source_of_mat(file.source),
            file=str(file.path),
            lines_before=lines,
            bad=self._bad,
        )
        return _Kind(parser=parser, clock=ClockKind.UTC, source=file.source)

    def _reader_file(
        self, kind: "type[IpicoFile | ChronoTrackFile | ChronoTrackMarks]", file: ReadFile, lines: int
    ) -> _Kind:
        """A file that a reader made: it says of each read which reader saw it, and not where that one stood."""
        source = file.source or self._source_named_by(file.path)
        source_of_label = {} if source else self._sources_of_labels(file.path)

        def mat_of(label: str, antenna: int | None = None) -> int:
            found = self._finder.find(source or source_of_label.get(label) or "", label, antenna)
            return found if found >= 0 else self._unknown.code(f"{source}/{label}" if source else label)

        parser = kind(
            mat_of,
            tags=self._tags,
            source_of_mat=self._source_of_mat(source),
            file=str(file.path),
            lines_before=lines,
            bad=self._bad,
        )
        return _Kind(parser=parser, clock=self._clock_of(source), source=source, guns=parser.guns)

    def _race_result_file(self, file: ReadFile, lines: int) -> _Kind:
        from readers.file_lines import LineFile
        from readers.race_result_file import RaceResultLines

        source = file.source or self._source_named_by(file.path) or self._only_source("race_result")
        if source is None:
            raise self._without_source(file.path)

        def mat_of(loop: str | None, antenna: int | None) -> int:
            found = self._finder.find(source, loop, antenna)
            return found if found >= 0 else self._unknown.code(f"{source}/{loop or antenna or ''}".rstrip("/"))

        meaning = RaceResultLines(mat_of, tags=self._tags, source_of_mat=self._source_of_mat(source))
        parser = LineFile(meaning, file=str(file.path), lines_before=lines, bad=self._bad)
        return _Kind(parser=parser, clock=self._clock_of(source), source=source, guns=parser.guns)

    def _mapped(self, file: ReadFile, path: Path, lines: int) -> _Kind:
        from readers.csv_mapping import load_mapping
        from readers.file_lines import LineFile
        from readers.mapped_csv import MappedLines

        mapping = load_mapping(path)
        said = None if mapping.source is None else SourceId(mapping.source)
        self._check_source(ReadFile(path=path, source=said))
        mats = {mat.id: index for index, mat in enumerate(self._race.course.mats)}
        for mat in (*mapping.mats.values(), *([mapping.mat] if mapping.mat else [])):
            if mat not in mats:
                raise ReadFileRefused(f"{path}: the race has no mat {mat}; it has {', '.join(mats) or 'none'}")
        source = file.source or said or self._source_named_by(file.path)
        if source is None and mapping.mat is None and "mat" not in mapping.columns:
            raise self._without_source(file.path)

        def mat_of(name: str, label: str | None, antenna: int | None) -> int:
            found = mats.get(name, -1)
            if found < 0:
                found = self._finder.find(source or "", label or name or None, antenna)
            return found if found >= 0 else self._unknown.code(name or f"{source}/{label or antenna or ''}".rstrip("/"))

        meaning = MappedLines(
            mapping, mat_of, where=str(file.path), tags=self._tags, source_of_mat=self._source_of_mat(source)
        )
        parser = LineFile(meaning, file=str(file.path), lines_before=lines, bad=self._bad)
        return _Kind(parser=parser, clock=mapping.clock, source=source, guns=parser.guns)

    def _clock_of(self, source: SourceId | None) -> ClockKind:
        """What a source's clock keeps; wall time where nobody says."""
        clocks = [s.clock for s in self._race.sources if s.id == source]
        return clocks[0] if clocks else ClockKind.LOCAL

    def _only_source(self, protocol: str) -> SourceId | None:
        """The race's one source of a protocol, where there is exactly one."""
        sources = [source.id for source in self._race.sources if source.protocol == protocol]
        return sources[0] if len(sources) == 1 else None

    def _without_source(self, path: Path) -> ReadFileRefused:
        names = ", ".join(source.id for source in self._race.sources)
        return ReadFileRefused(
            f"{path}: does not say which of the race's readers it comes from. Write SOURCE={path} with one of: "
            f"{names}; or name the file after its source."
        )

    def _check_source(self, file: ReadFile) -> None:
        names = [source.id for source in self._race.sources]
        if file.source is not None and file.source not in names:
            raise ReadFileRefused(
                f"{file.source}={file.path}: the race has no source {file.source}; it has {', '.join(names) or 'none'}"
            )

    def _source_named_by(self, path: Path) -> SourceId | None:
        """The source whose id is the file's name without its endings."""
        names = {source.id.lower(): source.id for source in self._race.sources}
        name = path.name.lower()
        while name not in names and "." in name:
            name = name.rpartition(".")[0]
        return names.get(name)

    def _sources_of_labels(self, path: Path) -> dict[str, SourceId]:
        """The source of each reader id, where the ids alone tell the mats apart."""
        mats = self._race.course.mats
        sources = {mat.label: mat.source for mat in mats if mat.label is not None}
        if len(sources) < len(mats):
            names = [source.id for source in self._race.sources]
            raise ReadFileRefused(
                f"{path}: does not say which of the race's readers it comes from, and their reader ids do not tell "
                f"either. Write SOURCE={path} with one of: {', '.join(names)}; or name the file after its source."
            )
        return sources

    def _source_of_mat(self, source: SourceId | None) -> Int16:
        """The source number of reads by mat index; the last row is for reads at no mat."""
        if source is not None:
            return np.full(len(self._race.course.mats) + 1, self._sources.code(source), np.int16)
        codes = [self._sources.code(mat.source) for mat in self._race.course.mats]
        return np.array([*codes, -1], np.int16)


def _text(block: Block) -> str:
    return bytes(block.raw[block.first : block.last]).decode("utf-8", "replace")
