"""What the engine knows of itself and its machine, beside the race: how the journal is written, disk, power, broker."""

import contextlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from timing.journal_writer import WriterHealth

_SUPPLIES: Final = Path("/sys/class/power_supply")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """`journal` None: nothing is written. `disk_free`: bytes where the journal lies. `broker`: as `FarMats` tells.

    `connected`: how each source is reached in this run. `power`: whether the machine is on mains, None: it does not
    tell; `battery_percent` likewise.
    """

    journal: WriterHealth | None = None
    disk_free: int | None = None
    broker: Mapping[str, Any] | None = None
    connected: Mapping[str, str] = field(default_factory=dict)
    power: bool | None = None
    battery_percent: float | None = None


def disk_free(folder: Path) -> int | None:
    """Bytes free where a folder lies; None where the system does not tell."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def power_of_host(supplies: Path = _SUPPLIES) -> tuple[bool | None, float | None]:
    """Whether the machine is on mains, and the charge of its battery; None where Linux does not tell."""
    online: list[bool] = []
    charge: float | None = None
    with contextlib.suppress(OSError):
        for supply in sorted(supplies.iterdir()):
            if (found := _text(supply / "online")) is not None:
                online.append(found == "1")
            if (found := _text(supply / "capacity")) is not None and _text(supply / "scope") != "Device":
                charge = float(found)
    return (any(online) if online else None), charge


def _text(file: Path) -> str | None:
    try:
        return file.read_text(encoding="ascii").strip() or None
    except (OSError, UnicodeDecodeError):
        return None
