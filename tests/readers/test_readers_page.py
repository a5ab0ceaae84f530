"""docs/readers.md tells the truth: its texts open links, its words are the board's, its figures are in force."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path

from readers import capture, driver, intake, link_watch
from readers.events import MemoryState
from readers.health import Link, SourceHealth
from readers.ipico import PROBE_EVERY_US
from readers.malformed import MALFORMED_EVERY_S, MALFORMED_KEPT
from readers.protocol import protocol_names
from readers.transports import check_endpoint

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "readers.md").read_text()


def test_every_link_on_the_page_is_one() -> None:
    links = re.findall(r"`((?:serial|tcp|listen|mqtt):[^`]+)`", PAGE)
    assert len(links) >= 4
    for link in links:
        check_endpoint(link)


def test_the_example_of_a_source_is_one() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (source,) = tomllib.loads(example)["sources"]
    assert source["protocol"] in protocol_names()
    check_endpoint(source["connect"])


def test_every_word_of_the_board_is_explained() -> None:
    for word in [*Link, *MemoryState]:
        assert f"`{word.value}`" in PAGE, word
    explained = set(re.findall(r"^\| `(\w+)`", PAGE, re.MULTILINE)) | set(re.findall(r"`(queue_peak)`", PAGE))
    shown = {field.name for field in fields(SourceHealth)}
    assert {word for word in explained if "_" in word} <= shown
    assert {"gap", "memory", "overflowed", "malformed", "warning", "queue"} <= explained & shown


def test_the_figures_are_in_force() -> None:
    said = " ".join(PAGE.split())
    assert f"after {link_watch.pause_s(1, 30, 1.0)} s" in said
    assert f"at most {driver.PAUSE_MAX_S:.0f} s ({driver.PAUSE_MAX_SERIAL_S:.0f} s for a serial port)" in said
    assert f"asked for the time every {PROBE_EVERY_US / 1e6} s" in (DOCS / "readers_ipico.md").read_text()
    assert (PROBE_EVERY_US + link_watch.SILENCE_MAX_US) / 1e6 <= 10
    assert f"tried again in {driver.MEMORY_AGAIN_S:.0f} s" in said
    assert f"the first {MALFORMED_KEPT}, and one every {MALFORMED_EVERY_S:.0f} s" in said
    assert f"of {capture.FILE_MAX // 2**20} MiB, at most {capture.FILES_MAX} of them" in said
    assert intake.QUEUE_MAX >= intake.BATCH_MAX
