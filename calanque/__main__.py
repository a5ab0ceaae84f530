"""`calanque` and `python -m calanque`."""

import gc
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typer import Typer

# Before anything imports them: we multiply no matrices, and a scan of all installed packages finds no plugin of ours.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
# Modules are no garbage: looking for some after every 700 objects makes each command start a tenth later.
gc.set_threshold(50_000, 20, 20)


def _app_of(command: list[str]) -> "Typer":
    """The whole command line; or the part with the one command whose start is a good part of its time."""
    if command == ["results"]:
        gc.disable()  # over in a second: what is garbage by then is not worth looking for, from the first import on
        from calanque.cli.begin import commands

        return commands
    from calanque.cli.app import app

    return app


def main() -> None:
    """Runs a command; what goes wrong is said in plain words. Exit codes: see `calanque.exit_codes`."""
    app = _app_of(sys.argv[1:2])
    from calanque.exit_codes import REFUSED
    from timing.errors import RaceDayError

    try:
        app(prog_name="calanque")
    except RaceDayError as error:
        print(f"calanque: {error}", file=sys.stderr)
        sys.exit(REFUSED)
    except BrokenPipeError:
        sys.exit(REFUSED)
    except OSError as error:
        # A file or folder that cannot be made, read or written: a circumstance, as long as it has a name.
        if error.filename is None:
            raise
        print(f"calanque: {error.filename}: cannot be used: {error.strerror}", file=sys.stderr)
        sys.exit(REFUSED)


if __name__ == "__main__":
    main()
