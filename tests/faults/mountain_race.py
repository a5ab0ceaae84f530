"""A race of 3,000 whose col may be cut off for 40 minutes, and the screens that show it: for the tests of late data."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mqtt_peers import until
from race_book import batch, printed
from small_race import at, make_race

from calanque.derived import Picture
from calanque.live import LiveRace
from config.loader import load_race
from readers.race_clock import RaceClock
from timing.entries import ClosingBody, GunBody, RosterBody, new_entry, reads_entry
from timing.instants import MINUTE, SECOND
from timing.journal import Entry, NewEntry
from timing.reads import ChipRead, ClockKind, SourceReads, Tag
from timing.roster import Bib, Entrant, Roster, Sex
from timing.state import RaceState

RUNNERS = 3_000
CUT_US, LAST_US, BACK_US = at("9:50:00"), at("10:30:00"), at("10:33:00")
"""The network of the col goes when the first runner comes, and is back some minutes after the last."""
COL = "gineste-main"
PLAN = replace(load_race("marseille_cassis_2024"), race=make_race(n_waves=4))


def _wave(number: int) -> int:
    return 1 + number % 4


def _entrant(number: int) -> Entrant:
    return Entrant(
        bib=Bib(str(number)),
        tags=(Tag(f"05{number:06X}"),),
        sex=Sex.F if number % 3 else Sex.M,
        birth_year=1950 + number % 50,
        wave=str(_wave(number)),
    )


def _over(number: int) -> dict[str, int]:
    """When a runner is where: over the col while its network is away, some home before it is back."""
    gun_us = PLAN.race.waves[_wave(number) - 1].planned_gun_us
    # 1,009 has no divisor with 3,000: each runner has a place of their own at the col, and not in the order of bibs.
    at_col = CUT_US + number * 1_009 % RUNNERS * (LAST_US - CUT_US) // RUNNERS
    return {
        "start-main": gun_us + number % 240 * SECOND // 2,
        COL: at_col,
        "finish-main": at_col + 32 * MINUTE + number * 7_919 % 1_500 * SECOND,
    }


def _read(number: int, moment_us: int) -> ChipRead:
    return ChipRead(tag=Tag(f"05{number:06X}"), stamp_us=moment_us, received_us=moment_us + SECOND)


def col_reads() -> list[ChipRead]:
    """What the mat at the col saw, newest first; its collector heard each a second after it was made."""
    reads = [_read(number, _over(number)[COL]) for number in range(1, RUNNERS + 1)]
    return sorted(reads, key=lambda read: -read.stamp_us)


def as_col(reads: Sequence[ChipRead]) -> SourceReads:
    """The reads by the clock of the col's reader, which keeps local time: winter, an hour before UTC."""
    told = [replace(read, stamp_us=read.stamp_us + 60 * MINUTE) for read in reads]
    return SourceReads(source=PLAN.race.course.points[1].mats[0].source, clock=ClockKind.LOCAL, reads=told)


def entries(sources: Sequence[str]) -> list[NewEntry]:
    """Roster, guns, what these sources saw and the closings, each taken when it happened; reads by the half minute."""
    made = [new_entry(RosterBody(roster=Roster(entrants=tuple(map(_entrant, range(1, RUNNERS + 1))))), at("8:00:00"))]
    for wave in PLAN.race.waves:
        gun = GunBody(wave=wave.id, instant_us=wave.planned_gun_us, origin="hand")
        made.append(new_entry(gun, wave.planned_gun_us))
    for source in sources:
        reads = sorted((_read(n, _over(n)[source]) for n in range(1, RUNNERS + 1)), key=lambda read: read.stamp_us)
        parts: dict[int, list[ChipRead]] = {}
        for read in reads:
            parts.setdefault(read.stamp_us // (30 * SECOND), []).append(read)
        for part in parts.values():
            given = as_col(part) if source == COL else batch(source, part)
            made.append(reads_entry(given, part[-1].received_us))
    for point, hour in (("start", "10:00:00"), ("finish", "14:00:00")):
        made.append(new_entry(ClosingBody(point=point, at_us=at(hour), author="Anne"), at(hour)))  # type: ignore[arg-type]
    return sorted(made, key=lambda entry: entry.at_us)


class Screens:
    """The live race as its pages show it, on a clock that stands where it is put."""

    def __init__(self) -> None:
        self.now_us = at("8:00:00")
        self.boards: list[dict[str, Any]] = []
        clock = RaceClock(0, 1, 0, real_us=lambda: self.now_us, steady_us=lambda: self.now_us)
        state = RaceState(PLAN.race)
        self.live = LiveRace(PLAN, state, clock, sources=list, show=lambda shown: self.boards.append(shown.public))
        self.live.start()

    async def show(self, news: Sequence[Entry], now_us: int) -> Picture:
        """What follows once these entries came, at this instant; the last of `boards` shows it."""
        self.now_us = now_us
        self.live.feed(news)
        picture = await asyncio.wrap_future(self.live.ask(lambda picture: picture))
        shown = len(self.boards)

        def shows() -> bool:
            self.live.feed([])  # Wakes it, where it would wait a second for news.
            return len(self.boards) > shown

        await until(shows)
        return picture

    @property
    def late(self) -> list[dict[str, Any]]:
        return list(self.boards[-1]["late"])


def lists_of(picture: Picture) -> bytes:
    return printed(PLAN, picture)
