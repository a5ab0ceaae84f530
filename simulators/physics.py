"""The parameters of mats and chips: one frozen record with its defaults. Owns numbers only.

Defaults follow measured bursts of passive tags and published miss rates. With them 20,000 entrants give about 1.2
million reads: some ten for each crossing and mat.
"""

from dataclasses import dataclass, replace
from typing import Final, Self

DEFAULT_SEED: Final = 20241027


@dataclass(frozen=True, kw_only=True)
class Physics:
    """How chips are seen. Shares are of entrants or crossings as said, lengths in millimetres, times in microseconds.

    The field of a mat reaches `half_field_mm` to both sides of it; a tag inside is read every `gap_us` plus
    `crowd_gap_us` for each other tag in the same lane (`lanes` of them share the width), about ten times for each
    crossing. A miss is of one tag at one mat; misses are tied together by runner (`runner_tie`, a share of the
    variance) and by mat in time (`mat_tie`, blocks of ten seconds): P(second missed | first missed) is about 10 %,
    dead chips apart.
    """

    seed: int = DEFAULT_SEED
    half_field_mm: int = 1_500
    gap_us: int = 118_000
    crowd_gap_us: int = 2_500
    lanes: int = 4
    faded: float = 0.05
    """Share of single reads that do not come through."""

    miss_start: float = 0.015
    miss_split: float = 0.01
    miss_finish: float = 0.005
    runner_tie: float = 0.40
    mat_tie: float = 0.05
    dead_chips: float = 0.002
    """Share of entrants whose chip is never read, all day."""
    swapped_chips: float = 0.0005
    """Share of entrants who wear somebody else's chip."""

    early_readers: float = 0.20
    """Share of the first wave read on the start mat before the gun, 1 to `early_reads` times."""
    early_reads: int = 200
    turned_back: float = 0.003
    """Share of starters who turn back over the start mat and start again."""
    walked_back: float = 0.01
    """Share of finishers who cross the finish again, 1 to 30 minutes later."""
    parked: int = 4
    """Tags lying beside each point for 1 to 15 minutes: unknown ones, of finishers, of people who do not run."""
    strays: int = 0
    """More such tags, dealt out over all points."""
    parked_gap_us: int = 110_000
    unknown_tags: float = 0.003
    """Codes of nobody, as a share of entrants; each crosses a few mats."""

    backup_mats: bool = True
    repeats: float = 0.005
    """Share of reads delivered a second time, byte for byte."""
    latency_us: int = 400_000
    """A read reaches its reader's output within this time."""
    out_of_order: float = 0.005
    out_of_order_us: int = 30_000_000
    late_batches: int = 2
    """For each source: stretches of `late_batch_us` whose reads all come after the stretch is over."""
    late_batch_us: int = 40_000_000

    peak_dbm: float = -51.0
    peak_sd_db: float = 6.0
    drop_db: float = 18.0
    noise_db: float = 1.6
    floor_dbm: float = -75.0
    """Signals, for readers that give them; IPICO readers give none."""

    @classmethod
    def off(cls, *, seed: int = DEFAULT_SEED, repeats: float = 0.05) -> Self:
        """One read for each crossing, at the main mat, at the moment of the line; and repeats."""
        return replace(
            cls(seed=seed),
            half_field_mm=0,
            faded=0.0,
            miss_start=0.0,
            miss_split=0.0,
            miss_finish=0.0,
            dead_chips=0.0,
            swapped_chips=0.0,
            early_readers=0.0,
            turned_back=0.0,
            walked_back=0.0,
            parked=0,
            strays=0,
            unknown_tags=0.0,
            backup_mats=False,
            repeats=repeats,
            out_of_order=0.0,
            late_batches=0,
        )
