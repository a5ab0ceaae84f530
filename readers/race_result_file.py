"""Files of a RACE RESULT decoder's passings: copied from it, exported, or logged from its port.

Owns which lines count (docs/read_logs.md); what a passing says is in `race_result_records`.
"""

import re
from collections.abc import Callable
from typing import Final

from readers.file_lines import LineGun, Row
from readers.race_result_records import passing
from readers.race_result_requests import PUSHED
from timing.reads import Int16, Names

_OTHER: Final = re.compile(r"#|[A-Z]{2}|[0-9]+:[0-9]+$")
"""Headers, other pushes, answers, and what a host said."""


def is_passing(line: str) -> bool:
    """Whether a line of a file is a decoder's passing."""
    return not isinstance(passing(line.strip("\r\0 ").removeprefix(PUSHED)), str)


class RaceResultLines:
    """What such a file's lines mean in a race."""

    encoding = "latin-1"

    def __init__(self, mat_of: Callable[[str | None, int | None], int], *, tags: Names, source_of_mat: Int16) -> None:
        """`mat_of`: mat (or `UnknownMats` number) by loop and antenna; `source_of_mat`: as for a read log."""
        self._mat_of = mat_of
        self._tags = tags
        self._source_of_mat = source_of_mat

    def row(self, line: str) -> Row | LineGun | None:
        """See `LineMeaning`."""
        text = line.removeprefix(PUSHED)
        if text is line and _OTHER.match(line):
            return None
        found = passing(text)
        if isinstance(found, str):
            raise ValueError(found)
        if found.marker:
            return LineGun(found.loop or "", found.stamp.us)
        mat = self._mat_of(found.loop, found.antenna)
        source = int(self._source_of_mat[max(mat, -1)])
        antenna = -1 if found.antenna is None else found.antenna % 32_768
        rssi = float("nan") if found.rssi is None else found.rssi
        return self._tags.code(found.tag), mat, found.stamp.us, source, antenna, rssi
