"""The same journal in PostgreSQL, by changing one URL. Skipped where no server or no driver is installed."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from journal_cases import DEADLINE_S, contents, note, notes, reads_entries, until
from sqlalchemy import create_engine, text

from timing.errors import JournalDamaged, JournalRefused
from timing.journal import EntryKind, Journal

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))


class Server:
    """A server of its own, on a free port of loopback, that can be stopped and started."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        self.binaries = binaries
        self.folder = folder
        self.user = None if os.geteuid() != 0 else "postgres"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._run("initdb", "-D", str(folder), "-U", "calanque", "--auth=trust", "--encoding=UTF8")

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://calanque@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
        self._run("pg_ctl", "-D", str(self.folder), "-o", options, "-l", str(self.folder / "log"), "-w", "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.folder), "-m", "immediate", "-w", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self.binaries / program, *arguments],
            user=self.user,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=self.folder.parent,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()


@pytest.fixture
def server() -> Iterator[Server]:
    pytest.importorskip("psycopg", reason="no PostgreSQL driver (psycopg 3)")
    if not BINARIES:
        pytest.skip("no PostgreSQL server is installed")
    # Not below pytest's own folder, which only its owner may enter: the server runs as another user.
    folder = Path(f"/tmp/calanque-postgres-{os.getpid()}")
    folder.mkdir()
    if os.geteuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
    database = folder / "database"
    server = Server(BINARIES[-1].parent, database)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.mark.slow
def test_a_journal_lives_in_postgresql_as_in_a_file(server: Server, tmp_path: Path) -> None:
    new = [*notes(20), *reads_entries(40)]
    with Journal.create(server.url, race="small") as journal:
        journal.append(new).result(DEADLINE_S)
        assert journal.path is None
        copied = journal.snapshot(tmp_path / "copy.sqlite")
        assert copied.last == 60
    with pytest.raises(JournalRefused, match="exists already"):
        Journal.create(server.url, race="small")
    with Journal.open(server.url, race="small") as journal:
        assert contents(list(journal.entries())) == contents(new)
        assert len(list(journal.entries(kinds=[EntryKind.READS]))) == 40
        assert journal.verify().entries == 60
    with Journal.open(tmp_path / "copy.sqlite", read_only=True) as copy:
        assert contents(list(copy.entries())) == contents(new)
    engine = create_engine(server.url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE journal_entries SET at_us = 7 WHERE number = 33"))
    engine.dispose()
    with pytest.raises(JournalDamaged) as caught:
        Journal.open(server.url)
    assert caught.value.number == 33


@pytest.mark.slow
def test_a_server_that_dies_is_waited_for(server: Server) -> None:
    journal = Journal.create(server.url, race="small")
    journal.append(notes(5)).result(DEADLINE_S)
    server.stop()
    waiting = [journal.append([note(str(i))]) for i in range(5)]
    until(lambda: journal.health.failing_us is not None, "the failure shows")
    assert not any(future.done() for future in waiting)
    server.start()
    assert [future.result(DEADLINE_S) for future in waiting] == [(i,) for i in range(6, 11)]
    assert journal.verify().entries == 10
    journal.close()
