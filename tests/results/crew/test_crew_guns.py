"""Every signal of a gun is shown with where it came from and what became of it; one that was refused stays."""

from __future__ import annotations

from typing import Any

from small_race import at
from told_race import ToldRace, runner

from calanque.explaining import gun_facts
from results.crew.gun_rows import gun_section
from timing.desk_entries import ArmedBody
from timing.entries import GunBody
from timing.rulings import SetGun, Withdraw


def section(race: ToldRace) -> dict[str, Any]:
    state, derived = race.derived()
    return gun_section(
        race.plan,
        gun_facts(race.plan, state, derived.picture()),
        state.guns,
        state.gun_signals(state.ledger),
        state.rulings,
        state.withdrawn,
    )


def told() -> ToldRace:
    race = ToldRace(runner(1))
    del race.entries[1:]
    return race


def pressed(race: ToldRace, clock: str, wave: str | None = "1") -> int:
    origin = "button" if wave else "wire"
    return race.take(GunBody(wave=wave, instant_us=at(clock), origin=origin, author="Inès"))


def test_a_press_counts_at_once_and_waits_for_its_confirmation() -> None:
    race = told()
    number = pressed(race, "9:00:00.04")
    wave = section(race)["waves"][0]
    assert (wave["gun_us"], wave["state"], wave["number"]) == (at("9:00:00.04"), "waiting", number)
    race.rule(SetGun(wave="1", signal=number), author="Hélène")
    wave = section(race)["waves"][0]
    assert (wave["gun_us"], wave["state"], wave["confirmed_by"]) == (at("9:00:00.04"), "confirmed", "Hélène")


def test_a_press_that_was_refused_is_no_gun_and_stays_as_a_signal_that_can_be_taken_up_again() -> None:
    race = told()
    number = pressed(race, "8:58:00")
    refusal = race.rule(Withdraw(number=number))
    found = section(race)
    assert found["waves"][0]["gun_us"] is None
    assert [(signal["number"], signal["state"]) for signal in found["signals"]] == [(number, "refused")]
    race.rule(Withdraw(number=refusal))
    assert section(race)["waves"][0]["gun_us"] == at("8:58:00")


def test_a_signal_from_before_the_race_was_armed_is_a_trial() -> None:
    race = told()
    pressed(race, "8:30:00")
    race.take(ArmedBody(armed=True, at_us=at("8:45:00"), author="Luc"))
    found = section(race)
    assert found["signals"][0]["state"] == "trial"
    assert found["waves"][0]["gun_us"] is None


def test_a_signal_on_the_wire_is_of_the_wave_planned_nearest_and_says_so() -> None:
    race = told()
    pressed(race, "9:04:00.2", wave=None)
    found = section(race)
    assert found["signals"][0]["wave"] == "2"
    assert found["signals"][0]["origin"] == "wire"
    assert found["waves"][1]["state"] == "waiting"
