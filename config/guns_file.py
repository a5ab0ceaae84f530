"""Guns from a file: `wave,epoch_us`, one line a wave, instants in microseconds since the UTC epoch."""

import csv
from pathlib import Path
from typing import Final

from config.errors import Fault, GunsError
from config.race_draft import suggestion
from config.sheet import decoded
from timing.instants import Instant, datetime_of
from timing.race import Race

HEADER: Final = ("wave", "epoch_us")


def load_guns(path: str | Path, race: Race) -> dict[str, Instant]:
    """The gun of each wave that the file names; the waves it does not name keep their plan.

    Raises: GunsError with every bad line.
    """
    path = Path(path)
    try:
        text, _ = decoded(path.read_bytes())
    except OSError as error:
        raise GunsError(
            [
                Fault(
                    file=str(path),
                    key="",
                    line=None,
                    message=f"cannot be read: {error.strerror}",
                    accepted="a CSV file",
                )
            ]
        ) from error
    reader = csv.reader(text.splitlines())
    header = [cell.strip().lower() for cell in next(reader, [])]
    if not set(HEADER) <= set(header):
        raise GunsError(
            [Fault(file=str(path), key="", line=1, message="not a file of guns", accepted="the header wave,epoch_us")]
        )
    guns: dict[str, Instant] = {}
    faults: list[Fault] = []
    for row in reader:
        cells = dict(zip(header, (cell.strip() for cell in row), strict=False))
        if not any(cells.values()):
            continue
        key, message, accepted = _fault(cells, guns, race)
        if message:
            faults.append(Fault(file=str(path), key=key, line=reader.line_num, message=message, accepted=accepted))
        else:
            guns[cells["wave"]] = int(cells["epoch_us"])
    if faults:
        raise GunsError(faults)
    return guns


def _fault(cells: dict[str, str], guns: dict[str, Instant], race: Race) -> tuple[str, str, str]:
    """What is wrong with a line: the column, the message, what would be accepted; the message empty for a sound one."""
    wave, text = cells.get("wave", ""), cells.get("epoch_us", "")
    waves = [known.id for known in race.waves]
    if wave not in waves:
        return "wave", f'there is no wave "{wave}"', suggestion(wave, waves)
    if wave in guns:
        return "wave", f'a second gun of wave "{wave}"', "one line a wave"
    if not text.lstrip("-").isdecimal():
        return "epoch_us", f'"{text}" is not a whole number', "microseconds since 1970-01-01T00:00:00Z"
    if not race.first_instant_us <= int(text) <= race.last_instant_us:
        first, last = (datetime_of(end, race.zone).isoformat() for end in (race.first_instant_us, race.last_instant_us))
        return "epoch_us", f"{text} is outside the race window", f"microseconds from {first} to {last}"
    return "", "", ""
