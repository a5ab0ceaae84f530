"""Which reader a person means, and whether it can be reached as they say."""

import pytest

from calanque.errors import FrontDoorError
from calanque.reader_words import kind_called, kind_reached
from timing.reader_kinds import KIND_OF


@pytest.mark.parametrize(("given", "meant"), [("Ultra", "ultra"), ("ipiko", "ipico"), ("raceresult", "race_result")])
def test_a_name_written_otherwise_is_told_the_nearest(given: str, meant: str) -> None:
    with pytest.raises(FrontDoorError, match=rf"give {meant} \(one of: "):
        kind_called(given)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("alge", "timy"),
        ("Joey", "ultra"),
        ("crossmgr", "jchip"),
        ("CHAMPIONCHIP", "mylaps"),
        ("championship", "mylaps"),
        ("speedway", "llrp"),
        ("heuer", "tag_heuer (TAG Heuer CP 540, CP 545, HL 975, CP 520, CP 505) or chronelec"),
        ("cp 540", "tag_heuer"),
        ("R700", "impinj (Impinj R700, R720 (IoT interface)) or llrp"),
    ],
)
def test_a_word_on_the_box_finds_the_kinds_that_have_it_in_their_title(given: str, meant: str) -> None:
    with pytest.raises(FrontDoorError) as told:
        kind_called(given)
    said = str(told.value)
    assert f"no reader is called {given!r}; give {meant} (" in said
    assert said.count(" or ") == meant.count(" or ")
    assert f"all of them: {', '.join(KIND_OF)}" in said


@pytest.mark.parametrize("given", ["", "xyz", "-", "s"])
def test_a_word_of_no_title_is_told_all_names(given: str) -> None:
    with pytest.raises(FrontDoorError, match=r"give one of: ipico, "):
        kind_called(given)


@pytest.mark.parametrize(
    ("name", "endpoint"),
    [("ipico", "serial:/dev/ttyUSB0"), ("ipico", "tcp:a:1"), ("ipico", "listen:1"), ("mylaps", "listen:1")],
)
def test_a_way_that_leads_there_is_taken(name: str, endpoint: str) -> None:
    assert kind_reached(name, endpoint) is KIND_OF[name]


@pytest.mark.parametrize(
    ("name", "endpoint", "told"),
    [
        ("mylaps", "tcp:a:1", r"reached over TCP \(it calls us\); it calls: give listen:PORT"),
        ("ultra", "listen:1", r"reached over TCP \(it is called\)$"),
        ("impinj", "serial:/dev/ttyUSB0", "MQTT through the race's broker"),
    ],
)
def test_another_way_is_told(name: str, endpoint: str, told: str) -> None:
    with pytest.raises(FrontDoorError, match=told):
        kind_reached(name, endpoint)
