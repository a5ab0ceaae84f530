"""The samples of the protocol notes, with what they mean; and a clock for decoders."""

from __future__ import annotations

from datetime import UTC, datetime

from readers.protocol import Now


def us(text: str) -> int:
    """Microseconds since 1970 of `2026-10-25 07:00:01.123`, UTC."""
    at = datetime.fromisoformat(text).replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (at.days * 86_400 + at.seconds) * 1_000_000 + at.microseconds


NOW = Now(us("2026-10-25 07:00:03"), 1_000_000)


def later(seconds: float) -> Now:
    return Now(NOW.race_us + int(seconds * 1e6), NOW.steady_us + int(seconds * 1e6))


IMPINJ = {
    "first": (
        b'{"timestamp":"2026-10-25T07:00:01.123456789Z","hostname":"impinj-01-23-45","eventType":"tagInventory",'
        b'"tagInventoryEvent":{"epc":"ftqQOAUQAnEAAsCu","epcHex":"7EDA9038051002710002C0AE","tid":"4oARcCAAFM2bWgjs",'
        b'"tidHex":"E2801170200014CD9B5A08EC","pc":"NAA=","antennaPort":1,"peakRssiCdbm":-7000,"frequency":927250,'
        b'"transmitPowerCdbm":3000,"lastSeenTime":"2026-10-25T07:00:01.100Z","phaseAngle":69.0}}',
        ("7EDA9038051002710002C0AE", us("2026-10-25 07:00:01.100"), 1, -70.0),
    ),
    "after its event": (
        b'{"eventType":"tagInventory","timestamp":"2026-04-02T12:00:00Z","tagInventoryEvent":'
        b'{"epcHex":"300833B2DDD9014000000000","antennaPort":1,"peakRssiCdbm":-5234,'
        b'"lastSeenTime":"2026-04-02T12:00:01Z","phaseAngle":32.5}}',
        ("300833B2DDD9014000000000", us("2026-04-02 12:00:01"), 1, -52.34),
    ),
}
IMPINJ_STATUS = (
    b'{"timestamp":"2026-10-25T06:59:00Z","eventType":"inventoryStatus",'
    b'"inventoryStatusEvent":{"inventoryStatus":"running"}}'
)
ZEBRA = {
    "custom": (
        b'{"data":{"CRC":"8a4d","PC":"3000","antenna":2,"channel":866.3,"eventNum":41,"format":"epc",'
        b'"idHex":"3034257bf7194e4000001a85","peakRssi":-61,"phase":87.5,"reads":1},'
        b'"timestamp":"2026-10-25T07:00:01.123+0000","type":"CUSTOM"}',
        ("3034257BF7194E4000001A85", us("2026-10-25 07:00:01.123"), 2, -61.0),
    ),
    "simple": (
        b'{"data":{"eventNum":1,"format":"epc","idHex":"e28011b0a5050076c4d7530a"},'
        b'"timestamp":"2026-10-25T07:00:02Z","type":"SIMPLE"}',
        ("E28011B0A5050076C4D7530A", us("2026-10-25 07:00:02"), None, None),
    ),
}
ZEBRA_ACCESS = b'{"data":{"idHex":"e28011b0a5050076c4d7530a","accessResults":["1234876512348765"]}}'
ZEBRA_LOSS = (
    b'[{"data":{"eventNum":7,"idHex":"e280"},"timestamp":"2026-10-25T07:00:02Z","type":"CUSTOM"},'
    b'{"data":{"eventNum":9,"idHex":"e281"},"timestamp":"2026-10-25T07:00:02Z","type":"CUSTOM"}]'
)
