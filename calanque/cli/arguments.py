"""Arguments that many commands share, and the headings under which commands are shown."""

from typing import Annotated, Final

import typer

FIRST: Final = "To begin with"
RACE_DAY: Final = "On race day"
WIRES: Final = "Readers and wires"
DECIDE: Final = "Decide and explain"
AFTER: Final = "Before and after"

FROM_RESULTS = "A published results list to run again, instead of a race from the seed (docs/simulation.md)."
CLOCK = (
    "Race clock: `real`; or the hour of a simulated race that it is now, and how fast it runs, "
    "`2024-10-27T08:55:00+01:00@60`; or the text that another process tells, for the same clock."
)

Race = Annotated[str, typer.Argument(metavar="RACE", help="Race file, race folder, or name of a shipped race.")]
Running = Annotated[
    str, typer.Argument(metavar="RACE", help="Folder of a race that runs now, or its name below `races/`.")
]
Recorded = Annotated[
    str, typer.Argument(metavar="RACE", help="Folder of a race that was run, its name below `races/`, or a journal.")
]
Looked = Annotated[
    str, typer.Argument(metavar="RACE", help="Folder of a race that was run, or its name below `races/`.")
]
Speech = Annotated[
    str | None, typer.Option(metavar="fr|en", help="In which language; the first of the race file unless given.")
]
