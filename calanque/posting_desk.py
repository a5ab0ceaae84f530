"""Posting lists: what a command asks for, as the entry that brings a list into its next state.

Whether it may is for `results.list_states`; here the list is found as it is shown now, and its places are taken down.
"""

from collections.abc import Mapping
from typing import Any

from calanque.derived import Picture
from config.plan import RacePlan
from results.list_states import check_posting, official_of, posting_of
from results.official_rows import with_official
from timing.errors import RulingRefused
from timing.instants import Instant
from timing.ruling_entries import PostingBody
from timing.rulings import Role


def posting(plan: RacePlan, picture: Picture, given: Mapping[str, Any], now_us: Instant) -> PostingBody:
    """What `list_id`, `state`, `depth`, `author`, `role` and `reason` of a command put into the journal.

    Raises: RulingRefused for a list there is none of; PostingRefused when the state may not follow now.
    """
    shown = with_official(picture.rankings, picture.states).by_id
    list_id, role, author = given["list_id"], Role(given["role"]), given["author"]
    if list_id not in shown:
        raise RulingRefused(f"no list {list_id!r}; there are: {', '.join(shown)}")
    if given["state"] == "posted":
        body = posting_of(
            shown[list_id],
            picture.roster,
            at_us=now_us,
            author=author,
            role=role,
            through=picture.through,
            protest_us=plan.jury.protest_us,
            depth=given["depth"],
        )
    elif given["state"] == "official":
        body = official_of(picture.states, list_id, at_us=now_us, author=author, role=role, reason=given["reason"])
    else:
        body = PostingBody(
            list_id=list_id, state="reopened", at_us=now_us, author=author, role=role, reason=given["reason"]
        )
    check_posting(body, picture.states, lists=list(shown))
    return body


def posting_values(body: PostingBody, number: int) -> dict[str, Any]:
    """The answer to a command, ready for JSON."""
    return {
        "number": number,
        "list_id": body.list_id,
        "state": body.state,
        "places": len(body.places),
        "protest_until_us": body.at_us + body.protest_us if body.state == "posted" else None,
    }
