"""The embedded broker and the files for Mosquitto: the same rights, each checked against the real thing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import aiomqtt
import pytest

from calanque.broker import BrokerNotStarted, EmbeddedBroker, broker_address, run_broker, told_address
from calanque.broker_rights import MAX_MESSAGE, Rights, ensure_passwords, mosquitto_config, read_passwords
from calanque.errors import FolderRefused

ROOT = Path(__file__).parents[2]
PASSWORDS = {"engine": "e-word", "gineste": "g-word", "finish": "f-word"}
OWN = "calanque/1/r1"

PUBLISH = [
    ("engine", f"{OWN}/engine", True),
    ("engine", f"{OWN}/gineste/command", True),
    ("engine", f"{OWN}/gineste/confirmed/s1", True),
    ("engine", f"{OWN}/gineste/reads", False),
    ("engine", f"{OWN}/gineste/status", False),
    ("engine", "calanque/1/other/engine", False),
    ("gineste", f"{OWN}/gineste/reads", True),
    ("gineste", f"{OWN}/gineste/status", True),
    ("gineste", f"{OWN}/gineste/reply", True),
    ("gineste", f"{OWN}/gineste/command", False),
    ("gineste", f"{OWN}/gineste/confirmed/s1", False),
    ("gineste", f"{OWN}/engine", False),
    ("gineste", f"{OWN}/finish/reads", False),
    ("gineste", f"{OWN}/gineste/reads/more", False),
    ("gineste", "calanque/1/other/gineste/reads", False),
    ("gineste", "calanque/2/r1/gineste/reads", False),
    ("gineste", "elsewhere", False),
]


def client(port: int, user: str, *, password: str | None = None, **more) -> aiomqtt.Client:
    return aiomqtt.Client("127.0.0.1", port, username=user, password=password or PASSWORDS[user], timeout=5, **more)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def until(condition, within_s: float = 10.0):
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within_s
    while not (found := condition()):
        assert loop.time() < deadline, "not true in time"
        await asyncio.sleep(0.01)
    return found


@pytest.fixture(params=["embedded", "mosquitto"])
async def port(request, tmp_path):
    """A broker with the protocol's rights for race r1, of both kinds."""
    if request.param == "embedded":
        broker = EmbeddedBroker(Rights("r1", PASSWORDS))
        await broker.start()
        yield broker.port
        await broker.stop()
        return
    chosen = free_port()
    run_as = "root" if os.geteuid() == 0 else None
    for name, text in mosquitto_config("r1", PASSWORDS, tmp_path, port=chosen, run_as=run_as, keep=False).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        (tmp_path / name).chmod(0o600)
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: ASYNC220
            ["/usr/sbin/mosquitto", "-c", str(tmp_path / "mosquitto.conf")], stdout=log, stderr=log
        )

    def answers() -> bool:
        assert process.poll() is None, (tmp_path / "log").read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", chosen)) == 0

    await until(answers)
    yield chosen
    process.kill()
    process.wait()


def heard_by(listener: aiomqtt.Client) -> tuple[list[str], asyncio.Task[None]]:
    topics: list[str] = []

    async def listen() -> None:
        async for message in listener.messages:
            topics.append(message.topic.value)  # noqa: PERF401  # seen while it grows

    return topics, asyncio.create_task(listen())


async def test_f26_each_user_may_publish_its_own_topics_and_no_others(port):
    async with client(port, "engine", identifier="listening") as listener:
        await listener.subscribe("calanque/#", 1)
        topics, listening = heard_by(listener)
        for user, topic, _ in [*PUBLISH, PUBLISH[8]]:
            # One connection each: Mosquitto ends that of a client which says what it may not.
            with contextlib.suppress(aiomqtt.MqttError):
                async with client(port, user) as speaker:
                    await speaker.publish(topic, b"x", qos=1)
        expected = [topic for _, topic, allowed in [*PUBLISH, PUBLISH[8]] if allowed]
        await until(lambda: len(topics) >= len(expected))
        listening.cancel()
    assert topics == expected


async def test_a_source_hears_what_is_said_to_it_and_nothing_of_others(port):
    async with client(port, "gineste") as gineste, client(port, "engine") as engine, client(port, "finish") as finish:
        for topic in (f"{OWN}/engine", f"{OWN}/gineste/confirmed/s1", f"{OWN}/gineste/command"):
            await gineste.subscribe(topic, 1)
        for topic in ("calanque/#", f"{OWN}/finish/reads", f"{OWN}/+/reads", f"{OWN}/finish/command"):
            with contextlib.suppress(aiomqtt.MqttError):
                await gineste.subscribe(topic, 1)
        topics, listening = heard_by(gineste)
        await finish.publish(f"{OWN}/finish/reads", b"x", qos=1)
        await engine.publish(f"{OWN}/finish/command", b"x", qos=1)
        await engine.publish(f"{OWN}/gineste/command", b"x", qos=1)
        await engine.publish(f"{OWN}/engine", b"x", qos=1)
        await until(lambda: f"{OWN}/engine" in topics)
        listening.cancel()
    assert set(topics) == {f"{OWN}/gineste/command", f"{OWN}/engine"}


@pytest.mark.parametrize(("user", "password"), [("gineste", "wrong"), ("nobody", "g-word"), ("gineste", "")])
async def test_f26_a_wrong_password_or_user_is_refused(port, user, password):
    with pytest.raises(aiomqtt.MqttError, match=r"(?i)authori|password|refused"):
        async with client(port, user, password=password or " "):
            pass


async def test_f24_a_message_above_the_limit_does_not_get_through_and_the_broker_goes_on(port):
    async with client(port, "engine") as engine:
        await engine.subscribe("calanque/#", 1)
        topics, listening = heard_by(engine)
        with contextlib.suppress(aiomqtt.MqttError):
            async with client(port, "gineste") as gineste:
                await gineste.publish(f"{OWN}/gineste/reads", b"x" * (MAX_MESSAGE + 100_000), qos=1, timeout=2)
        async with client(port, "gineste") as gineste:
            await gineste.publish(f"{OWN}/gineste/status", b"x" * 300_000, qos=1)
        await until(lambda: topics)
        listening.cancel()
    assert topics == [f"{OWN}/gineste/status"]


async def test_a_retained_message_waits_for_a_late_subscriber(port):
    async with client(port, "gineste") as gineste:
        await gineste.publish(f"{OWN}/gineste/status", b"up", qos=1, retain=True)
    async with client(port, "engine") as engine:
        await engine.subscribe("calanque/+/+/+/status", 1)
        async with asyncio.timeout(5):
            message = await anext(engine.messages)
    assert (message.payload, message.retain) == (b"up", True)


async def test_a_client_of_the_same_id_takes_over_and_the_will_of_the_first_is_published(port):
    will = aiomqtt.Will(f"{OWN}/gineste/status", b"lost", 1, True)
    async with client(port, "engine") as engine:
        await engine.subscribe("calanque/#", 1)
        topics, listening = heard_by(engine)
        with contextlib.suppress(aiomqtt.MqttError):
            async with (
                client(port, "gineste", identifier="gineste:s1", will=will) as first,
                client(port, "gineste", identifier="gineste:s1") as second,
            ):
                await until(lambda: topics)
                await until(lambda: first._disconnected.done())
                await second.publish(f"{OWN}/gineste/reads", b"x", qos=1)
                await until(lambda: len(topics) == 2)
        listening.cancel()
    assert topics == [f"{OWN}/gineste/status", f"{OWN}/gineste/reads"]


# The embedded broker alone.


@pytest.fixture
async def embedded():
    broker = EmbeddedBroker(Rights("r1", PASSWORDS))
    await broker.start()
    yield broker
    await broker.stop()


async def test_a_will_under_the_name_of_another_source_is_refused(embedded):
    will = aiomqtt.Will(f"{OWN}/finish/status", b"lost", 1, True)
    with pytest.raises(aiomqtt.MqttError):
        async with client(embedded.port, "gineste", will=will):
            pass


@pytest.mark.parametrize(
    "opening",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x10",
        b"\x10\xff\xff\xff\xff\x7f",
        b"\x10\x05\x00\x04MQ",
        b"\x10\x0c\x00\x04MQTT\x04\xc2\x00\x05\xff\xff",
        b"\x10\x0c\x00\x04MQTT\x05\xc2\x00\x05\x00\x00",
        b"\x00" * 50,
    ],
)
async def test_whoever_speaks_no_mqtt_is_let_go_and_the_broker_goes_on(embedded, opening):
    _, writer = await asyncio.open_connection("127.0.0.1", embedded.port)
    writer.write(opening)
    await writer.drain()
    writer.close()
    async with client(embedded.port, "gineste") as gineste:
        await gineste.publish(f"{OWN}/gineste/reads", b"x", qos=1)


async def test_nobody_without_a_password_can_throw_a_client_out(embedded):
    async with client(embedded.port, "engine", identifier="engine:r1") as engine:
        await engine.subscribe("calanque/#", 1)
        with pytest.raises(aiomqtt.MqttError):
            async with client(embedded.port, "engine", password="wrong", identifier="engine:r1"):
                pass
        async with client(embedded.port, "gineste") as gineste:
            await gineste.publish(f"{OWN}/gineste/reads", b"x", qos=1)
        async with asyncio.timeout(5):
            await anext(engine.messages)


async def test_it_listens_on_loopback_unless_told_otherwise(embedded):
    assert embedded.host == "127.0.0.1"


async def test_a_port_that_is_taken_is_told_with_what_helps(embedded):
    other = EmbeddedBroker(Rights("r1", PASSWORDS), port=embedded.port)
    with pytest.raises(BrokerNotStarted, match="another program has that port; give another one, or 0"):
        await other.start()


async def test_where_it_listens_is_told_while_it_does_and_the_port_is_kept_after_a_crash(tmp_path):
    async def started() -> int:
        await until(lambda: told_address(tmp_path) is not None and answers(told_address(tmp_path)))
        return told_address(tmp_path)[1]

    def answers(address) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(address) == 0

    code = (
        "import asyncio, pathlib; from calanque.broker import run_broker; "
        f"asyncio.run(run_broker('r1', pathlib.Path({str(tmp_path)!r}), ['gineste']))"
    )
    ports = []
    for _ in range(2):
        process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)  # noqa: ASYNC220
        try:
            ports.append(await started())
            told = json.loads((tmp_path / "broker.json").read_text())
            assert told == {"host": "127.0.0.1", "port": ports[-1], "pid": process.pid}
            address = broker_address(tmp_path, "gineste")
            async with aiomqtt.Client(address.host, address.port, username=address.username, password=address.password):
                pass
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
    assert ports[0] == ports[1]


async def test_a_port_that_is_no_longer_free_is_replaced_by_another(tmp_path, embedded):
    (tmp_path / "broker.json").write_text(json.dumps({"host": "127.0.0.1", "port": embedded.port, "pid": 1}))
    serving = asyncio.create_task(run_broker("r1", tmp_path, ["gineste"]))
    await until(lambda: told_address(tmp_path)[1] != embedded.port)
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving


# Passwords and files.


def test_passwords_are_made_once_for_the_owner_only_and_new_sources_get_theirs(tmp_path):
    first = ensure_passwords(tmp_path, ["gineste"])
    second = ensure_passwords(tmp_path, ["gineste", "finish"])
    assert set(second) == {"engine", "gineste", "finish"}
    assert first.items() <= second.items()
    assert read_passwords(tmp_path) == second
    assert len(set(second.values())) == 3
    assert stat.S_IMODE((tmp_path / "broker.passwords").stat().st_mode) == 0o600


@pytest.mark.parametrize("source", ["engine", "Gineste", "a b", "a:b", "x" * 65])
def test_a_source_that_cannot_be_a_user_is_refused(tmp_path, source):
    with pytest.raises(FolderRefused):
        ensure_passwords(tmp_path, [source])


def test_without_a_broker_there_is_no_address(tmp_path):
    assert broker_address(tmp_path, "gineste") is None
    (tmp_path / "broker.json").write_text("{")
    assert told_address(tmp_path) is None


READER = Rights("r1", PASSWORDS, {"finish": "impinj/finish/#"})


@pytest.mark.parametrize(
    ("user", "topic", "allowed"),
    [
        ("finish", "impinj/finish/data", True),
        ("finish", "impinj/finish", True),
        ("finish", "impinj/other/data", False),
        ("finish", f"{OWN}/finish/reads", False),
        ("gineste", "impinj/finish/data", False),
        ("engine", "impinj/finish/data", False),
        (None, "impinj/finish/data", False),
    ],
)
def test_a_reader_that_speaks_mqtt_may_publish_below_its_filter_and_nowhere_else(user, topic, allowed):
    assert READER.may_publish(user, topic) is allowed


@pytest.mark.parametrize(
    ("user", "topic_filter", "allowed"),
    [
        ("engine", "impinj/finish/#", True),
        ("engine", "impinj/finish/data", True),
        ("engine", "impinj/#", False),
        ("engine", "#", False),
        ("finish", "impinj/finish/#", False),
        ("finish", f"{OWN}/engine", False),
        ("gineste", "impinj/finish/#", False),
    ],
)
def test_only_the_engine_hears_such_a_reader(user, topic_filter, allowed):
    assert READER.may_subscribe(user, topic_filter) is allowed


def test_mosquitto_gets_the_same_rights_of_readers_and_keeps_what_waits(tmp_path):
    files = mosquitto_config("r1", PASSWORDS, tmp_path, topics=READER.topics)
    parts = {part.split("\n")[0]: part.split("\n")[1:] for part in files["mosquitto.acl"].strip().split("\n\n")}
    assert parts["user finish"] == ["topic write impinj/finish/#"]
    assert "topic read impinj/finish/#" in parts["user engine"]
    assert {"persistence true", "autosave_interval 1"} <= set(files["mosquitto.conf"].split("\n"))


def test_the_files_for_mosquitto_hold_no_password_in_the_clear_and_no_limits_on_queues(tmp_path):
    files = mosquitto_config("r1", PASSWORDS, tmp_path)
    assert not any(word in text for text in files.values() for word in PASSWORDS.values())
    assert re.findall(r"^(max_queued_messages|max_inflight_messages) (\d+)$", files["mosquitto.conf"], re.M) == [
        ("max_queued_messages", "0"),
        ("max_inflight_messages", "0"),
    ]
