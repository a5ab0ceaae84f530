"""All reads of the race as growing columns: one row for each identity, of two signals the stronger.

Owns where a read's mat and instant are found, how repeats are merged, and the index of rows by tag. Knows nothing of
entries other than batches of reads.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timing.clock_ledger import AS_STAMPED, ClockLedger, Stamps
from timing.clocks import FIRST_DOUBT, based, outside
from timing.growing import Growing
from timing.identity import Identities, Placed, signals
from timing.instants import MISSING
from timing.mats import MatFinder
from timing.race import Race
from timing.read_columns import KINDS, NO_NAME, DecodedReads
from timing.reads import Bool, Float32, Int16, Int64, Names, ReadKind, Reads

_HAND = KINDS.index(ReadKind.HAND)
_NO_ANTENNA = -1
_ANTENNA_MAX = np.iinfo(np.int16).max


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of the reads that were taken in, in the order of the batches: columns of length N.

    `moment_us` and `held` are those of this delivery of each read, under the ledger. `trusted`: the stamp alone could
    be trusted, whatever a ledger makes of it. `heard_first`: not just told again, with the same arrival.
    """

    placed: Placed
    stamps: Stamps
    mat: Int16
    moment_us: Int64
    held: Bool
    trusted: Bool
    heard_first: Bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What the strongest delivery of a read says: columns of length N."""

    tag: NDArray[np.int32]
    mat: Int16
    source: Int16
    antenna: Int16
    rssi: Float32

    def __len__(self) -> int:
        return len(self.tag)

    def take(self, rows: Int64 | Bool | slice) -> "_Seen":
        return _Seen(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


class ReadRows:
    """The reads of a race. The order in which they come changes only the order of rows.

    Of several deliveries of one read the strongest gives signal, antenna and mat; the earliest gives stamp and arrival.
    """

    def __init__(self, race: Race, tags: Names, sources: Names) -> None:
        self.identities = Identities(tags, sources)
        self.ledger = AS_STAMPED
        # Of reads that were delivered more than once, which are few: the recorder keeps repeats out of the journal.
        self._arrivals: dict[int, set[int]] = {}
        self._race = race
        self._finder = MatFinder(race.course)
        self._tag = Growing(np.int32)
        self._mat = Growing(np.int16)
        self._source = Growing(np.int16)
        self._antenna = Growing(np.int16)
        self._rssi = Growing(np.float32)
        self._base_us = Growing(np.int64)
        self._code = Growing(np.uint8)
        self._received_us = Growing(np.int64)
        self._held = Growing(np.bool_)
        # The moments under the ledger; while nothing is corrected they are the base instants, in one column.
        self._moment_us = self._base_us
        self._rows_of: list[array[int]] = []
        self._rows_of_nobody = array("i")
        self._touched = Growing(np.bool_)
        self._nobody_touched = False

    def __len__(self) -> int:
        return len(self._tag)

    @property
    def nbytes(self) -> int:
        """Bytes held for the rows, with the room to grow."""
        columns = (*self._seen_columns(), *self._stamp_columns(), self._held)
        corrected = 0 if self._moment_us is self._base_us else self._moment_us.nbytes
        return sum(column.nbytes for column in columns) + corrected + self.identities.nbytes + 4 * len(self)

    def reads(self) -> Reads:
        """All reads: windows on the growing columns, nothing is copied. Good until the next `add`."""
        return Reads(
            tag=self._tag.view(),
            mat=self._mat.view(),
            moment_us=self._moment_us.view(),
            source=self._source.view(),
            antenna=self._antenna.view(),
            rssi=self._rssi.view(),
            held=self._held.view(),
        )

    def rows_of_tags(self, tags: Sequence[int] | Int64) -> Int64:
        """The rows of these tags' reads: by tag in the order given, then in the order they came.

        NO_NAME: those without a tag, times by hand.
        """
        known = [
            self._rows_of_nobody if tag == NO_NAME else self._rows_of[tag]
            for tag in np.asarray(tags).tolist()
            if NO_NAME <= tag < len(self._rows_of)
        ]
        parts = [np.frombuffer(rows, np.int32) for rows in known if len(rows)]
        if not parts:
            return np.empty(0, np.int64)
        return np.concatenate(parts).astype(np.int64)

    def take_touched(self) -> Int64:
        """The tags that got a new or better read since last asked, ascending; NO_NAME for reads without one."""
        touched = np.flatnonzero(self._touched.view())
        self._touched.view()[touched] = False
        if self._nobody_touched:
            self._nobody_touched = False
            touched = np.concatenate([[NO_NAME], touched])
        return touched

    def add(self, batches: Sequence[DecodedReads]) -> Taken:
        """Take in batches, under the ledger in force."""
        placed = self.identities.place(batches)
        stamps = self._stamps_of(batches, placed)
        moment_us, held = self.ledger.place(stamps, self.identities.sources, self._race)
        antenna = np.concatenate([b.antenna for b in batches])
        by_hand = np.concatenate([b.kind for b in batches]) == _HAND
        seen = _Seen(
            # A time by hand is evidence for people, whatever number came with it: it is nobody's chip.
            tag=np.where(by_hand, NO_NAME, placed.tag).astype(np.int32),
            mat=self._mats(placed, antenna),
            source=stamps.source,
            antenna=np.where((antenna >= 0) & (antenna <= _ANTENNA_MAX), antenna, _NO_ANTENNA).astype(np.int16),
            rssi=np.concatenate([b.rssi for b in batches]).astype(np.float32),
        )
        row = placed.row
        heard = self._heard_first(row, stamps.received_us, placed.known_before)
        if len(row) == len(self.identities) - placed.known_before:
            self._extend(seen, stamps, moment_us, held)  # All of them new: their rows are the next ones, in order.
            self._touch(seen.tag)
        else:
            self._merge(row, seen, stamps)
        trusted = (stamps.code < FIRST_DOUBT) & ~outside(stamps.base_us, self._race)
        return Taken(
            placed=placed,
            stamps=stamps,
            mat=seen.mat,
            moment_us=moment_us,
            held=held,
            trusted=trusted,
            heard_first=heard,
        )

    def _heard_first(self, row: Int64, received_us: Int64, known_before: int) -> Bool:
        """Which of these deliveries are not just a read that arrived at that very moment before, told again."""
        first = np.ones(len(row), np.bool_)
        if len(row) == len(self.identities) - known_before:
            return first
        again = row < known_before
        order = np.argsort(row, kind="stable")
        opens = np.ones(len(row), np.bool_)
        opens[1:] = row[order[1:]] != row[order[:-1]]
        again[order[~opens]] = True
        leader = np.empty(len(row), np.int64)
        leader[order] = order[np.flatnonzero(opens)[np.cumsum(opens) - 1]]
        for index in np.flatnonzero(again).tolist():
            of_row = int(row[index])
            arrivals = self._arrivals.get(of_row)
            if arrivals is None:
                known = of_row < known_before
                one = self._received_us.view()[of_row] if known else received_us[leader[index]]
                arrivals = self._arrivals[of_row] = {int(one)}
            arrived = int(received_us[index])
            first[index] = arrived not in arrivals
            arrivals.add(arrived)
        return first

    def remap(self, ledger: ClockLedger) -> bool:
        """Places all rows as this ledger says; whether any moved or changed its held mark.

        The tags of those that did count as touched.
        """
        if ledger == self.ledger:
            return False
        self.ledger = ledger
        moment_us, held = ledger.place(self._stamps(), self.identities.sources, self._race)
        changed = held != self._held.view()
        if ledger.corrections or self._moment_us is not self._base_us:
            changed |= moment_us != self._moment_us.view()
        self._held.view()[:] = held
        if not ledger.corrections:
            self._moment_us = self._base_us
        else:
            self._moment_us = Growing(np.int64)
            self._moment_us.extend(moment_us)
        if not changed.any():
            return False
        self._touch(self._tag.view()[changed])
        return True

    def reads_under(self, ledger: ClockLedger) -> Reads:
        """All reads as another ledger would place them; nothing here changes. Good until the next `add`."""
        moment_us, held = ledger.place(self._stamps(), self.identities.sources, self._race)
        return Reads(
            tag=self._tag.view(),
            mat=self._mat.view(),
            moment_us=moment_us,
            source=self._source.view(),
            antenna=self._antenna.view(),
            rssi=self._rssi.view(),
            held=held,
        )

    def stamps_of(self, rows: Int64) -> Stamps:
        """What the stamps of these rows say, before any correction, and when they came."""
        return self._stamps().take(rows)

    def newest_us(self, source: int) -> int | None:
        """The latest moment of the source's reads that are not held."""
        mine = (self._source.view() == source) & ~self._held.view()
        return int(self._moment_us.view()[mine].max()) if mine.any() else None

    def _stamps(self) -> Stamps:
        return Stamps(
            base_us=self._base_us.view(),
            code=self._code.view(),
            source=self._source.view(),
            received_us=self._received_us.view(),
        )

    def _stamps_of(self, batches: Sequence[DecodedReads], placed: Placed) -> Stamps:
        received_us = np.concatenate([batch.received_us for batch in batches])
        parts = []
        first = 0
        for clock, run in groupby(batches, key=lambda batch: batch.clock):
            stamp_us = np.concatenate([batch.stamp_us for batch in run])
            parts.append(based(stamp_us, clock, self._race, received_us[first : first + len(stamp_us)]))
            first += len(stamp_us)
        return Stamps(
            base_us=np.concatenate([part.base_us for part in parts]),
            code=np.concatenate([part.code for part in parts]),
            source=placed.source.astype(np.int16),
            received_us=received_us,
        )

    def _mats(self, placed: Placed, antenna: Int64) -> Int16:
        """The mat of each read: found once for each different (source, label, antenna)."""
        mats = np.empty(len(antenna), np.int16)
        if not len(antenna):
            return mats
        packed = (placed.source * (len(self.identities.labels) + 1) + placed.label + 1) << 20 | placed.antenna_code
        _, rows, which = np.unique(packed, return_index=True, return_inverse=True)
        found = [self._mat_of(placed, antenna, row) for row in rows.tolist()]
        return np.array(found, np.int16)[which]

    def _mat_of(self, placed: Placed, antenna: Int64, row: int) -> int:
        label = int(placed.label[row])
        return self._finder.find(
            self.identities.sources.names[int(placed.source[row])],
            None if label == NO_NAME else self.identities.labels.names[label],
            None if antenna[row] == MISSING else int(antenna[row]),
        )

    def _merge(self, row: Int64, seen: _Seen, stamps: Stamps) -> None:
        """Of the deliveries with one identity, among these and with those that are here, keep the best of each."""
        best = _first_of_each(row, _strength(seen))
        earliest = _first_of_each(row, _arrival(stamps))
        row, seen, stamps = row[best], seen.take(best), stamps.take(earliest)
        known = int(np.searchsorted(row, len(self)))  # Ascending by row: the new ones are last, without a gap.
        here = row[:known]
        stronger = _before(
            _strength(seen.take(slice(0, known))),
            _strength(_Seen(**{name: column.view()[here] for name, column in self._seen_by_name()})),
        )
        earlier = _before(_arrival(stamps.take(np.arange(known))), _arrival(self._stamps().take(here)))
        for name, column in self._seen_by_name():
            column.view()[here[stronger]] = getattr(seen, name)[:known][stronger]
        moved = self._replace_stamps(here[earlier], stamps.take(np.flatnonzero(earlier)))
        fresh = stamps.take(np.arange(known, len(row)))
        self._extend(
            seen.take(slice(known, None)), fresh, *self.ledger.place(fresh, self.identities.sources, self._race)
        )
        self._touch(np.concatenate([seen.tag[:known][stronger], self._tag.view()[moved], seen.tag[known:]]))

    def _replace_stamps(self, row: Int64, stamps: Stamps) -> Int64:
        """Gives rows the stamps of an earlier delivery; those whose moment or held mark changed by it."""
        moment_us, held = self.ledger.place(stamps, self.identities.sources, self._race)
        moved: Int64 = row[(moment_us != self._moment_us.view()[row]) | (held != self._held.view()[row])]
        for column, values in zip(self._stamp_columns(), _stamp_values(stamps), strict=True):
            column.view()[row] = values
        self._moment_us.view()[row] = moment_us
        self._held.view()[row] = held
        return moved

    def _seen_by_name(self) -> list[tuple[str, Growing[Any]]]:
        return [(f.name, column) for f, column in zip(fields(_Seen), self._seen_columns(), strict=True)]

    def _seen_columns(self) -> tuple[Growing[Any], ...]:
        return (self._tag, self._mat, self._source, self._antenna, self._rssi)

    def _stamp_columns(self) -> tuple[Growing[Any], ...]:
        return (self._base_us, self._code, self._received_us)

    def _extend(self, seen: _Seen, stamps: Stamps, moment_us: Int64, held: Bool) -> None:
        first = len(self)
        for name, column in self._seen_by_name():
            column.extend(getattr(seen, name))
        for column, values in zip(self._stamp_columns(), _stamp_values(stamps), strict=True):
            column.extend(values)
        if self._moment_us is not self._base_us:
            self._moment_us.extend(moment_us)
        self._held.extend(held)
        missing = len(self.identities.tags) - len(self._rows_of)
        self._rows_of.extend(array("i") for _ in range(missing))
        if not len(seen):
            return
        order = np.argsort(seen.tag, kind="stable")
        tags = seen.tag[order]
        rows = (order + first).astype(np.int32)
        starts = np.flatnonzero(np.diff(tags, prepend=-2))
        for tag, begin, end in zip(
            tags[starts].tolist(), starts.tolist(), [*starts[1:].tolist(), len(tags)], strict=True
        ):
            place = self._rows_of_nobody if tag == NO_NAME else self._rows_of[tag]
            place.frombytes(rows[begin:end].tobytes())

    def _touch(self, tags: NDArray[np.int32]) -> None:
        self._touched.extend(np.zeros(len(self.identities.tags) - len(self._touched), np.bool_))
        nobody = tags == NO_NAME
        if nobody.any():
            self._nobody_touched = True
            tags = tags[~nobody]
        self._touched.view()[tags] = True


def _stamp_values(stamps: Stamps) -> tuple[NDArray[Any], ...]:
    return (stamps.base_us, stamps.code, stamps.received_us)


def _strength(seen: _Seen) -> tuple[NDArray[Any], ...]:
    """Columns by which what was seen is preferred, lowest first; the last counts first (as in lexsort).

    The stronger signal. Where signals are equal the rest only sees to it that the order of arrival decides nothing.
    """
    return (seen.antenna, seen.mat, -signals(seen.rssi))


def _arrival(stamps: Stamps) -> tuple[NDArray[Any], ...]:
    """The same for stamps: the earliest arrival, one that is not known after all others."""
    known = np.where(stamps.received_us == MISSING, np.iinfo(np.int64).max, stamps.received_us)
    return (stamps.code, stamps.base_us, known)


def _first_of_each(row: Int64, preference: tuple[NDArray[Any], ...]) -> Int64:
    """Of each row the first by preference, ascending by row."""
    order = np.lexsort((*preference, row))
    first: Int64 = order[np.concatenate([[True], row[order[1:]] != row[order[:-1]]])]
    return first


def _before(left: tuple[NDArray[Any], ...], right: tuple[NDArray[Any], ...]) -> Bool:
    """Where the left is preferred to the right."""
    result = np.zeros(len(left[0]), np.bool_)
    for a, b in zip(left, right, strict=True):
        result = (a < b) | ((a == b) & result)
    return result
