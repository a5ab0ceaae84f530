"""What the desk does to a running engine: hand times, entrants, bibs, tags, and roster files.

The journal is written here; what is sound and what follows is said by `hand_desk`, `roster_desk` and `roster_import`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, TypeVar

from calanque.derived import Derived, Picture
from calanque.hand_desk import HandDesk
from calanque.roster_desk import RosterDesk
from calanque.roster_import import RosterImports, shown_difference, taken
from config.entrant_form import EntrantRefused, typed_values
from results.entrant_search import EntrantIndex
from results.people import plain_text
from results.web.control import CommandRefused
from timing.entries import Body, RosterBody
from timing.instants import MISSING
from timing.roster import Roster

if TYPE_CHECKING:
    from calanque.engine import Engine

Answer = TypeVar("Answer")
Decide = Callable[..., Awaitable[int]]
"""Journals bodies, all at once; the number of the first."""

HEARD_LOOKED_AT: Final = 5_000
"""So many of the newest reads are looked through for the tags a mat heard last."""

HEARD_SHOWN: Final = 6


class DeskControls:
    """Carries out the commands of the desk. check: raises while nothing can be journalled."""

    def __init__(self, engine: "Engine", decide: Decide, check: Callable[[], None], deciding: asyncio.Lock) -> None:
        self._engine = engine
        self._decide = decide
        self._check = check
        self._deciding = deciding
        self._stamping = asyncio.Lock()
        self._imports = RosterImports(engine.plan)
        self._index = EntrantIndex(Roster(entrants=()))
        self.commands: dict[str, Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]] = {
            "bind_tag": lambda command: self._changed(command, RosterDesk.tag),
            "desk_frame": self._frame,
            "entrant": lambda command: self._changed(command, RosterDesk.entrant),
            "find_entrants": self._find,
            "hand_bib": self._hand_bib,
            "hand_list": self._hand_list,
            "hand_stamp": self._hand_stamp,
            "heard_tags": self._heard,
            "read_roster": self._read_roster,
            "rebib": lambda command: self._changed(command, RosterDesk.other_bib),
            "take_roster": self._take_roster,
        }

    async def _asked(self, question: Callable[[Derived], Answer], *, settle: bool = False) -> Answer:
        """What a question says of the race as it stands, all that is journalled taken in.

        Raises: CommandRefused with the field, where something typed is wrong.
        """
        try:
            return await asyncio.wrap_future(self._engine.live.consult(question, settle=settle))
        except EntrantRefused as error:
            raise CommandRefused([asdict(fault) for fault in error.faults]) from error

    def _desk(self, derived: Derived) -> RosterDesk:
        return RosterDesk(self._engine.plan, self._engine.state, derived)

    # ---- hand times ----

    async def _hand_stamp(self, command: dict[str, Any]) -> dict[str, Any]:
        self._check()
        async with self._stamping:
            plan = self._engine.plan
            bodies, answer = await self._asked(lambda derived: HandDesk(plan, derived).stamps(command))
            return await self._delivered(bodies, answer)

    async def _hand_bib(self, command: dict[str, Any]) -> dict[str, Any]:
        self._check()
        plan, now_us = self._engine.plan, self._engine.clock.now_us()
        async with self._stamping:
            bodies, answer = await self._asked(lambda derived: HandDesk(plan, derived).bibs(command, now_us))
            return await self._delivered(bodies, answer)

    async def _delivered(self, bodies: Sequence[Body], answer: dict[str, Any]) -> dict[str, Any]:
        """Journals what is new of a delivery, all of it at once; the answer with the first `number` it has there."""
        return answer | {"number": await self._decide(*bodies) if bodies else None}

    async def _hand_list(self, command: dict[str, Any]) -> dict[str, Any]:
        """All hand times, for the page's list and the export."""
        plan = self._engine.plan
        rows = await self._asked(lambda derived: HandDesk(plan, derived).listed(derived.picture()), settle=True)
        return {"rows": rows}

    # ---- entrants ----

    async def _changed(
        self, command: dict[str, Any], act: Callable[[RosterDesk, dict[str, Any]], tuple[RosterBody, dict[str, Any]]]
    ) -> dict[str, Any]:
        self._check()
        # One after the other: each is made on top of the version before it, so that two desks lose nothing.
        async with self._deciding:
            body, answer = await self._asked(lambda derived: act(self._desk(derived), command))
            number = await self._decide(body)
        return answer | {"number": number, "entrant": self._row(body.roster, body.roster.by_bib[answer["bib"]])}

    async def _frame(self, command: dict[str, Any]) -> dict[str, Any]:
        """What a form needs of the race: its waves, roles and mats."""
        race = self._engine.plan.race
        return {
            "waves": [{"id": wave.id, "name": wave.name} for wave in race.waves],
            "roles": list(self._engine.plan.roles),
            "mats": [{"id": mat.id, "point": mat.point} for mat in race.course.mats],
        }

    async def _find(self, command: dict[str, Any]) -> dict[str, Any]:
        """Entrants by what was typed (`text`), with all their fields; `version`: of the roster they are from."""

        def asked(derived: Derived) -> tuple[Roster, int, Picture]:
            desk = self._desk(derived)
            return desk.roster, desk.version, derived.picture()

        roster, version, picture = await self._asked(asked)
        # All of it beside the matching thread, which has a race to follow.
        rows = await asyncio.to_thread(self._found, roster, command["text"])
        seen = (picture.times.crossing_us != MISSING).any(axis=0)
        shown = [self._row(roster, row) for row in rows]
        for each in shown:
            index = picture.roster.by_bib.get(each["bib"])
            each["crossed"] = index is not None and bool(seen[index])
        return {"version": version, "entrants": shown, "total": len(roster)}

    def _found(self, roster: Roster, text: str) -> list[int]:
        index = self._index
        if index.roster is not roster:
            index = self._index = EntrantIndex(roster, index)
        return index.find(text)

    @staticmethod
    def _row(roster: Roster, row: int) -> dict[str, Any]:
        entrant = roster.entrants[row]
        name = plain_text(f"{entrant.first_name} {entrant.last_name.upper()}")
        return {"bib": entrant.bib, "name": name, "tags": list(entrant.tags), "fields": typed_values(entrant)}

    async def _heard(self, command: dict[str, Any]) -> dict[str, Any]:
        """The tags that a mat heard last, newest first, and whose they are."""
        mats = [mat.id for mat in self._engine.plan.race.course.mats]
        if command["mat"] not in mats:
            message = f"{command['mat']!r}; there are: {', '.join(mats)}"
            raise CommandRefused([{"field": "mat", "message": message}])
        code = mats.index(command["mat"])

        def heard(derived: Derived) -> dict[str, Any]:
            state, roster = self._engine.state, self._desk(derived).roster
            reads = state.reads()
            first = max(0, len(reads) - HEARD_LOOKED_AT)
            newest: dict[int, int] = {}
            pairs = zip(reads.mat[first:].tolist(), reads.tag[first:].tolist(), strict=True)
            for row, (mat, tag) in enumerate(pairs, first):
                if mat == code and tag >= 0:
                    newest.pop(tag, None)
                    newest[tag] = row
            rows = list(newest.items())[: -HEARD_SHOWN - 1 : -1]
            return {"tags": [self._heard_tag(state.tags.names[tag], row, roster) for tag, row in rows]}

        return await self._asked(heard)

    @staticmethod
    def _heard_tag(tag: str, row: int, roster: Roster) -> dict[str, Any]:
        """`row`: where its newest read stands; it grows with each further read."""
        holder = roster.by_tag.get(tag)
        return {"tag": tag, "read": row, "bib": None if holder is None else roster.entrants[holder].bib}

    # ---- roster files ----

    async def _read_roster(self, command: dict[str, Any]) -> dict[str, Any]:
        """A file that was sent (`content`, `name`), or one that waits (`digest`), compared with the roster in force."""
        if command.get("content") is not None:
            waiting = await asyncio.to_thread(self._imports.read, command["name"], command["content"])
            self._imports.keep(waiting)
        else:
            waiting = self._imports.waiting(command["digest"])
        plan, state, keep = self._engine.plan, self._engine.state, command["keep"]
        return await self._asked(
            lambda derived: shown_difference(waiting, state, derived, plan, keep_missing=keep), settle=True
        )

    async def _take_roster(self, command: dict[str, Any]) -> dict[str, Any]:
        self._check()
        waiting = self._imports.waiting(command["digest"])
        async with self._deciding:
            body = await self._asked(lambda derived: taken(waiting, self._desk(derived), command))
            number = await self._decide(body)
        return {"number": number, "entrants": len(body.roster)}
