"""What a mat heard in each minute of the race so far, by antenna, and how its reader's clock stood: for two charts."""

from typing import Any, Final

from results.crew.clock_history import ClockHistory
from results.crew.mat_counts import BIN_US, NO_ANTENNA, MatCounts, minute_sums
from timing.instants import MINUTE, Instant
from timing.race import Mat

LEAST_MINUTES: Final = 10
"""So many are shown of a mat that has heard next to nothing."""

_BINS: Final = MINUTE // BIN_US


def mat_history(counts: MatCounts, history: ClockHistory, mat: Mat, now_us: Instant) -> dict[str, Any]:
    """`from_us` and `minutes` whole minutes to now; `antennas`, each with its `reads` in every one of them (`antenna`
    None: the reader does not say which); `clock`: what its reader's clock was ahead of ours, give or take `within_us`.

    The minutes begin shortly before the first read. JSON-ready.
    """
    number = counts.race.course.mats.index(mat)
    codes = counts.channels_of(number)
    end = counts.bin_of(now_us)
    heard = counts.read_bins(codes)[:end].nonzero()[0]
    since_first = 0 if not len(heard) else -(-(end - int(heard[0])) // _BINS)
    minutes = max(LEAST_MINUTES, since_first + 1)
    return {
        "mat": mat.id,
        "from_us": counts.bin_begins(end) - minutes * MINUTE,
        "minutes": minutes,
        "antennas": [
            {
                "antenna": None if (antenna := counts.channels[code].antenna) == NO_ANTENNA else antenna,
                "reads": minute_sums(counts.read_bins([code]), end, minutes, _BINS),
            }
            for code in codes
        ],
        "clock": [
            {"at_us": sample.at_us, "ahead_us": sample.ahead_us, "within_us": (sample.window_us + 1) // 2}
            for sample in history.samples(mat.source)
        ],
    }
