"""The protocol page and the program say the same."""

from __future__ import annotations

import dataclasses
import re

import pytest
from mqtt_peers import ROOT

from calanque import broker, broker_rights
from readers import collector_batch, collector_messages, collector_outbox, mqtt_intake, mqtt_source
from readers.collector import HEARTBEAT_S
from readers.collector_host import STEP_US
from timing.instants import MILLISECOND, SECOND
from timing.reads import ClockKind, ReadKind

PAGE = (ROOT / "docs" / "collector_protocol.md").read_text(encoding="utf-8")
BROKER_PAGE = (ROOT / "docs" / "broker.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "said",
    [
        f"at most {collector_batch.MAX_BYTES // 1024} KiB, at most {collector_batch.MAX_READS:,} reads",
        f"when it holds {collector_outbox.FULL_BATCH} reads or the oldest has waited "
        f"{collector_outbox.LONGEST_WAIT_US // MILLISECOND} ms",
        f"batches up to {collector_batch.MAX_READS:,}",
        f"at most {1 / mqtt_intake.CONFIRM_APART_S:.0f} times a second",
        f"nothing has moved for {collector_outbox.PATIENCE_US // SECOND} s",
        f"doubling to {collector_outbox.LONGEST_PATIENCE_US // SECOND} s",
        f"At most {collector_outbox.UNDER_WAY} unconfirmed batches are under way",
        f"Every {HEARTBEAT_S:.0f} s, and at once on change",
        f"by more than {STEP_US // MILLISECOND} ms",
        f"in {mqtt_source.FLAPPING_WITHIN_S:.0f} s: alarm",
    ],
)
def test_the_limits_on_the_page_are_those_of_the_program(said):
    assert said in re.sub(r"\s+", " ", PAGE)


def test_the_columns_on_the_page_are_those_that_are_read():
    section = PAGE.split("## Reads")[1].split("## Confirmed")[0]
    keys = set(re.findall(r"^\| (`.*?`(?:, `.*?`)*) \|", section, re.MULTILINE))
    named = {name for key in keys for name in re.findall(r"`(\w+)`", key)}
    header = {"store", "first", "boot", "steady_us", "now_us", "clock"}
    assert named - header == set(collector_batch._COLUMNS)
    assert all(f'"{clock.value}"' in section for clock in ClockKind)
    assert all(f'"{kind.value}"' in section for kind in ReadKind)


def test_the_status_on_the_page_is_the_one_that_is_sent():
    section = PAGE.split("## Status")[1].split("## Commands")[0]
    for kind in (collector_messages.StatusUp, collector_messages.ReaderStatus):
        assert all(f'"{field.name}"' in section for field in dataclasses.fields(kind))


def test_the_limits_of_the_broker_are_on_its_page():
    assert f"| a message | {broker_rights.MAX_MESSAGE // 2**20} MiB" in BROKER_PAGE
    assert f"| connections | {broker.MAX_CONNECTIONS} |" in BROKER_PAGE
    assert broker_rights.PASSWORDS in BROKER_PAGE
    assert broker.ADDRESS in BROKER_PAGE
