"""The engine: one race, live. Joins drivers, journal, matching and pages in one process.

Owns the life of a run: opening the folder, bringing the journal's race back, the tasks, and their end. What a command
does is in `controls`, how entries reach the journal in `recorder`, what follows from them in `live`.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from calanque.access_codes import AccessCodes
from calanque.controls import Controls
from calanque.errors import FrontDoorError
from calanque.far_mats import FarMats
from calanque.folder import HeldFolder, RaceFolder
from calanque.host_clock import HostClock, in_words
from calanque.host_facts import HostFacts, disk_free, power_of_host
from calanque.live import LiveRace
from calanque.log_words import journalled_words
from calanque.mqtt_mats import mqtt_readers
from calanque.public_why import PublicWhy
from calanque.reader_words import kind_reached
from calanque.recorder import Recorder
from calanque.roster_import import file_digest
from calanque.sources import SourceBoard, SourceSink
from config.loader import load_race
from config.plan import RacePlan
from readers.capture import CaptureWriter
from readers.driver import Driver, driver_for
from readers.mqtt_filters import check_mqtt_sources, is_mqtt
from readers.mqtt_link import BrokerAddress
from readers.protocol import Since
from readers.race_clock import RaceClock
from readers.transports import check_endpoint, is_link
from results.boards import Boards
from results.clock_words import clock_sentence
from results.printing import Language
from results.speaker.cards import Cards
from results.standing import Standing
from results.web.app import build_app
from results.web.hubs import Hubs, views_of
from results.web.late import late_sentence
from results.web.server import LiveServer
from results.web.sessions import Sessions
from results.web.stream import Hub, View
from results.why import Why
from timing.entries import Body, NoteBody, RulesBody
from timing.instants import Duration, Instant
from timing.journal import Journal
from timing.race import Source
from timing.reader_kinds import KIND_OF
from timing.roster import Bib
from timing.state import RaceState

logger = logging.getLogger(__name__)

COLLECTOR: Final = "collector"
BY_HAND: Final = "file"
"""A source that is only ever read from files: nothing to connect to."""

_WATCH_S: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    """What the command line says beyond the race file. `connect`: where to reach a source instead."""

    clock: RaceClock
    connect: Mapping[str, str]
    broker: BrokerAddress | None = None
    roster: Path | None = None
    host: str | None = None
    port: int | None = None


class Engine:
    """One run of one race. `async with Engine.opened(...)` gives it ready; `run` lasts until cancelled."""

    def __init__(self, held: HeldFolder, plan: RacePlan, options: EngineOptions, journal: Journal) -> None:
        self.folder = held.folder
        self.plan = plan
        self.options = options
        self.journal = journal
        self.hubs = Hubs()
        self._held = held
        self._loop = asyncio.get_running_loop()
        state = RaceState(plan.race)
        state.apply_all(journal.entries())
        self.board = SourceBoard(self._sources(), options.clock)
        self.live = LiveRace(
            plan,
            state,
            options.clock,
            sources=self.source_rows,
            show=self._show,
            behind=self._behind,
            host=self._host_facts,
        )
        self.recorder = Recorder(journal, state.identity_index(), options.clock, self.live.feed, self._tell_journalled)
        self._state = state
        self.controls = Controls(self)
        self._public_why = PublicWhy(plan, state, self.live)
        self.far_mats: FarMats | None = None

    @classmethod
    @contextlib.asynccontextmanager
    async def opened(cls, folder: RaceFolder, options: EngineOptions) -> AsyncIterator["Engine"]:
        """An engine that holds the folder, with the race as its journal tells it.

        Raises: FolderInUse; ConfigError; JournalError when the journal cannot be trusted.
        """
        plan = load_race(folder.path)
        _check_connections(plan, options)
        with folder.hold(f"calanque run {folder.path}") as held:
            if folder.journal.exists():
                journal = Journal.open(folder.journal, race=plan.race.id)
            else:
                journal = Journal.create(folder.journal, race=plan.race.id)
            with journal:
                yield cls(held, plan, options, journal)

    @property
    def race_title(self) -> Mapping[str, str]:
        return self.plan.title

    @property
    def hub(self) -> Hub:
        """The public's stream."""
        return self.hubs.public

    @property
    def cards(self) -> Cards:
        """What announcers look up, as of the last view."""
        return self.live.cards

    @property
    def clock(self) -> RaceClock:
        return self.options.clock

    @property
    def race_rate(self) -> float:
        return self.clock.rate

    def race_now_us(self) -> Instant:
        return self.clock.now_us()

    @property
    def state(self) -> RaceState:
        """The fold of the journal. It belongs to the matching thread: read single values here, never iterate."""
        return self._state

    def view(self) -> View:
        latest = self.hub.latest
        assert latest is not None, "the first view is made before the pages are served"
        return latest

    def standing(self) -> Standing:
        latest = self.live.standing
        assert latest is not None, "the first view is made before the pages are served"
        return latest

    async def why(self, bib: Bib) -> Why | None:
        return await self._public_why.why(bib)

    async def control(self, command: dict[str, Any]) -> dict[str, Any]:
        return await self.controls.carry_out(command)

    async def run(self) -> None:
        """Takes reads and serves pages until cancelled.

        Raises: what ended it, when it could not go on.
        """
        web = self.plan.web
        sessions = Sessions(self.folder.secret(), AccessCodes(self.folder).now)
        server = LiveServer(
            build_app(self, token=self.folder.secret(), sessions=sessions),
            host=self.options.host or web.host,
            port=web.port if self.options.port is None else self.options.port,
            ending=self.hubs.close,
        )
        self.live.start()
        await asyncio.sleep(0)
        captured = [*self._attached(), *self._publishing()]
        captures = {source.id: CaptureWriter(self.folder.capture, source.id) for source in captured}
        try:
            async with server, asyncio.TaskGroup() as tasks:
                self._held.tell(url=server.url, endpoints=[source.connect for source in self._attached()])
                logger.info("page at %s/", server.url)
                logger.info("staff sign in at %s/sign-in; codes: calanque access %s", server.url, self.folder.path)
                tasks.create_task(self._keep_rules_and_roster(), name="roster")
                sink = SourceSink(self.recorder, self.board, self._state, self.plan.race)
                for source in self._attached():
                    driver = self._driver(source, sink, captures[source.id])
                    tasks.create_task(driver.run(), name=f"driver {source.id}")
                if publishing := self._publishing():
                    tasks.create_task(mqtt_readers(self, publishing, sink, captures).run(), name="mqtt readers")
                far = [source.id for source in self._sources() if source.connect == COLLECTOR]
                if far:
                    self.far_mats = FarMats(self, far)
                    tasks.create_task(self.far_mats.run(), name="far mats")
                tasks.create_task(self._watch(), name="watch")
        finally:
            for capture in captures.values():
                capture.close()
            self.live.stop()

    def _driver(self, source: Source, sink: SourceSink, capture: CaptureWriter) -> Driver:
        counted = self._state.counts[source.id]

        def since() -> Since | None:
            if counted.last_stamp_us is None:
                return None
            return Since(counted.last_stamp_us, counted.last_file, counted.last_seq)

        return driver_for(source, sink, self.clock, since, capture)

    def _sources(self) -> list[Source]:
        """The race's sources, reached as the command line says."""
        return [
            replace(source, connect=self.options.connect.get(source.id, source.connect))
            for source in self.plan.race.sources
        ]

    def _attached(self) -> list[Source]:
        return [source for source in self._sources() if is_link(source.connect)]

    def _publishing(self) -> list[Source]:
        """Readers that speak MQTT themselves."""
        return [source for source in self._sources() if is_mqtt(source.connect)]

    async def _keep_rules_and_roster(self) -> None:
        """Journals the race file and the roster when they are not what the journal has."""
        rules = self._state.rules
        if not rules or rules[-1].body.text != self.plan.text:
            await self.recorder.record(RulesBody(text=self.plan.text, file=str(self.folder.race_file)))
        roster = self._roster_to_take()
        if roster is not None:
            await self.controls.take_roster(roster, author="engine")
        elif self._state.roster is None:
            logger.warning("no roster yet: put one into %s, or give --roster", self.folder.roster)

    def _roster_to_take(self) -> Path | None:
        """The roster file of the command line or the folder, unless that would undo what people changed at the desk."""
        file, version = self.options.roster or self.folder.latest_roster(), self._state.roster_version
        if file is None or version is None or not version.body.change:
            return file
        if file_digest(file) == version.body.digest:
            return None  # the file that the desk went on from
        changed = f"{' '.join(version.body.change)}, by {version.body.author}"
        if self.options.roster is not None:
            logger.warning("%s takes the place of what was changed at the desk (last %s)", file, changed)
            return file
        logger.warning(
            "%s is not taken: the roster was changed at the desk (last %s); send the file to the desk to see the "
            "difference, or give --roster",
            file,
            changed,
        )
        return None

    async def _watch(self) -> None:
        """Ends the run when the picture can no longer be made, and says it when the journal cannot be written."""
        outages, writing = 0, True
        host_clock = HostClock()
        told: frozenset[tuple[object, ...]] = frozenset()
        late: frozenset[str] = frozenset()
        while True:
            await asyncio.sleep(_WATCH_S)
            if self.live.failed is not None:
                raise FrontDoorError("the matching thread ended; see the log") from self.live.failed
            if self.far_mats is not None:
                self.far_mats.refresh_board()
            self._note_host(host_clock)
            told = self._tell_clocks(told)
            late = self._tell_late(late)
            health = self.journal.health
            if health.stopped:
                raise FrontDoorError(f"the journal takes nothing more: {health.error}")
            if health.outages > outages:
                outages, writing = health.outages, False
                logger.error("ALARM: nothing can be journalled, nothing is confirmed: %s", health.outage_error)
            if health.writing and not writing:
                writing = True
                logger.warning("the journal is written again; nothing confirmed was lost")

    def _tell_journalled(self, number: int, body: Body) -> None:
        """Says in the log what was decided or happened, now that the journal has it for good."""
        try:
            words = journalled_words(number, body, self.plan, self._state.ledger, self.clock.now_us())
        except Exception:
            # What is done stays done: whoever gave it must not hear of a failure because it could not be said.
            logger.exception("number %d of the journal cannot be said", number)
            return
        logger.info("%s", words)

    def _tell_clocks(self, told: frozenset[tuple[object, ...]]) -> frozenset[tuple[object, ...]]:
        """Says in the log what is newly wrong with a clock, and what is no more; what is known now."""
        found = {(finding.source, finding.fault, finding.holds): finding for finding in self.live.clocks}
        for key, finding in found.items():
            if key not in told:
                say = logger.error if finding.holds else logger.warning
                alarm = "ALARM: " if finding.holds else ""
                say("%s%s", alarm, clock_sentence(finding, self.plan.race, Language.EN))
        for source, fault, _ in told - found.keys():
            logger.info("clock of %s: %s is over, or was decided", source or "this computer", fault)
        return frozenset(found)

    def _tell_late(self, told: frozenset[str]) -> frozenset[str]:
        """Says in the log which points begin to deliver late, and which do no more; those that do now."""
        found = {late.point: late for late in self.live.late}
        for point, late in found.items():
            if point not in told:
                logger.warning("%s", late_sentence(late, self.plan.race, Language.EN))
        for point in told - found.keys():
            logger.info("late data from %s: nothing more for some minutes", point)
        return frozenset(found)

    def _note_host(self, host_clock: HostClock) -> None:
        """Journals pauses of this computer and steps of its clock, which do not reach the clock of a simulated race."""
        for seen in host_clock.look():
            if self.clock.is_real or isinstance(seen, NoteBody):
                logger.warning("%s", in_words(seen))
                self.recorder.note(seen)

    def _behind(self) -> Duration:
        """While nothing can be journalled, what is shown grows old, and says so."""
        failing_us = self.journal.health.failing_us
        return 0 if failing_us is None else round(failing_us * self.clock.rate)

    def _host_facts(self) -> HostFacts:
        """What the engine knows of itself; asked by the matching thread."""
        power, percent = power_of_host()
        return HostFacts(
            journal=self.journal.health,
            disk_free=disk_free(self.folder.path),
            broker=None if self.far_mats is None else self.far_mats.told(),
            connected={str(source.id): source.connect for source in self._sources()},
            power=power,
            battery_percent=percent,
        )

    def source_rows(self) -> Sequence[Mapping[str, Any]]:
        """How each source is; asked by the matching thread and by commands."""
        return self.board.rows(self._state, self.recorder.repeats)

    def _show(self, boards: Boards) -> None:
        """Called by the matching thread: serialised there, published in the loop."""
        self._loop.call_soon_threadsafe(self.hubs.publish, *views_of(boards))


def _check_connections(plan: RacePlan, options: EngineOptions) -> None:
    """Every source named on the command line must exist and be reachable in principle.

    Raises: FrontDoorError, BadEndpoint.
    """
    known = {str(source.id): source for source in plan.race.sources}
    for name, where in options.connect.items():
        if name not in known:
            raise FrontDoorError(f"--connect {name}={where}: no such source; the race has: {', '.join(sorted(known))}")
        if where not in (COLLECTOR, BY_HAND):
            check_endpoint(where)
            if known[name].protocol in KIND_OF:
                kind_reached(known[name].protocol, where)
    sources = [replace(source, connect=options.connect.get(source.id, source.connect)) for source in known.values()]
    check_mqtt_sources(source for source in sources if is_mqtt(source.connect))
