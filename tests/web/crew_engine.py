"""A real engine over a race that was told entry by entry, with its pages: for tests of what the crew does.

To look at: `python tests/web/crew_engine.py [--at 10:30:00] [--port N]`.
"""

import argparse
import asyncio
import contextlib
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from small_race import at
from told_race import ToldRace, runner

from calanque.access_codes import AccessCodes
from calanque.engine import BY_HAND, Engine, EngineOptions
from calanque.folder import RaceFolder
from config.loader import load_race
from readers.race_clock import RaceClock
from results.web.access import Access
from results.web.control import command_of
from results.web.sessions import Sessions
from timing.roster import Sex
from timing.state import RaceState


@dataclass(frozen=True, kw_only=True)
class CrewRace:
    """An engine that runs, and where its pages are."""

    engine: Engine
    url: str

    @property
    def state(self) -> RaceState:
        return self.engine.state

    def cookie(self, name: str = "Hélène", access: Access = Access.CREW) -> dict[str, Any]:
        """The cookie of somebody who signed in, as a browser takes it."""
        sessions = Sessions(self.engine.folder.secret(), AccessCodes(self.engine.folder).now)
        return {"name": sessions.cookie, "value": sessions.begin(name=name, access=access), "url": self.url}

    async def settled(self) -> None:
        """Returns when the state has all that is durable by now."""
        await asyncio.wrap_future(self.engine.live.consult(lambda derived: None))

    async def command(self, name: str, **fields: Any) -> Mapping[str, Any]:
        """A command as the crew's pages give it, without the web."""
        return await self.engine.control(command_of(name, json.dumps(fields).encode()))


@contextlib.asynccontextmanager
async def running(told: ToldRace, root: Path, *, clock: str = "10:30:00", port: int = 0) -> AsyncIterator[CrewRace]:
    """The engine of a told race, at an hour of its day, with no reader connected."""
    async with resumed(told.folder(root), clock=clock, port=port) as race:
        yield race


@contextlib.asynccontextmanager
async def resumed(folder: RaceFolder, *, clock: str = "10:30:00", port: int = 0) -> AsyncIterator[CrewRace]:
    """An engine on a folder that is there, as after a restart."""
    sources = load_race(folder.path).race.sources
    options = EngineOptions(
        clock=RaceClock.simulated(at(clock), 1), connect={str(source.id): BY_HAND for source in sources}, port=port
    )
    async with Engine.opened(folder, options) as engine:
        run = asyncio.create_task(engine.run(), name="engine")
        try:
            while (url := (folder.holder() or {}).get("url")) is None:
                assert not run.done(), run.exception()
                await asyncio.sleep(0.02)
            yield CrewRace(engine=engine, url=str(url))
        finally:
            run.cancel()
            await asyncio.gather(run, return_exceptions=True)


def podium_race() -> ToldRace:
    """Women of wave 1 with questions on the podium, and one with none at stake."""
    man = runner(30, sex=Sex.M, last_name="<b>Gras</b>")
    race = ToldRace(*(runner(bib) for bib in range(1, 14)), man, runner(2600))
    for bib in range(1, 14):
        minute, second = divmod(bib * 30, 60)
        if bib == 5:
            minute, second = 2, 0.2  # a fifth of a second behind bib 4
        col = None if bib in (2, 3, 10, 11, 12, 13) else f"9:3{4 + minute}:{second:04.1f}"
        race.run(bib, f"9:00:{bib:02d}", col, f"10:1{minute}:{second:04.1f}")
    race.run(30, "9:00:40", "9:40:00", None)
    return race.run(2600, "9:00:30", "9:35:10", "10:09:00")


def armed_race() -> ToldRace:
    """Before the gun: a roster, and nothing else."""
    race = ToldRace(*(runner(bib) for bib in (1, 2, 3)), runner(2600))
    del race.entries[1:]
    return race


async def _show(args: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as place:
        async with running(podium_race(), Path(place), clock=args.at, port=args.port) as race:
            cookie = race.cookie()
            print(f"{race.url}/crew  {cookie['name']}={cookie['value']}", flush=True)
            print(AccessCodes(race.engine.folder).now(), flush=True)
            await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--at", default="10:30:00")
    parser.add_argument("--port", type=int, default=0)
    asyncio.run(_show(parser.parse_args()))
