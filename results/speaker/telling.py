"""Stories of those who are shown, moment after moment, in words of both languages; made again at most once a second.

Owns that: a board is made many times a second, and who is on it hardly changes. What somebody's story hangs on at
once (the finish, being a favourite, being held back) makes it anew.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from config.plan import RacePlan
from results.eligibility import Eligibility
from results.printing import Language
from results.rankings import Rankings
from results.records import RecordChase
from results.speaker.rows import Told
from results.speaker.stories import Story, StoryKind, stories_of
from results.speaker.story_frame import StoryFrame, story_frame_of
from results.speaker.story_moment import StoryMoment
from results.speaker.story_words import story_words
from timing.instants import MISSING, SECOND, Duration, Instant
from timing.reads import Bool
from timing.roster import Sex
from timing.times import Times

KEPT_US: Final[Duration] = SECOND
"""Real time for which a story stands: places beside it are of the tick."""

MOST_KEPT: Final = 2_000
"""Of more than these most are of people who are shown no more."""

WEIGHED: Final = 5
"""So many times as long a story's weight stands for the choice of who is shown."""

TOLD: Final = 4
"""So many reasons to mention somebody are put into words."""

_RECORDS: Final = frozenset((StoryKind.RECORD, StoryKind.RECORD_EQUALLED, StoryKind.RECORD_IN_REACH))


@dataclass(slots=True)
class _Kept:
    """The stories of one, as of `at_us`; in words once somebody asked for them."""

    at_us: Instant
    state: tuple[object, ...]
    stories: tuple[Story, ...]
    told: tuple[Told, ...] | None = None


class Teller:
    """Keeps the stories of one race. Not for several threads."""

    def __init__(self, plan: RacePlan) -> None:
        self._plan = plan
        self._frame: StoryFrame | None = None
        self._kept: dict[int, _Kept] = {}

    def frame(self, eligibility: Eligibility) -> StoryFrame:
        """What hangs on the roster; the last one is kept."""
        if self._frame is None or self._frame.eligibility is not eligibility:
            self._frame = story_frame_of(eligibility)
            self._kept.clear()
        return self._frame

    def at(
        self,
        rankings: Rankings,
        times: Times,
        *,
        now_us: Instant,
        beat_us: Instant | None = None,
        chases: tuple[RecordChase, ...] = (),
        favourite: Bool,
        held: Collection[int] = (),
        due_us: Mapping[int, Instant] | None = None,
    ) -> "Telling":
        """Who tells the stories of this moment.

        beat_us: of a clock of real time, by which stories are kept; None: the race clock. due_us: when those seen at a
        mat before the line will be there.
        """
        moment = StoryMoment(
            frame=self.frame(rankings.eligibility),
            times=times,
            rankings=rankings,
            now_us=now_us,
            chases=chases,
            unchecked=held,
            due_us=due_us or {},
        )
        return Telling(self._plan, moment, favourite, now_us if beat_us is None else beat_us, self._kept)


class Telling:
    """The stories of one moment. Called, it keeps them for the next moments: for one thread alone, as its `Teller`."""

    def __init__(
        self, plan: RacePlan, moment: StoryMoment, favourite: Bool, beat_us: Instant, kept: dict[int, _Kept]
    ) -> None:
        self.plan = plan
        self.moment = moment
        self._favourite = favourite
        self._beat_us = beat_us
        self._kept = kept
        self._leaders = frozenset(chase.index for chase in moment.chases)

    def __call__(self, index: int) -> Sequence[Told]:
        """The stories of an entrant, as of this moment or one up to a second before."""
        kept = self._of(index, KEPT_US)
        if kept.told is None:
            kept.told = _in_words(kept.stories, self.plan, self.moment, index)
        return kept.told

    def weight(self, index: int) -> tuple[float, bool]:
        """How strong the strongest is, as of some seconds ago at most; it says who is shown, not what is said."""
        stories = self._of(index, WEIGHED * KEPT_US).stories
        return (float(stories[0].weight) if stories else 0.0), any(story.kind in _RECORDS for story in stories)

    def _of(self, index: int, kept_us: Duration) -> _Kept:
        moment = self.moment
        finished = int(moment.times.finish_us[index]) != MISSING
        state = (finished, bool(self._favourite[index]), index in moment.unchecked, index in self._leaders)
        kept = self._kept.get(index)
        if kept is None or kept.state != state or not 0 <= self._beat_us - kept.at_us < kept_us:
            if len(self._kept) > MOST_KEPT:
                self._kept.clear()
            kept = self._kept[index] = _Kept(self._beat_us, state, stories_of(moment, index))
        return kept


@dataclass(frozen=True, slots=True)
class FreshTelling:
    """The same as of its moment, kept nowhere: for any thread."""

    telling: Telling

    def __call__(self, index: int) -> Sequence[Told]:
        telling = self.telling
        return _in_words(stories_of(telling.moment, index), telling.plan, telling.moment, index)

    def weight(self, index: int) -> tuple[float, bool]:
        stories = stories_of(self.telling.moment, index)
        return (float(stories[0].weight) if stories else 0.0), any(story.kind in _RECORDS for story in stories)


def _in_words(stories: Sequence[Story], plan: RacePlan, moment: StoryMoment, index: int) -> tuple[Told, ...]:
    feminine = moment.frame.eligibility.roster.entrants[index].sex is Sex.F
    return tuple(
        Told(
            weight=story.weight,
            words={
                language.value: story_words(story, language, plan, feminine=feminine)
                for language in (Language.FR, Language.EN)
            },
            record=story.kind in _RECORDS,
        )
        for story in stories[:TOLD]
    )
