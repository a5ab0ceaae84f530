"""Questions and decisions as sentences: facts first, in both languages, without a verdict on anybody."""

import re
import typing

import pytest
from questions_builder import prize_plan
from results_builder import GUN_US, WAVE_GAP_US

from results.act_words import QUESTIONS, ROLES, STATUSES, act_sentence
from results.asked import Kind, OpenQuestion
from results.exact_times import exact_duration, exact_hour, gap
from results.printing import Language
from results.question_titles import TITLES
from results.question_words import question_words
from timing.instants import HOUR, MILLISECOND, MINUTE, SECOND
from timing.reads import SourceId, Tag
from timing.roster import Bib
from timing.rulings import (
    Act,
    AssignTag,
    Clear,
    CorrectClock,
    Declare,
    Disqualify,
    FinishOrder,
    MoveToWave,
    OutOfUse,
    Question,
    ReadSelector,
    RecallStart,
    Reinstate,
    Role,
    SetAside,
    SetCategory,
    SetGun,
    SetTime,
    Span,
    SwapTags,
    UseAgain,
    Withdraw,
)
from timing.times import Status

LANGUAGES = (Language.FR, Language.EN)
PLAN = prize_plan()
A, B = Bib("101"), Bib("102")
TEN = GUN_US + HOUR
SEEN = [{"number": 7, "at_us": TEN, "author": "Luc"}]

EVIDENCE: dict[Kind, dict[str, object]] = {
    Kind.MISSED_SPLIT: {"unseen": ["GINESTE"], "crossings_us": {"START": GUN_US, "FINISH": TEN}},
    Kind.MAT_MISSED_MANY: {
        "missed": 40, "passed": 1508, "missed_elsewhere": 3, "passed_elsewhere": 1600, "from_us": TEN,
        "until_us": TEN + 7 * MINUTE,
    },
    Kind.IMPOSSIBLE_PACE: {
        "from": "GINESTE", "metres": 10_000, "took_us": 20 * MINUTE, "fastest_us": 27 * MINUTE + 30 * SECOND,
    },
    Kind.ODD_LEG: {"from": "GINESTE", "metres": 10_000, "took_us": 33 * MINUTE, "at_own_pace_us": 55 * MINUTE},
    Kind.TAG_ON_TWO: {"tags": [{"tag": "ABC", "worn_by": ["102"], "from_us": None, "until_us": None}]},
    Kind.TWO_TAGS_APART: {
        "tags": ["A1", "A2"], "seen": [{"tag": "A1", "point": "GINESTE", "first_us": TEN, "reads": 3}],
    },
    Kind.TRAVELS_TOGETHER: {"apart_us": {"START": 540_000, "GINESTE": 690_000, "FINISH": 30_000}},
    Kind.FINISH_WITHOUT_START: {"finish_us": TEN, "gun_time_us": HOUR, "unseen": ["START", "GINESTE"]},
    Kind.FINISH_AFTER_ABANDON: {"abandoned_us": TEN},
    Kind.OUT_OF_ORDER: {"crossings_us": {"GINESTE": TEN}, "too_soon": ["FINISH"]},
    Kind.BEFORE_OWN_GUN: {
        "start_us": GUN_US + 132_910_000, "gun_us": GUN_US + WAVE_GAP_US, "early_us": 107_090_000, "wave": "2",
        "crossed_wave": "1",
    },
    Kind.OTHER_WAVE: {"wave": "1", "crossed_wave": "2", "gun_us": GUN_US, "start_us": TEN, "runners": 1},
    Kind.CHECK_BY_EYE: {
        "places": {"sex-F": 2, "category-M2F": 1}, "reasons": ["unseen", "not_of_the_neighbours", "not_of_the_list"],
        "unseen": ["GINESTE"], "wave": "1", "crossed_wave": "2", "neighbours_wave": "1", "finish_us": TEN,
    },
    Kind.CLOSE_FINISH: {
        "gap_us": 120 * MILLISECOND, "margin_us": 500 * MILLISECOND, "places": {"prize-F": 2},
        "finish_us": {"101": TEN, "102": TEN + 120 * MILLISECOND},
    },
    Kind.PARKED: {"start_us": None},
    Kind.DECLARED_BUT_SEEN: {"status": "DNS", "crossings_us": {"FINISH": TEN}},
    Kind.SEEN_NOT_READ: {"seen": SEEN, "status": "STARTED", "unknown_bib": False},
    Kind.SEEN_AT_OTHER_TIME: {"seen": SEEN, "crossing_us": TEN + 90 * SECOND, "apart_us": -90 * SECOND},
    Kind.SEEN_TWICE: {"seen": [*SEEN, {"number": 8, "at_us": TEN + MINUTE, "author": "Eva"}], "apart_us": MINUTE},
    Kind.SEEN_WITHOUT_BIB: {
        "seen": 3, "first_us": TEN, "last_us": TEN + MINUTE, "unknown_tags": 2, "not_read_there": 5,
    },
    Kind.OFFICIAL_DIFFERENCE: {
        "lists": [
            {
                "list": "sex-F", "official_place": 2, "official_us": HOUR, "computed_place": None, "computed_us": None,
            },
        ],
    },
}  # fmt: skip


def question(kind: Kind, **changes: object) -> OpenQuestion:
    bibs = (A, B) if kind in (Kind.CLOSE_FINISH, Kind.TRAVELS_TOGETHER, Kind.MAT_MISSED_MANY) else (A,)
    point = "GINESTE" if kind is Kind.MAT_MISSED_MANY else "FINISH"
    clear = Clear(bibs=bibs, question=kind.answered_by)
    return OpenQuestion(kind=kind, bibs=bibs, point=point, evidence={**EVIDENCE[kind], **changes}, proposals=(clear,))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_said_in_sentences_with_its_facts(kind: Kind, language: Language) -> None:
    words = question_words(question(kind), PLAN, language)
    assert words.title
    assert words.title == TITLES[language][kind]
    for sentence in (words.fact, *words.proposals):
        assert not sentence[0].islower()
        assert sentence.endswith(".")
        assert not re.search(r"[{}_]|\bNone\b|  |FINISH|GINESTE", sentence), sentence
        if language is Language.FR:
            assert not re.search(r"(?<!\d)(?<!\u00a0)[;?!]|[^\u00a0\d]:", sentence), sentence
    if kind is not Kind.SEEN_WITHOUT_BIB and kind is not Kind.MAT_MISSED_MANY:
        assert "101" in words.fact


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "kind", [Kind.MISSED_SPLIT, Kind.MAT_MISSED_MANY, Kind.CHECK_BY_EYE, Kind.FINISH_WITHOUT_START]
)
def test_where_a_missing_read_is_shown_it_is_said_to_prove_nothing(kind: Kind, language: Language) -> None:
    nothing = "ne prouve rien" if language is Language.FR else "proves nothing"
    assert nothing in question_words(question(kind), PLAN, language).fact


def test_an_early_start_in_words() -> None:
    words = question_words(question(Kind.BEFORE_OWN_GUN), PLAN, Language.FR)
    assert words.fact == (
        "Le dossard 101 (vague 2) a passé le départ à 09:02:12,910, 1'47 avant le coup de feu de sa vague "
        "(09:04:00,000), avec la vague 1."
    )


@pytest.mark.parametrize(
    ("kind", "changes", "french", "english"),
    [
        (
            Kind.IMPOSSIBLE_PACE,
            {"took_us": -41 * SECOND},
            "Le dossard 101 a été vu à « Arrivée » 0'41 avant « Col de la Gineste », qui vient d'abord sur le "
            "parcours. L'un des passages n'est pas le sien.",
            "Bib 101 was seen at “Finish” 0:41 before “Col de la Gineste”, which comes first on the course. "
            "One of the crossings is not theirs.",
        ),
        (
            Kind.OUT_OF_ORDER,
            {"crossings_us": {"START": GUN_US, "GINESTE": TEN + 41 * SECOND, "FINISH": TEN}},
            "Le dossard 101 a été vu à « Départ » à 09:00:00, « Col de la Gineste » à 10:00:41, "
            "« Arrivée » à 10:00:00 : à « Arrivée » 0'41 avant « Col de la Gineste », qui vient d'abord "
            "sur le parcours. L'un des passages n'est pas le sien.",
            "Bib 101 was seen at “Start” at 09:00:00, “Col de la Gineste” at 10:00:41, “Finish” at 10:00:00: at "
            "“Finish” 0:41 before “Col de la Gineste”, which comes first on the course. "
            "One of the crossings is not theirs.",
        ),
        (
            Kind.OUT_OF_ORDER,
            {"crossings_us": {"GINESTE": TEN, "FINISH": TEN + MINUTE}},
            "Le dossard 101 a été vu à « Col de la Gineste » à 10:00:00, « Arrivée » à 10:01:00 : à "
            "« Arrivée » plus tôt après le point d'avant que personne ne peut y être. "
            "L'un des passages n'est pas le sien.",
            "Bib 101 was seen at “Col de la Gineste” at 10:00:00, “Finish” at 10:01:00: at "
            "“Finish” sooner after the point before than anybody can be. One of the crossings is not theirs.",
        ),
    ],
)
def test_points_in_the_wrong_order_are_told_as_what_was_seen(
    kind: Kind, changes: dict[str, object], french: str, english: str
) -> None:
    assert question_words(question(kind, **changes), PLAN, Language.FR).fact.replace("\u00a0", " ") == french
    assert question_words(question(kind, **changes), PLAN, Language.EN).fact == english


def test_a_close_finish_in_words() -> None:
    words = question_words(question(Kind.CLOSE_FINISH), PLAN, Language.EN)
    assert words.fact == (
        "0.120\u00a0s between bib 101 (10:00:00.000) and bib 102 (10:00:00.120) for a prize place "
        "(Prizes, women\u00a02); below 0.500\u00a0s chips do not decide."
    )


def test_a_sighting_of_an_unknown_bib_says_so() -> None:
    words = question_words(question(Kind.SEEN_NOT_READ, unknown_bib=True), PLAN, Language.EN)
    assert "no such bib is in the list" in words.fact


def test_several_of_another_wave_are_counted() -> None:
    words = question_words(question(Kind.OTHER_WAVE, runners=1508), PLAN, Language.FR)
    assert words.fact.startswith("1\u00a0508 coureurs de la vague 1 sont partis avec la vague 2.")


ACTS: list[tuple[Act, str, str]] = [
    (
        SetGun(wave="1", instant_us=GUN_US + 860_000),
        "Fixer le coup de feu de la vague 1 à 09:00:00,860.",
        "Set the gun of wave 1 to 09:00:00.860.",
    ),
    (
        SetGun(wave="1", signal=12),
        "Prendre le signal n°\u00a012 pour coup de feu de la vague 1.",
        "Take signal 12 as the gun of wave 1.",
    ),
    (
        RecallStart(wave="2", at_us=TEN),
        "Rappeler le départ de la vague 2, les signaux jusqu'à 10:00:00,000 ne comptent pas.",
        "Recall the start of wave 2, signals up to 10:00:00.000 do not count.",
    ),
    (
        CorrectClock(source=SourceId("gineste"), anchors=((TEN, -1_500_000),)),
        "Corriger l'horloge gineste de -1,500\u00a0s.",
        "Correct clock gineste by -1.500\u00a0s.",
    ),
    (
        SetTime(bib=A, point="FINISH", instant_us=TEN),
        "Fixer le passage du dossard 101 à «\u00a0Arrivée\u00a0» à 10:00:00,000.",
        "Set the crossing of bib 101 at “Finish” to 10:00:00.000.",
    ),
    (
        SetTime(bib=A, point="FINISH", instant_us=None),
        "Retirer le passage du dossard 101 à «\u00a0Arrivée\u00a0».",
        "Take away the crossing of bib 101 at “Finish”.",
    ),
    (
        SetAside(reads=ReadSelector(bibs=(A, B), mat="M")),
        "Écarter les lectures des dossards 101 et 102 au tapis M.",
        "Set aside the reads of bibs 101 and 102 at mat M.",
    ),
    (
        UseAgain(reads=ReadSelector(tags=(Tag("X"),))),
        "Reprendre les lectures de la puce X.",
        "Use again the reads of chip X.",
    ),
    (
        AssignTag(tag=Tag("X"), bib=A, span=Span(begin_us=TEN)),
        "Donner la puce X au dossard 101 à partir de 10:00:00,000.",
        "Give chip X to bib 101 from 10:00:00.000 on.",
    ),
    (AssignTag(tag=Tag("X"), bib=None), "Ne donner la puce X à personne.", "Give chip X to nobody."),
    (SwapTags(bibs=(A, B)), "Échanger les puces des dossards 101 et 102.", "Swap the chips of bibs 101 and 102."),
    (MoveToWave(bibs=(A,), wave="2"), "Placer le dossard 101 dans la vague 2.", "Move bib 101 to wave 2."),
    (
        Declare(bibs=(A,), status="DNF", at_us=TEN),
        "Déclarer le dossard 101 abandon à 10:00:00,000.",
        "Declare bib 101: did not finish (DNF), at 10:00:00.000.",
    ),
    (
        Declare(bibs=(A,), status="", at_us=TEN),
        "Lever la déclaration pour le dossard 101.",
        "Lift what was declared of bib 101.",
    ),
    (Disqualify(bibs=(A,), rule="5.2"), "Disqualifier le dossard 101, règle 5.2.", "Disqualify bib 101, rule 5.2."),
    (Reinstate(bibs=(A,), rule="5.2"), "Réintégrer le dossard 101, règle 5.2.", "Reinstate bib 101, rule 5.2."),
    (
        OutOfUse(mat="M", span=Span(begin_us=TEN, end_us=TEN + MINUTE)),
        "Mettre hors service le tapis M de 10:00:00,000 à 10:01:00,000.",
        "Take mat M out of use from 10:00:00.000 to 10:01:00.000.",
    ),
    (SetCategory(bibs=(A,), category="M2F"), "Classer le dossard 101 en M2F.", "Put bib 101 into category M2F."),
    (
        Clear(bibs=(A,), question=Question.PARKED),
        "Ne rien changer pour le dossard 101 (vu\u00a0: puce garée).",
        "Change nothing for bib 101 (looked into: parked chip).",
    ),
    (
        FinishOrder(order=((A,), (B,))),
        "Fixer l'ordre d'arrivée\u00a0: 101, puis 102.",
        "Set the order over the line: 101, then 102.",
    ),
    (
        FinishOrder(order=((A, B),)),
        "Classer les dossards 101 et 102 ex æquo à l'arrivée.",
        "Place bibs 101 and 102 as tied at the finish.",
    ),
    (Withdraw(number=45), "Retirer l'acte n°\u00a045.", "Withdraw act 45."),
]


@pytest.mark.parametrize(("act", "french", "english"), ACTS)
def test_an_act_is_a_sentence_in_both_languages(act: Act, french: str, english: str) -> None:
    assert act_sentence(act, PLAN, Language.FR) == french
    assert act_sentence(act, PLAN, Language.EN) == english


def test_every_kind_of_act_has_a_sentence() -> None:
    assert {type(act) for act, _, _ in ACTS} == set(typing.get_args(Act))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_question_role_and_status_has_a_word(language: Language) -> None:
    assert set(QUESTIONS[language]) == set(Question)
    assert set(ROLES[language]) == set(Role)
    assert set(STATUSES[language]) == {status.name for status in Status}


def test_many_bibs_are_named_in_part_and_counted() -> None:
    many = MoveToWave(bibs=tuple(Bib(str(n)) for n in range(1, 21)), wave="2")
    assert act_sentence(many, PLAN, Language.FR) == "Placer les dossards 1, 2, 3, 4, 5, 6 et 14 autres dans la vague 2."


def test_exact_times_have_three_digits_or_six() -> None:
    assert exact_hour(GUN_US + 46_120_000, PLAN.race.zone, Language.FR) == "09:00:46,120"
    assert exact_hour(GUN_US + 46_120_001, PLAN.race.zone, Language.EN) == "09:00:46.120001"
    assert exact_duration(HOUR + 5 * MINUTE + 57_620_000, Language.FR) == "1h05'57,620"
    assert exact_duration(-12_500_000, Language.EN) == "-0:12.500"
    assert gap(119_999_000, Language.EN) == "1:59"
    assert gap(-120_000, Language.FR) == "0,120\u00a0s"
