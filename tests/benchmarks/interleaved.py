"""Whole processes run in turn, so that a busy minute of the machine meets all of them alike; and what came of it."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

PYTHON = sys.executable


@dataclass(frozen=True, kw_only=True)
class Run:
    wall_s: float
    cpu_s: float
    peak_mb: float


@dataclass(kw_only=True)
class Runs:
    """The runs of each command, round by round."""

    of: dict[str, list[Run]] = field(default_factory=dict)

    def wall_s(self, name: str) -> float:
        return statistics.median(run.wall_s for run in self.of[name])

    def peak_mb(self, name: str) -> float:
        return max(run.peak_mb for run in self.of[name])

    def ratio(self, name: str, other: str) -> float:
        """How long `name` takes for each second of `other`: the median of the ratios of each round."""
        return statistics.median(a.wall_s / b.wall_s for a, b in zip(self.of[name], self.of[other], strict=True))

    def table(self, *bases: str) -> str:
        """Medians, and the median of the ratios to each of `bases`, round by round."""
        head = f"{'':<24}{'wall s':>9}{'(min-max)':>16}{'cpu s':>8}{'peak MB':>9}"
        head += "".join(f"{'of ' + base:>12}" for base in bases)
        rows = [head]
        for name, runs in self.of.items():
            walls = [run.wall_s for run in runs]
            cpu = statistics.median(run.cpu_s for run in runs)
            spread = f"({min(walls):.2f}-{max(walls):.2f})"
            rows.append(
                f"{name:<24}{statistics.median(walls):>9.3f}{spread:>16}{cpu:>8.2f}{self.peak_mb(name):>9.0f}"
                + "".join(f"{self.ratio(name, base):>12.2f}" for base in bases)
            )
        return "\n".join(rows)


def interleaved(commands: Mapping[str, Sequence[str | Path]], *, rounds: int) -> Runs:
    """Runs each command once to warm the file cache, then all of them in turn, `rounds` times."""
    for command in commands.values():
        _run(command)
    runs = Runs()
    for _ in range(rounds):
        for name, command in commands.items():
            runs.of.setdefault(name, []).append(_run(command))
    return runs


_LAUNCHER = """
import json, os, sys, time
begun = time.perf_counter()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(child, 0)
wall = time.perf_counter() - begun
run = {"wall_s": wall, "cpu_s": used.ru_utime + used.ru_stime, "peak_mb": used.ru_maxrss / 1024}
print(json.dumps(run), file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""A child's peak memory is never less than its parent's when it was started: so a small parent starts it."""


def _run(command: Sequence[str | Path]) -> Run:
    launcher = [PYTHON, "-S", "-E", "-c", _LAUNCHER]
    # The first run leaves its bytecode behind, as with everybody: nobody compiles all sources at each start.
    settings = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [*launcher, *map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=settings
    )
    assert done.returncode == 0, f"{command}: {done.stderr[-2000:]}"
    return Run(**json.loads(done.stderr.splitlines()[-1]))


def show(request: pytest.FixtureRequest, text: str) -> None:
    """Prints past pytest's capture."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print(f"\n{text}")
