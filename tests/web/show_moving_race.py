"""Serves the pages of a moving race, to look at: `python tests/web/show_moving_race.py [--at MINUTES] [--rate R]`."""

import argparse
import asyncio
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from moving_race import MovingRace, moving_race, with_mat_before_the_line
from shown_speaker import ShownSpeaker

from results.speaker.cards import Cards
from results.standing import Standing
from results.web.access import Access
from results.web.app import build_app
from results.web.hubs import Hubs
from results.web.server import LiveServer
from results.web.sessions import Sessions
from results.web.stream import Hub, View, real_now_us
from results.why import Why
from timing.instants import MINUTE, SECOND
from timing.roster import Bib

TOKEN = "a-token-of-the-race-folder"
CODES = {
    Access.SPEAKER: "badoki-luvana-0001",
    Access.CREW: "badoki-luvana-0002",
    Access.REFEREE: "badoki-luvana-0003",
    Access.JURY: "badoki-luvana-0004",
}


def shown_sessions() -> Sessions:
    """Sessions of a shown race, with codes that are easy to remember."""
    return Sessions(TOKEN, lambda: CODES)


class ShownRace:
    """A `LiveRace` over a moving race; remembers the commands it is given, and carries out those of announcers."""

    def __init__(self, race: MovingRace, *, clients_max: int = 100) -> None:
        self.race = race
        self.hubs = Hubs(public=Hub(clients_max=clients_max))
        self.race_title = {"fr": "Marseille-Cassis", "en": "Marseille-Cassis"}
        self.commands: list[dict[str, Any]] = []
        self.speaker = ShownSpeaker(race)
        self.number = 0
        self.newest: Standing | None = None
        self.asked_why: list[Bib] = []
        self.shown_us = 0
        self.changes: dict[str, Any] = {}

    @property
    def hub(self) -> Hub:
        return self.hubs.public

    @property
    def cards(self) -> Cards:
        return self.speaker.cards

    @property
    def race_rate(self) -> float:
        return float(self.view().board["clock"]["rate"])

    def race_now_us(self) -> int:
        view = self.view()
        return int(view.board["clock"]["race_now_us"] + (real_now_us() - view.made_us) * self.race_rate)

    def view(self) -> View:
        view = self.hub.latest
        assert view is not None
        return view

    async def control(self, command: dict[str, Any]) -> dict[str, Any]:
        self.commands.append(command)
        if command["command"] in ("mark", "favourites", "pace", "passing_order"):
            answer = self.speaker.enter(command)
            self.show(self.shown_us, **self.changes)
            return answer
        return {"done": command["command"]}

    def standing(self) -> Standing:
        assert self.newest is not None
        return self.newest

    async def why(self, bib: Bib) -> Why | None:
        """As the engine says it, for a race in which every crossing is one read."""
        self.asked_why.append(bib)
        return None if bib not in self.race.roster.by_bib else self.race.why(self.standing(), bib)

    def show(self, now_us: int, **changes: Any) -> View:
        """Publish the boards of all audiences at an instant."""
        self.number += 1
        self.newest = self.race.standing(now_us, **changes)
        self.shown_us, self.changes = now_us, changes
        view = View.of(self.race.board(now_us, number=self.number, **changes))
        speaker = self.speaker.sections(now_us, closed=changes.get("closed", False), rate=changes.get("rate", 1.0))
        self.hubs.publish(view, view.extended(speaker), view.extended({}))
        return view


async def _run(args: argparse.Namespace) -> None:
    race = moving_race(args.size)
    shown = ShownRace(with_mat_before_the_line(race) if args.mat_before else race, clients_max=5000)
    at_us = shown.race.first_gun_us + int(args.at * MINUTE)
    began = time.monotonic()

    def show() -> None:
        now_us = at_us + int((time.monotonic() - began) * args.rate * SECOND)
        shown.show(now_us, rate=args.rate, closed=args.closed, lag_us=args.lag * SECOND)

    show()
    async with LiveServer(build_app(shown, token=TOKEN, sessions=shown_sessions()), port=args.port) as server:
        print(f"{server.url}   staff: {server.url}/sign-in, {CODES}", flush=True)
        while True:
            await asyncio.sleep(args.tick)
            if not args.silent:
                show()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--at", type=float, default=110.0, help="minutes after the first gun")
    parser.add_argument("--rate", type=float, default=1.0)
    parser.add_argument("--tick", type=float, default=0.5)
    parser.add_argument("--size", type=int, default=20_000)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--lag", type=int, default=0)
    parser.add_argument("--mat-before", action="store_true", help="a mat 300 m before the line")
    parser.add_argument("--closed", action="store_true")
    parser.add_argument("--silent", action="store_true", help="one view and no more")
    asyncio.run(_run(parser.parse_args()))
