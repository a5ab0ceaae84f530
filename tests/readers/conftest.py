"""Brokers for tests of the collector protocol: each test has its own, on a free port, ended with the test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from mqtt_peers import RACE, BrokerProcess, EmbeddedProcess, JournalSink, MosquittoProcess

from readers.collector_store import CollectorStore


def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "broker"
    folder.mkdir()
    return folder


@pytest.fixture
async def mosquitto(tmp_path: Path) -> AsyncIterator[MosquittoProcess]:
    broker = MosquittoProcess(_folder(tmp_path))
    await broker.start()
    yield broker
    broker.kill()


@pytest.fixture(params=["embedded", "mosquitto"])
async def any_broker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[BrokerProcess]:
    kind = EmbeddedProcess if request.param == "embedded" else MosquittoProcess
    broker = kind(_folder(tmp_path))
    await broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def make_sink(tmp_path: Path, race) -> Iterator[Callable[[], JournalSink]]:  # type: ignore[no-untyped-def]
    """Engines on one journal, one after the other."""
    made: list[JournalSink] = []

    def make() -> JournalSink:
        if made:
            made[-1].journal.close()
        made.append(JournalSink(race, tmp_path / "journal.sqlite"))
        return made[-1]

    assert race.id == RACE
    yield make
    if made:
        made[-1].journal.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CollectorStore]:
    opened = CollectorStore.open(tmp_path / "collector" / "store.sqlite")
    yield opened
    opened.close()
