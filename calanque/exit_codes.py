"""What the exit code of a command tells a script."""

from typing import Final

OK: Final = 0
"""Done, and nothing to look at."""

DIFFERENT: Final = 1
"""Done, but the answer is no: results differ from the expected ones, a journal is damaged, a check found faults."""

USAGE: Final = 2
"""The command line itself is wrong."""

REFUSED: Final = 3
"""Not done: the message on standard error says what, where, and what would be accepted."""

WITH_REMARKS: Final = 4
"""Done, but some input was set aside: the report says which lines. Only with `--strict`."""
