"""What the lists are called."""

import pytest
from results_builder import roster_of, rule, run, runner, small_plan, small_times

from config.plan import ListRule, Per
from results.printing import Language
from results.rankings import RankedList, rank
from results.titles import family_title, list_title, short_title, title_of

SEX, CATEGORY = Per.SEX, Per.CATEGORY

TITLES = [
    (rule("a", "Scratch", "Overall"), "Scratch", "Overall", "Scratch"),
    (rule("a", "", ""), "a", "a", "a"),
    (rule("a", "Par sexe", "By sex", per=SEX), "Femmes", "Women", "Femmes"),
    (
        rule("a", "Par sexe, temps réel", "By sex, net time", per=SEX),
        "Femmes, temps réel", "Women, net time", "Femmes, temps réel",
    ),
    (rule("a", "Prix", "Prizes", per=SEX), "Prix, femmes", "Prizes, women", "Prix, femmes"),
    (
        rule("a", "Par catégorie", "By category", per=CATEGORY),
        "M2F, Masters 2 femmes", "M2F, Masters 45–49 women", "M2F",
    ),
    (
        rule("a", "Par catégorie, temps réel", "By category, net time", per=CATEGORY),
        "M2F, Masters 2 femmes, temps réel", "M2F, Masters 45–49 women, net time", "M2F, temps réel",
    ),
    (
        rule("a", "Entreprises", "Firms", per=CATEGORY),
        "Entreprises, M2F, Masters 2 femmes", "Firms, M2F, Masters 45–49 women", "Entreprises, M2F",
    ),
]  # fmt: skip


def only_list(one: ListRule) -> RankedList:
    plan = small_plan(lists=(one,))
    roster = roster_of(runner(1, "F", birth_year=1978))
    return next(r for r in rank(plan, roster, small_times(plan, roster, {"1": run(0, 3600)})).lists if len(r))


@pytest.mark.parametrize(("one", "french", "english", "short"), TITLES)
def test_a_title_says_which_list_of_a_family_it_is(one: ListRule, french: str, english: str, short: str) -> None:
    ranked, plan = only_list(one), small_plan()
    assert list_title(ranked, plan, Language.FR) == french
    assert list_title(ranked, plan, Language.EN) == english
    assert short_title(ranked, plan, Language.FR) == short


def test_a_family_of_categories_has_one_name() -> None:
    names = [
        ("", "Catégories"),
        ("Par catégorie, temps réel", "Catégories, temps réel"),
        ("Entreprises", "Entreprises"),
    ]
    for title, family in names:
        assert family_title(rule("a", title, title, per=CATEGORY), Language.FR) == family


def test_a_list_is_named_by_its_id_alone() -> None:
    by_net = rule("cat-net", "Par catégorie, temps réel", "By category, net time", per=CATEGORY)
    lists = (rule("cat", "Par catégorie", "By category", per=CATEGORY), by_net)
    plan = small_plan(lists=(*lists, rule("s", "Par sexe", "By sex", per=SEX)))
    named = {list_id: title_of(list_id, plan, Language.EN) for list_id in ("cat-M2F", "cat-net-M2F", "s-F", "s-Q", "x")}
    assert named == {"cat-M2F": "M2F", "cat-net-M2F": "M2F, net time", "s-F": "Women", "s-Q": "s-Q", "x": "x"}
