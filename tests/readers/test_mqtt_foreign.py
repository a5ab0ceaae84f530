"""A collector written by somebody else from the protocol page, against our engine: good, broken and hostile messages.

Each row of the page's last table has its test: a clear reason, and nothing else lost.
"""

from __future__ import annotations

import base64
import json
from collections import Counter

import aiomqtt
import pytest
from mqtt_peers import OTHER, RACE, SOURCE, ForeignCollector, MosquittoProcess, make_intake, running, tag_names, until

from readers.collector_batch import MAX_BYTES
from readers.mqtt_alarms import AlarmKind
from timing.entries import decode
from timing.reads import ReadKind


@pytest.fixture
async def engine(mosquitto, make_sink):
    """A sink behind a running intake on a Mosquitto."""
    sink = make_sink()
    intake = make_intake(sink, mosquitto)
    async with running(intake):
        async with ForeignCollector.at(mosquitto, source=OTHER) as looking:
            await until(lambda: looking.engine.get("state") == "here")  # said once it listens
        sink.intake = intake
        yield sink


async def test_a_collector_by_somebody_else_is_served_as_the_page_says(any_broker, make_sink):
    sink = make_sink()
    async with running(make_intake(sink, any_broker)), ForeignCollector.at(any_broker) as theirs:
        await until(lambda: theirs.engine == {"state": "here", "journal": sink.journal.id})
        await theirs.up(now_us=5, last=0, held_from=1, unconfirmed=0)
        await theirs.through(0)  # at each status up
        await theirs.send(1, 200, antenna=[1] * 200, rssi=[-60.5] * 200, raw=[None] * 200)
        await theirs.through(200)
        await theirs.send(201, 1)
        await theirs.through(201)
    assert theirs.confirmed == {"store": "theirs-1", "journal": sink.journal.id, "through": 201}
    assert sink.tags() == tag_names(1, 201)
    assert not sink.raised(AlarmKind.QUARANTINE)


async def test_a_late_collector_finds_engine_and_confirmation_retained(engine, mosquitto):
    async with ForeignCollector.at(mosquitto) as theirs:
        await theirs.send(1, 5)
        await theirs.through(5)
    async with ForeignCollector.at(mosquitto) as again:
        await again.through(5)
        await until(lambda: again.engine.get("state") == "here")


async def test_an_engine_that_leaves_or_dies_is_away(mosquitto, make_sink):
    sink = make_sink()
    async with ForeignCollector.at(mosquitto) as theirs:
        async with running(make_intake(sink, mosquitto)):
            await until(lambda: theirs.engine.get("state") == "here")
        await until(lambda: theirs.engine.get("state") == "away")


async def test_f21_a_repeated_batch_is_confirmed_again_and_journalled_once(engine, mosquitto):
    async with ForeignCollector.at(mosquitto) as theirs:
        await theirs.send(1, 50)
        await theirs.through(50)
        before = theirs.confirmations
        await theirs.send(1, 50)
        await until(lambda: theirs.confirmations > before)
        await theirs.send(31, 40)  # other bounds, partly new
        await theirs.through(70)
    assert engine.tags() == tag_names(1, 70)
    assert engine.intake.health()[0].repeats == 50 + 20


async def test_f22_newest_first_is_taken_and_through_advances_at_the_end(engine, mosquitto):
    async with ForeignCollector.at(mosquitto) as theirs:
        await theirs.up()
        for first in range(2_801, 0, -200):
            await theirs.send(first, 200)
        await theirs.through(3_000)
    assert engine.tags() == tag_names(1, 3_000)
    await until(lambda: not engine.raised(AlarmKind.GAP))


async def test_f27_a_gap_is_confirmed_around_asked_for_and_shown_until_filled(engine, mosquitto):
    async with ForeignCollector.at(mosquitto) as theirs:
        await theirs.up()
        await theirs.send(1, 100)
        await theirs.send(201, 50)
        await theirs.through(100, also=[[201, 250]])
        asked = await until(lambda: next((c for c in theirs.commands if c["do"] == "send"), None))
        assert (asked["from"], asked["through"]) == (101, 200)
        assert "100 reads missing (101 to 200), asking again" in engine.raised(AlarmKind.GAP)
        await theirs.say("reply", {"id": asked["id"], "ok": True})
        await theirs.send(101, 100)
        await theirs.through(250)
        await until(lambda: not engine.raised(AlarmKind.GAP))
    assert engine.tags() == tag_names(1, 250)


async def test_f27_a_gap_whose_first_request_is_not_met_is_asked_for_again(engine, mosquitto):
    async with ForeignCollector.at(mosquitto) as theirs:
        await theirs.up()
        await theirs.send(11, 5)
        await until(lambda: len([c for c in theirs.commands if c["do"] == "send"]) >= 2)


async def test_reads_that_are_gone_are_journalled_as_lost_and_confirmed_past(engine, mosquitto):
    async with ForeignCollector.at(mosquitto) as theirs:
        await theirs.up(held_from=41)
        await theirs.send(41, 10)
        asked = await until(lambda: next((c for c in theirs.commands if c["do"] == "send"), None))
        await theirs.say("reply", {"id": asked["id"], "ok": True, "gone": [[1, 40]]})
        await theirs.through(50)
    assert engine.journalled().losses[0].body.ranges == ((1, 40),)
    assert "40 reads are lost" in engine.raised(AlarmKind.LOSS)


async def test_lost_numbers_that_come_after_all_count(engine, mosquitto):
    async with ForeignCollector.at(mosquitto) as theirs:
        await theirs.up()
        await theirs.send(11, 5)
        asked = await until(lambda: next((c for c in theirs.commands if c["do"] == "send"), None))
        await theirs.say("reply", {"id": asked["id"], "ok": True, "gone": [[1, 10]]})
        await theirs.through(15)
        await theirs.send(1, 10)
        await until(lambda: sum(engine.tags().values()) == 15)


async def test_one_number_with_two_contents_gives_two_reads_an_alarm_and_a_request_to_renew(engine, mosquitto):
    async with ForeignCollector.at(mosquitto) as theirs:
        await theirs.up()
        await theirs.send(1, 10)
        await theirs.through(10)
        await theirs.send(5, 1, tag=["05FFFFFF"])
        await until(lambda: any(c["do"] == "renew" for c in theirs.commands))
    assert engine.tags() == tag_names(1, 10) + Counter(["05FFFFFF"])
    assert "gave one number two contents" in engine.raised(AlarmKind.OTHER_CONTENT)


async def test_other_content_is_noticed_after_a_restart_of_the_engine(mosquitto, make_sink):
    async with ForeignCollector.at(mosquitto) as theirs:
        sink = make_sink()
        async with running(make_intake(sink, mosquitto)):
            await until(lambda: theirs.engine.get("state") == "here")
            await theirs.send(1, 10)
            await theirs.through(10)
        await until(lambda: theirs.engine.get("state") == "away")
        sink = make_sink()
        async with running(make_intake(sink, mosquitto)):
            await until(lambda: theirs.engine.get("state") == "here")
            await theirs.send(1, 10)
            await theirs.send(10, 1, stamp_us=[99])
            await until(lambda: sink.raised(AlarmKind.OTHER_CONTENT))
    assert sum(sink.tags().values()) == 11


async def test_a_new_store_is_a_new_numbering_and_the_crew_is_told(engine, mosquitto):
    async with ForeignCollector.at(mosquitto) as theirs:
        await theirs.up()
        await theirs.send(1, 10)
        await theirs.through(10)
    async with ForeignCollector.at(mosquitto, store="theirs-2") as theirs:
        await theirs.up()
        await theirs.send(1, 10, tag=[f"06{n:06X}" for n in range(10)])
        await theirs.through(10)
    assert "new store theirs-2" in engine.raised(AlarmKind.NEW_STORE)
    assert sum(engine.tags().values()) == 20


async def test_two_stores_up_at_once_raise_an_alarm_naming_the_source(engine, mosquitto):
    async with (
        ForeignCollector.at(mosquitto) as one,
        ForeignCollector.at(mosquitto, store="theirs-2", boot="b2") as two,
    ):
        for each in (one, two, one):
            await each.up()
        text = await until(lambda: engine.raised(AlarmKind.TWO_STORES))
        assert SOURCE in text
        await one.send(1, 3)
        await two.send(1, 3, tag=["0600000A", "0600000B", "0600000C"])
        await one.through(3)
        await two.through(3)
    assert sum(engine.tags().values()) == 6


async def test_f23_a_collector_that_flaps_is_named(engine, mosquitto):
    for turn in range(4):
        async with ForeignCollector.at(mosquitto, boot=f"b{turn}") as theirs:
            await theirs.up()
            heard = len(engine.statuses)
            await until(lambda heard=heard: len(engine.statuses) >= heard)
            theirs.client._client._sock_close()  # dies without a word: the broker publishes the will
    text = await until(lambda: engine.raised(AlarmKind.FLAPPING))
    assert SOURCE in text


async def test_a_lost_collector_is_shown_and_a_will_of_an_earlier_boot_is_ignored(engine, mosquitto):
    async with ForeignCollector.at(mosquitto, boot="later") as theirs:
        await theirs.up()
        await until(lambda: engine.statuses)
        await theirs.say("status", {"state": "lost", "store": "theirs-1", "boot": "earlier"})
        await theirs.send(1, 1)
        await theirs.through(1)  # what was said before has been heard
        assert not engine.raised(AlarmKind.SILENT)
        await theirs.say("status", {"state": "lost", "store": "theirs-1", "boot": "later"})
        await until(lambda: "connection is lost" in engine.raised(AlarmKind.SILENT))
        await theirs.up()
        await until(lambda: not engine.raised(AlarmKind.SILENT))


async def test_f20_a_retained_message_on_reads_is_never_a_live_read(mosquitto, make_sink):
    async with ForeignCollector.at(mosquitto) as theirs:
        await theirs.say("reads", theirs.batch(1, 3), retain=True)
        sink = make_sink()
        async with running(make_intake(sink, mosquitto)):
            await until(lambda: "retained message is never a live read" in sink.raised(AlarmKind.QUARANTINE))
            await theirs.send(4, 3)
            await theirs.through(0, also=[[4, 6]])
    assert sink.tags() == tag_names(4, 3)
    assert sink.samples[0].retained


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"\xff\xfe", "not UTF-8"),
        (b"hello", "not JSON"),
        (b"[" * 10_000, "nested deeper"),
        (b"[]", "not a JSON object"),
        (json.dumps({"store": "theirs-1", "tag": ["A"]}).encode(), "without a readable number"),
        (json.dumps({"store": "theirs-1", "first": "1", "tag": ["A"]}).encode(), "without a readable number"),
        (json.dumps({"first": 1, "tag": ["A"]}).encode(), "without a readable number"),
        (b'{"store":"theirs-1","first":1,"first":2,"tag":["A"]}', "given twice"),
        (b'{"pad":"' + b"x" * MAX_BYTES + b'"}', "too large"),
        (
            json.dumps({"store": "theirs-1", "first": 1} | {k: [1] * 2_001 for k in ("stamp_us",)}).encode(),
            "too large: 2001 reads",
        ),
    ],
)
async def test_f25_a_batch_that_cannot_be_read_is_quarantined_with_the_reason_and_the_next_counts(
    engine, mosquitto, payload, reason
):
    async with ForeignCollector.at(mosquitto) as theirs:
        await theirs.say("reads", payload)
        text = await until(lambda: engine.raised(AlarmKind.QUARANTINE))
        assert reason in text
        assert SOURCE in text
        assert engine.samples[0].sample == payload[:2_048]
        assert not theirs.confirmed
        await theirs.send(1, 10)
        await theirs.through(10)
    assert engine.tags() == tag_names(1, 10)


async def test_f25_bad_records_are_journalled_raw_and_all_are_confirmed(engine, mosquitto):
    async with ForeignCollector.at(mosquitto) as theirs:
        stamps = [1_730_016_000_000_000, "late", None, 1_730_016_000_000_003]
        await theirs.send(1, 4, stamp_us=stamps)
        await theirs.through(4)
        await theirs.send(1, 4, stamp_us=stamps)  # again: nothing twice
        await theirs.send(5, 1)
        await theirs.through(5)
    assert engine.tags() == tag_names(1, 1) + tag_names(4, 2)
    assert engine.journalled().counts[SOURCE].malformed == 2
    assert "2 records could not be understood" in engine.raised(AlarmKind.MALFORMED)


async def test_an_unsendable_read_is_journalled_raw_and_confirmed(engine, mosquitto):
    async with ForeignCollector.at(mosquitto) as theirs:
        await theirs.say(
            "reads", {"store": "theirs-1", "first": 1, "unsendable": base64.b64encode(b"\x00raw").decode()}
        )
        await theirs.through(1)
    assert engine.journalled().counts[SOURCE].malformed == 1


async def test_guns_and_hand_times_arrive_as_such(engine, mosquitto):
    async with ForeignCollector.at(mosquitto) as theirs:
        await theirs.send(1, 3, kind=["gun", "hand", "read"], tag=[None, None, "05000003"])
        await theirs.through(3)
    assert [gun.body.stamp_us for gun in engine.journalled().guns] == [1_730_016_000_001_000]
    hand = [read for entry in engine.journal.entries() for read in decode(entry).chip_reads()]
    assert [read.kind for read in hand] == [ReadKind.GUN, ReadKind.HAND, ReadKind.READ]


async def test_a_clock_that_is_not_the_race_files_is_told(engine, mosquitto):
    async with ForeignCollector.at(mosquitto) as theirs:
        await theirs.send(1, 1, clock="utc")
        await theirs.through(1)
    assert "keeps utc, the race file says local" in engine.raised(AlarmKind.CLOCK)


async def test_bad_statuses_and_replies_are_quarantined_and_cost_nothing(engine, mosquitto):
    async with ForeignCollector.at(mosquitto) as theirs:
        await theirs.say("status", b"{", retain=True)
        await theirs.say("status", {"state": "up"})
        await theirs.say("reply", b"\xff")
        await theirs.send(1, 2)
        await theirs.through(2)
    assert len(engine.samples) == 3


async def test_a_collectors_own_alarms_reach_the_crew_and_end(engine, mosquitto):
    async with ForeignCollector.at(mosquitto) as theirs:
        await theirs.up(alarms=["battery low"])
        await until(lambda: "battery low" in engine.raised(AlarmKind.COLLECTOR))
        await theirs.up()
        await until(lambda: not engine.raised(AlarmKind.COLLECTOR))


@pytest.fixture
async def lax(tmp_path):
    """A Mosquitto that lets every user publish anything, as a badly set up one would."""

    class Lax(MosquittoProcess):
        def command(self):
            command = super().command()
            (self.folder / "mosquitto.acl").write_text(
                "".join(f"user {user}\ntopic readwrite #\n" for user in self.passwords), encoding="utf-8"
            )
            return command

    folder = tmp_path / "lax"
    folder.mkdir()
    broker = Lax(folder)
    await broker.start()
    yield broker
    broker.kill()


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        (f"calanque/1/{RACE}/intruder/reads", "unknown source 'intruder'"),
        ("calanque/1/other-race/gineste-main/reads", "race 'other-race'; this engine runs 'small'"),
        (f"calanque/2/{RACE}/gineste-main/reads", "protocol version '2'"),
        (f"calanque/1/{RACE}/Gineste Main!/reads", "other characters"),
        (f"calanque/1/{RACE}/../reads", "other characters"),
        (f"calanque/1/{RACE}/gin\u00e9ste/reads", "other characters"),
    ],
)
async def test_f26_a_message_under_a_wrong_name_is_quarantined_and_announced(lax, make_sink, topic, reason):
    sink = make_sink()
    async with running(make_intake(sink, lax)), ForeignCollector.at(lax) as theirs:
        await until(lambda: theirs.engine)
        await theirs.client.publish(topic, json.dumps(theirs.batch(1, 3)), qos=1)
        text = await until(lambda: sink.raised(AlarmKind.QUARANTINE))
        assert reason in text
        assert text.isprintable()
        await theirs.send(1, 2)
        await theirs.through(2)
    assert sink.tags() == tag_names(1, 2)


async def test_f26_the_source_comes_from_the_topic_not_from_the_payload(engine, mosquitto):
    async with ForeignCollector.at(mosquitto, source=OTHER) as theirs:
        await theirs.send(1, 2, source=SOURCE)
        await theirs.through(2)
    assert (OTHER, "theirs-1") in engine.journalled().cursors


async def test_a_flood_of_rubbish_is_counted_with_few_samples(engine, mosquitto):
    async with ForeignCollector.at(mosquitto) as theirs:
        for _ in range(300):
            await theirs.say("reads", b"rubbish")
        await until(lambda: engine.intake.quarantine.total == 300)
        assert len(engine.samples) == 10
        await until(lambda: "300 messages not taken" in engine.raised(AlarmKind.QUARANTINE))


async def test_f26_very_many_strangers_raise_a_bounded_number_of_alarms(lax, make_sink):
    sink = make_sink()
    intake = make_intake(sink, lax)
    async with running(intake), ForeignCollector.at(lax) as theirs:
        await until(lambda: theirs.engine)
        for number in range(400):
            await theirs.client.publish(f"calanque/1/{RACE}/stranger-{number}/reads", b"{}", qos=1)
        await until(lambda: intake.quarantine.total == 400)
    assert len(sink.alarms) <= 202


async def test_a_broker_that_refuses_our_name_is_told_in_plain_words(mosquitto, make_sink):
    mosquitto.passwords["engine"] = "wrong"
    sink = make_sink()
    async with running(make_intake(sink, mosquitto)):
        text = await until(lambda: sink.raised(AlarmKind.BROKER))
    assert "refused user 'engine'" in text
    assert "password" in text


async def test_a_broker_that_is_down_is_told_in_plain_words_and_tried_again(mosquitto, make_sink):
    mosquitto.kill()
    sink = make_sink()
    intake = make_intake(sink, mosquitto)
    async with running(intake):
        text = await until(lambda: sink.raised(AlarmKind.BROKER))
        assert f"broker 127.0.0.1:{mosquitto.port} does not answer" in text
        assert all(health.error == intake.link.error for health in intake.source_health())
        await mosquitto.start()
        await until(lambda: not sink.raised(AlarmKind.BROKER))


async def test_a_connection_that_is_cut_without_goodbye_is_made_again(mosquitto, make_sink):
    sink = make_sink()
    intake = make_intake(sink, mosquitto)
    async with running(intake), ForeignCollector.at(mosquitto) as theirs:
        await until(lambda: theirs.engine.get("state") == "here")
        async with aiomqtt.Client(
            "127.0.0.1",
            mosquitto.port,
            username="engine",
            password=mosquitto.passwords["engine"],
            identifier=f"engine:{RACE}",
        ):
            await until(lambda: theirs.engine.get("state") == "away")  # the same client id: ours was thrown out
        await until(lambda: theirs.engine.get("state") == "here", 20)
        await theirs.send(1, 1)
        await theirs.through(1)
