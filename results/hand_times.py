"""Hand times: what people stamped at a point, and whose they said each stamp is.

A pure fold over what the desks wrote into the journal. The order in which devices deliver changes nothing, nor does a
delivery that is repeated: a stamp is known by its device and number, a word about it by who said what at which instant.
Hand times are evidence: nothing here gives anybody a time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TypeAlias

from timing.desk_entries import DeskBody, HandBibBody, HandStampBody
from timing.instants import Duration, Instant
from timing.roster import Bib
from timing.state import Recorded

StampKey: TypeAlias = tuple[str, int]
"""Device, and the number of the stamp there."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class BibWord:
    """Whose a stamp is, as `author` said at `at_us`; `bib` empty: nobody's, or not to be used."""

    at_us: Instant
    author: str
    bib: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandStamp:
    """One press of the key, with all that was said of it.

    `entry`: its number in the journal. `error_us`: how far the device's clock may have been from the engine's; None:
    never measured. `order_only`: pressed faster than a person can time, it says who came before whom and no more.
    `words` ascend by when they were said: the last counts.
    """

    device: str
    number: int
    point: str
    at_us: Instant
    author: str
    entry: int
    error_us: Duration | None = None
    order_only: bool = False
    words: tuple[BibWord, ...] = ()

    @property
    def key(self) -> StampKey:
        return self.device, self.number

    @property
    def bib(self) -> Bib | None:
        """Whose it is by the last word; None while nobody has said, and where it is nobody's."""
        return Bib(self.words[-1].bib) if self.words and self.words[-1].bib else None

    @property
    def is_nobodys(self) -> bool:
        """Whether the last word says that it is nobody's, or a mistake."""
        return bool(self.words) and not self.words[-1].bib

    @property
    def other_bibs(self) -> tuple[BibWord, ...]:
        """What others had said before the last word, where it differs from it: the latest word of each bib."""
        last = self.words[-1].bib if self.words else ""
        latest = {word.bib: word for word in self.words if word.bib and word.bib != last}
        return tuple(sorted(latest.values()))


@dataclass(slots=True)
class _Pressed:
    stamp: HandStampBody
    entry: int


@dataclass(slots=True)
class HandTimes:
    """The hand times of a race, kept up with a list of desk entries that only grows. Not for several threads.

    A word about a stamp may come before the stamp: it waits.
    """

    taken: int = 0
    """How many entries of the list have been looked at."""
    version: int = 0
    """Changes with every entry that changed anything."""
    _pressed: dict[StampKey, _Pressed] = field(default_factory=dict)
    _words: dict[StampKey, set[BibWord]] = field(default_factory=dict)
    _made: tuple[int, tuple[HandStamp, ...]] = (-1, ())

    def catch_up(self, desk: Sequence[Recorded[DeskBody]]) -> None:
        """Takes in what was added to the desk entries of the state since last time."""
        for recorded in desk[self.taken :]:
            self._take(recorded)
        self.taken = len(desk)

    def _take(self, recorded: Recorded[DeskBody]) -> None:
        body = recorded.body
        if isinstance(body, HandStampBody):
            key = (body.device, body.number)
            if key not in self._pressed:
                self._pressed[key] = _Pressed(body, recorded.number)
                self.version += 1
        elif isinstance(body, HandBibBody):
            words = self._words.setdefault((body.device, body.number), set())
            word = word_of(body)
            if word not in words:
                words.add(word)
                self.version += 1

    def stamp_body(self, key: StampKey) -> HandStampBody | None:
        """The stamp as it was delivered; None while it is not known."""
        pressed = self._pressed.get(key)
        return None if pressed is None else pressed.stamp

    def knows_word(self, body: HandBibBody) -> bool:
        return word_of(body) in self._words.get((body.device, body.number), ())

    @property
    def stamps(self) -> tuple[HandStamp, ...]:
        """All stamps, by instant; of one instant by device and number."""
        if self._made[0] != self.version:
            made = sorted((self._stamp(key) for key in self._pressed), key=attrgetter("at_us", "device", "number"))
            self._made = (self.version, tuple(made))
        return self._made[1]

    def _stamp(self, key: StampKey) -> HandStamp:
        pressed, words = self._pressed[key], self._words.get(key, ())
        body = pressed.stamp
        return HandStamp(
            device=body.device,
            number=body.number,
            point=body.point,
            at_us=body.at_us,
            author=body.author,
            entry=pressed.entry,
            error_us=body.error_us,
            order_only=body.order_only,
            words=tuple(sorted(words)),
        )


def hand_stamps(desk: Iterable[Recorded[DeskBody]]) -> tuple[HandStamp, ...]:
    """The hand times of all desk entries, by instant."""
    times = HandTimes()
    times.catch_up(tuple(desk))
    return times.stamps


def word_of(body: HandBibBody) -> BibWord:
    return BibWord(at_us=body.at_us, author=body.author, bib=body.bib or "")
