"""A runner's card for the announcer's look-up, and the names it looks among.

A snapshot of one moment: it may be asked from any thread, for nothing in it changes.
"""

from dataclasses import dataclass

import numpy as np

from results.people import plain_text
from results.speaker.rows import Row, SpeakerRows
from timing.instants import MISSING, Instant
from timing.reads import Bool
from timing.roster import Bib
from timing.times import Status


@dataclass(frozen=True, kw_only=True)
class Cards:
    """Cards of one moment. through: the last journal entry in it; now_us: its instant of the race clock."""

    rows: SpeakerRows
    through: int
    now_us: Instant

    def card(self, bib: str) -> Row | None:
        """Everything an announcer asks of a bib: who, splits with places, finish or forecast, story; None: nobody's.

        A withheld name has no card but the word that it is withheld.
        """
        rows, frame = self.rows, self.rows.frame
        index = frame.eligibility.roster.by_bib.get(Bib(bib))
        if index is None:
            return None
        if frame.people[index].withheld:
            return {"bib": frame.people[index].bib, "withheld": True}
        status = Status(int(rows.times.status[index]))
        finished = status is Status.FINISHED
        expected = rows.forecast is not None and int(rows.forecast.finish_us[index]) != MISSING
        return {
            **frame.person(index),
            "status": status.name,
            "wave": self._wave(index),
            "splits": self._splits(index),
            "over": rows.crossed([index])[0] if finished else None,
            "coming": rows.arriving([index])[0] if expected and not finished else None,
            "story": [] if index in rows.held else [dict(told.words) for told in rows.stories(index)],
            "held": dict(rows.held[index]) if index in rows.held else None,
            "favourite": bool(rows.favourite[index]),
        }

    def names(self) -> list[list[str]]:
        """Of each bib that may be shown: bib, first and family name, how to say it, category, club, town, country, sex.

        A withheld name is empty, and so is all that would tell it.
        """
        entrants = self.rows.frame.eligibility.roster.entrants
        found = []
        for person, entrant in zip(self.rows.frame.people, entrants, strict=True):
            if person.bib:
                say = "" if person.withheld else plain_text(entrant.say)
                name = [person.bib, person.first_name, person.family_name, say]
                found.append([*name, person.category, person.club, person.town, person.nationality, person.sex])
        return found

    @property
    def names_of(self) -> object:
        """What the names hang on: another object means other names."""
        return self.rows.frame

    def _wave(self, index: int) -> str:
        wave = int(self.rows.times.wave[index])
        return "" if wave < 0 else self.rows.plan.race.waves[wave].name

    def _splits(self, index: int) -> list[Row]:
        """Each point after the start that has seen them: times as printed, and the place over all by gun time there."""
        rows, times = self.rows, self.rows.times
        found = []
        for number, point in enumerate(rows.plan.race.course.points[1:-1], start=1):
            at_us = int(times.crossing_us[number][index])
            if at_us == MISSING:
                continue
            gun_us, start_us = int(times.gun_us[index]), int(times.start_us[index])
            found.append(
                {
                    "point": point.id,
                    "at_us": at_us,
                    "official_s": None if gun_us == MISSING else rows.printed(at_us - gun_us),
                    "real_s": None if start_us == MISSING else rows.printed(at_us - start_us),
                    "place": self._split_place(number, index),
                }
            )
        return found

    def _split_place(self, number: int, index: int) -> int | None:
        """Place over all at a split by the time since the own gun, among those who may hold places."""
        times = self.rows.times
        seen_us, gun_us = times.crossing_us[number], times.gun_us
        may: Bool = self.rows.rankings.eligibility.ranked_role & (seen_us != MISSING) & (gun_us != MISSING)
        if not may[index]:
            return None
        since_us = seen_us[may] - gun_us[may]
        return int(np.count_nonzero(since_us < int(seen_us[index] - gun_us[index]))) + 1
