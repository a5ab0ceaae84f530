"""docs/readers_llrp.md tells the truth: its example is a source, its figures are in force."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from readers.llrp import PROBE_EVERY_US
from readers.llrp_requests import KEEPALIVE_MS, SPEC_ID
from readers.llrp_words import PORT
from readers.transports import check_endpoint
from timing.reader_kinds import KIND_OF

PAGE = (Path(__file__).parents[2] / "docs" / "readers_llrp.md").read_text()


def test_the_example_of_a_source_is_one() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (source,) = tomllib.loads(example)["sources"]
    assert source["clock"] == KIND_OF[source["protocol"]].clock
    assert source["connect"].endswith(f":{PORT}")
    check_endpoint(source["connect"])


def test_the_figures_are_in_force() -> None:
    said = " ".join(PAGE.split())
    assert f"{SPEC_ID} (`{SPEC_ID.to_bytes(4, 'big').decode()}`)" in said
    assert f"asked again every {PROBE_EVERY_US / 1e6} s" in said
    assert f"a keepalive every {KEEPALIVE_MS // 1000} s" in said
