"""Commands to the running engine: what each does to the journal, and what it answers.

Each command is checked by the web's `control` module and given here as a plain dict; it becomes entries of the
journal, so that what was decided survives like any read.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from calanque.crew_controls import CrewControls
from calanque.derived import Picture
from calanque.desk_controls import DeskControls
from calanque.errors import FrontDoorError
from calanque.posting_desk import posting, posting_values
from calanque.roster_import import file_digest
from calanque.ruling_desk import RulingDesk
from calanque.speaker_desk import SpeakerDesk
from config.roster_file import load_roster
from results.clock_words import clock_sentence
from results.printing import Language
from results.publication import last_number, publish
from results.web.late import late_sentence
from timing.entries import Body, ClosingBody, GunBody, GunOf, NoteBody, PublicationBody, RosterBody
from timing.times import Status

if TYPE_CHECKING:
    from calanque.engine import Engine

Answer = TypeVar("Answer")

DECIDED_WITHIN_S: Final = 20.0
"""A decision that is not durable by then is said to be waiting."""


class Controls:
    """Carries out the commands of one engine."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._publishing = asyncio.Lock()
        self._recording: set[asyncio.Future[tuple[int, ...]]] = set()
        self._deciding = asyncio.Lock()
        self._commands: dict[str, Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]] = {
            "close": self._close,
            "gun": self._gun,
            "note": self._note,
            "post": self._post,
            "publish": self._publish,
            "roster": self._roster,
            "rule": self._rule,
            "rule_many": self._rule_many,
            "seen": self._seen,
            "status": self._status,
            **CrewControls(engine, self._decide, self._check_writing).commands,
            **DeskControls(engine, self._decide, self._check_writing, self._deciding).commands,
            **dict.fromkeys(("mark", "favourites", "pace", "passing_order"), self._at_speakers_desk),
        }

    async def carry_out(self, command: dict[str, Any]) -> dict[str, Any]:
        """The answer to a checked command. Raises: RaceDayError when it cannot be done."""
        return await self._commands[command["command"]](command)

    async def _close(self, command: dict[str, Any]) -> dict[str, Any]:
        self._check_writing()
        at_us = command["at_us"] if command["at_us"] is not None else self._engine.clock.now_us()
        number = await self._decide(ClosingBody(point=command["point"], at_us=at_us, author=command["author"]))
        return {"number": number, "at_us": at_us}

    async def _gun(self, command: dict[str, Any]) -> dict[str, Any]:
        self._check_writing()
        waves = self._engine.plan.race.waves
        wave = command["wave"]
        if wave is None:
            planned = (await self._picture()).times.guns.planned
            wave = next((w.id for w, only in zip(waves, planned, strict=True) if only), None)
            if wave is None:
                each = " or ".join(w.id for w in waves)
                raise FrontDoorError(
                    f"every wave has its gun: say which one gets another, with --wave {each}; "
                    "the latest that is entered with its hour counts, else the latest press (docs/rules.md)"
                )
        if wave not in {w.id for w in waves}:
            raise FrontDoorError(f"there is no wave {wave!r}; waves: {', '.join(w.id for w in waves)}")
        pressed = command["at_us"] is None or command["pressed"]
        at_us = self._engine.clock.now_us() if command["at_us"] is None else command["at_us"]
        origin: GunOf = "button" if pressed else "hand"
        number = await self._decide(GunBody(wave=wave, instant_us=at_us, origin=origin, author=command["author"]))
        return {"number": number, "wave": wave, "at_us": at_us}

    async def _note(self, command: dict[str, Any]) -> dict[str, Any]:
        self._check_writing()
        return {"number": await self._decide(NoteBody(text=command["text"], author=command["author"]))}

    async def _rule(self, command: dict[str, Any]) -> dict[str, Any]:
        """Takes a ruling, or only tells what it would change; the answer is that of `RulingDesk` either way."""
        if not command["preview"]:
            self._check_writing()
        # One ruling after the other: each is checked against all that were taken before it.
        async with self._deciding:
            body, answer = await self._consulted(lambda desk: desk.taken(command, self._engine.clock.now_us()))
            if not command["preview"]:
                answer["number"] = await self._decide(body)
        return answer

    async def _rule_many(self, command: dict[str, Any]) -> dict[str, Any]:
        """Takes several rulings, all or none; the answer tells what they change together."""
        if not command["preview"]:
            self._check_writing()
        async with self._deciding:
            bodies, answer = await self._consulted(lambda desk: desk.all_taken(command, self._engine.clock.now_us()))
            if not command["preview"]:
                first = await self._decide(*bodies)
                answer["numbers"] = list(range(first, first + len(bodies)))
        return answer

    async def _post(self, command: dict[str, Any]) -> dict[str, Any]:
        self._check_writing()
        engine = self._engine
        async with self._deciding:
            picture = await self._picture()
            body = posting(engine.plan, picture, command, engine.clock.now_us())
            number = await self._decide(body)
        return posting_values(body, number)

    async def _seen(self, command: dict[str, Any]) -> dict[str, Any]:
        self._check_writing()
        if command["at_us"] is None:
            command["at_us"] = self._engine.clock.now_us()
        body = await self._consulted(lambda desk: desk.sighting(command))
        return {"number": await self._decide(body), "at_us": body.at_us}

    async def _at_speakers_desk(self, command: dict[str, Any]) -> dict[str, Any]:
        """Journals what announcers and spotters enter; the answer says what was taken."""
        self._check_writing()
        engine = self._engine
        entered = SpeakerDesk(plan=engine.plan, frame=engine.cards.rows.frame, now_us=engine.clock.now_us()).entered(
            command
        )
        return {"number": await self._decide(entered.body), **entered.answer}

    async def _consulted(self, question: Callable[[RulingDesk], Answer]) -> Answer:
        """What the desk says, with the race as it stands now."""
        engine = self._engine
        return await asyncio.wrap_future(
            engine.live.consult(lambda derived: question(RulingDesk(engine.plan, engine.state, derived)))
        )

    async def _roster(self, command: dict[str, Any]) -> dict[str, Any]:
        self._check_writing()
        return await self.take_roster(Path(command["path"]), author=command["author"])

    async def take_roster(self, path: Path, *, author: str) -> dict[str, Any]:
        """Journals a roster file as a new version, if it is not the one in force."""
        engine = self._engine
        loaded = await asyncio.to_thread(load_roster, path, engine.plan)
        remarks = [str(remark) for remark in loaded.remarks]
        number = None
        async with self._deciding:
            if (await self._picture()).roster != loaded.roster:
                digest = await asyncio.to_thread(file_digest, path)
                body = RosterBody(roster=loaded.roster, file=str(path), author=author, digest=digest)
                (number,) = await engine.recorder.record(body)
        return {"number": number, "entrants": len(loaded.roster), "remarks": remarks}

    async def _publish(self, command: dict[str, Any]) -> dict[str, Any]:
        """Publishes the race as the journal tells it up to now: whole, numbered, and journalled itself."""
        engine = self._engine
        self._check_writing()
        async with self._publishing:
            picture = await self._picture()
            number = last_number(engine.folder.out) + 1
            at_us = engine.clock.now_us()
            publication = await asyncio.to_thread(
                publish,
                engine.plan,
                picture.roster,
                picture.times,
                picture.rankings,
                engine.folder.out,
                number,
                at_us,
                through=picture.through,
                decisions=picture.decisions,
                states=picture.states,
            )
            await self._decide(
                PublicationBody(
                    number=number,
                    at_us=at_us,
                    through=picture.through,
                    files=publication.files,
                    author=command["author"],
                )
            )
        return {"publication": number, "folder": str(publication.folder), **self._numbers(picture)}

    async def _status(self, command: dict[str, Any]) -> dict[str, Any]:
        engine = self._engine
        health = engine.journal.health
        return {
            **self._numbers(await self._picture()),
            "now_us": engine.clock.now_us(),
            "journal": {
                "id": engine.journal.id,
                "last": engine.journal.last,
                "writing": health.writing,
                "waiting": health.waiting_entries,
                "last_flush_us": health.last_flush_us,
                "failing_us": health.failing_us,
                "error": health.error,
                "durable_after": engine.recorder.durable_after.values(),
            },
            "clocks": [clock_sentence(finding, engine.plan.race, Language.EN) for finding in engine.live.clocks],
            "late": [late_sentence(late, engine.plan.race, Language.EN) for late in engine.live.late],
            "sources": list(engine.source_rows()),
            "broker": engine.far_mats.told() if engine.far_mats is not None else None,
            "clients": engine.hubs.clients,
        }

    def _check_writing(self) -> None:
        """Raises: FrontDoorError while nothing can be journalled."""
        health = self._engine.journal.health
        if not health.writing:
            raise FrontDoorError(
                f"nothing can be journalled now ({health.error}): this was not done; give the command again when it can"
            )

    async def _decide(self, *bodies: Body) -> int:
        """Journals what was decided, all of it at once; the number of the first.

        Raises: FrontDoorError when that takes too long; it is done later then.
        """
        recording = asyncio.ensure_future(self._engine.recorder.record(*bodies))
        self._recording.add(recording)
        recording.add_done_callback(self._recording.discard)
        done, _ = await asyncio.wait([recording], timeout=DECIDED_WITHIN_S)
        if not done:
            why = self._engine.journal.health.error
            raise FrontDoorError(
                f"the journal has not taken this within {DECIDED_WITHIN_S:.0f} s ({why}): it is done when the journal "
                "can be written again; do not give the command twice"
            )
        return recording.result()[0]

    async def _picture(self) -> Picture:
        """The settled picture of everything that was durable when asked."""
        return await asyncio.wrap_future(self._engine.live.ask(lambda picture: picture))

    def _numbers(self, picture: Picture) -> dict[str, Any]:
        return {
            "through": picture.through,
            "reads": sum(picture.read_counts.values()) - self._engine.state.malformed,
            "classes": {kind.name.lower(): number for kind, number in picture.read_counts.items()},
            "repeats": {row["id"]: row["repeats"] for row in self._engine.source_rows()},
            "finished": int((picture.times.status == Status.FINISHED).sum()),
            "entrants": len(picture.roster),
            "lag_us": picture.lag_us,
        }
