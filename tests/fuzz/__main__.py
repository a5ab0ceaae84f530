"""Fuzzing of every reader protocol in the registry, from a seed.

    python -m tests.fuzz [--frames N] [--protocol NAME]... [--seed S] [--seconds T]

Two million damaged frames and random chunks a protocol unless told otherwise. What must hold is in `tests.fuzz.case`.
An input that fails is made smaller, written to tests/fuzz/failures/, and run again by `make test` ever after.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from readers.protocol import protocol_names

from .case import FRAMES, Step, Subject, make_case, smaller, subject, to_json, why_failed

FAILURES: Final = Path(__file__).resolve().parent / "failures"
FRAMES_DEFAULT: Final = 2_000_000
CUT_EVERY: Final = 8
"""One case in so many is run in pieces, too."""
FAILURES_MAX: Final = 5
"""After so many different ones a protocol is left alone."""
SETTLED: Final = 2_000
"""Cases after which a process has all the memory that it needs."""
GROWTH_MAX: Final = 30_000_000
"""Bytes that it may grow by after that: each case has a protocol of its own, so what grows is kept outside of it."""


def resident() -> int:
    """Bytes of this process in memory; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def fuzz(subject: Subject, frames: int, seed: str, seconds: float = 0.0) -> tuple[int, list[Path]]:
    """Runs cases until so many frames (or, if given, seconds of processor time) are over.

    Returns: how many frames there were, and the files of what failed.
    """
    cases = max(1, -(-frames // FRAMES))  # at least as many as were asked for
    begun_s, found, held_early = time.process_time(), dict[str, Path](), 0
    number = 0
    while number < cases and not (seconds and time.process_time() - begun_s > seconds):
        name = f"{seed}/{subject.name}/{number}"
        steps = make_case(subject, name)
        cut = (1 + number // CUT_EVERY % 50) if number % CUT_EVERY == 0 else 0
        if (why := why_failed(subject, steps, cut)) and _kind(why) not in found:
            found[_kind(why)] = keep(subject, steps, cut, name)
            print(f"  {subject.name}: case {number} fails: {why}\n    kept in {found[_kind(why)]}", flush=True)
            if len(found) >= FAILURES_MAX:
                break
        number += 1
        if number == SETTLED:
            held_early = resident()
    if held_early and resident() - held_early > GROWTH_MAX:
        raise SystemExit(
            f"{subject.name}: this process grew by more than {GROWTH_MAX:,} bytes: something is kept for ever"
        )
    return number * FRAMES, list(found.values())


def _kind(why: str) -> str:
    return "".join(letter for letter in why if not letter.isdigit())


def keep(subject: Subject, steps: Sequence[Step], cut: int, seed: str) -> Path:
    """Writes a case that fails to a file of its own, as small as it could be made."""
    steps = smaller(subject, steps, cut)
    why = why_failed(subject, steps, cut)
    text = to_json(subject.name, why, steps, cut, seed)
    FAILURES.mkdir(exist_ok=True)
    path = FAILURES / f"{subject.name}-{hashlib.sha256(_kind(why).encode()).hexdigest()[:10]}.json"
    path.write_text(text, encoding="utf-8")
    return path


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description="Damaged frames for every reader protocol."
    )
    parser.add_argument("--frames", type=int, default=FRAMES_DEFAULT, help="damaged frames for each protocol")
    parser.add_argument("--protocol", action="append", choices=protocol_names(), help="only this one; may be repeated")
    parser.add_argument("--seed", default="1", help="another seed gives other frames")
    parser.add_argument("--seconds", type=float, default=0.0, help="processor time for each protocol at most")
    told = parser.parse_args(words)
    failed: list[Path] = []
    for name in told.protocol or protocol_names():
        under_test = subject(name)
        begun_s = time.process_time()
        done, files = fuzz(under_test, told.frames, told.seed, told.seconds)
        took_s = time.process_time() - begun_s
        failed += files
        known = f"{len(under_test.samples)} samples, {len(under_test.good)} of them reads"
        found = "the next good frame found" if under_test.good else "a good device understood again"
        held = f"no exception, no hang, bounded, the same in pieces, {found}"
        print(
            f"{name}: {done:,} damaged frames in {took_s:.0f} s of processor time, from {known}: "
            + (f"{len(files)} FAILURES" if files else held),
            flush=True,
        )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
