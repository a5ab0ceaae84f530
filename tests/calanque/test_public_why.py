"""Why a time is what it is, as everybody may read it; and that asking never keeps the matching thread."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from small_race import at
from told_race import PLAN, ToldRace, small_field

from calanque.live import LiveRace
from calanque.public_why import WAITING_MAX, PublicWhy, WhyBusy
from readers.race_clock import RaceClock
from results.printing import Language
from results.why import Why
from results.why_public import public_sections
from timing.journal import Entry
from timing.roster import Bib
from timing.rulings import Act, Disqualify, Role, SetTime, SwapTags
from timing.state import RaceState

REASON = "malaise au km 12"
AUTHOR = "Zoé Officielle"


def told(*acts: Act) -> ToldRace:
    race = small_field()
    for act in acts:
        race.rule(act, author=AUTHOR, role=Role.JURY, reason=REASON)
    return race


def said(found: Why, language: Language = Language.FR) -> str:
    return "\n".join(
        f"{section.title}: {sentence}"
        for section in public_sections(found, PLAN, language)
        for sentence in section.sentences
    )


def test_the_sum_the_reads_and_that_nothing_was_decided_are_told() -> None:
    text = said(told().why(1))
    assert "Temps: Temps officiel" in text
    assert "Une lecture au tapis FINISH-MAIN." in text
    assert "Aucune décision n'a touché ce temps." in text
    assert "No ruling has touched this time." in said(told().why(1), Language.EN)


def test_chips_names_of_officials_and_their_reasons_are_left_out() -> None:
    act = SetTime(bib=Bib("1"), point="FINISH", instant_us=at("10:19:00"))
    found = told(act).why(1)
    assert (found.rulings[0].author, found.rulings[0].reason) == (AUTHOR, REASON)
    for language in (Language.FR, Language.EN):
        text = said(found, language)
        assert "jury" in text
        for secret in (AUTHOR, "Anne", REASON, "malaise", "T1"):
            assert secret not in text, secret


@pytest.mark.parametrize("act", [SwapTags(bibs=(Bib("1"), Bib("2"))), Disqualify(bibs=(Bib("1"), Bib("2")), rule="7")])
def test_what_was_decided_about_several_names_none_of_the_others(act: Act) -> None:
    text = said(told(act).why(1))
    decided = text.split("Décisions: ")[1]
    assert "jury" in decided
    assert "2" not in decided.replace("N°\u00a0", "").split(", ", 1)[1].replace("11:00:00", "")


@contextmanager
def living(race: ToldRace) -> Iterator[tuple[LiveRace, PublicWhy, list[Entry]]]:
    """The race in a live thread, and the entries it can be told further."""
    state = RaceState(race.plan.race)
    entries = [
        Entry(number=n, kind=e.kind, version=e.version, source=e.source, at_us=e.at_us, body=e.body, seal=b"")
        for n, e in enumerate(race.entries, 1)
    ]
    live = LiveRace(
        race.plan, state, RaceClock.simulated(at("11:00:00"), "1"), sources=list, show=lambda boards: None
    )  # fmt: skip
    live.start()
    live.feed(entries)
    try:
        yield live, PublicWhy(race.plan, state, live), entries
    finally:
        live.stop()


async def test_a_runner_who_is_asked_for_is_explained_and_a_bib_of_nobody_is_not() -> None:
    with living(told()) as (_, public, _entries):
        found = await public.why(Bib("1"))
        assert found is not None
        assert (found.bib, found.gun_time is not None) == ("1", True)
        assert await public.why(Bib("404")) is None


async def test_an_answer_is_kept_while_nothing_came_and_for_some_seconds_after() -> None:
    clock = [0.0]
    with living(told()) as (live, public, _entries):
        public._now_s = lambda: clock[0]
        asked = []
        consult = live.consult
        live.consult = lambda question: asked.append(1) or consult(question)  # type: ignore[method-assign, func-returns-value]
        first = await public.why(Bib("1"))
        clock[0] = 1000.0
        assert await public.why(Bib("1")) is first
        assert len(asked) == 1


async def test_many_who_ask_at_once_ask_the_matching_thread_one_after_the_other_and_the_same_only_once() -> None:
    with living(told()) as (live, public, _entries):
        under_way, most, asked = 0, 0, 0
        consult = live.consult

        def counted(question):  # type: ignore[no-untyped-def]
            nonlocal under_way, most, asked
            under_way, asked = under_way + 1, asked + 1
            most = max(most, under_way)
            answer = consult(question)

            def done(_):  # type: ignore[no-untyped-def]
                nonlocal under_way
                under_way -= 1

            answer.add_done_callback(done)
            return answer

        live.consult = counted  # type: ignore[method-assign]
        answers = await asyncio.gather(*(public.why(Bib(str(1 + n % 2))) for n in range(40)))
        assert all(answer is not None for answer in answers)
        assert (most, asked) == (1, 2)


async def test_after_a_question_the_matching_thread_has_its_rest() -> None:
    with living(told()) as (_, public, _entries):
        await public.why(Bib("1"))
        rest_s = public._rest_until_s - time.monotonic()
        began_s = time.monotonic()
        await public.why(Bib("2"))
        assert time.monotonic() - began_s >= rest_s - 0.01


async def test_too_many_who_ask_at_once_are_told_to_come_back() -> None:
    with living(told()) as (_, public, _entries):
        waiting = [asyncio.create_task(public.why(Bib("1"))) for _ in range(WAITING_MAX)]
        await asyncio.sleep(0)
        with pytest.raises(WhyBusy, match="try again"):
            await public.why(Bib("2"))
        assert all(await asyncio.gather(*waiting))
