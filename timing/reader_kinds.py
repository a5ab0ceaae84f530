"""The kinds of readers Calanque can be told to listen to: one row each, and what each can do.

One row adds a reader: its name is the word the race file uses, and the module `readers.<name>` holds its decoder as
`PROTOCOL`. Owns no protocol; what a row says is told by `calanque readers` and heads the reader's page.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from timing.reads import ClockKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderKind:
    """One kind of reader.

    `clock`: what its clock keeps unless the race file says otherwise. `transports`: of serial, tcp, listen (it calls
    us), mqtt, file. `rewind`: how its past is fetched, empty if it cannot be. `reads_clock`: can be asked the time.
    `heartbeat`: says by itself that it is alive. `gun`: can bring a gun. `known`: how well the protocol is documented,
    and by what. `not_done`: what the driver does not do, empty if it does all that the reader can. `asks_only`: talking
    with it is questions and how it is to talk with us, from the first byte on, and changes nothing that it records: it
    may be tried on a device nobody knows.
    """

    name: str
    title: str
    clock: ClockKind
    transports: tuple[str, ...]
    tier: int
    rewind: str
    reads_clock: bool
    heartbeat: bool
    gun: bool
    known: str
    not_done: str = ""
    asks_only: bool = False

    def is_reached_by(self, scheme: str) -> bool:
        """Whether a way leads to it. A box may carry a serial line over TCP, either side calling."""
        return scheme in self.transports or (scheme in ("tcp", "listen") and "serial" in self.transports)


READER_KINDS: Final[tuple[ReaderKind, ...]] = (
    ReaderKind(
        name="ipico",
        title="IPICO Lite, Super Elite",
        clock=ClockKind.LOCAL,
        transports=("serial", "tcp", "file"),
        tier=1,
        rewind="the whole memory",
        reads_clock=True,
        heartbeat=False,
        gun=True,
        known="very well: the maker's specification and captures",
        asks_only=True,
    ),
    ReaderKind(
        name="ipico_elite",
        title="IPICO Elite",
        clock=ClockKind.LOCAL,
        transports=("tcp",),
        tier=1,
        rewind="by time, over its control port (inferred)",
        reads_clock=True,
        heartbeat=False,
        gun=True,
        known="records as the Lite's, very well; its control port from one public driver, no capture",
        not_done="its filtered port; the date its control port tells",
        asks_only=True,
    ),
    ReaderKind(
        name="trident",
        title="Trident Time Machine",
        clock=ClockKind.LOCAL,
        transports=("tcp", "serial", "file"),
        tier=3,
        rewind="",
        reads_clock=False,
        heartbeat=False,
        gun=False,
        known="fair: the maker's manual, no recording",
        not_done="its command port",
        asks_only=True,
    ),
    ReaderKind(
        name="race_result",
        title="RACE RESULT decoders (4000, 5000 series)",
        clock=ClockKind.LOCAL,
        transports=("tcp", "serial", "listen", "file"),
        tier=1,
        rewind="by passing number, and by file",
        reads_clock=True,
        heartbeat=False,
        gun=True,
        known="well: the maker's pages and public drivers",
        not_done="the Ubidium, which speaks otherwise",
        asks_only=True,
    ),
    ReaderKind(
        name="race_result_usb",
        title="RACE RESULT USB Timing Box",
        clock=ClockKind.UTC,
        transports=("serial",),
        tier=2,
        rewind="by passing number",
        reads_clock=True,
        heartbeat=False,
        gun=True,
        known="well: the maker's page and one public driver",
        not_done="setting the clock, early warnings",
        asks_only=True,
    ),
    ReaderKind(
        name="mylaps",
        title="MYLAPS Timing & Scoring, Toolkit (BibTag, ProChip, ChampionChip)",
        clock=ClockKind.LOCAL,
        transports=("listen",),
        tier=2,
        rewind="what was not acknowledged comes again by itself; the rest from the maker's program",
        reads_clock=False,
        heartbeat=True,
        gun=True,
        known="very well: the maker's document and a production log",
    ),
    ReaderKind(
        name="chronotrack",
        title="ChronoTrack by SimpleClient or StreamManager, TimingSense (CTP01)",
        clock=ClockKind.LOCAL,
        transports=("listen", "file"),
        tier=2,
        rewind="everything of the program's session, by starting again",
        reads_clock=False,
        heartbeat=True,
        gun=True,
        known="well: public programs that agree, and files of a race",
        not_done="acknowledged lines (pushmode-ack), whose form is not public",
    ),
    ReaderKind(
        name="ultra",
        title="RFID Timing Ultra, Joey",
        clock=ClockKind.LOCAL,
        transports=("tcp",),
        tier=1,
        rewind="by log id, by time, or the whole log",
        reads_clock=True,
        heartbeat=True,
        gun=False,
        known="two public drivers; no text of the maker and no recording",
        not_done="serial: no line settings are public",
        asks_only=True,
    ),
    ReaderKind(
        name="jchip",
        title="JChip (CrossMgr bridges)",
        clock=ClockKind.LOCAL,
        transports=("listen",),
        tier=2,
        rewind="everything the bridge holds, at each connection",
        reads_clock=True,
        heartbeat=False,
        gun=False,
        known="well for CrossMgr's dialect, lines captured from its simulator; not verified on JChip hardware",
        not_done="the clock is asked once a connection; hardware of that name was not tried",
    ),
    ReaderKind(
        name="impinj",
        title="Impinj R700, R720 (IoT interface)",
        clock=ClockKind.UTC,
        transports=("mqtt",),
        tier=1,
        rewind="",
        reads_clock=False,
        heartbeat=False,
        gun=False,
        known="fair: the maker's overview and many programs that use it; no recorded message",
        not_done="its HTTP stream and webhook; starting and stopping the reader",
    ),
    ReaderKind(
        name="zebra",
        title="Zebra FX7500, FX9600, FXR90 (IoT Connector)",
        clock=ClockKind.UTC,
        transports=("mqtt",),
        tier=2,
        rewind="",
        reads_clock=False,
        heartbeat=True,
        gun=False,
        known="fair: the maker's schema and published code; no recorded message",
        not_done="its HTTP, WebSocket and TCP ways; starting and stopping the reader; inputs as a gun",
    ),
    ReaderKind(
        name="llrp",
        title="LLRP: Impinj Speedway and R700, Zebra FX and others",
        clock=ClockKind.UTC,
        transports=("tcp",),
        tier=2,
        rewind="cannot be asked for; what it held while nobody listened comes by itself, as far as its room goes",
        reads_clock=False,
        heartbeat=True,
        gun=False,
        known="very well: an open standard and recorded messages of one reader",
        not_done="the gun on an input; encrypted links (port 5085)",
    ),
    ReaderKind(
        name="timy",
        title="ALGE Timy, Timy 2, Timy 3",
        clock=ClockKind.TIME_OF_DAY,
        transports=("serial", "tcp"),
        tier=1,
        rewind="the whole memory",
        reads_clock=False,
        heartbeat=False,
        gun=True,
        known="well: two public drivers that agree, and frames run through one of them; no text of the maker's",
        not_done="setting the clock, which is done at the timer",
        asks_only=True,
    ),
    ReaderKind(
        name="tag_heuer",
        title="TAG Heuer CP 540, CP 545, HL 975, CP 520, CP 505",
        clock=ClockKind.TIME_OF_DAY,
        transports=("serial", "tcp"),
        tier=2,
        rewind="",
        reads_clock=False,
        heartbeat=False,
        gun=False,
        known="well: published frames that add up, public drivers and an emulator; the maker's text was not read",
        not_done="starting a download (done at the timer), setting the clock",
        asks_only=True,
    ),
    ReaderKind(
        name="chronelec",
        title="TAG Heuer by Chronelec, Protime, Elite",
        clock=ClockKind.TIME_OF_DAY,
        transports=("serial", "tcp"),
        tier=2,
        rewind="what was not acknowledged, by itself",
        reads_clock=False,
        heartbeat=False,
        gun=False,
        known="fairly: one public driver, whose decoder took what is written here",
        not_done="UDP (use the serial port), starting the decoder, settings",
    ),
)

KIND_OF: Final[Mapping[str, ReaderKind]] = {kind.name: kind for kind in READER_KINDS}

WAYS: Final[Mapping[str, str]] = {
    "serial": "a serial port",
    "tcp": "TCP (it is called)",
    "listen": "TCP (it calls us)",
    "mqtt": "MQTT through the race's broker",
    "file": "its files",
}
"""What a reader is reached over, in words."""

BAUDS: Final = (4800, 9600, 19200, 38400, 57600, 115200)
"""Line speeds of the serial readers there are."""
