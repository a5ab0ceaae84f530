"""An Ultra's settings in words, and which of them may cost reads. Ids and values after Chronokeep's driver."""

from collections.abc import Mapping
from typing import Final

from readers.ultra_frames import (
    CHIP_TYPE,
    DATA_SENDING,
    GATING_INTERVAL,
    GATING_MODE,
    SET_FROM_GPS,
    TIME_ZONE,
    ULTRA_ID,
)
from readers.ultra_lines import SettingLine

_NAMES: Final[Mapping[int, str]] = {
    0x07: "region",
    0x08: "radio protocol",
    CHIP_TYPE: "chip codes",
    0x14: "mode of reader 1",
    0x15: "mode of reader 2",
    0x18: "power of reader 1",
    0x19: "power of reader 2",
    0x1C: "log size",
    GATING_MODE: "gating",
    GATING_INTERVAL: "gating interval in seconds",
    0x21: "beeper",
    SET_FROM_GPS: "clock set from GPS",
    TIME_ZONE: "time zone in hours",
    DATA_SENDING: "sending",
    ULTRA_ID: "Ultra id",
}
_MODES: Final = {0: "start", 1: "desktop", 2: "raw", 3: "finish", 4: "MTB downhill"}
_VALUES: Final[Mapping[int, Mapping[int, str]]] = {
    CHIP_TYPE: {0: "decimal", 1: "hexadecimal"},
    0x14: _MODES,
    0x15: _MODES,
    GATING_MODE: {0: "per reader", 1: "per box", 2: "first time seen"},
    SET_FROM_GPS: {0: "no", 1: "yes"},
    DATA_SENDING: {0: "always", 1: "on request"},
}


def setting_text(setting: SettingLine) -> str:
    """`gating: per box`; a setting nobody has told of by its number."""
    name = _NAMES.get(setting.setting, f"setting {setting.setting:02X}")
    number = setting.number
    known = _VALUES.get(setting.setting, {})
    if number is None:
        return f"{name}: {setting.value.decode('latin-1')}" if setting.value.isalnum() else f"{name}: not plain text"
    return f"{name}: {known.get(number, number)}"


def setting_warning(setting: SettingLine) -> str | None:
    """Why a person should look at it, if so."""
    match setting.setting, setting.number:
        case 0x1D, 2:
            return "the box tells each chip the first time only (gating): later passings do not come"
        case 0x24, 1:
            return "the box sends reads on request only: it was asked to, better set its sending to always"
        case ((0x14 | 0x15), 1):
            return "a reader of the box is in desktop mode: it is not set up for a race"
    return None
