"""Lists as a page shows them: tabs, the state over the list, its rows and what comes before and after.

Owns which words and figures stand where; the values are those of `results.list_pages`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from config.plan import Clock, Per
from results.list_pages import (
    PAGE_ROWS,
    Club,
    ClubCount,
    ListHead,
    ListRow,
    list_head,
    list_rows,
    public_lists,
)
from results.list_states import ListState
from results.place_reasons import NO_REASON, Reason, place_reasons
from results.rankings import RankedList
from results.site_words import rule_line
from results.standing import Standing
from results.state_words import state_label, state_sentence
from results.titles import family_title, list_title, scope_name
from results.web.reading import Model, Reading
from timing.roster import Sex

CLUBS: Final = "clubs"


def tabs(standing: Standing, say: Reading, current: str) -> list[Model]:
    """A tab for each list of the public and for each family of categories; clubs after the first family.

    current: id of the list, of the family's rule, or `clubs`.
    """
    found: dict[str, Model] = {}
    clubs = {"key": CLUBS, "title": say.words["clubs"], "href": say.path(CLUBS)}
    for ranked in public_lists(standing).values():
        if ranked.rule.per is Per.CATEGORY:
            key, title = ranked.rule.id, family_title(ranked.rule, say.language)
        else:
            key, title = ranked.id, list_title(ranked, standing.plan, say.language)
        found.setdefault(key, {"key": key, "title": title, "href": say.path("lists", key)})
        if ranked.rule.per is Per.CATEGORY:
            found.setdefault(CLUBS, clubs)
    found.setdefault(CLUBS, clubs)
    return [tab | {"current": tab["key"] == current} for tab in found.values()]


def tab_of(ranked: RankedList) -> str:
    return ranked.rule.id if ranked.rule.per is Per.CATEGORY else ranked.id


def list_part(
    standing: Standing,
    ranked: RankedList,
    say: Reading,
    *,
    first: int,
    count: int,
    publication: Mapping[str, Any] | None,
) -> Model:
    """A page of a list: from the row numbered `first` on, at most `count`."""
    head = list_head(standing, ranked)
    rows = list_rows(standing, ranked, first, count)
    reasons = place_reasons(ranked, standing.plan.rounding, say.language, first - 1, first - 1 + count)
    return {
        "id": ranked.id,
        "first": first,
        "count": count,
        "title": list_title(ranked, standing.plan, say.language),
        "state": state_line(standing, ranked, head, say),
        "publication": say.publication(publication),
        "hour": say.hour(standing.at_us),
        "heads": heads(ranked, say),
        "rows": [_row(row, reason, ranked, say) for row, reason in zip(rows, reasons, strict=True)],
        "here": say.path("lists", ranked.id, asked={"from": first} if first > 1 else None),
        "pages": pages(head.rows, first, count, say, "lists", ranked.id),
        "home": False,
    }


def heads(ranked: RankedList, say: Reading) -> tuple[str, str]:
    """The list's own clock, and the other."""
    by_net = ranked.rule.clock is Clock.NET
    return (
        (say.words["net_head"], say.words["gun_short"]) if by_net else (say.words["gun_head"], say.words["net_short"])
    )


def _row(row: ListRow, reason: Reason, ranked: RankedList, say: Reading) -> Model:
    person, by_net = row.person, ranked.rule.clock is Clock.NET
    from_gun = say.words["from_gun"] if row.net_from_gun else ""
    return say.person(person) | {
        "key": f"{person.bib}|{row.place}|{row.time_s}",
        "number": row.number,
        "place": say.count(row.place),
        "shared": row.shared,
        "official": row.official,
        "bib": person.bib,
        "category": person.category,
        "origin": person.origin,
        "under": " · ".join(filter(None, (person.bib, person.category, person.origin))),
        "time": say.time(row.time_s),
        "time_note": from_gun if by_net else "",
        "other": say.time(row.other_s),
        "other_note": "" if by_net else from_gun,
        "why": "" if reason is NO_REASON else reason.text,
        "why_title": "" if reason is NO_REASON else reason.title,
    }


def state_line(standing: Standing, ranked: RankedList, head: ListHead, say: Reading) -> Model:
    """Provisional, posted or official; how many are ranked, and who is still running."""
    ranked_key = "ranked_one" if head.ranked == 1 else "ranked_many"
    counted = say.say(ranked_key, n=say.count(head.ranked), running=say.count(head.running))
    state = standing.state_of(ranked)
    if head.state is ListState.PROVISIONAL:
        return {
            "kind": str(head.state),
            "word": say.words["provisional"],
            "text": f"{counted} {say.words['may_change']}",
        }
    word, text = state_sentence(state, standing.at_us, standing.plan.race.zone, say.language)
    return {"kind": str(head.state), "word": word or say.words[str(head.state)], "text": f"{text} {counted}".strip()}


def pages(rows: int, first: int, count: int, say: Reading, *path: str) -> Model:
    """What comes before and after. The page after a short first one has the usual length."""

    def page(begin: int) -> Model:
        end = min(rows, begin + PAGE_ROWS - 1)
        key = "range_one" if end == begin else "range"
        text = say.say(key, first=say.count(begin), last=say.count(end))
        return {"href": say.path(*path, asked={"from": begin}), "text": text}

    after = first + count
    return {
        "before": page(max(1, first - PAGE_ROWS)) if first > 1 else None,
        "after": page(after) if after <= rows else None,
        "last": rows,
    }


def siblings(standing: Standing, ranked: RankedList, say: Reading) -> list[Model]:
    """The lists of the same family."""
    if ranked.rule.per is not Per.CATEGORY:
        return []
    return [
        {
            "href": say.path("lists", other.id),
            "scope": other.scope,
            "name": scope_name(other.rule, other.scope, standing.plan, say.language),
            "current": other.id == ranked.id,
        }
        for other in family(standing, ranked.rule.id)
    ]


def family(standing: Standing, rule_id: str) -> list[RankedList]:
    """The public lists of a family of categories; empty where there is no such family."""
    lists = public_lists(standing).values()
    return [ranked for ranked in lists if ranked.rule.id == rule_id and ranked.rule.per is Per.CATEGORY]


def family_models(standing: Standing, lists: Iterable[RankedList], say: Reading) -> list[Model]:
    """Each list of a family with who leads it."""
    models = []
    for ranked in lists:
        head, rows = list_head(standing, ranked), list_rows(standing, ranked, 1, 1)
        models.append(
            {
                "href": say.path("lists", ranked.id),
                "title": list_title(ranked, standing.plan, say.language),
                "state": state_label(standing.state_of(ranked), say.language),
                "ranked": say.say(
                    "ranked_one" if head.ranked == 1 else "ranked_many",
                    n=say.count(head.ranked),
                    running=say.count(head.running),
                ).rstrip("."),
                "leader": _row(rows[0], NO_REASON, ranked, say) if rows else None,
            }
        )
    return models


def club_part(
    standing: Standing, ranked: RankedList, rows: Sequence[ListRow], club: Club, say: Reading, first: int, every: int
) -> Model:
    """A page of the overall list as far as it is of one club. every: rows the club has in it."""
    head = list_head(standing, ranked)
    return {
        "id": "",
        "first": first,
        "count": PAGE_ROWS,
        "title": club.name,
        "state": state_line(standing, ranked, head, say),
        "publication": "",
        "hour": say.hour(standing.at_us),
        "heads": heads(ranked, say),
        "rows": [_row(row, NO_REASON, ranked, say) for row in rows],
        "here": say.path(CLUBS, club.key),
        "pages": pages(every, first, PAGE_ROWS, say, CLUBS, club.key),
        "home": False,
    }


def club_models(counts: Sequence[ClubCount], say: Reading) -> list[Model]:
    return [
        {
            "href": say.path(CLUBS, each.club.key),
            "name": each.club.name,
            "text": say.say("club_row", ranked=say.count(each.ranked), entered=say.count(each.entered)),
        }
        for each in counts
    ]


def note(ranked: RankedList, say: Reading) -> str:
    """By which clock the list is ranked, and what equal seconds do in it."""
    return rule_line(ranked, say.language)


def sex_word(sex: str, say: Reading) -> str:
    return {Sex.F.value: say.words["women"], Sex.M.value: say.words["men"]}.get(sex, "")
