"""A command as a user gives it, in a process of its own, without the time in which Python and numpy are loaded."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from typing import NoReturn

from calanque import cli  # noqa: F401  # loaded once, for all children
from calanque.__main__ import main
from calanque.commands import check, collect, control, demo, journal, replay, results, run, simulate  # noqa: F401

WITHIN_S = 60


def calanque(*words: object, place: Path | None = None) -> subprocess.CompletedProcess[str]:
    """What `calanque` with these words says and how it ends, started in `place`; never with a traceback."""
    command = ["calanque", *map(str, words)]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            _be(command, place, out.fileno(), err.fileno())
        _, status = os.waitpid(child, 0)
        said = []
        for file in (out, err):
            file.seek(0)
            said.append(file.read().decode("utf-8"))
    done = subprocess.CompletedProcess(command, os.waitstatus_to_exitcode(status), *said)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def _be(command: list[str], place: Path | None, out: int, err: int) -> NoReturn:
    """In the child: the command, to its end."""
    code = 1
    try:
        signal.alarm(WITHIN_S)
        os.dup2(out, 1)
        os.dup2(err, 2)
        sys.stdout, sys.stderr = (os.fdopen(number, "w", closefd=False) for number in (1, 2))
        if place is not None:
            os.chdir(place)
        sys.argv = command
        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001  # as the interpreter does with what nobody caught
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
