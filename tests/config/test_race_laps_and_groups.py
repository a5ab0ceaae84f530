"""Lap courses, races within the race, heights and the jury: what the race file says of them, and its faults."""

from collections.abc import Callable

import pytest

from config.check import RemarkKind, check
from config.errors import ConfigError
from config.plan import DEFAULT_ROLES, RacePlan
from timing.instants import MINUTE, SECOND
from timing.race import MatRole

Parse = Callable[[str], RacePlan]

LAPS = """
[event]
name = "Three laps"
date = 2024-05-05
zone = "Europe/Paris"

[[waves]]
id = "wheels"
gun = 09:55:00
group = "wheelchairs"
speed = 1.85
bibs = "900-999"

[[waves]]
id = "run"
gun = 10:00:00
bibs = "1-899"

[[points]]
id = "START"
kind = "start"
km = 0

[[points]]
id = "LAP1"
kind = "split"
km = 3
minimum_minutes = 8

[[points]]
id = "LAP2"
kind = "split"
km = 6
minimum_minutes = 16.25

[[points]]
id = "FINISH"
kind = "finish"
km = 9
minimum_minutes = 25.0001

[[mats]]
id = "line"
points = ["START", "LAP1", "LAP2", "FINISH"]
source = "line"
label = "01"

[[mats]]
id = "behind"
points = ["START", "LAP1", "LAP2", "FINISH"]
role = "backup"
source = "line"
label = "02"

[[sources]]
id = "line"
connect = "file"

[[lists]]
id = "overall"
clock = "gun"
main = "overall"

[[lists]]
id = "wheels"
clock = "gun"
groups = ["wheelchairs"]
depth = 3
prize = true
"""


def faults_of(parse: Parse, text: str) -> dict[str, tuple[str, str, int | None]]:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    return {fault.key: (fault.message, fault.accepted, fault.line) for fault in caught.value.faults}


def line_with(text: str, wanted: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), start=1) if wanted in line)


def test_a_mat_of_several_points_stands_in_each_of_them_and_is_one_mat(parse: Parse) -> None:
    course = parse(LAPS).race.course
    assert [[mat.id for mat in point.mats] for point in course.points] == [["line", "behind"]] * 4
    assert [(mat.id, mat.point, mat.also, mat.role) for mat in course.mats] == [
        ("line", "START", ("LAP1", "LAP2", "FINISH"), MatRole.MAIN),
        ("behind", "START", ("LAP1", "LAP2", "FINISH"), MatRole.BACKUP),
    ]


def test_a_mat_of_one_point_serves_no_others(ten_miles: RacePlan) -> None:
    assert [(mat.point, mat.also) for mat in ten_miles.race.course.mats] == [
        ("START", ()),
        ("KM5MI", ()),
        ("FINISH", ()),
    ]


def test_the_minimum_leg_is_four_fifths_of_the_difference_rounded_down_and_none_after_the_start(parse: Parse) -> None:
    legs = [point.min_leg_us for point in parse(LAPS).race.course.points]
    assert legs == [0, 0, 396 * SECOND, (8 * MINUTE + 45 * SECOND + 6000) * 4 // 5]
    uneven = parse(LAPS.replace("25.0001", "25.000001")).race.course.finish
    assert uneven.min_leg_us == 420 * SECOND + 48


def test_a_minimum_leg_that_is_given_is_taken_as_it_is(parse: Parse) -> None:
    given = parse(LAPS.replace("minimum_minutes = 16.25", "minimum_minutes = 16.25\nminimum_leg_minutes = 7.5"))
    assert given.race.course.points[2].min_leg_us == 450 * SECOND
    none = parse(LAPS.replace("minimum_minutes = 16.25", "minimum_minutes = 16.25\nminimum_leg_minutes = 0"))
    assert none.race.course.points[2].min_leg_us == 0


def test_waves_may_be_a_race_within_the_race_with_a_speed_of_its_own(parse: Parse) -> None:
    assert [(wave.id, wave.group, wave.speed_pct) for wave in parse(LAPS).race.waves] == [
        ("wheels", "wheelchairs", 185),
        ("run", "", 100),
    ]


def test_lists_are_of_the_main_race_and_no_prize_unless_they_say_so(parse: Parse) -> None:
    assert [(rule.id, rule.groups, rule.prize) for rule in parse(LAPS).lists] == [
        ("overall", frozenset({""}), False),
        ("wheels", frozenset({"wheelchairs"}), True),
    ]


def test_heights_are_kept_in_metres(parse: Parse) -> None:
    assert parse(LAPS).race.course.profile == ()
    plan = parse(LAPS + "[course]\nprofile = [[0, 12], [4.125, -3], [9, 12]]\n")
    assert plan.race.course.profile == ((0, 12), (4125, -3), (9000, 12))


def test_the_jury_has_defaults_that_a_file_may_change(parse: Parse) -> None:
    assert (parse(LAPS).jury.margin_us, parse(LAPS).jury.protest_us) == (SECOND // 2, 30 * MINUTE)
    jury = parse(LAPS + "[jury]\nmargin_s = 0.25\nprotest_minutes = 20\n").jury
    assert (jury.margin_us, jury.protest_us) == (SECOND // 4, 20 * MINUTE)


def test_wheelchairs_and_handbikes_are_timed_ranked_and_announced() -> None:
    for role in ("wheelchair", "handbike"):
        assert (DEFAULT_ROLES[role].timed, DEFAULT_ROLES[role].ranked, DEFAULT_ROLES[role].announced) == (True,) * 3


def test_marseille_cassis_knows_its_heights_and_its_prize_lists(marseille_cassis: RacePlan) -> None:
    profile = marseille_cassis.race.course.profile
    assert (profile[0], profile[10], profile[-1]) == ((0, 22), (10_000, 326), (20_000, 65))
    assert (17_500, 98) in profile
    assert {rule.id for rule in marseille_cassis.lists if rule.prize} == {"prize-scratch", "prize-french"}
    assert "course.profile" in {assumed.key for assumed in marseille_cassis.assumed}
    assert marseille_cassis.race.course.finish.min_leg_us == 27 * MINUTE * 4 // 5


FAULTS = [
    # (what is replaced, by what, the line named, key, part of message, part of what is accepted)
    ('"LAP2", "FINISH"]', '"LAP2", "FINSH"]', "FINSH", "mats[1].points[4]", 'no point "FINSH"', "FINISH"),
    ('"LAP1", "LAP2"', '"LAP2", "LAP1"', '"LAP2", "LAP1"', "mats[1].points[3]", 'not run after "LAP2"', "order"),
    ('"LAP1", "LAP2"', '"LAP1", "LAP1"', '"LAP1", "LAP1"', "mats[1].points[3]", 'not run after "LAP1"', "once"),
    ('["START", "LAP1", "LAP2", "FINISH"]', '["START"]', '["START"]', "mats[1].points", "not accepted", "two or more"),
    ('["START", "LAP1", "LAP2", "FINISH"]', '"START"', 'points = "S', "mats[1].points", "not accepted", "two or more"),
    ('id = "line"\npoints', 'id = "line"\npoint = "START"\npoints', "points =", "mats[1].points", "beside", "one of"),
    ('points = ["START", "LAP1", "LAP2", "FINISH"]\n', "", "[[mats]]", "mats[1].point", "is missing", "`points`"),
    ("speed = 1.85", "speed = 1.855", "speed", "waves[1].speed", "1.855", "two decimals"),
    ("speed = 1.85", "speed = 0", "speed", "waves[1].speed", "0", "more than 0"),
    ("speed = 1.85", "speed = 5.01", "speed", "waves[1].speed", "5.01", "at most 5"),
    ('group = "wheelchairs"', "group = 1", "group", "waves[1].group", "1", "text"),
    ('groups = ["wheelchairs"]', 'groups = ["wheelchair"]', "groups", "lists[2].groups[1]", "no wave", "wheelchairs"),
    ('groups = ["wheelchairs"]', "groups = []", "groups", "lists[2].groups", "not accepted", "main race"),
    ("prize = true", 'prize = "yes"', "prize", "lists[2].prize", "yes", "true or false"),
    (
        "km = 3\nminimum_minutes = 8",
        "km = 3\nminimum_minutes = 8\nminimum_leg_minutes = 7",
        "minimum_leg",
        "points[2].minimum_leg_minutes",
        "no split comes before LAP1",
        "minimum_minutes",
    ),
    ("minimum_minutes = 16.25", "minimum_minutes = 16.25\nminimum_leg_minutes = -1", "minimum_leg",
     "points[3].minimum_leg_minutes", "-1", "minutes"),
    ("[event]", "[course]\nprofile = [[0, 1], [0, 2]]\n[event]", "profile", "course.profile[2]", "km 0", "order"),
    ("[event]", "[course]\nprofile = [[0, 1]]\n[event]", "profile", "course.profile", "not accepted", "pairs"),
    ("[event]", "[course]\nprofile = [[0, 1], [1]]\n[event]", "profile", "course.profile", "not accepted", "pairs"),
    ("[event]", "[course]\nprofile = [[0, 1], [1, 2.5]]\n[event]", "profile", "course.profile[2][2]", "2.5", "pairs"),
    ("[event]", "[jury]\nmargin_s = 61\n[event]", "margin_s", "jury.margin_s", "61", "at most 60"),
    ("[event]", "[jury]\nprotest_minutes = -1\n[event]", "protest", "jury.protest_minutes", "-1", "minutes"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "key", "message", "accepted"), FAULTS)
def test_each_fault_is_told_with_its_line_and_what_would_be_accepted(
    parse: Parse, old: str, new: str, line: str, key: str, message: str, accepted: str
) -> None:
    assert old in LAPS
    text = LAPS.replace(old, new, 1)
    faults = faults_of(parse, text)
    assert message in faults[key][0]
    assert accepted in faults[key][1]
    assert faults[key][2] == line_with(text, line)


@pytest.mark.parametrize("other", ['points = ["START", "LAP1", "FINISH"]', 'point = "FINISH"'])
def test_mats_that_share_points_must_serve_the_same(parse: Parse, other: str) -> None:
    text = LAPS.replace('points = ["START", "LAP1", "LAP2", "FINISH"]\nrole', f"{other}\nrole")
    faults = faults_of(parse, text)
    assert list(faults) == [f"mats[2].{other.split(' ')[0]}"]
    (message, accepted, line) = next(iter(faults.values()))
    assert f'with mat "line" (line {line_with(text, "[[mats]]")})' in message
    assert accepted == "the same points: START, LAP1, LAP2, FINISH"
    assert line == line_with(text, other)


def test_a_line_of_backup_mats_alone_is_a_fault(parse: Parse) -> None:
    text = LAPS.replace('source = "line"\nlabel = "01"', 'role = "backup"\nsource = "line"\nlabel = "01"')
    assert list(faults_of(parse, text)) == ["points[1]", "points[2]", "points[3]", "points[4]"]


def test_a_list_of_the_main_race_is_a_fault_where_every_wave_is_of_another(parse: Parse) -> None:
    text = LAPS.replace('bibs = "1-899"', 'bibs = "1-899"\ngroup = "runners"')
    assert faults_of(parse, text)["lists[1].groups[1]"][:2] == (
        'there is no wave of group ""',
        "one of: wheelchairs, runners",
    )


def test_a_wave_whose_group_is_unsound_makes_no_list_a_fault(parse: Parse) -> None:
    assert list(faults_of(parse, LAPS.replace('group = "wheelchairs"', "group = 1"))) == ["waves[1].group"]


def test_heights_that_end_before_the_finish_are_told(parse: Parse) -> None:
    whole, part = (parse(LAPS + f"[course]\nprofile = [[0, 12], [{km}, 3]]\n") for km in (9, 8.999))
    told = {remark.key: remark for remark in check(part)}
    assert told["course.profile"].kind is RemarkKind.NOTE
    assert "course.profile" not in {remark.key for remark in check(whole)}
