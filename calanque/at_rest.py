"""A race without an engine: opened from its folder, looked at, and ruled on if nobody else holds it.

The one way for commands to have the picture of a recorded race. Reading works beside a running engine; writing takes
the folder's lock, like an engine.
"""

import contextlib
from collections.abc import Iterator

from calanque.derived import Derived
from calanque.errors import FolderRefused
from calanque.folder import RACES, RaceFolder, folder_of
from calanque.ruling_desk import RulingDesk
from config.loader import load_race
from config.plan import RacePlan
from results.publication import Publication, last_number, publish
from timing.entries import Body, PublicationBody, new_entry
from timing.instants import Instant
from timing.journal import Entry, Journal
from timing.state import RaceState


class RaceAtRest:
    """A race as its journal tells it up to one entry."""

    def __init__(self, folder: RaceFolder, plan: RacePlan, journal: Journal, *, through: int | None = None) -> None:
        self.folder = folder
        self.plan = plan
        self.journal = journal
        self.state = RaceState(plan.race)
        self.state.apply_all(e for e in journal.entries() if through is None or e.number <= through)
        self.derived = Derived(plan, self.state)

    @property
    def desk(self) -> RulingDesk:
        return RulingDesk(self.plan, self.state, self.derived)

    def record(self, body: Body, at_us: Instant) -> int:
        """Journals a decision, durably; its number."""
        entry = new_entry(body, at_us)
        (number,) = self.journal.append([entry]).result()
        self.state.apply(
            Entry(
                number=number,
                kind=entry.kind,
                version=entry.version,
                source=entry.source,
                at_us=entry.at_us,
                body=entry.body,
                seal=b"",
            )
        )
        self.derived = Derived(self.plan, self.state)
        return number

    def publish(self, author: str, at_us: Instant) -> Publication:
        """Publishes the race as it stands, numbered, whole, and journalled."""
        self.derived.refresh(settle=True)
        picture = self.derived.picture()
        made = publish(
            self.plan,
            picture.roster,
            picture.times,
            picture.rankings,
            self.folder.out,
            last_number(self.folder.out) + 1,
            at_us,
            through=picture.through,
            decisions=picture.decisions,
            states=picture.states,
        )
        body = PublicationBody(
            number=made.number, at_us=at_us, through=picture.through, files=made.files, author=author
        )
        self.record(body, at_us)
        return made


@contextlib.contextmanager
def read_race(race: str, *, through: int | None = None) -> Iterator[RaceAtRest]:
    """A race to look at, also while an engine runs.

    Raises: FolderRefused when nothing was ever recorded there; ConfigError; JournalError.
    """
    folder = folder_of(race)
    _check_recorded(folder, race)
    plan = load_race(folder.path)
    with Journal.open(folder.journal, read_only=True, race=plan.race.id) as journal:
        if through is not None and through > journal.last:
            raise FolderRefused(f"the journal of {race} ends at number {journal.last}; there is no {through} yet")
        yield RaceAtRest(folder, plan, journal, through=through)


@contextlib.contextmanager
def ruled_race(race: str, what: str) -> Iterator[RaceAtRest]:
    """A race to decide on while no engine runs. Raises: FolderInUse, and as `read_race`."""
    folder = folder_of(race)
    _check_recorded(folder, race)
    plan = load_race(folder.path)
    with folder.hold(what), Journal.open(folder.journal, race=plan.race.id) as journal:
        yield RaceAtRest(folder, plan, journal)


def _check_recorded(folder: RaceFolder, race: str) -> None:
    if not folder.journal.is_file():
        raise FolderRefused(f"{race} has no journal: give a race folder that was run, or its name below {RACES}/")
