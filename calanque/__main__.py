"""`calanque` and `python -m calanque`."""

import gc
import os
import sys

# Before anything imports them: we multiply no matrices, and a scan of all installed packages finds no plugin of ours.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
# Modules are no garbage: looking for some after every 700 objects makes each command start a tenth later.
gc.set_threshold(50_000, 20, 20)


def main() -> None:
    """Runs a command; what goes wrong is said in plain words. Exit codes: see `calanque.exit_codes`."""
    from calanque.cli import app
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
