"""Every fault of a race file is told, all in one message, with file, key, line and what would be accepted."""

from collections.abc import Callable
from pathlib import Path

import pytest

from config.errors import ConfigError, Fault
from config.loader import load_race
from config.plan import RacePlan

Parse = Callable[[str], RacePlan]


def faults_of(parse: Parse, text: str) -> tuple[Fault, ...]:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    for fault in caught.value.faults:
        assert str(fault) in str(caught.value)
        assert fault.accepted, f"nothing says what would be accepted: {fault}"
    return caught.value.faults


def only(parse: Parse, text: str) -> Fault:
    faults = faults_of(parse, text)
    assert len(faults) == 1, [str(fault) for fault in faults]
    return faults[0]


def line_with(text: str, wanted: str, nth: int = 1) -> int:
    """The number of the n-th line that holds a text."""
    found = [number for number, line in enumerate(text.splitlines(), start=1) if wanted in line]
    return found[nth - 1]


SINGLE = [
    # (what is replaced, by what, the line named, key, part of message, part of what is accepted)
    ('name = "Ten Mile Run"', 'nam = "Ten Mile Run"', "nam =", "event.nam", "unknown key", "name"),
    ("date = 2010-04-11", 'date = "2010-04-11"', "date =", "event.date", "not accepted", "2024-10-27"),
    ("date = 2010-04-11", "date = 2010-04-11T09:00:00", "date =", "event.date", "not accepted", "TOML date"),
    ("America/New_York", "America/New_Yrok", "zone =", "event.zone", "New_Yrok", "Europe/Paris"),
    ('["en"]', '["english"]', "languages", "event.languages[1]", "english", "two-letter"),
    ('["en"]', "[]", "languages", "event.languages", "not accepted", "two-letter"),
    ("[event]", "[event]\nedition = true", "edition", "event.edition", "true", "whole number"),
    ('gun_origin = "race"', 'gun_origin = "own"', "gun_origin", "start.gun_origin", '"own"', '"race" or "wave"'),
    ("gun = 07:30:00", 'gun = "07:30"', 'gun = "', "waves[1].gun", "07:30", "TOML time"),
    ("gun = 07:30:00", 'gun = 07:30:00\nbibs = "20-10"', "bibs", "waves[1].bibs", "20-10", "1-2500"),
    ("gun = 07:30:00", "gun = 07:30:00\nbibs = true", "bibs", "waves[1].bibs", "true", "1-2500"),
    ('kind = "split"', 'kind = "middle"', 'kind = "m', "points[2].kind", "middle", "split"),
    ("km = 8.047", "km = 8.0471", "km = 8", "points[2].km", "8.0471", "metre"),
    ("km = 8.047", 'km = "8.047"', 'km = "', "points[2].km", "8.047", "kilometres"),
    ("km = 8.047", "km = nan", "km = nan", "points[2].km", "NaN", "kilometres"),
    ('source = "halfway"', 'source = "halfway"\nto_line_m = 300', "to_line", "mats[2].to_line_m", "300", "-100 to 100"),
    ("tcp:127.0.0.1:10001", "tcp:127.0.0.1", "tcp", "sources[1].connect", "tcp", "tcp:host:port"),
    ("tcp:127.0.0.1:10001", "tcp:127.0.0.1:70000", "tcp", "sources[1].connect", "70000", "tcp:host:port"),
    ("tcp:127.0.0.1:10001", "listen:70000", "listen", "sources[1].connect", "70000", "listen:port"),
    ("tcp:127.0.0.1:10001", "mqtt:a/#/b", "mqtt", "sources[1].connect", "mqtt", "mqtt:topic/filter"),
    ("tcp:127.0.0.1:10001", "mqtt:reader/+/tags", "mqtt", "sources[1].connect", "MQTT", "serial, tcp"),
    (
        'connect = "tcp:127.0.0.1:10001"',
        'protocol = "ultra"\nconnect = "serial:/dev/a"',
        "serial:/dev/a",
        "sources[1].connect",
        "over a serial port",
        "tcp",
    ),
    ("tcp:127.0.0.1:10001", "serial:/dev/a?bad=1", "serial", "sources[1].connect", "bad=1", "baud"),
    ("tcp:127.0.0.1:10001", "serial:/dev/a?baud=9601", "serial", "sources[1].connect", "9601", "baud"),
    ('"start"\nconnect', '"St art"\nconnect', 'id = "St', "sources[1].id", "St art", "a-z"),
    ('clock = "net"', 'clock = "real"', "real", "lists[1].clock", '"real"', '"gun" or "net"'),
    ('per = "sex"', 'per = "sexe"', "sexe", "lists[1].per", "sexe", "category"),
    ('main = "sex"', 'main = "sex"\npublic = "yes"', "public", "lists[1].public", "yes", "true or false"),
    ('main = "sex"', 'main = "sex"\nnationalities = ["France"]', "nat", "lists[1].nationalities[1]", "France", "FRA"),
    ('protocol = "read_log"', 'protocol = "readlog"', "readlog", "sources[3].protocol", "readlog", "read_log"),
    ('point = "KM5MI"', 'point = "KM5"', 'point = "KM5"', "mats[2].point", 'no point "KM5"', "KM5MI"),
]


@pytest.mark.parametrize(("old", "new", "line", "key", "message", "accepted"), SINGLE)
def test_a_single_fault_is_told_with_its_line(
    parse: Parse, ten_miles_text: str, old: str, new: str, line: str, key: str, message: str, accepted: str
) -> None:
    assert old in ten_miles_text
    text = ten_miles_text.replace(old, new, 1)
    faults = faults_of(parse, text)
    fault = next(fault for fault in faults if fault.key == key)
    assert fault.line == line_with(text, line)
    assert message in fault.message
    assert accepted in fault.accepted
    assert fault.file.endswith("race.toml")


BETWEEN = [
    ('id = "M"', 'id = "S"', "mats[2].id", '"S" is given twice', 'id = "S"', 2),
    ('id = "category"', 'id = "sex"', "lists[2].id", "given twice", 'id = "sex"', 2),
    ('source = "halfway"', 'source = "halfwya"', "mats[2].source", 'no source "halfwya"', "halfwya", 1),
    ("km = 16.093", "km = 8", "points[3].km", "does not come after", "km = 8", 2),
    ("minimum_minutes = 42", "minimum_minutes = 20", "points[3].minimum_minutes", "not more than", "minutes = 20", 2),
    ("minimum_minutes = 42", "", "points[3].minimum_minutes", "0 minutes", "[[points]]", 3),
    ("km = 0\n", "km = 0.1\n", "points[1].km", "the start is at km 0.1", "km = 0.1", 1),
    ("km = 0\n", "km = 0\nminimum_minutes = 1\n", "points[1].minimum_minutes", "the start has", "= 1\n".strip(), 1),
    ('kind = "split"', 'kind = "start"', "points[2].kind", "second start", 'kind = "start"', 2),
    ('kind = "split"', 'kind = "finish"', "points[3].kind", "second finish", 'kind = "finish"', 2),
    ('kind = "finish"', 'kind = "split"', "points", "no finish point", "[[points]]", 1),
    ('per = "sex"', 'per = "none"', "lists[1].per", 'is "none" in the list of rank_sex', 'per = "none"', 1),
    ('main = "category"', 'main = "sex"', "lists[2].main", 'already that of list "sex"', 'main = "sex"', 2),
    ('main = "sex"', 'main = "sex"\ndepth = 3', "lists[1].depth", "ranks all", "depth", 1),
    ('main = "sex"', 'main = "sex"\ngun_origin = "wave"', "lists[1].gun_origin", "runs from no gun", '"wave"', 1),
    ('main = "sex"', 'main = "sex"\nwaves = ["all", "al"]', "lists[1].waves[2]", 'no wave "al"', "waves = [", 1),
    ('main = "sex"', 'main = "sex"\nroles = ["pacer"]', "lists[1].roles[1]", 'no ranked role "pacer"', "pacer", 1),
    ('main = "sex"', 'main = "sex"\nsexes = [""]', "lists[1].sexes", "empty sex", "sexes", 1),
    ('from = "roster"', 'from = "ffa"', "event.date", "2015-11-01", "date =", 1),
    ('from = "roster"', 'from = "roster"\nkept = ["H"]', "categories.kept", "no meaning", "kept", 1),
    ("[categories]", '[assumed]\n"waves.gnu" = "x"\n[categories]', "assumed.waves.gnu", "no such key", "gnu", 1),
    ("[categories]", "[assumed]\nmats = 1\n[categories]", "assumed.mats", "not a text", "mats = 1", 1),
    ("[categories]", "[roles.staff]\nranked = true\n[categories]", "roles.staff", "not timed", "[roles.staff]", 1),
    ("[categories]", '[course]\nwinners = "w.csv"\n[categories]', "course.winners", "no file", "winners", 1),
    ("[categories]", "[colour]\n[categories]", "colour", "unknown key", "[colour]", 1),
    ("[categories]", "[window]\nlast = 2010-04-10T00:00:00\n[categories]", "window", "before it begins", "[window]", 1),
    (
        "[categories]",
        "[window]\nfirst = 2010-04-11T08:00:00\n[categories]",
        "waves[1].gun",
        "outside the race window",
        "gun = ",
        1,
    ),
]


@pytest.mark.parametrize(("old", "new", "key", "message", "line", "nth"), BETWEEN)
def test_a_fault_between_keys_is_told_with_its_line(
    parse: Parse, ten_miles_text: str, old: str, new: str, key: str, message: str, line: str, nth: int
) -> None:
    assert old in ten_miles_text
    text = ten_miles_text.replace(old, new, 1)
    fault = next(fault for fault in faults_of(parse, text) if fault.key == key and message in fault.message)
    assert fault.line == line_with(text, line, nth)


def test_a_missing_section_is_told_even_without_a_line(parse: Parse, ten_miles_text: str) -> None:
    text = ten_miles_text[: ten_miles_text.index("[[lists]]")]
    fault = only(parse, text)
    assert (fault.key, fault.line, fault.message) == ("lists", None, "is missing")
    assert "[[lists]]" in fault.accepted


def test_a_missing_key_is_told_at_its_table(parse: Parse, ten_miles_text: str) -> None:
    text = ten_miles_text.replace('name = "Ten Mile Run"\n', "")
    fault = only(parse, text)
    assert (fault.key, fault.line, fault.message) == ("event.name", line_with(text, "[event]"), "is missing")


def test_an_array_where_tables_are_wanted_is_told(parse: Parse, ten_miles_text: str) -> None:
    text = "lists = 3\n" + ten_miles_text[: ten_miles_text.index("[[lists]]")].replace("[event]", "\n[event]")
    assert only(parse, text).accepted == "[[lists]] tables"
    assert only(parse, "web = 3\n" + ten_miles_text).accepted == "a [web] table"


WAVES = """
[[waves]]
id = "two"
gun = {gun}
bibs = ["{bibs}"]
"""


def with_waves(text: str, first: str, second: str, gun: str = "07:34:00") -> str:
    return text.replace("gun = 07:30:00", f'gun = 07:30:00\nbibs = "{first}"') + WAVES.format(gun=gun, bibs=second)


@pytest.mark.parametrize(
    ("first", "second", "shared"), [("1-100", "100-200", "100-100"), ("50-60", "1-100", "50-60"), ("7", "7", "7-7")]
)
def test_a_bib_in_two_waves_is_a_fault(parse: Parse, ten_miles_text: str, first: str, second: str, shared: str) -> None:
    text = with_waves(ten_miles_text, first, second)
    fault = only(parse, text)
    assert fault.key == "waves[2].bibs"
    assert f'bibs {shared} are in wave "two" and in wave "all" (line {line_with(text, "bibs")})' in fault.message


def test_every_pair_of_waves_that_shares_bibs_is_told(parse: Parse, ten_miles_text: str) -> None:
    text = with_waves(ten_miles_text, "1-100", "50-150") + '[[waves]]\nid = "3"\ngun = 07:40:00\nbibs = "90-160"\n'
    assert [fault.key for fault in faults_of(parse, text)] == ["waves[2].bibs", "waves[3].bibs"]


def test_neighbouring_waves_are_no_fault(parse: Parse, ten_miles_text: str) -> None:
    assert len(parse(with_waves(ten_miles_text, "1-100", "101-200")).race.waves) == 2


def test_start_windows_that_overlap_are_no_fault(parse: Parse, ten_miles_text: str) -> None:
    plan = parse(with_waves(ten_miles_text, "1-100", "101-200", gun="07:30:30"))
    assert plan.race.start_window_us > plan.race.waves[1].planned_gun_us - plan.race.waves[0].planned_gun_us


def test_a_gun_before_that_of_the_wave_before_is_a_fault(parse: Parse, ten_miles_text: str) -> None:
    fault = only(parse, with_waves(ten_miles_text, "1-100", "101-200", gun="07:29:00"))
    assert fault.key == "waves[2].gun"
    assert 'before that of wave "all"' in fault.message


@pytest.mark.parametrize(("gun", "happens"), [("02:30:00", "twice")])
def test_a_local_gun_in_the_hour_that_happens_twice_needs_an_offset(
    parse: Parse, ten_miles_text: str, gun: str, happens: str
) -> None:
    text = ten_miles_text.replace("2010-04-11", "2024-10-27").replace("America/New_York", "Europe/Paris")
    fault = only(parse, text.replace("fired = 07:30:00.25", f"fired = {gun}"))
    assert happens in fault.message
    assert parse(text.replace("fired = 07:30:00.25", "fired = 2024-10-27T02:30:00+01:00")).race.waves[0].gun_us


def test_a_local_gun_in_the_hour_that_is_left_out_is_a_fault(parse: Parse, ten_miles_text: str) -> None:
    text = ten_miles_text.replace("2010-04-11", "2024-03-31").replace("America/New_York", "Europe/Paris")
    fault = only(parse, text.replace("fired = 07:30:00.25", "fired = 02:30:00"))
    assert "never" in fault.message


ONE_READER = """
[[mats]]
id = "F2"
point = "FINISH"
role = "backup"
source = "finish"
{more}
"""


@pytest.mark.parametrize(
    ("main", "backup", "apart"),
    [
        ("", "", False),
        ('label = "01"', "", False),
        ('label = "01"', 'label = "01"', False),
        ('label = "01"', 'label = "02"', True),
        ("antennas = [1, 2]", "antennas = [2, 3]", False),
        ("antennas = [1, 2]", "antennas = [3, 4]", True),
        ("antennas = [1, 2]", "", False),
        ('label = "01"', "antennas = [1]", False),
        ('label = "01"\nantennas = [1]', 'label = "01"\nantennas = [2]', True),
    ],
)
def test_mats_of_one_source_must_be_told_apart(
    parse: Parse, ten_miles_text: str, main: str, backup: str, apart: bool
) -> None:
    text = ten_miles_text.replace('source = "finish"', f'source = "finish"\n{main}') + ONE_READER.format(more=backup)
    if apart:
        assert len(parse(text).race.course.finish.mats) == 2
    else:
        fault = only(parse, text)
        assert fault.key == "mats[4]"
        assert 'mats "F" and "F2" of source "finish" cannot be told apart' in fault.message


def test_a_source_without_a_mat_is_a_fault(parse: Parse, ten_miles_text: str) -> None:
    fault = only(parse, ten_miles_text + '[[sources]]\nid = "spare"\nconnect = "file"\n')
    assert fault.key == "sources[4]"
    assert 'source "spare"' in fault.message


def test_a_point_without_a_mat_or_with_backups_only_is_a_fault(parse: Parse, ten_miles_text: str) -> None:
    without = ten_miles_text.replace('id = "M"\npoint = "KM5MI"', 'id = "M"\npoint = "FINISH"')
    assert "no mat serves KM5MI" in only(parse, without).message
    backup = ten_miles_text.replace('point = "KM5MI"', 'point = "KM5MI"\nrole = "backup"')
    assert "only backup mats" in only(parse, backup).message


def test_a_race_may_do_without_a_start_mat(parse: Parse, ten_miles_text: str) -> None:
    text = ten_miles_text.replace('[[mats]]\nid = "S"\npoint = "START"\nsource = "start"\n', "")
    text = text.replace('[[sources]]\nid = "start"\nconnect = "tcp:127.0.0.1:10001"\n', "")
    assert parse(text).race.course.start.mats == ()


def test_a_source_with_two_faults_is_told_both(parse: Parse, ten_miles_text: str) -> None:
    text = ten_miles_text.replace('protocol = "read_log"', 'protocol = "readlog"\nconect = "file"')
    assert [fault.key for fault in faults_of(parse, text)] == ["sources[3].protocol", "sources[3].conect"]


def test_two_sources_at_one_address_are_told(parse: Parse, ten_miles_text: str) -> None:
    text = ten_miles_text.replace('connect = "collector"', 'connect = "tcp:127.0.0.1:10001"')
    fault = only(parse, text)
    assert fault.key == "sources[2].connect"
    assert 'the way to source "start" already' in fault.message


def test_any_protocol_may_speak_behind_a_collector(parse: Parse, ten_miles_text: str) -> None:
    text = ten_miles_text.replace('connect = "collector"', 'connect = "collector"\nprotocol = "somebody_elses"')
    assert parse(text).race.sources[1].protocol == "somebody_elses"


def test_unknown_categories_of_a_list_are_told_with_the_nearest(parse: Parse, ten_miles_text: str) -> None:
    text = ten_miles_text.replace("2010-04-11", "2024-10-27").replace('from = "roster"', 'from = "ffa"')
    fault = only(parse, text.replace('main = "sex"', 'main = "sex"\ncategories = ["M2F", "M11F"]'))
    assert (fault.key, fault.message) == ("lists[1].categories[2]", 'there is no category "M11F"')
    assert fault.accepted.startswith("M1")


def test_all_faults_come_in_one_message_in_the_order_of_the_file(parse: Parse, ten_miles_text: str) -> None:
    text = (
        ten_miles_text.replace("[event]", "[event]\ncolour = 1")
        .replace('point = "KM5MI"', 'point = "KM5"')
        .replace('per = "sex"', 'per = "none"')
        .replace("km = 16.093", "km = 3")
        + '[[sources]]\nid = "spare"\nconnect = "file"\n'
    )
    faults = faults_of(parse, text)
    assert [fault.key for fault in faults] == [
        "event.colour",
        "points[2]",
        "points[3].km",
        "mats[2].point",
        "lists[1].per",
        "sources[4]",
    ]
    with pytest.raises(ConfigError, match="6 faults"):
        parse(text)


def test_an_unsound_table_does_not_make_references_to_it_faults(parse: Parse, ten_miles_text: str) -> None:
    text = ten_miles_text.replace("km = 8.047", 'km = "far"').replace('connect = "collector"', 'connect = "radio"')
    assert [fault.key for fault in faults_of(parse, text)] == ["points[2].km", "sources[2].connect"]


def test_a_bad_optional_key_does_not_hide_the_faults_of_its_table(parse: Parse, ten_miles_text: str) -> None:
    text = with_waves(ten_miles_text, "1-100", "50-150").replace("[[waves]]", "[[waves]]\ncolour = 1")
    assert [fault.key for fault in faults_of(parse, text)] == ["waves[1].colour", "waves[2].colour", "waves[2].bibs"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[event\n", 1),
        ("[event]\nname = \n", 2),
        ('[event]\nname = "x"\nname = "y"\n', 3),
        ('a = "\n', 1),
        ("a = [1,\n", 2),
    ],
)
def test_what_is_not_toml_is_told_with_its_line(parse: Parse, text: str, line: int) -> None:
    fault = only(parse, text)
    assert fault.line == line
    assert "not TOML" in fault.message


def test_a_file_that_is_not_utf8_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "race.toml"
    path.write_bytes('[event]\nname = "Été"\n'.encode("cp1252"))
    with pytest.raises(ConfigError, match=r"race\.toml:2: not UTF-8"):
        load_race(path)


def test_faults_of_the_winners_join_those_of_the_race_file(parse: Parse, ten_miles_text: str, tmp_path: Path) -> None:
    (tmp_path / "winners.csv").write_text("no,table\n")
    faults = faults_of(parse, ten_miles_text.replace('per = "sex"', 'per = "none"'))
    assert {Path(fault.file).name for fault in faults} == {"race.toml", "winners.csv"}


def test_a_split_of_a_past_winner_names_a_split_and_a_sex_with_winners(parse: Parse, ten_miles_text: str) -> None:
    def with_split(point: str, sex: str = "M", times: int = 1) -> str:
        split = f'[[course.record_splits]]\nyear = 2009\nsex = "{sex}"\npoint = "{point}"\ntime = 00:23:01\n'
        return f"{ten_miles_text}\n{split * times}"

    plan = parse(with_split("KM5MI"))
    assert [(split.year, split.point, split.time_s) for split in plan.record_splits] == [(2009, "KM5MI", 1381)]
    assert only(parse, with_split("FINISH")).key == "course.record_splits[1].point"
    assert only(parse, with_split("KM5MI", sex="X")).key == "course.record_splits[1].sex"
    assert "twice" in only(parse, with_split("KM5MI", times=2)).message
