"""`calanque access`: the codes of the staff pages, where to open them, and new codes."""

import contextlib
import ipaddress
import socket
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from calanque.access_codes import ensure_codes, read_codes, renew_codes
from calanque.errors import FolderRefused
from calanque.exit_codes import OK
from calanque.folder import RaceFolder, folder_of
from calanque.terminal import say, table
from config.loader import load_race
from results.web.access import Access
from results.web.staff_pages import first_page

_ELSEWHERE: Final = ("192.0.2.1", "2001:db8::1")
"""Addresses of nobody: nothing is sent, the system only says by which of its own it would go."""


def access_command(race: str, *, renew: Sequence[Access]) -> int:
    folder = folder_of(race)
    if not folder.race_file.is_file():
        raise FolderRefused(f"{race} is no race folder; one is made by `calanque run {race}`")
    if renew:
        codes = renew_codes(folder.access, frozenset(renew))
        say(f"New code for {', '.join(renew)}: who had signed in with the old one must sign in again.")
    else:
        ensure_codes(folder.access)
        codes = read_codes(folder.access)
    bases = bases_of(folder)
    for role in Access:
        code = codes.get(role)
        said = "no code: nobody can sign in" if code is None else code
        table([(str(role).ljust(7), f"code {said}")], indent="")
        for base in bases:
            say(f"         {base}{first_page(role)}")
    say("In English: the same addresses with /en before the page. Each signs in with a name and the code.")
    if all(_is_loopback(base) for base in bases):
        say("Only from this computer: `calanque run --host 0.0.0.0`, or `[web] host` of the race file, serves others.")
    return OK


def bases_of(folder: RaceFolder) -> list[str]:
    """`http://host:port` of the running engine, else of the race file; one for each address of this computer where it
    listens on all."""
    holder = folder.holder() or {}
    if "url" in holder:
        parts = urlsplit(str(holder["url"]))
        host, port = parts.hostname or "127.0.0.1", parts.port or 80
    else:
        web = load_race(folder.path).web
        host, port = web.host, web.port
    hosts = own_addresses() if host in ("0.0.0.0", "::") else [host]
    return [f"http://[{each}]:{port}" if ":" in each else f"http://{each}:{port}" for each in hosts]


def own_addresses() -> list[str]:
    """Addresses of this computer that others may reach, the most likely first; loopback when there are none."""
    found: dict[str, None] = {}
    for family, elsewhere in zip((socket.AF_INET, socket.AF_INET6), _ELSEWHERE, strict=True):
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((elsewhere, 9))
            found[str(probe.getsockname()[0])] = None
    with contextlib.suppress(OSError):
        for *_, address in socket.getaddrinfo(socket.gethostname(), None, type=socket.SOCK_DGRAM):
            found[str(address[0])] = None
    usable = [each for each in found if not _is_of_no_use(each)]
    return usable or ["127.0.0.1"]


def _is_of_no_use(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    return ip.is_loopback or ip.is_link_local


def _is_loopback(base: str) -> bool:
    host = urlsplit(base).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
