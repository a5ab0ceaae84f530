"""Whoever arms after the gun does not make a trial of it."""

from pathlib import Path

import pytest
from crew_engine import armed_race, running
from small_race import at

from calanque.errors import FrontDoorError


async def test_a_race_is_not_armed_over_a_gun_that_was_heard_but_since_an_hour_before_it(tmp_path: Path) -> None:
    async with running(armed_race(), tmp_path, clock="9:01:00") as race:
        controls = race.engine.controls
        arm = {"command": "arm", "author": "Anne", "role": "crew", "armed": True, "at_us": None, "open_checks": []}
        press = {"command": "gun", "author": "Anne", "wave": "1", "at_us": at("9:00:00.2"), "pressed": True}
        await controls.carry_out(press)
        with pytest.raises(FrontDoorError, match=r"a gun was heard at 09:00:00: .* say since when it is armed"):
            await controls.carry_out(arm)
        assert race.state.armed_us is None
        await controls.carry_out(arm | {"at_us": at("8:55:00")})
        await race.settled()
        assert race.state.armed_us == at("8:55:00")
