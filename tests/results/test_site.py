"""The static site: whole without a network, safe with any name, and complete without a script."""

import re
import time
from html.parser import HTMLParser
from pathlib import Path
from posixpath import dirname, join, normpath

import pytest
from golden_race import SECRETS, crowd_standing, golden_standing
from markupsafe import escape
from results_builder import GUN_US, roster_of, rule, run, runner, small_plan, small_times

from results.people import SHORT_LIST
from results.rankings import rank
from results.site import ASSETS, PAGE_ROWS, site_files, write_site
from results.standing import Standing

LINKS = re.compile(r'(?:href|src)="([^"]*)"')


class Structure(HTMLParser):
    """Tags and attributes as a browser would see them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]


def pages(standing: Standing) -> dict[str, str]:
    return {name: content.decode() for name, content in site_files(standing) if name.endswith(".html")}


def body_rows(page: str) -> list[str]:
    return re.findall(r"<tr id=r\d+>.*", page)


def test_every_link_is_relative_and_leads_to_a_file_of_the_site() -> None:
    files = dict(site_files(golden_standing()))
    for name, content in files.items():
        if not name.endswith((".html", ".css")):
            continue
        text = content.decode()
        assert not re.search(r"(?:https?:)?//(?!\s)[a-z]", text), f"{name} reaches for the network"
        for link in LINKS.findall(text):
            assert normpath(join(dirname(name), link)) in files, f"{name}: {link}"


def test_both_languages_have_the_same_pages_and_the_race_chooses_which_is_at_the_root() -> None:
    files = pages(golden_standing())
    french = {name for name in files if "/" not in name}
    assert {f"en/{name}" for name in french} == {name for name in files if "/" in name}
    assert '<html lang="fr">' in files["index.html"]
    assert "1h01'02" in files["scratch.html"]
    assert '<html lang="en">' in files["en/index.html"]
    assert "1:01:02" in files["en/scratch.html"]


def test_a_list_says_that_it_is_provisional_which_publication_it_is_and_how_it_is_ranked() -> None:
    page = pages(golden_standing(17))["scratch.html"]
    assert "Provisoire." in page
    assert "13:00:00 · publication 17" in page
    assert "Classée au temps depuis le coup de feu de la vague. À secondes égales, la fraction départage." in page


def test_lists_that_are_not_posted_have_no_page() -> None:
    assert not any("prize" in name for name in pages(golden_standing()))


def test_shared_places_are_marked_on_each_row() -> None:
    rows = body_rows(pages(golden_standing())["scratch.html"])
    assert [bool(re.search(r">=</abbr>", row)) for row in rows] == [False, False, True, True, True, True, False, False]


def test_a_time_that_was_not_read_is_a_word_and_no_figure() -> None:
    rows = body_rows(pages(golden_standing())["scratch.html"])
    assert "réel non lu" in next(row for row in rows if "PASTORELLI" in row)


def test_a_withheld_winner_keeps_the_place_and_is_named_nowhere() -> None:
    for name, content in site_files(golden_standing()):
        if not name.endswith(".woff2"):
            assert not any(secret in content.decode() for secret in SECRETS), name
    row = body_rows(pages(golden_standing())["scratch.html"])[0]
    assert "nom non publié" in row
    assert "1h00'00" in row
    assert "Dossard" not in row, "among so few men the bib would tell who it is"


def test_in_a_long_list_the_bib_stands_for_a_withheld_name() -> None:
    row = body_rows(pages(crowd_standing(SHORT_LIST, first={"public": False}))["scratch.html"])[0]
    assert "Dossard <b>1</b> <i>nom non publié</i>" in row


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'onmouseover='alert(1)",
    "</td></table><h1>",
    "&lt;b&gt;",
    "{{ 7 * 7 }}",
    "]]></script><!--",
    "A" * 300,
]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_becomes_markup(name: str) -> None:
    plain = pages(crowd_standing(3))
    hostile = pages(crowd_standing(3, first={"last_name": name, "first_name": name, "club": name, "town": name}))
    assert plain.keys() == hostile.keys()
    for page, text in hostile.items():
        assert Structure(text).tags == Structure(plain[page]).tags, page
        assert Structure(text).attributes == Structure(plain[page]).attributes, page
    assert f"<b>{escape(name.upper())}</b>" in hostile["scratch.html"], "it is shown as it is written"


def test_hostile_names_of_the_race_and_its_lists_become_no_markup_and_no_path() -> None:
    bad = "</title><script>alert(1)</script>"
    plan = small_plan(lists=(rule("../../etc/passwd", bad, bad), rule("..", bad, bad), rule("index", bad, bad)))
    roster = roster_of(runner(1), runner('"><script>'))
    times = small_times(plan, roster, {"1": run(0, 3600)})
    standing = Standing(
        plan=plan, roster=roster, times=times, rankings=rank(plan, roster, times), number=1, at_us=GUN_US
    )
    files = dict(site_files(standing))
    assert {name for name in files if "/" not in name} == {"etc-passwd.html", "list.html", "index-2.html", "index.html"}
    for name, text in pages(standing).items():
        assert Structure(text).tags.count("script") == 1, name


def test_a_long_list_is_cut_into_pages_that_a_phone_can_hold() -> None:
    files = pages(crowd_standing(2 * PAGE_ROWS + 1))
    assert [len(body_rows(files[f"scratch{end}.html"])) for end in ("", "_2", "_3")] == [PAGE_ROWS, PAGE_ROWS, 1]
    assert f"<tr id=r{PAGE_ROWS + 1}><td class=p><span class=pl>{PAGE_ROWS + 1}</span>" in files["scratch_2.html"]
    assert 'href="scratch_2.html"' in files["scratch.html"]
    assert all(len(text) < 500_000 for text in files.values())


def test_the_search_knows_everybody_whose_bib_is_shown_and_nobody_else() -> None:
    field = dict(site_files(golden_standing()))["assets/field.js"].decode()
    assert '["Saïd OUAZZANI","10","M0M",0,2,2]' in field
    assert '"7"' not in field


def test_right_to_left_names_do_not_turn_the_figures_round() -> None:
    page = pages(crowd_standing(2, first={"first_name": "محمد", "last_name": "الأمين"}))["scratch.html"]
    assert "<bdi>محمد <b>الأمين</b></bdi>" in page


def test_a_race_nobody_has_finished_has_pages_that_say_so() -> None:
    plan = small_plan()
    roster = roster_of(runner(1))
    times = small_times(plan, roster, {})
    standing = Standing(
        plan=plan, roster=roster, times=times, rankings=rank(plan, roster, times), number=1, at_us=GUN_US
    )
    assert "Personne n&#39;est encore classé" in pages(standing)["scratch.html"]


def test_what_the_pages_need_lies_beside_them(tmp_path: Path) -> None:
    number = write_site(golden_standing(), tmp_path)
    assert number == sum(1 for path in tmp_path.rglob("*") if path.is_file())
    assert all((tmp_path / "assets" / name).stat().st_size for name in ASSETS)


def test_the_site_of_a_full_field_is_written_in_a_few_seconds(tmp_path: Path) -> None:
    standing = crowd_standing(20_000)
    begin = time.perf_counter()
    write_site(standing, tmp_path)
    assert time.perf_counter() - begin < 10
