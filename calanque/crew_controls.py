"""Commands of the crew's page: what people say there becomes entries of the journal; what they ask changes nothing."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

from calanque.decision_desk import DecisionDesk
from calanque.errors import FrontDoorError
from results.entrant_search import EntrantIndex
from results.printing import Language, hour
from timing.desk_entries import AbandonBody, AlarmBody, ArmedBody, DeskBody, MatBody
from timing.instants import MINUTE
from timing.race import Mat
from timing.roster import Bib, Roster
from timing.rulings import Role

if TYPE_CHECKING:
    from calanque.engine import Engine

FOUND_SHOWN: Final = 12

REAL_GUN_BEFORE_US: Final = 2 * MINUTE
"""A signal so long before the first planned gun, or later, may have started somebody."""

Answer = TypeVar("Answer")
Command = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


class CrewControls:
    """Carries out the crew's commands of one engine.

    decide: journals bodies and gives the number of the first. check_writing: raises while nothing can be journalled.
    """

    def __init__(
        self, engine: "Engine", decide: Callable[..., Awaitable[int]], check_writing: Callable[[], None]
    ) -> None:
        self._engine = engine
        self._decide = decide
        self._check_writing = check_writing
        self._index = EntrantIndex(Roster(entrants=()))
        self.commands: Mapping[str, Command] = {
            "abandon": self._abandon,
            "alarm": self._alarm,
            "arm": self._arm,
            "decision": self._decision,
            "decision_group": self._group,
            "mat": self._mat,
            "mat_history": self._mat_history,
            "on_course": self._on_course,
            "rulings": self._rulings,
            "runner": self._runner,
            "shift_log": self._shift_log,
            "weigh": self._weigh,
        }

    async def _alarm(self, command: dict[str, Any]) -> dict[str, Any]:
        return await self._said(
            AlarmBody(key=command["key"], at_us=self._now(None), author=command["author"], text=command["text"])
        )

    async def _arm(self, command: dict[str, Any]) -> dict[str, Any]:
        """Arms the race. Raises: FrontDoorError when that would make a trial of a gun that started somebody."""
        at_us = self._now(command["at_us"])
        if command["armed"]:
            await self._check_no_gun_before(at_us)
        return await self._said(
            ArmedBody(
                armed=command["armed"],
                at_us=at_us,
                author=command["author"],
                open_checks=tuple(command["open_checks"]),
            )
        )

    async def _check_no_gun_before(self, at_us: int) -> None:
        """What is heard near the plan of the first gun is no trial: whoever arms late says so, and since when."""
        race, state = self._engine.plan.race, self._engine.state
        from_us = min(wave.planned_gun_us for wave in race.waves) - REAL_GUN_BEFORE_US
        told = self._engine.live.consult(lambda derived: state.gun_signals(state.ledger), settle=False)
        signals = await asyncio.wrap_future(told)
        heard = [s.instant_us for s in signals if from_us <= s.instant_us < at_us and (s.pressed or s.wave is None)]
        if heard:
            gun_us = min(heard)
            raise FrontDoorError(
                f"a gun was heard at {hour(gun_us, race.zone)}: armed from now on, the race would take it for a trial; "
                f"say since when it is armed (at_us, at most {gun_us}), or leave it as it is: every gun counts"
            )

    async def _mat(self, command: dict[str, Any]) -> dict[str, Any]:
        mat, at_us = self._mat_of(command), self._now(command["at_us"])
        return await self._said(MatBody(mat=mat.id, laid=command["laid"], at_us=at_us, author=command["author"]))

    async def _mat_history(self, command: dict[str, Any]) -> dict[str, Any]:
        mat, now_us = self._mat_of(command), self._now(None)
        return await asyncio.wrap_future(
            self._engine.live.consult_crew(lambda facts, _: facts.mat_history(mat, now_us))
        )

    def _mat_of(self, command: Mapping[str, Any]) -> Mat:
        """Raises: FrontDoorError where the course has no such mat."""
        mats = {mat.id: mat for mat in self._engine.plan.race.course.mats}
        if command["mat"] not in mats:
            raise FrontDoorError(f"mat: {command['mat']!r}; there are: {', '.join(mats)}")
        return mats[command["mat"]]

    async def _abandon(self, command: dict[str, Any]) -> dict[str, Any]:
        bib, at_us = Bib(command["bib"]), self._now(command["at_us"])
        known = await self._asked(lambda desk: desk.knows(bib))
        if not known:
            raise FrontDoorError(f"nobody is entered with bib {bib}")
        body = AbandonBody(
            bib=bib,
            at_us=at_us,
            author=command["author"],
            place=command["place"],
            metres=command["metres"],
            private=command["private"],
            withdrawn=command["withdrawn"],
        )
        return await self._said(body)

    async def _decision(self, command: dict[str, Any]) -> dict[str, Any]:
        now_us, role = self._now(None), Role(command["role"])
        return await self._asked(
            lambda desk: desk.opened(command["key"], command["chosen"], role, now_us), command["language"]
        )

    async def _group(self, command: dict[str, Any]) -> dict[str, Any]:
        now_us, role = self._now(None), Role(command["role"])
        return await self._asked(
            lambda desk: desk.group(command["kind"], command["choice"], role, now_us), command["language"]
        )

    async def _rulings(self, command: dict[str, Any]) -> dict[str, Any]:
        return await self._asked(lambda desk: desk.rulings(), command["language"])

    async def _runner(self, command: dict[str, Any]) -> dict[str, Any]:
        """The runner with that bib, else those who are found by what was typed."""
        language, text = command["language"], command["bib"].strip()
        answer = await self._asked(lambda desk: desk.runner(Bib(text)), language)
        if answer["person"] is None:
            roster = await asyncio.wrap_future(self._engine.live.consult(lambda derived: derived.ground.roster))
            # Beside the matching thread, which has a race to follow.
            bibs = await asyncio.to_thread(self._like, roster, text)
            answer["found"] = await self._asked(lambda desk: desk.people(bibs), language)
        return answer

    def _like(self, roster: Roster, text: str) -> list[Bib]:
        index = self._index
        if index.roster is not roster:
            index = self._index = EntrantIndex(roster, index)
        return [roster.entrants[row].bib for row in index.find(text, FOUND_SHOWN)]

    async def _on_course(self, command: dict[str, Any]) -> dict[str, Any]:
        language = Language(command["language"])
        live = self._engine.live
        return await asyncio.wrap_future(
            live.consult_crew(lambda facts, picture: facts.course_table(picture, language))
        )

    async def _shift_log(self, command: dict[str, Any]) -> dict[str, Any]:
        language = Language(command["language"])
        return await asyncio.wrap_future(
            self._engine.live.consult_crew(lambda facts, picture: facts.shift_table(language))
        )

    async def _weigh(self, command: dict[str, Any]) -> dict[str, Any]:
        now_us, role = self._now(None), Role(command["role"])
        return await self._asked(lambda desk: desk.weighed(command["acts"], role, now_us), command["language"])

    async def _asked(self, question: Callable[[DecisionDesk], Answer], language: str = "en") -> Answer:
        """What the desk says, with the race as it stands now."""
        engine = self._engine
        return await asyncio.wrap_future(
            engine.live.consult(
                lambda derived: question(DecisionDesk(engine.plan, engine.state, derived, Language(language)))
            )
        )

    async def _said(self, body: DeskBody) -> dict[str, Any]:
        """Journals what somebody said. Raises: FrontDoorError while nothing can be."""
        self._check_writing()
        return {"number": await self._decide(body), "at_us": body.at_us}

    def _now(self, given_us: int | None) -> int:
        return self._engine.clock.now_us() if given_us is None else given_us
