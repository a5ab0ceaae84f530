"""Fuzzing led by coverage: inputs that reach new branches of a decoder are kept and damaged further.

    pip install atheris
    python -m tests.fuzz.guided PROTOCOL [-max_total_time=60] [-runs=N] ...

An extra for whoever writes a decoder; atheris is no dependency of the project, and `make fuzz` does without it. What
must hold is the same, and a failure is kept in the same place. What follows the name goes to libFuzzer.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from timing.reader_kinds import KIND_OF


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in KIND_OF:
        sys.exit(f"python -m tests.fuzz.guided PROTOCOL: one of {', '.join(KIND_OF)}")
    try:
        import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError:
        sys.exit("coverage-guided fuzzing needs atheris: pip install atheris")
    name = sys.argv.pop(1)
    with atheris.instrument_imports(include=["readers"]):
        from readers.protocol import protocol_class

        protocol_class(name)
    from .__main__ import keep
    from .case import Step, subject, why_failed

    under_test = subject(name)

    def one(data: bytes) -> None:
        """The first byte says how to cut and whether the memory is asked; 0x1e 0x1f stands for the end of a link."""
        how, *_ = data or b"\0"
        steps: list[Step] = [("ask", None)] if how & 0x80 else []
        for part in data[1:].split(b"\x1e\x1f"):
            steps += [("feed", part), ("wait", 3_000_000), ("lose", None)]
        cut = how & 0x3F
        if why := why_failed(under_test, steps, cut):
            path = keep(under_test, steps, cut, f"guided/{name}")
            raise AssertionError(f"{why}: kept in {path}")

    with tempfile.TemporaryDirectory() as corpus:
        for number, frame in enumerate(under_test.samples):
            (Path(corpus) / str(number)).write_bytes(b"\x05" + frame)
        # libFuzzer leaves with the process; the folder of what it learnt is a scratch one either way.
        atheris.Setup([sys.argv[0], *sys.argv[1:], corpus], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
