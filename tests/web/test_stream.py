"""Views and the hub: numbered, changes against what a client was last sent, no backlog."""

import asyncio
import json
from typing import Any

import pytest
from event_reader import applied, parse_event
from hypothesis import given
from hypothesis import strategies as st

from results.web.stream import Hub, StreamFull, Subscription, View


def view(number: int, **sections: Any) -> View:
    return View(
        number=number, board={"clock": number, "sources": [], "arrivals": [], "counts": {}} | sections, made_us=number
    )


async def told(subscription: Subscription) -> Any:
    event = await subscription.next_event()
    assert event is not None
    parsed = parse_event(event.decode().rstrip("\n"))
    assert parsed is not None
    return parsed


async def test_a_new_client_gets_a_whole_view_then_only_the_sections_that_changed() -> None:
    hub = Hub()
    hub.publish(view(1))
    subscription = hub.subscribe()
    first = await told(subscription)
    assert (first.kind, first.data["number"]) == ("view", 1)
    assert set(first.data["sections"]) == {"clock", "sources", "arrivals", "counts"}
    hub.publish(view(2, arrivals=["x"]))
    second = await told(subscription)
    assert (second.kind, second.data["from"], second.data["number"]) == ("change", 1, 2)
    assert second.data["sections"] == {"clock": 2, "arrivals": ["x"]}


async def test_a_client_that_was_away_gets_one_change_to_the_newest_and_no_backlog() -> None:
    hub = Hub()
    hub.publish(view(1))
    subscription = hub.subscribe()
    await told(subscription)
    for number in range(2, 40):
        hub.publish(view(number, arrivals=[number]))
    event = await told(subscription)
    assert (event.kind, event.data["from"], event.data["number"]) == ("change", 1, 39)
    assert event.data["sections"]["arrivals"] == [39]


async def test_a_client_older_than_the_history_gets_a_whole_view() -> None:
    hub = Hub(history=3, beat_s=0.02)
    hub.publish(view(1))
    subscription = hub.subscribe()
    await told(subscription)
    for number in range(2, 10):
        hub.publish(view(number))
    assert (await told(subscription)).kind == "view"


async def test_resuming_after_an_id_gives_the_change_from_there() -> None:
    hub = Hub()
    for number in range(1, 5):
        hub.publish(view(number, arrivals=[number]))
    event = await told(hub.subscribe(after=f"{hub.run}-2"))
    assert (event.kind, event.data["from"], event.data["number"]) == ("change", 2, 4)


@pytest.mark.parametrize("after", ["", "2", "x-2", "-", "{run}-99", "{run}-2x", "{run}-²", "{run}-" + "9" * 400])
async def test_an_id_that_means_nothing_here_gives_a_whole_view(after: str) -> None:
    hub = Hub()
    hub.publish(view(2))
    assert (await told(hub.subscribe(after=after.replace("{run}", hub.run)))).kind == "view"


async def test_an_id_of_another_life_of_the_server_gives_a_whole_view() -> None:
    before, after = Hub(), Hub()
    before.publish(view(1))
    after.publish(view(1))
    assert (await told(after.subscribe(after=f"{before.run}-1"))).kind == "view"


async def test_a_client_that_has_the_newest_hears_at_once_that_the_stream_lives() -> None:
    hub = Hub(beat_s=30)
    hub.publish(view(1))
    assert (await told(hub.subscribe(after=f"{hub.run}-1"))).kind == "beat"


async def test_an_idle_stream_beats() -> None:
    hub = Hub(beat_s=0.01)
    hub.publish(view(1))
    subscription = hub.subscribe()
    await told(subscription)
    beat = await subscription.next_event()
    assert beat is not None
    assert beat.startswith(b": ping\n")
    assert (await told(subscription)).data["made_us"] == 1


async def test_views_in_which_only_clocks_moved_do_not_wake_at_every_tick() -> None:
    hub = Hub(beat_s=60)
    hub.publish(view(1))
    subscription = hub.subscribe()
    await told(subscription)
    hub.publish(view(2))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await subscription.next_event()
    hub.publish(view(3, arrivals=["x"]))
    assert (await told(subscription)).data["sections"] == {"clock": 3, "arrivals": ["x"]}


async def test_what_moved_without_waking_anybody_is_sent_instead_of_a_beat() -> None:
    hub = Hub(beat_s=0.02)
    hub.publish(view(1))
    subscription = hub.subscribe()
    await told(subscription)
    hub.publish(view(2))
    assert (await told(subscription)).data["sections"] == {"clock": 2}


async def test_a_closed_hub_ends_its_streams_and_admits_nobody() -> None:
    hub = Hub()
    hub.publish(view(1))
    subscription = hub.subscribe()
    hub.close()
    assert await subscription.next_event() is None
    with pytest.raises(StreamFull):
        hub.subscribe()


async def test_clients_are_bounded_and_a_place_is_given_back() -> None:
    hub = Hub(clients_max=1)
    hub.publish(view(1))
    subscription = hub.subscribe()
    with pytest.raises(StreamFull, match="1 pages"):
        hub.subscribe()
    subscription.close()
    hub.subscribe()


async def test_numbers_only_increase() -> None:
    hub = Hub()
    hub.publish(view(2))
    with pytest.raises(AssertionError, match="increase"):
        hub.publish(view(2))


def test_a_view_keeps_what_it_was_made_of() -> None:
    board = {"number": 1, "arrivals": ["a"]}
    made = View.of(board, made_us=5)
    board["arrivals"] = ["b"]
    assert made.board["arrivals"] == ["a"]
    assert json.loads(made.json()) == {"made_us": 5, "number": 1, "sections": {"arrivals": ["a"]}}
    with pytest.raises(TypeError):
        made.board["arrivals"] = []  # type: ignore[index]


def test_text_of_any_kind_stays_inside_its_event() -> None:
    nasty = "a\n\ndata: {}\r\u2028\ud800</script>\x00"
    made = View.of({"number": 1, "arrivals": [nasty]}, made_us=5)
    assert b"\n" not in made.body()
    assert b"\r" not in made.body()
    assert json.loads(made.body().join([b"{", b""]))["sections"]["arrivals"] == [nasty.replace("\ud800", "?")]


values = st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda v: st.lists(v, max_size=3), max_leaves=6)
boards = st.fixed_dictionaries({"clock": st.integers(), "sources": values, "arrivals": values, "counts": values})


@given(states=st.lists(st.tuples(boards, st.booleans()), min_size=1, max_size=12), history=st.integers(1, 6))
async def test_changes_applied_in_order_give_the_newest_view(
    states: list[tuple[dict[str, Any], bool]], history: int
) -> None:
    """Whatever is published and whenever the client listens, what it holds is a view that was published, the newest."""
    hub = Hub(history=history, beat_s=0.001)
    hub.publish(View(number=1, board=states[0][0], made_us=1))
    subscription, held = hub.subscribe(), {}
    for number, (board, listens) in enumerate(states, start=2):
        hub.publish(View(number=number, board=board, made_us=number))
        if listens:
            event = await told(subscription)
            if event.kind != "beat":
                held = applied(held, event)
                assert held == _plain(board)
    hub.publish(View(number=99, board=states[-1][0] | {"counts": ["last"]}, made_us=99))
    held = applied(held, await told(subscription))
    assert held == _plain(states[-1][0] | {"counts": ["last"]})


def _plain(board: dict[str, Any]) -> Any:
    """A board as it comes out of JSON (a lone surrogate is replaced)."""
    return json.loads(json.dumps(board, ensure_ascii=False).encode("utf-8", "replace"))


def test_a_view_with_further_sections_is_of_the_same_moment_and_sends_only_what_changed() -> None:
    first, second = view(1), view(2)
    before, after = first.extended({"marks": [1], "pace": 2}), second.extended({"marks": [1], "pace": 3})
    assert (after.number, after.made_us) == (second.number, second.made_us)
    assert json.loads(after.json())["sections"] == {**second.board, "marks": [1], "pace": 3}
    assert after.changed(before) == second.changed(first) | {"pace"}
    assert "pace" not in second.board
    with pytest.raises(AssertionError, match="one meaning"):
        after.extended({"pace": 4})
