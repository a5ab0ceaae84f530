"""What a sound race file leaves to think about."""

from collections.abc import Callable

import pytest

from config.check import RemarkKind, check
from config.plan import RacePlan

Parse = Callable[[str], RacePlan]


def told(plan: RacePlan) -> dict[str, str]:
    return {remark.key: remark.what for remark in check(plan)}


def test_every_assumed_value_is_told_first(marseille_cassis: RacePlan) -> None:
    remarks = check(marseille_cassis)
    assumed = [remark for remark in remarks if remark.kind is RemarkKind.ASSUMED]
    assert [remark.key for remark in assumed] == [value.key for value in marseille_cassis.assumed]
    assert remarks[: len(assumed)] == assumed
    assert all(remark.line for remark in assumed)


def test_the_night_the_clocks_change_is_told(marseille_cassis: RacePlan) -> None:
    what = told(marseille_cassis)["event.zone"]
    assert "back by 3600 s at 03:00 on 2024-10-27" in what
    assert "3600 s too much" in what


def test_the_spring_change_is_told_too(parse: Parse, ten_miles_text: str) -> None:
    text = ten_miles_text.replace("2010-04-11", "2024-03-31").replace("America/New_York", "Europe/Paris")
    what = told(parse(text))["event.zone"]
    assert "forward by 3600 s at 02:00 on 2024-03-31" in what
    assert "3600 s too little" in what


def test_an_ordinary_day_is_not(ten_miles: RacePlan) -> None:
    assert "event.zone" not in told(ten_miles)


def test_single_mats_are_weak(ten_miles: RacePlan, marseille_cassis: RacePlan) -> None:
    assert "one mat (F)" in told(ten_miles)["points.FINISH"]
    remarks = told(marseille_cassis)
    assert "they fail together" in next(what for key, what in remarks.items() if "fail together" in what)
    assert "points.FINISH" not in remarks


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ('[web]\nhost = "0.0.0.0"\n', "web.host"),
        ('[broker]\nurl = "mqtt://192.168.1.2:1883"\n', "broker.url"),
        ('[broker]\nurl = "mqtts://broker.example:8883"\n', "broker.password_file"),
        ('[start]\nnet_without_start = "gun"\n', "start.net_without_start"),
        ("[rounding]\nreading_s = 0.1\n", "rounding.reading_s"),
    ],
)
def test_what_is_open_or_unusual_is_told(parse: Parse, ten_miles_text: str, section: str, key: str) -> None:
    calm = ten_miles_text.replace('net_without_start = "gun"\n', "")
    assert key not in told(parse(calm))
    text = calm.replace('[start]\ngun_origin = "race"\n', "") if section.startswith("[start]") else calm
    assert key in told(parse(text + section))


def test_loopback_is_not_open(parse: Parse, ten_miles_text: str) -> None:
    plan = parse(ten_miles_text + '[web]\nhost = "::1"\n[broker]\nurl = "mqtt://localhost:1883"\n')
    assert not {"web.host", "broker.url", "broker.password_file"} & set(told(plan))


def test_missing_main_lists_and_titles_are_told(parse: Parse, ten_miles_text: str) -> None:
    plan = parse(
        ten_miles_text.replace('["en"]', '["en", "fr"]').replace('id = "sex"', 'id = "sex"\ntitle = { en = "S" }')
    )
    remarks = told(plan)
    assert "rank_overall" in remarks["lists"]
    assert remarks["lists.sex.title"] == "no title in: fr"


def test_sources_that_are_files_and_waves_without_bibs_are_told(parse: Parse, ten_miles_text: str) -> None:
    plan = parse(ten_miles_text + '[[waves]]\nid = "two"\ngun = 07:40:00\n')
    remarks = told(plan)
    assert "files only" in remarks["sources.finish"]
    assert remarks["waves"].endswith("all, two")


def test_a_minimum_time_nobody_can_run_is_told(parse: Parse, ten_miles_text: str) -> None:
    plan = parse(ten_miles_text.replace("minimum_minutes = 20", "minimum_minutes = 10"))
    assert "13.4 m/s" in told(plan)["points.KM5MI.minimum_minutes"]
