"""The checklist before the gun: what should be in order before a race is armed, as far as facts go.

Nothing is switched by a check: whoever arms the race sees what is open, accepts it by name, and the journal keeps that.
What arming means for guns is in docs/rules.md section 6; reads from before the first gun start nobody in any case.
"""

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np

from config.plan import RacePlan
from results.crew.alarm_causes import BATTERY_NOTE, DISK_WARNING
from results.crew.clock_history import ahead_of_ours
from results.crew.mat_counts import NO_ANTENNA
from timing.clock_faults import ClockFinding
from timing.entries import GunBody
from timing.instants import MINUTE, SECOND, Duration, Instant
from timing.race import Mat, MatRole
from timing.reads import Bool, ClockKind, Int32, Int64, Names, Reads
from timing.roster import Roster
from timing.state import Recorded

TEST_ROLE: Final = "test"
CLOCK_WITHIN_US: Final[Duration] = SECOND
"""A clock off by less than this (with its error bar) is right before a race."""

CLOCK_SURE_US: Final[Duration] = SECOND
"""An error bar wider than this says nothing of a clock."""

NEAR_START_US: Final[Duration] = 2 * MINUTE
"""A signal from so shortly before the first planned gun on is the start itself, rather than a trial of it."""

LEFT_OVER_SHOWN: Final = 8
_FAR: Final = "collector"
_BY_FILE: Final = "file"


class CheckState(enum.StrEnum):
    OK = "ok"
    NOT_YET = "not_yet"
    """Nothing has shown it so far."""
    FAILED = "failed"
    """It was shown not to be in order."""
    NOT_APPLICABLE = "not_applicable"


class CheckKind(enum.StrEnum):
    ROSTER = "roster"
    TEST_TAGS = "test_tags"
    LINKS = "links"
    FAR_MATS = "far_mats"
    BACKUPS = "backups"
    MEMORIES = "memories"
    CLOCKS = "clocks"
    ANTENNAS = "antennas"
    GUNS = "guns"
    DISK = "disk"
    POWER = "power"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the list. `items`: what it is made of, each with its own state, as JSON has it."""

    kind: CheckKind
    state: CheckState
    items: Sequence[Mapping[str, Any]] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return str(self.kind)

    def values(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "state": str(self.state),
            "items": [dict(item) for item in self.items],
            "facts": dict(self.facts),
        }


@dataclass(frozen=True, kw_only=True)
class ArmingAsked:
    """The race at one moment before the gun.

    `owner`: the entrant of each tag. `connected`: how each source is reached in this run (`collector`, `file`, ...).
    `guns`: all that the journal has. `first_gun_us`: the first that is planned. `tested_since_us`: reads and signals
    from then on are of today's test; what is older is left over in a reader's memory. `power`: whether the engine's
    computer is on mains (True) or on its battery; None: it does not tell.
    """

    plan: RacePlan
    roster: Roster
    reads: Reads
    owner: Int32
    tags: Names
    sources: Sequence[Mapping[str, Any]]
    connected: Mapping[str, str]
    clocks: Sequence[ClockFinding] = ()
    guns: Sequence[Recorded[GunBody]] = ()
    first_gun_us: Instant
    tested_since_us: Instant
    lifted: Mapping[str, Instant] = field(default_factory=dict)
    disk_free: int | None = None
    power: bool | None = None
    battery_percent: float | None = None

    @cached_property
    def test_entrants(self) -> tuple[int, ...]:
        return tuple(index for index, entrant in enumerate(self.roster.entrants) if entrant.role == TEST_ROLE)

    @cached_property
    def wearers(self) -> Int64:
        """The entrant of each read, -1 nobody."""
        tag = self.reads.tag
        if not len(self.owner):
            return np.full(len(tag), -1, np.int64)
        known = (tag >= 0) & (tag < len(self.owner))
        return np.where(known, self.owner[np.where(known, tag, 0)], -1).astype(np.int64)

    @cached_property
    def heard_tests(self) -> Bool:
        """Reads of test tags since the test began."""
        tests = np.isin(self.wearers, self.test_entrants)
        heard: Bool = tests & ~self.reads.held & (self.reads.moment_us >= self.tested_since_us)
        return heard

    @cached_property
    def laid(self) -> tuple[tuple[int, Mat], ...]:
        """The mats that lie, and whose source is connected to in this run, with their numbers."""
        return tuple(
            (number, mat)
            for number, mat in enumerate(self.plan.race.course.mats)
            if mat.id not in self.lifted and self.connected.get(mat.source, _BY_FILE) != _BY_FILE
        )

    @cached_property
    def rows(self) -> Mapping[str, Mapping[str, Any]]:
        """The rows of their sources."""
        sources = {mat.source for _, mat in self.laid}
        return {row["id"]: row for row in self.sources if row["id"] in sources}


def checklist(asked: ArmingAsked) -> tuple[Check, ...]:
    """All checks, in the order in which they are done."""
    return (
        _roster(asked),
        _test_tags(asked),
        _links(asked),
        _far_mats(asked),
        _backups(asked),
        _memories(asked),
        _clocks(asked),
        _antennas(asked),
        _gun_sources(asked),
        _disk(asked),
        _power(asked),
    )


def open_checks(checks: Iterable[Check]) -> tuple[str, ...]:
    """The keys of what is not in order: what whoever arms the race accepts (`ArmedBody.open_checks`)."""
    return tuple(check.key for check in checks if check.state in (CheckState.NOT_YET, CheckState.FAILED))


def _worst(items: Sequence[Mapping[str, Any]]) -> CheckState:
    """The state of a whole by its items: one that failed makes it failed; nothing to check is not applicable."""
    states = {item["state"] for item in items} - {CheckState.NOT_APPLICABLE.value}
    for state in (CheckState.FAILED, CheckState.NOT_YET, CheckState.OK):
        if state.value in states:
            return state
    return CheckState.NOT_APPLICABLE


def _of_items(kind: CheckKind, items: Sequence[Mapping[str, Any]]) -> Check:
    return Check(kind=kind, state=_worst(items), items=items)


def _roster(asked: ArmingAsked) -> Check:
    tagged = sum(1 for entrant in asked.roster.entrants if entrant.tags)
    state = CheckState.OK if tagged else CheckState.NOT_YET
    return Check(kind=CheckKind.ROSTER, state=state, facts={"entrants": len(asked.roster), "with_tag": tagged})


def _test_tags(asked: ArmingAsked) -> Check:
    """Test tags are entrants of role `test`, which the race must not time."""
    tags = [tag for index in asked.test_entrants for tag in asked.roster.entrants[index].tags]
    timed = asked.plan.roles[TEST_ROLE].timed if TEST_ROLE in asked.plan.roles else True
    ignored = TEST_ROLE in asked.plan.race.untimed_roles and not timed
    state = CheckState.NOT_YET if not tags else CheckState.OK if ignored else CheckState.FAILED
    return Check(kind=CheckKind.TEST_TAGS, state=state, facts={"tags": tags, "ignored": ignored})


def _link_state(row: Mapping[str, Any] | None) -> str:
    link = None if row is None else row["link"]
    states = {"up": CheckState.OK, "unintelligible": CheckState.FAILED}
    return states.get(link or "", CheckState.NOT_YET).value


def _link_items(asked: ArmingAsked, *, far: bool) -> list[Mapping[str, Any]]:
    return [
        {"source": source, "state": _link_state(row), "link": row["link"], "error": row.get("error", "")}
        for source, row in asked.rows.items()
        if (asked.connected[source] == _FAR) is far
    ]


def _links(asked: ArmingAsked) -> Check:
    return _of_items(CheckKind.LINKS, _link_items(asked, far=False))


def _far_mats(asked: ArmingAsked) -> Check:
    return _of_items(CheckKind.FAR_MATS, _link_items(asked, far=True))


def _backups(asked: ArmingAsked) -> Check:
    """A backup that is not running during the race is not a backup: linked, and it has heard a test tag."""
    rows, heard = asked.rows, asked.heard_tests
    items = []
    for number, mat in asked.laid:
        if mat.role is not MatRole.BACKUP:
            continue
        state = _link_state(rows.get(mat.source))
        has_heard = bool(heard.any() and (asked.reads.mat[heard] == number).any())
        if state == CheckState.OK.value and not has_heard:
            state = CheckState.NOT_YET.value
        items.append({"mat": mat.id, "state": state, "heard_test_tag": has_heard})
    return _of_items(CheckKind.BACKUPS, items)


def _memories(asked: ArmingAsked) -> Check:
    """Reads from before today's test are left over in a memory, and start nobody; whose they are is told.

    Those whose hour nobody can tell are not identified: they may be of the race as well.
    """
    items = []
    old = asked.reads.held | (asked.reads.moment_us < asked.tested_since_us)
    mats = asked.plan.race.course.mats
    for source, row in asked.rows.items():
        mine = np.isin(asked.reads.mat, [n for n, mat in enumerate(mats) if mat.source == source])
        rows = np.flatnonzero(old & mine)
        runners = _timed_runners(asked, rows)
        fetching = row.get("memory") in ("asked", "running")
        held = int(np.count_nonzero(asked.reads.held[rows]))
        state = CheckState.NOT_YET if fetching or held else CheckState.OK
        items.append(
            {
                "source": source,
                "state": state.value,
                "left_over": len(rows),
                "held": held,
                "tags": len(np.unique(asked.reads.tag[rows])),
                "of_runners": len(runners),
                "bibs": [asked.roster.entrants[index].bib for index in runners[:LEFT_OVER_SHOWN].tolist()],
                "memory": row.get("memory"),
            }
        )
    return _of_items(CheckKind.MEMORIES, items)


def _timed_runners(asked: ArmingAsked, rows: Int64) -> Int64:
    """The entrants on the clock whose tags these reads are of."""
    found = np.unique(asked.wearers[rows])
    untimed = asked.plan.race.untimed_roles
    kept = [index for index in found.tolist() if index >= 0 and asked.roster.entrants[index].role not in untimed]
    return np.array(kept, np.int64)


def _clocks(asked: ArmingAsked) -> Check:
    """The clock of each source: known, near enough, and nothing found against it."""
    items = []
    for source, row in asked.rows.items():
        against = [finding for finding in asked.clocks if source in (finding.source, finding.other)]
        ahead_us = ahead_of_ours(row, asked.plan.race.zone, asked.first_gun_us)
        window_us = row.get("clock_round_trip_us")
        within_us = None if window_us is None else (window_us + 1) // 2
        if row.get("clock") == ClockKind.ELAPSED.value:
            state = CheckState.NOT_YET if against else CheckState.OK
        elif against:
            state = CheckState.FAILED
        elif ahead_us is None or within_us is None or within_us > CLOCK_SURE_US:
            state = CheckState.NOT_YET
        else:
            state = CheckState.OK if abs(ahead_us) <= CLOCK_WITHIN_US + within_us else CheckState.FAILED
        faults = [str(finding.fault) for finding in against]
        items.append(
            {"source": source, "state": state.value, "ahead_us": ahead_us, "within_us": within_us, "faults": faults}
        )
    return _of_items(CheckKind.CLOCKS, items)


def _antennas(asked: ArmingAsked) -> Check:
    """Every antenna of every mat heard a test tag; of a reader that names none, the mat did."""
    heard = asked.heard_tests
    items: list[Mapping[str, Any]] = []
    for number, mat in asked.laid:
        here = asked.reads.mat == number
        known = set(mat.antennas) | set(np.unique(asked.reads.antenna[here]).tolist()) - {NO_ANTENNA}
        for antenna in sorted(known) or [NO_ANTENNA]:
            of = here if antenna == NO_ANTENNA else here & (asked.reads.antenna == antenna)
            rows = np.flatnonzero(of & heard)
            items.append(
                {
                    "mat": mat.id,
                    "antenna": None if antenna == NO_ANTENNA else antenna,
                    "state": (CheckState.OK if len(rows) else CheckState.NOT_YET).value,
                    "reads": len(rows),
                    "last_us": int(asked.reads.moment_us[rows].max()) if len(rows) else None,
                }
            )
    return _of_items(CheckKind.ANTENNAS, items)


def _gun_sources(asked: ArmingAsked) -> Check:
    """A signal on the wire or a press of the button was tried: it came, and well before the first planned gun.

    One near the start itself is no trial: armed after it, the race would take it for one.
    """
    items = []
    for gun in asked.guns:
        at_us = gun.at_us if gun.body.instant_us is None else gun.body.instant_us
        if gun.body.origin not in ("wire", "button") or at_us < asked.tested_since_us:
            continue
        trial = at_us < asked.first_gun_us - NEAR_START_US
        items.append(
            {
                "state": (CheckState.OK if trial else CheckState.FAILED).value,
                "number": gun.number,
                "origin": gun.body.origin,
                "source": gun.body.source,
                "author": gun.body.author,
                "at_us": at_us,
            }
        )
    return Check(kind=CheckKind.GUNS, state=_worst(items) if items else CheckState.NOT_YET, items=items)


def _disk(asked: ArmingAsked) -> Check:
    free = asked.disk_free
    if free is None:
        return Check(kind=CheckKind.DISK, state=CheckState.NOT_APPLICABLE)
    state = CheckState.OK if free >= DISK_WARNING else CheckState.FAILED
    return Check(kind=CheckKind.DISK, state=state, facts={"free_bytes": free, "least_bytes": DISK_WARNING})


def _power(asked: ArmingAsked) -> Check:
    """Mains, or enough in every battery that is told, the computer's among them."""
    items: list[Mapping[str, Any]] = []
    if asked.power is not None:
        ok = asked.power or (asked.battery_percent or 0) >= BATTERY_NOTE
        state = CheckState.OK if ok else CheckState.FAILED
        items.append({"source": None, "state": state.value, "mains": asked.power, "percent": asked.battery_percent})
    for source, row in asked.rows.items():
        percent, mains = row.get("battery_percent"), row.get("mains")
        if percent is None and mains is None:
            continue
        state = CheckState.OK if mains or (percent or 0) >= BATTERY_NOTE else CheckState.FAILED
        items.append({"source": source, "state": state.value, "mains": mains, "percent": percent})
    return _of_items(CheckKind.POWER, items)
