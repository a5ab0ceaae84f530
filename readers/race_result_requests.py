"""All the engine can ever say to a RACE RESULT decoder: questions, what is pushed to us, and the fetching of passings.

There are no words here that start, stop, set or erase anything of a decoder (STARTOPERATION opens a new file and
begins numbering anew, STOPOPERATION ends recording, SETTIME moves its clock, CLEARFILES erases). SETPROTOCOL and
SETPUSHPASSINGS say how it is to talk with us and change nothing it records. Source: the maker's page "TCP/IP
protocol", and public drivers.
"""

from dataclasses import dataclass
from typing import Final

ENDING: Final = b"\r\n"
PUSHED: Final = "#P;"

VERSION_MAX: Final = (3, 3)
"""The newest version whose records are known."""


@dataclass(frozen=True, slots=True)
class Request:
    """One question; `word` is the first word of its answer, empty for passings, which begin with their number."""

    word: str
    text: str

    @property
    def line(self) -> bytes:
        return self.text.encode("ascii") + ENDING


VERSIONS: Final = Request("GETPROTOCOL", "GETPROTOCOL")
BOX: Final = Request("GETCONFIG", "GETCONFIG;GENERAL;BOXNAME")
NO_PREWARNS: Final = Request("SETPUSHPREWARNS", "SETPUSHPREWARNS;0")
PUSH: Final = Request("SETPUSHPASSINGS", "SETPUSHPASSINGS;1;0")
"""Push what comes from now on; what is stored is fetched by number."""
STATUS: Final = Request("GETSTATUS", "GETSTATUS")
CLOCK: Final = Request("GETTIME", "GETTIME")
COUNT: Final = Request("PASSINGS", "PASSINGS")


def speak(version: str) -> Request:
    """Use this version of the protocol on this link."""
    return Request("SETPROTOCOL", f"SETPROTOCOL;{version}")


def passings(first: int, count: int) -> Request:
    """The passings of the current file from a number on."""
    return Request("", f"{first}:{count}")


def whole_file(number: int) -> Request:
    """All passings of an older file."""
    return Request("GETFILE", f"GETFILE;{number}")


def version_to_speak(lowest: str, highest: str) -> str | None:
    """The newest version that both sides know; None when that cannot be told."""
    low, high = _version(lowest), _version(highest)
    if low is None or high is None or low > VERSION_MAX or high < low:
        return None
    return highest if high <= VERSION_MAX else ".".join(map(str, VERSION_MAX))


def _version(text: str) -> tuple[int, int] | None:
    major, _, minor = text.partition(".")
    if not (text.isascii() and major.isdigit() and (minor or "0").isdigit() and len(text) <= 6):
        return None
    return int(major), int(minor or 0)
