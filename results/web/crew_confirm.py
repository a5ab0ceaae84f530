"""What is confirmed before it is done: closings, publications, postings. Said in words, with what follows from it."""

from collections.abc import Mapping
from typing import Any, Final

from results.web.crew_models import Saying
from timing.instants import MINUTE

CONFIRMED: Final = ("close", "publish", "post")
"""Commands that change what everybody sees."""


def confirmation(fields: Mapping[str, str], s: Saying) -> dict[str, Any] | None:
    """`command`, `title`, `effect` and the `fields` of its form; None for what nobody confirms here."""
    command = fields.get("command", "")
    if command == "close" and fields.get("point") in ("start", "finish"):
        point = fields["point"]
        statuses = s.board["counts"]["statuses"]
        number = statuses["ENTERED"] if point == "start" else statuses["STARTED"]
        return {
            "command": command,
            "title": s.speech.words[f"close_{point}"],
            "effect": s.say(f"close_{point}_effect", n=s.count(number)),
            "fields": {"point": point},
        }
    if command == "publish":
        publication = s.board["publication"]
        number = 1 if publication is None else publication["number"] + 1
        return {
            "command": command,
            "title": s.speech.words["publish"],
            "effect": s.say("publish_effect", n=number),
            "fields": {},
        }
    if command == "post" and fields.get("state") in ("posted", "official", "reopened"):
        return _posting(fields, s)
    return None


def _posting(fields: Mapping[str, str], s: Saying) -> dict[str, Any] | None:
    row = next((row for row in s.board["posting"] if row["id"] == fields.get("list_id")), None)
    if row is None:
        return None
    state, title = fields["state"], s.text(row["title"])
    key = {"posted": "post_effect", "official": "official_effect", "reopened": "reopen_effect"}[state]
    name = {"posted": "post", "official": "make_official", "reopened": "reopen"}[state]
    return {
        "command": "post",
        "title": f"{s.speech.words[name]} · {title}",
        "effect": s.say(key, title=title, n=s.count(row["placed"]), minutes=row["protest_us"] // MINUTE),
        "fields": {"list_id": row["id"], "state": state},
    }


def done_words(name: str, form: Mapping[str, str], answer: Mapping[str, Any], s: Saying) -> str:
    """What was done, in one sentence."""
    number = str(answer.get("number", ""))
    match name:
        case "close":
            return s.say("close_done", hour=s.hour(answer["at_us"]), number=number)
        case "publish":
            return s.say("published", n=answer["publication"])
        case "post":
            row = next((row for row in s.board["posting"] if row["id"] == form.get("list_id")), None)
            state = "provisional" if answer["state"] == "reopened" else answer["state"]
            title = "" if row is None else s.text(row["title"])
            return s.say("posted_done", title=title, state=s.speech.words[f"state_{state}"], number=number)
        case "abandon":
            key = "taken_back" if form.get("withdrawn") == "true" else "abandon_said"
            return s.say(key, bib=form.get("bib", ""), number=number)
        case "arm":
            return s.say("disarmed_done" if form.get("armed") == "false" else "armed_done", number=number)
        case _:
            return s.say("log_said", number=number)
