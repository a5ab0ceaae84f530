"""How often somebody may try a code: with every failure an address waits longer, and a storm slows everybody a little.

An address that failed too often is refused until its time has come; others never are. What many addresses try
together makes each answer later, by seconds at most: a right code is always taken.
"""

import ipaddress
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

FREE: Final = 4
"""Failures of an address that cost nothing: fingers are cold."""

FIRST_WAIT_S: Final = 2.0
LONGEST_WAIT_S: Final = 30.0
FORGOTTEN_S: Final = 15 * 60.0
"""So long after the last failure an address begins anew."""

STORM: Final = 30
"""Failures a minute, of all addresses together, above which every attempt is answered later."""

LONGEST_DELAY_S: Final = 4.0
ADDRESSES_MAX: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Whether a code may be tried now. wait_s: for how long it may not, 0: it may. delay_s: before it is looked at."""

    wait_s: float
    delay_s: float


@dataclass(slots=True)
class _Tries:
    failures: int = 0
    last_s: float = 0.0
    until_s: float = 0.0


class Attempts:
    """Counts failures; belongs to one event loop. now_s: seconds of a clock that never goes back."""

    def __init__(self, *, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._tries: OrderedDict[str, _Tries] = OrderedDict()
        self._recent: deque[float] = deque(maxlen=10 * STORM)

    def admit(self, address: str) -> Admission:
        """Asks to try a code. What is admitted counts as failed until `succeeded` says otherwise: tries that are made
        at the same time are counted as well."""
        now_s, key = self._now_s(), _neighbourhood(address)
        tries = self._tries.pop(key, None)
        if tries is None or now_s - tries.last_s > FORGOTTEN_S:
            tries = _Tries()
        self._tries[key] = tries
        while len(self._tries) > ADDRESSES_MAX:
            self._tries.popitem(last=False)
        if now_s < tries.until_s:
            return Admission(wait_s=tries.until_s - now_s, delay_s=0.0)
        tries.failures += 1
        tries.last_s = now_s
        tries.until_s = now_s + wait_after(tries.failures)
        self._recent.append(now_s)
        return Admission(wait_s=0.0, delay_s=self._delay_s(now_s))

    def succeeded(self, address: str) -> None:
        """The attempt that was admitted was right: it was no failure. Those before it stay counted."""
        tries = self._tries.get(_neighbourhood(address))
        if tries is not None and tries.failures:
            tries.failures -= 1
            tries.until_s = min(tries.until_s, self._now_s())
        if self._recent:
            self._recent.pop()

    def _delay_s(self, now_s: float) -> float:
        while self._recent and now_s - self._recent[0] > 60.0:
            self._recent.popleft()
        excess = len(self._recent) - STORM
        return 0.0 if excess <= 0 else min(LONGEST_DELAY_S, 0.1 * excess)


def wait_after(failures: int) -> float:
    """Seconds until an address may try again after so many failures: 0, then doubling up to the longest."""
    over = failures - FREE
    return 0.0 if over < 0 else min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(over, 10))


def _neighbourhood(address: str) -> str:
    """What one person can use at will counts as one: of IPv6, the network of 64 bits."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if ip.version == 6 and ip.ipv4_mapped is None:
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip.ipv4_mapped if ip.version == 6 else ip)
