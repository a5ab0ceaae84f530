"""`calanque replay`: a recorded race again, from its journal, by the same path as live."""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from calanque.derived import Derived
from calanque.errors import FrontDoorError
from calanque.exit_codes import DIFFERENT, OK
from calanque.folder import RaceFolder
from calanque.live import LiveRace
from calanque.public_why import PublicWhy
from calanque.running import until_told
from calanque.terminal import grouped, say, say_classes
from config.loader import load_race
from config.plan import RacePlan
from readers.race_clock import RaceClock, check_speed
from results.boards import Boards
from results.compare import compare_results
from results.publication import last_number, publish, read_publication
from results.speaker.cards import Cards
from results.standing import Standing
from results.web.app import build_app
from results.web.hubs import Hubs, views_of
from results.web.server import LiveServer
from results.web.stream import Hub, View
from results.why import Why
from timing.entries import PublicationBody, decode
from timing.instants import Instant
from timing.journal import Entry, EntryKind, Journal
from timing.roster import Bib
from timing.state import RaceState

GROUP: Final = 256
"""Entries taken in at once where nobody waits for the clock."""


def replay_command(folder: Path, *, out: Path, through: int | None, speed: str, port: int) -> int:
    check_speed(speed)
    place = RaceFolder(folder)
    if not place.journal.is_file():
        raise FrontDoorError(f"{folder} has no journal: give a race folder that was run")
    plan = load_race(folder)
    with Journal.open(place.journal, read_only=True, race=plan.race.id) as journal:
        if through is not None and through > journal.last:
            raise FrontDoorError(f"--through {through}: the journal of {folder} ends at number {journal.last}")
        compared_with, last = _last_publication(journal, through)
        through = through if through is not None else last
        if speed != "max":
            until_told(_shown(plan, journal, through, speed, port))
        state = RaceState(plan.race)
        derived = Derived(plan, state)
        for group in _groups(journal, through):
            state.apply_all(group)
            for entry in group:
                derived.note(entry)
            derived.refresh()
    derived.refresh(settle=True)
    picture = derived.picture()
    number = last_number(out) + 1
    made = publish(
        plan, picture.roster, picture.times, picture.rankings, out, number,
        compared_with.at_us if compared_with else 0, through=picture.through,
        decisions=picture.decisions, states=picture.states,
    )  # fmt: skip
    say(f"Replayed {grouped(picture.through)} entries; results in {made.folder}")
    say_classes(picture.read_counts, 0)
    if compared_with is None or compared_with.through != picture.through:
        say("There is no publication of just these entries to compare with")
        return OK
    published = read_publication(place.out / "publications" / f"{compared_with.number:04d}")
    comparison = compare_results(made.folder / "results.csv", published.folder / "results.csv")
    say(f"Compared with publication {published.number}: {comparison}")
    return OK if comparison.equal else DIFFERENT


def _last_publication(journal: Journal, through: int | None) -> tuple[PublicationBody | None, int]:
    """The last publication (made from entries up to `through` where that is given), and where a replay ends."""
    found, last = None, journal.last
    for entry in journal.entries(kinds={EntryKind.PUBLICATION}):
        body = decode(entry)
        assert isinstance(body, PublicationBody)
        if through is None or body.through == through:
            found, last = body, body.through
    return found, last


def _groups(journal: Journal, through: int) -> Iterator[list[Entry]]:
    group: list[Entry] = []
    for entry in journal.entries():
        if entry.number > through:
            break
        group.append(entry)
        if len(group) >= GROUP:
            yield group
            group = []
    yield group


class _Shown:
    """A race that is only looked at: what the pages need, and no commands."""

    def __init__(self, plan: RacePlan, clock: RaceClock) -> None:
        self.hubs = Hubs()
        self.race_title = plan.title
        self._clock = clock
        self.live: LiveRace | None = None
        self.public_why: PublicWhy | None = None

    @property
    def race_rate(self) -> float:
        return self._clock.rate

    def race_now_us(self) -> Instant:
        return self._clock.now_us()

    @property
    def hub(self) -> Hub:
        return self.hubs.public

    @property
    def cards(self) -> Cards:
        assert self.live is not None, "the race is live before its pages are served"
        return self.live.cards

    def view(self) -> View:
        latest = self.hub.latest
        assert latest is not None, "the first view is made before the pages are served"
        return latest

    def standing(self) -> Standing:
        assert self.live is not None, "the race is there before the pages are served"
        assert self.live.standing is not None, "the first view is made before the pages are served"
        return self.live.standing

    async def why(self, bib: Bib) -> Why | None:
        assert self.public_why is not None, "the race is there before the pages are served"
        return await self.public_why.why(bib)

    async def control(self, command: dict[str, Any]) -> dict[str, Any]:
        raise FrontDoorError("a replay takes no commands")


async def _shown(plan: RacePlan, journal: Journal, through: int, speed: str, port: int) -> None:
    """Serves the live page while the entries come as they came, so many times as fast."""
    entries = [entry for entry in journal.entries() if entry.number <= through]
    reads = [entry.at_us for entry in entries if entry.kind is EntryKind.READS]
    clock = RaceClock.simulated(reads[0] if reads else plan.race.first_instant_us, speed)
    race = _Shown(plan, clock)
    loop = asyncio.get_running_loop()

    def show(boards: Boards) -> None:
        loop.call_soon_threadsafe(race.hubs.publish, *views_of(boards))

    state = RaceState(plan.race)
    live = LiveRace(plan, state, clock, sources=lambda: _rows(state), show=show)
    race.live, race.public_why = live, PublicWhy(plan, state, live)
    live.start()
    await asyncio.sleep(0)
    try:
        async with LiveServer(build_app(race), port=port, ending=race.hubs.close) as server:
            say(f"Live page: {server.url}/   board: {server.url}/board   (Ctrl+C goes on without it)")
            for entry in entries:
                await asyncio.sleep(clock.real_seconds_until(entry.at_us))
                live.feed([entry])
    finally:
        live.stop()


def _rows(state: RaceState) -> list[Mapping[str, Any]]:
    return [
        {"id": source, "link": "up", "newest_us": counts.newest_us, "reads": counts.reads}
        for source, counts in state.counts.items()
    ]
