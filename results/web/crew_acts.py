"""What the crew decides and says at its console: opened decisions with their effect, and the forms that commit.

What is committed is what was weighed: a form carries the journal number that was seen and stands for just these acts.
Where the ground has moved nothing is done, and the case is shown anew. All answers are fragments of the page.
"""

import json
import logging
from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from results.web.access import CREWING, Session
from results.web.control import CommandRefused, command_of
from results.web.crew_confirm import CONFIRMED, confirmation, done_words
from results.web.crew_pages import CrewPanes, crew_words
from results.web.live_race import LiveRace
from results.web.staff import StaffRoute, staff_data, staff_write
from timing.errors import GroundMoved, RaceDayError

logger = logging.getLogger(__name__)

SAID_AT_ONCE: Final = frozenset({"alarm", "mat", "note", "abandon", "arm"})
"""What is done by its button; what follows from the others is confirmed first."""

Fields = Mapping[str, str]

_NUMBERS: Final = frozenset({"at_us", "metres", "depth", "order"})


def crew_act_routes(live: LiveRace, panes: CrewPanes) -> list[StaffRoute]:
    """Fragments that open and weigh, and forms that commit."""
    acts = _Acts(live, panes)
    return [
        staff_data("/crew/decision", acts.decision, roles=CREWING),
        staff_data("/crew/group", acts.group, roles=CREWING),
        staff_data("/crew/rulings", acts.rulings, roles=CREWING),
        staff_data("/crew/weigh", acts.weigh, roles=CREWING),
        staff_data("/crew/runner", acts.runner, roles=CREWING),
        staff_data("/crew/confirm", acts.confirm, roles=CREWING),
        staff_write("/crew/commit", acts.commit, roles=CREWING),
        staff_write("/crew/do/{name}", acts.do, roles=CREWING),
    ]


class _Acts:
    def __init__(self, live: LiveRace, panes: CrewPanes) -> None:
        self._live = live
        self._panes = panes

    async def decision(self, request: Request, session: Session) -> Response:
        """`key`, `chosen`: the number of the proposal to be weighed."""
        query = request.query_params
        return await self._opened(session, dict(query), _language(query))

    async def group(self, request: Request, session: Session) -> Response:
        """`kind`, `choice`."""
        query = request.query_params
        return await self._group(session, dict(query), _language(query))

    async def rulings(self, request: Request, session: Session) -> Response:
        language = _language(request.query_params)
        answer = await self._asked(session, "rulings", {}, language)
        view = self._live.hubs.crew.latest
        assert view is not None, "the first view is made before the pages are served"
        saying = self._panes.saying(view, language)
        rows = [{**row, "hour": saying.hour(row["at_us"])} for row in answer["rows"]]
        return self._html("crew/rulings.html", language, rows=rows, count=answer["count"])

    async def runner(self, request: Request, session: Session) -> Response:
        """`bib`, or a name."""
        query = request.query_params
        language = _language(query)
        try:
            found = await self._asked(session, "runner", _of(dict(query), "bib"), language)
        except (CommandRefused, RaceDayError) as error:
            return self._refused(language, str(error), 422)
        return self._html("crew/runner.html", language, **found)

    async def weigh(self, request: Request, session: Session) -> Response:
        """`act`: one act as JSON, `title`: what stands over it."""
        query = request.query_params
        return await self._weighed(session, dict(query), _language(query))

    async def confirm(self, request: Request, session: Session) -> Response:
        """What a command would do, in words, and the form that gives it."""
        fields, language = dict(request.query_params), _language(request.query_params)
        view = self._live.hubs.crew.latest
        assert view is not None, "the first view is made before the pages are served"
        asked = confirmation(fields, self._panes.saying(view, language))
        if asked is None:
            return self._refused(language, f"accepted: {', '.join(CONFIRMED)}", 404)
        return self._html("crew/confirm.html", language, session=session, **asked)

    async def do(self, request: Request, session: Session, form: Fields) -> Response:
        """Gives one command with the fields of a form."""
        language, name = _language(form), request.path_params["name"]
        if name not in SAID_AT_ONCE and name not in CONFIRMED:
            return self._refused(language, f"accepted: {', '.join(sorted((*SAID_AT_ONCE, *CONFIRMED)))}", 404)
        try:
            answer = await self._live.control(command_of(name, _body(form), session))
        except CommandRefused as error:
            return self._refused(language, str(error), 422)
        except RaceDayError as error:
            logger.warning("command refused", extra={"command": name, "reason": str(error)})
            return self._refused(language, str(error), 409)
        view = self._live.hubs.crew.latest
        assert view is not None, "the first view is made before the pages are served"
        said = done_words(name, form, answer, self._panes.saying(view, language))
        declare = name == "abandon" and form.get("withdrawn") != "true"
        bib = form.get("bib", "").strip() if declare else ""
        return self._html("crew/done.html", language, said=said, declare=bib, declared_us=answer.get("at_us"))

    async def commit(self, request: Request, session: Session, form: Fields) -> Response:
        """Rules as a form says: of a decision, of a group, or one act; what it shows after that is the outcome."""
        language = _language(form)
        try:
            acts = await self._acts_of(session, form, language)
            if acts is None:
                return await self._anew(session, form, language, crew_words(language)["changed_since"])
            answer = await self._ruled(session, acts, form)
        except GroundMoved as error:
            words = crew_words(language)["ground_moved"].format(author=error.author, number=error.number)
            return await self._anew(session, form, language, words)
        except (CommandRefused, RaceDayError) as error:
            logger.warning("ruling refused", extra={"reason": str(error)})
            return self._refused(language, str(error), 409)
        return self._committed(session, acts, answer, language)

    async def _acts_of(self, session: Session, form: Fields, language: str) -> list[dict[str, Any]] | None:
        """The acts a form stands for; None when they are no more those that were weighed."""
        if "act" in form:
            return [_act(form["act"])]
        if "kind" in form:
            found = await self._asked(session, "decision_group", _of(form, "kind", "choice"), language)
        else:
            found = await self._asked(session, "decision", _of(form, "key", "chosen"), language)
        weighed = found["weighed"]
        same = weighed["digest"] == form.get("digest")
        return list(weighed["acts"]) if same and not weighed["refused"] else None

    async def _ruled(self, session: Session, acts: list[dict[str, Any]], form: Fields) -> dict[str, Any]:
        seen, reason = int(form.get("seen") or 0), form.get("reason", "")
        fields: dict[str, Any] = {"seen": seen, "reason": reason}
        name = "rule" if len(acts) == 1 else "rule_many"
        fields |= {"act": acts[0]} if len(acts) == 1 else {"acts": acts}
        return await self._live.control(command_of(name, json.dumps(fields).encode(), session))

    def _committed(
        self, session: Session, acts: list[dict[str, Any]], answer: Mapping[str, Any], language: str
    ) -> Response:
        words = crew_words(language)
        if acts[0].get("act") == "withdraw":
            return self._html(
                "crew/committed.html", language, said=words["withdrawn"].format(name=session.name), number=None
            )
        if len(acts) == 1:
            number = answer["number"]
            said = words["committed"].format(name=session.name, number=number)
            return self._html("crew/committed.html", language, said=said, number=number)
        numbers = answer["numbers"]
        said = words["committed_many"].format(name=session.name, n=len(numbers), first=numbers[0], last=numbers[-1])
        return self._html("crew/committed.html", language, said=said, number=None)

    async def _anew(self, session: Session, form: Fields, language: str, why: str) -> Response:
        """The same case as it stands now, with why it was not committed."""
        if "act" in form:
            return await self._weighed(session, form, language, why=why)
        if "kind" in form:
            return await self._group(session, form, language, why=why)
        return await self._opened(session, {**form, "chosen": "0"}, language, why=why)

    async def _opened(self, session: Session, fields: Fields, language: str, *, why: str = "") -> Response:
        try:
            found = await self._asked(session, "decision", _of(fields, "key", "chosen"), language)
        except CommandRefused as error:
            return self._refused(language, str(error), 422)
        except RaceDayError:
            return self._html("crew/gone.html", language, said=crew_words(language)["no_longer_open"], why=why)
        return self._html("crew/decision.html", language, d=found, why=why, session=session)

    async def _group(self, session: Session, fields: Fields, language: str, *, why: str = "") -> Response:
        try:
            found = await self._asked(session, "decision_group", _of(fields, "kind", "choice"), language)
        except CommandRefused as error:
            return self._refused(language, str(error), 422)
        except RaceDayError:
            return self._html("crew/gone.html", language, said=crew_words(language)["no_longer_open"], why=why)
        return self._html("crew/group.html", language, d=found, why=why, session=session)

    async def _weighed(self, session: Session, fields: Fields, language: str, *, why: str = "") -> Response:
        try:
            act = _act(fields.get("act", ""))
            found = await self._asked(session, "weigh", {"acts": [act]}, language)
        except (CommandRefused, RaceDayError) as error:
            return self._refused(language, str(error), 422)
        return self._html(
            "crew/weigh.html",
            language,
            weighed=found,
            act=json.dumps(act),
            reason=fields.get("reason", ""),
            why=why,
            session=session,
        )

    async def _asked(self, session: Session, name: str, fields: Mapping[str, Any], language: str) -> dict[str, Any]:
        body = json.dumps({**fields, "language": language}).encode()
        return await self._live.control(command_of(name, body, session))

    def _refused(self, language: str, message: str, status: int) -> Response:
        said = crew_words(language)["refused"].format(message=message)
        # Shown where the answer would be: htmx puts in no answer that is an error.
        return HTMLResponse(
            self._panes.fragment("crew/refusal.html", language, said=said),
            headers={"Cache-Control": "no-store", "X-Refused": str(status)},
        )

    def _html(self, template: str, language: str, **model: Any) -> Response:
        return HTMLResponse(self._panes.fragment(template, language, **model), headers={"Cache-Control": "no-store"})


def _language(fields: Mapping[str, str]) -> str:
    return "en" if fields.get("language") == "en" else "fr"


def _of(fields: Fields, *names: str) -> dict[str, Any]:
    """These fields where they are given; a number where the name says so."""
    found: dict[str, Any] = {name: fields[name] for name in names if fields.get(name)}
    if "chosen" in found:
        found["chosen"] = int(found["chosen"]) if str(found["chosen"]).isdecimal() else 0
    return found


def _act(text: str) -> dict[str, Any]:
    """An act as a form carries it. Raises: CommandRefused when it is none."""
    try:
        act = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise CommandRefused([{"field": "act", "message": f"not JSON ({error})"}]) from error
    if not isinstance(act, dict):
        raise CommandRefused([{"field": "act", "message": "accepted: a JSON object"}])
    return act


def _body(form: Fields) -> bytes:
    """The fields of a form as a command has them: what is empty is left out, numbers are numbers."""
    fields: dict[str, Any] = {}
    for name, value in form.items():
        if name == "language" or not value.strip():
            continue
        if name == "km":
            fields["metres"] = _metres(value)
        elif name == "open_checks":
            fields[name] = value.split()
        else:
            fields[name] = int(value) if name in _NUMBERS and value.strip().isdecimal() else value
    return json.dumps(fields).encode()


def _metres(km: str) -> int | str:
    """`12,4` and `12.4` km; anything else as it was typed, for the command to refuse."""
    try:
        return round(float(km.strip().replace(",", ".")) * 1000)
    except (ValueError, OverflowError):
        return km
