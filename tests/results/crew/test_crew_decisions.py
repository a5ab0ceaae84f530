"""What is to be decided comes in the order of what hangs on it, under a key that stays, with its effect in words."""

from __future__ import annotations

import pytest
from small_race import at
from told_race import PLAN, ToldRace, runner, small_field

from calanque.decision_desk import DecisionDesk
from calanque.errors import FrontDoorError
from calanque.explaining import asked_of
from calanque.ruling_desk import RulingDesk
from results.crew.decisions import ALONE, Decision, decision_rows, decisions_of
from results.crew.effect_words import effect_rows
from results.printing import Language
from results.questions import open_questions
from timing.clock_faults import ClockFault, ClockFinding
from timing.reads import SourceId
from timing.roster import Bib
from timing.rulings import Clear, MoveToWave, Question, Role


def decisions(race: ToldRace, *clocks: ClockFinding) -> tuple[Decision, ...]:
    state, derived = race.derived()
    return decisions_of(open_questions(asked_of(race.plan, state, derived, derived.picture())), clocks)


def desk(race: ToldRace, language: Language = Language.FR) -> DecisionDesk:
    state, derived = race.derived()
    return DecisionDesk(race.plan, state, derived, language)


def many_missed(bibs: int) -> ToldRace:
    """So many who finished far behind and were not read at the col, behind thirty who were."""
    race = ToldRace(*(runner(bib) for bib in range(1, 31 + bibs)))
    for bib in range(1, 31 + bibs):
        minute, second = divmod(bib * 10, 60)
        col = f"9:3{4 + minute // 10}:{second:02d}" if bib <= 30 else None
        race.run(bib, "9:00:10", col, f"10:{12 + minute:02d}:{second:02d}")
    return race


def finding(*, holds: bool) -> ClockFinding:
    return ClockFinding(source=SourceId("gineste"), fault=ClockFault.HOURS, offset_us=3_600_000_000, holds=holds)


def test_a_decision_keeps_its_key_whatever_else_opens() -> None:
    race = small_field()
    before = {decision.kind: decision.key for decision in decisions(race)}
    race.run(6, "9:00:06", None, None).read("GINESTE-MAIN", "T5", "9:33:00")
    race.saw("4", "10:30:00")
    after = {decision.kind: decision.key for decision in decisions(race)}
    assert set(before) < set(after), "something else is to be decided now"
    assert before.items() <= after.items()
    assert len(set(after.values())) == len(after)


def test_a_key_can_stand_in_an_address_whatever_bibs_are_called() -> None:
    race = ToldRace(runner(1), runner(2600))
    race.saw(None, "10:00:00")
    race.run(2600, "9:00:30", "9:35:10", "10:09:00")
    keys = [decision.key for decision in decisions(race)]
    assert keys
    assert all(key.replace("-", "").isalnum() and key.isascii() for key in keys)


def test_a_clock_whose_reads_are_held_comes_first_and_one_that_holds_none_before_what_is_light() -> None:
    race = many_missed(ALONE + 1)
    found = decisions(race, finding(holds=False), finding(holds=True))
    assert found[0].clock is not None
    assert found[0].clock.holds
    kinds = [decision.is_light for decision in found if decision.clock is None]
    assert kinds == sorted(kinds), "what is heavy comes before what is light"
    other = next(n for n, decision in enumerate(found) if decision.clock is not None and not decision.clock.holds)
    assert all(not decision.is_light for decision in found[:other])


@pytest.mark.parametrize("missed", [ALONE, ALONE + 1])
def test_what_touches_no_place_is_one_group_from_four_cases_on(missed: int) -> None:
    rows = decision_rows(decisions(many_missed(missed)), PLAN)
    light = [row for row in rows["rows"] if row["weight"] == "none"]
    grouped = sum(group["count"] for group in rows["groups"])
    assert (len(light), grouped) == ((missed, 0) if missed <= ALONE else (0, missed))
    assert rows["open"] == len(rows["rows"]) + grouped


def test_an_opened_decision_has_what_is_known_a_picture_and_its_effect_in_both_languages() -> None:
    race = small_field()
    key = next(decision.key for decision in decisions(race) if decision.kind == "before_own_gun")
    for language, word in ((Language.FR, "Temps officiels modifiés"), (Language.EN, "Official times changed")):
        opened = desk(race, language).opened(key, 0, Role.CREW, at("10:30:00"))
        assert opened["people"][0]["name"] == "Anne NOM2600"
        assert opened["picture"]["label"].startswith("2600")
        assert opened["weighed"]["rows"][0] == {"what": word, "now": "", "after": "1"}
        assert opened["weighed"]["seen"] == len(race.entries)
        assert not opened["weighed"]["refused"]


def test_what_was_decided_can_no_longer_be_opened() -> None:
    race = small_field()
    key = next(decision.key for decision in decisions(race) if decision.kind == "before_own_gun")
    race.rule(MoveToWave(bibs=(Bib("2600"),), wave="1"))
    with pytest.raises(FrontDoorError, match="not open"):
        desk(race).opened(key, 0, Role.CREW, at("10:30:00"))


def test_a_group_is_cleared_by_one_act_that_names_everybody() -> None:
    race = many_missed(6)
    group = desk(race).group("missed_split", "clear", Role.CREW, at("10:40:00"))
    assert group["count"] == 6
    (act,) = group["weighed"]["acts"]
    assert act == {"act": "clear", "bibs": [str(bib) for bib in range(31, 37)], "question": "missed_split"}
    assert group["weighed"]["gun_times_changed"] == 0


def test_rulings_taken_together_are_all_taken_or_none() -> None:
    race = small_field()
    state, derived = race.derived()
    rulings = RulingDesk(race.plan, state, derived)
    good = {"act": "move_to_wave", "bibs": ["2600"], "wave": "1"}
    command = {"acts": [good, {**good, "wave": "99"}], "author": "Luc", "role": "crew", "reason": "", "seen": None}
    with pytest.raises(Exception, match="wave"):
        rulings.all_taken(command, at("10:30:00"))
    bodies, answer = rulings.all_taken({**command, "acts": [good]}, at("10:30:00"))
    assert [body.act for body in bodies] == [MoveToWave(bibs=(Bib("2600"),), wave="1")]
    assert answer["gun_times_changed"] == 1


def test_an_effect_on_no_official_time_says_zero_first() -> None:
    race = small_field()
    state, derived = race.derived()
    found, _ = RulingDesk(race.plan, state, derived).effect(
        Clear(bibs=(Bib("2600"),), question=Question.TRAVELS_TOGETHER)
    )
    rows = effect_rows(found, race.plan, Language.FR)
    assert [(row["what"], row["after"]) for row in rows] == [
        ("Temps officiels modifiés", "0"),
        ("Coureurs dont un temps ou le statut change", "0"),
    ]


def test_what_only_the_jury_signs_is_weighed_and_says_so() -> None:
    race = small_field()
    order = {"act": "finish_order", "order": [["2"], ["1"]]}
    weighed = desk(race).weighed([order], Role.CREW, at("10:30:00"))
    assert weighed["role"] == "jury"
    assert weighed["rows"]
    assert desk(race).weighed([order], Role.JURY, at("10:30:00"))["role"] == ""


def test_an_act_that_cannot_be_taken_says_why_and_has_no_effect() -> None:
    weighed = desk(small_field()).weighed([{"act": "withdraw", "number": 999}], Role.CREW, at("10:30:00"))
    assert "999" in weighed["refused"]
    assert weighed["rows"] == []


def test_a_runner_is_told_with_why_of_every_time_and_nobody_is_somebody() -> None:
    told = desk(small_field()).runner(Bib("2"))
    assert told["person"]["bib"] == "2"
    assert any("10:11:00" in sentence for section in told["sections"] for sentence in section["sentences"])
    assert desk(small_field()).runner(Bib("nobody"))["person"] is None
