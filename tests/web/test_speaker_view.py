"""The speaker's board at instants of a moving race: who arrives, who came, who is said, what is withheld."""

import json
import time
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from moving_race import WITHHELD_NAME, MovingRace, moving_race, with_mat_before_the_line
from shown_speaker import ShownSpeaker

from calanque.errors import FrontDoorError
from timing.instants import MINUTE, MISSING, SECOND

CALM = 63 * MINUTE
BUSY = 100 * MINUTE


@pytest.fixture
def speaker(race: MovingRace) -> ShownSpeaker:
    return ShownSpeaker(race)


def at(race: MovingRace, us: int) -> int:
    return race.first_gun_us + us


def marked(bib: str, mark: str, **more: Any) -> dict[str, Any]:
    return {
        "command": "mark", "bib": bib, "mark": mark, "microphone": "1", "author": "A", "at_us": None, **more,
    }  # fmt: skip


def followed(by: str, *values: str, on: bool = True) -> dict[str, Any]:
    return {"command": "favourites", "by": by, "values": list(values), "on": on, "author": "A"}


def test_who_crossed_last_stands_first(speaker: ShownSpeaker, race: MovingRace) -> None:
    rows = speaker.sections(at(race, BUSY))["crossed"]["rows"]
    instants = [row["at_us"] for row in rows]
    assert instants == sorted(instants, reverse=True)
    assert max(instants) == max(us for us in race.truth_us[2].tolist() if us <= at(race, BUSY))


def test_order_over_the_line_is_told_once_a_second_wave_is_there(speaker: ShownSpeaker, race: MovingRace) -> None:
    calm = speaker.sections(at(race, CALM))["crossed"]
    assert not calm["waves_mixed"]
    assert all(row["line_order"] is None for row in calm["rows"])
    busy = speaker.sections(at(race, BUSY))["crossed"]
    assert busy["waves_mixed"]
    orders = [row["line_order"] for row in busy["rows"]]
    assert orders[0] == int((race.truth_us[2][race.truth_us[2] != MISSING] <= at(race, BUSY)).sum())
    assert orders == sorted(orders, reverse=True)
    assert any(row["place"] != row["line_order"] for row in busy["rows"])


def test_a_finished_runner_never_arrives_though_they_walk_back(race: MovingRace) -> None:
    """A mat 300 m before the line sees the first one again, minutes after the finish."""
    walking = with_mat_before_the_line(race)
    truth = walking.truth_us.copy()
    truth[2, :12] = truth[3, :12] + 3 * MINUTE  # not seen there when they came, but when they went back for a friend
    speaker = ShownSpeaker(replace(walking, truth_us=truth))
    for minutes in (60, 61, 62, 63, 66, 70, 90):
        sections = speaker.sections(at(race, minutes * MINUTE))
        finished = {
            race.roster.entrants[n].bib
            for n in np.flatnonzero(
                (race.truth_us[2] != MISSING) & (race.truth_us[2] <= at(race, minutes * MINUTE))
            ).tolist()
        }
        assert not finished & {row["bib"] for row in sections["arriving"]["rows"]}


def test_who_was_seen_at_the_mat_before_the_line_is_said_to_be(race: MovingRace) -> None:
    speaker = ShownSpeaker(with_mat_before_the_line(race))
    first = int(np.argmin(np.where(race.truth_us[2] == MISSING, 2**62, race.truth_us[2])))
    now_us = int(race.truth_us[2][first]) - 20 * SECOND
    arriving = speaker.sections(now_us)["arriving"]
    (row,) = [row for row in arriving["rows"] if row["bib"] == race.roster.entrants[first].bib]
    assert row["seen"]
    assert row["from_point"] == "LAST300"
    assert row["within_s"] < 30
    assert abs(row["expected_us"] - int(race.truth_us[2][first])) < 30 * SECOND
    assert arriving["now"] == row["key"], "the first of all is not to be missed"


def test_a_withheld_name_is_in_no_section_and_in_no_queue(speaker: ShownSpeaker, race: MovingRace) -> None:
    speaker.sections(at(race, CALM))
    with pytest.raises(FrontDoorError):
        speaker.enter(followed("club", "Club secret of nobody"))
    speaker.enter(followed("bib", "8", "2"))
    for minutes in (61, 64, 90, 120):
        sections = speaker.sections(at(race, minutes * MINUTE))
        text = json.dumps(sections, ensure_ascii=False)
        assert WITHHELD_NAME.upper() not in text.upper()
        assert "Club secret" not in text
        assert "8" not in sections["queue"]["bibs"]
    assert speaker.cards.card("8") == {"bib": "8", "withheld": True}
    (named,) = [row for row in speaker.cards.names() if row[0] == "8"]
    assert named[1:4] == ["", "", ""], "the bib may be shown, and nothing that tells whose it is"
    assert named[5:8] == ["", "", ""]


def test_a_favourite_waits_in_the_queue_until_said(speaker: ShownSpeaker, race: MovingRace) -> None:
    speaker.sections(at(race, CALM))
    assert speaker.enter(followed("bib", "2", "4"))["unknown"] == []
    assert speaker.sections(at(race, 2 * BUSY))["queue"]["bibs"][:2] == ["2", "4"]
    speaker.enter(marked("2", "said"))
    assert speaker.sections(at(race, 2 * BUSY))["queue"]["bibs"][:1] == ["4"]
    speaker.enter(marked("2", "unsaid"))
    assert speaker.sections(at(race, 2 * BUSY))["queue"]["bibs"][:2] == ["2", "4"]


def test_marks_are_kept_after_a_restart(speaker: ShownSpeaker, race: MovingRace) -> None:
    """Another board that reads the same journal shows the same."""
    speaker.sections(at(race, CALM))
    speaker.enter(marked("2", "said"))
    speaker.enter(followed("club", "ac garlaban"))
    again = ShownSpeaker(race)
    again.record = list(speaker.record)
    for name in ("marks", "favourites", "queue", "microphones", "pace"):
        assert again.sections(at(race, CALM))[name] == speaker.sections(at(race, CALM))[name]
    assert again.sections(at(race, CALM))["marks"]["2"]["mark"] == "said"


def test_of_a_list_of_favourites_nothing_is_lost_but_who_is_not_entered(
    speaker: ShownSpeaker, race: MovingRace
) -> None:
    speaker.sections(at(race, CALM))
    answer = speaker.enter(followed("bib", "5", "99999", "6"))
    assert (answer["taken"], answer["unknown"]) == (2, ["99999"])
    with pytest.raises(FrontDoorError, match="nobody in the roster has this club: Nowhere"):
        speaker.enter(followed("club", "Nowhere"))
    section = speaker.sections(at(race, CALM))["favourites"]
    assert [row["bib"] for row in section["bibs"]] == ["5", "6"]


def test_an_order_with_a_wrong_bib_is_refused_whole(speaker: ShownSpeaker, race: MovingRace) -> None:
    speaker.sections(at(race, CALM))
    order = {
        "command": "passing_order", "metres": 15_000, "bibs": ["20", "21"], "at_us": None, "first_place": 5,
        "text": "", "author": "moto",
    }  # fmt: skip
    for wrong, said in (
        ({"bibs": ["20", "x"]}, "nobody has bib x"),
        ({"bibs": ["20", "20"]}, "named twice"),
        ({"metres": 20_001}, "beyond the finish"),
        ({"at_us": at(race, CALM) + MINUTE}, "still to come"),
    ):
        with pytest.raises(FrontDoorError, match=said):
            speaker.enter({**order, **wrong})
    speaker.enter(order)
    (shown,) = speaker.sections(at(race, CALM))["spotted"]
    assert [(row["place"], row["bib"]) for row in shown["rows"]] == [(5, "20"), (6, "21")]


def test_a_spotters_report_moves_the_forecast_and_no_place(speaker: ShownSpeaker, race: MovingRace) -> None:
    now_us = at(race, 58 * MINUTE)
    plain = speaker.sections(now_us)
    speaker.enter({
        "command": "passing_order", "metres": 18_000, "bibs": ["2"], "at_us": now_us - 10 * SECOND, "first_place": 1,
        "text": "", "author": "moto",
    })  # fmt: skip
    moved = speaker.sections(now_us)
    assert moved["crossed"] == plain["crossed"]
    card = speaker.cards.card("2")
    assert card is not None
    assert card["coming"]["from_point"] is None, "known from a spotter, from no mat"


def test_tops_are_known_first_then_expected(speaker: ShownSpeaker, race: MovingRace) -> None:
    for minutes in (50, 61, 63, 120):
        for top in speaker.sections(at(race, minutes * MINUTE))["tops"]:
            expected = [row["expected"] for row in top["rows"]]
            assert expected == sorted(expected), "who has finished first"
            assert [row["place"] for row in top["rows"]] == list(range(1, len(top["rows"]) + 1))
            assert all("within_s" in row for row in top["rows"] if row["expected"]), "no forecast without its ±"


def test_every_expected_row_has_its_plus_minus(speaker: ShownSpeaker, race: MovingRace) -> None:
    rows = speaker.sections(at(race, BUSY))["arriving"]["rows"]
    assert rows
    for row in rows:
        assert row["within_s"] >= 1
        assert row["place"] is None or row["place_within"] >= 1


def test_a_card_has_splits_with_places(speaker: ShownSpeaker, race: MovingRace) -> None:
    speaker.sections(at(race, BUSY))
    card = speaker.cards.card("2")
    assert card is not None
    (split,) = card["splits"]
    assert split["point"] == "GINESTE"
    half, gun_us = race.truth_us[1], race.first_gun_us
    guns = np.array([wave.planned_gun_us for wave in race.plan.race.waves])[race.wave]
    seen = (half != MISSING) & (half <= at(race, BUSY))
    assert split["place"] == 1 + int((half[seen] - guns[seen] < half[1] - gun_us).sum())
    assert card["over"]["place"] is not None
    assert speaker.cards.card("nobody") is None


def test_mass_mode_begins_above_a_flow_and_ends_well_below_it(race: MovingRace) -> None:
    truth = race.truth_us.copy()
    begin = at(race, 80 * MINUTE)
    crowd = np.arange(100, 500)
    truth[2, crowd] = begin + np.arange(400) * SECOND * 60 // 100
    speaker = ShownSpeaker(replace(race, truth_us=truth))
    modes = [speaker.sections(begin + second * SECOND)["mass"] for second in range(-5, 300, 2)]
    flips = sum(a["on"] != b["on"] for a, b in pairwise(modes))
    assert flips == 2, "on once and off once"
    assert next(mode for mode in modes if mode["on"])["per_minute"] > modes[0]["above"]
    assert speaker.sections(begin + 100 * SECOND)["stream"][0]["bib"]


def test_only_a_fact_changes_a_section(speaker: ShownSpeaker, race: MovingRace) -> None:
    """Between two facts the seconds go by on the page: nothing is sent for them."""
    now_us = at(race, CALM)
    before, after = speaker.sections(now_us), speaker.sections(now_us + SECOND // 10)
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {"settled", "forecast_error"}


@pytest.mark.slow
def test_a_board_of_twenty_thousand_and_its_forecast_cost_less_than_eight_milliseconds() -> None:
    """In the middle of the crowd, by the time of the processor: other work shares the machine. Best of many."""
    race = moving_race(20_000)
    speaker = ShownSpeaker(race)
    took = []
    for number in range(40):
        now_us = at(race, 110 * MINUTE) + number * SECOND // 12
        times = race.times(now_us)
        rankings = race.rankings(times)
        began = time.thread_time()
        forecast = speaker.forecaster.at(times, now_us)
        moment = speaker.moment(rankings, times, forecast, now_us)
        sections = speaker.board.sections(moment, speaker.desk)
        took.append(time.thread_time() - began)
    assert sections["mass"]["on"]
    assert float(np.median(took)) < 0.016, "a tick in the middle"
    assert min(took) < 0.008
