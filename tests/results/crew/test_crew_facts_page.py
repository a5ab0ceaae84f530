"""docs/crew_facts.md names every alarm and check, and the bounds that are in the code."""

from __future__ import annotations

import math
from pathlib import Path

from results.crew import alarm_causes, antennas, arming, recapture, silence
from results.crew.alarms import AlarmKind
from results.crew.arming import CheckKind
from timing.instants import MINUTE, SECOND

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "crew_facts.md").read_text(encoding="utf-8")


def test_every_alarm_and_check_is_on_the_page() -> None:
    missing = [kind for kind in (*AlarmKind, *CheckKind) if f"`{kind}`" not in PAGE]
    assert missing == []


def test_the_bounds_on_the_page_are_those_of_the_code() -> None:
    assert f"below 10⁻{'⁰¹²³⁴⁵⁶⁷⁸⁹'[round(-math.log10(antennas.FALSE_ALARM))]}" in PAGE
    for count, hearings in ((4, 56), (8, 121)):
        assert math.ceil(math.log(antennas.FALSE_ALARM) / math.log(1 - 1 / count) - 0.5) in (hearings, hearings - 1)
    assert f"below {alarm_causes.BATTERY_NOTE} %, below {alarm_causes.BATTERY_ALARM} %" in PAGE
    free = [bound // 2**30 for bound in (alarm_causes.DISK_WARNING, alarm_causes.DISK_ALARM)]
    assert f"less than {free[0]} GiB free, than {free[1]} GiB" in PAGE
    assert f"({recapture.ENOUGH_LATER} runners in L" in PAGE
    assert f"at least {silence.PASSED} runners" in PAGE
    assert f"or {silence.DUE} were seen or forecast" in PAGE
    assert f"no read for {silence.LEAST_US // SECOND} s" in PAGE
    assert f"{arming.NEAR_START_US // MINUTE} minutes before the first planned gun" in PAGE
