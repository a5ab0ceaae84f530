"""The crew's facts that cost something: mats, alarms, the checks before the gun, who is still on the course.

Made together, about once a second: an alarm hangs on the line of its mat. Belongs to the matching thread.
"""

from typing import TYPE_CHECKING, Any, Final

from calanque.derived import Derived, Picture
from config.plan import RacePlan
from results.asked import OpenQuestion
from results.crew.alarm_causes import AlarmsAsked, causes
from results.crew.alarms import AlarmWatch
from results.crew.arming import ArmingAsked, checklist
from results.crew.clock_history import ClockHistory
from results.crew.desk import CrewDesk
from results.crew.mat_counts import MatCounts
from results.crew.mat_history import mat_history
from results.crew.mats import MatsAsked, mat_section
from results.crew.on_course import CourseAsked, DueColumns, course_table, on_course
from results.crew.sections import alarm_section, arming_section
from results.crew.shift_log import ShiftLog, shift_table
from results.eligibility import Eligibility
from results.forecast import Forecast
from results.people import JuryPeople
from results.printing import Language
from timing.instants import HOUR, Instant
from timing.race import Mat
from timing.state import RaceState

if TYPE_CHECKING:
    from calanque.staff_boards import Moment

TESTED_WITHIN_US: Final = 12 * HOUR
"""Reads and signals from so long before the first planned gun on are of the test; older ones are left over."""

COUNTED_AT_ONCE: Final = 300_000
"""Reads counted in one refresh: some tenths of a second."""

COURSE_SHOWN: Final = 30
LOG_SHOWN: Final = 30
"""Lines on the board; the whole is asked for."""


class CrewFacts:
    """Counts as reads come, follows clocks and alarms, and makes the sections out of them."""

    def __init__(self, plan: RacePlan, state: RaceState, derived: Derived) -> None:
        self._plan = plan
        self._state = state
        self._derived = derived
        self._due: DueColumns | None = None
        self.desk = CrewDesk()
        self._counts = MatCounts(plan.race)
        self._history = ClockHistory(plan.race.zone)
        self._watch = AlarmWatch()
        self._log = ShiftLog(plan)
        self._people: JuryPeople | None = None
        self._ledger = state.ledger
        self._counted = 0

    def sections(self, moment: "Moment", questions: tuple[OpenQuestion, ...]) -> dict[str, Any]:
        """`mats`, `alarms`, `arming`, `on_course` and `shift_log`; nothing of mats before all reads are counted."""
        self._due = _due_columns(moment.forecast)
        if not self._counted_all():
            return {
                "mats": {"points": [], "nowhere": [], "counted": self._counted},
                "alarms": {"rows": []},
                "arming": {"checks": []},
                "on_course": on_course(self._course_asked(moment.picture), shown=COURSE_SHOWN),
                "shift_log": self.shift_log(shown=LOG_SHOWN),
            }
        asked = self._mats_asked(moment)
        section = mat_section(asked)
        return {
            "mats": section,
            "alarms": self._alarms(moment, asked, section, questions),
            "arming": self._arming(moment, asked),
            "on_course": on_course(self._course_asked(moment.picture), shown=COURSE_SHOWN),
            "shift_log": self.shift_log(shown=LOG_SHOWN),
        }

    def catch_up(self) -> CrewDesk:
        """What the crew has said, with all that the state has."""
        self.desk.take(self._state.desk)
        return self.desk

    def shift_log(self, *, shown: int | None = None) -> dict[str, Any]:
        """What was done and decided, the newest first; all of it unless so many are `shown`."""
        self._log.take(self._state)
        return self._log.section(self._state.withdrawn, shown=shown)

    def shift_table(self, language: Language) -> dict[str, Any]:
        """`columns` and `rows` of the whole log, the oldest first."""
        self._log.take(self._state)
        columns, rows = shift_table(self._log, self._plan, language, self._state.withdrawn)
        return {"columns": list(columns), "rows": rows}

    def course_table(self, picture: Picture, language: Language) -> dict[str, Any]:
        """`columns` and `rows` of all on the course, the most overdue first; why somebody gave up is not in it."""
        columns, rows = course_table(self._course_asked(picture), language)
        return {"columns": list(columns), "rows": rows}

    def mat_history(self, mat: Mat, now_us: Instant) -> dict[str, Any]:
        """What a mat heard minute by minute, of the reads counted so far, and its reader's clock."""
        return mat_history(self._counts, self._history, mat, now_us)

    def _mats_asked(self, moment: "Moment") -> MatsAsked:
        state, picture = self._state, moment.picture
        reads, classes = state.reads(), self._derived.classes
        self._history.note(moment.now_us, moment.sources)
        due = self._due
        return MatsAsked(
            plan=self._plan,
            roster=picture.roster,
            times=picture.times,
            reads=reads,
            classes=classes,
            counts=self._counts,
            owner=self._derived.ground.field.owner,
            tags=state.tags,
            sources=moment.sources,
            clocks=picture.clocks,
            history=self._history,
            now_us=moment.now_us,
            expected_us=None if due is None else due.at_points(len(self._plan.race.course.points)),
            lifted=self.desk.lifted,
        )

    def _alarms(
        self, moment: "Moment", asked: MatsAsked, section: dict[str, Any], questions: tuple[OpenQuestion, ...]
    ) -> dict[str, Any]:
        found = causes(
            AlarmsAsked(
                mats=asked,
                section=section,
                late=moment.late,
                questions=questions,
                journal=moment.host.journal,
                disk_free=moment.host.disk_free,
                broker=moment.host.broker,
            )
        )
        alarms = self._watch.look(found, moment.now_us, self.desk.taken)
        self._log.note(alarms, moment.now_us, moment.picture.clocks)
        return alarm_section(alarms, self._plan, moment.picture.clocks)

    def _arming(self, moment: "Moment", asked: MatsAsked) -> dict[str, Any]:
        """The checks, until the first gun is known: after it nobody arms anything."""
        guns = moment.picture.times.guns
        if not all(guns.planned):
            return {"checks": []}
        first_gun_us: Instant = min(wave.planned_gun_us for wave in self._plan.race.waves)
        host = moment.host
        found = checklist(
            ArmingAsked(
                plan=self._plan,
                roster=asked.roster,
                reads=asked.reads,
                owner=asked.owner,
                tags=asked.tags,
                sources=moment.sources,
                connected=host.connected,
                clocks=asked.clocks,
                guns=self._state.guns,
                first_gun_us=first_gun_us,
                tested_since_us=first_gun_us - TESTED_WITHIN_US,
                lifted=asked.lifted,
                disk_free=host.disk_free,
                power=host.power,
                battery_percent=host.battery_percent,
            )
        )
        return arming_section(found, self._plan)

    def _course_asked(self, picture: Picture) -> CourseAsked:
        self.catch_up()
        return CourseAsked(
            plan=self._plan,
            roster=picture.roster,
            times=picture.times,
            people=self._people_of(picture.rankings.eligibility),
            abandons=self.desk.abandons,
            due=self._due if self._due is not None and len(self._due.at_us) == len(picture.roster) else None,
        )

    def _people_of(self, eligibility: Eligibility) -> JuryPeople:
        """As the crew may read them; kept as long as the roster is the same."""
        if self._people is None or self._people.eligibility is not eligibility:
            self._people = JuryPeople(eligibility)
        return self._people

    def _counted_all(self) -> bool:
        """Counts what reads have come, so many at once; whether all are counted.

        After a start, or under another clock, that is the whole race: nobody's time waits for it.
        """
        state = self._state
        reads, classes = state.reads(), self._derived.classes
        if state.ledger != self._ledger:
            self._ledger, self._counted = state.ledger, 0
        self._counted = min(len(reads), self._counted + COUNTED_AT_ONCE)
        self._counts.take(reads.take(slice(0, self._counted)), classes[: self._counted], state.ledger)
        return self._counted == len(reads)


def _due_columns(forecast: Forecast | None) -> DueColumns | None:
    """When those on the course are expected at their next point."""
    if forecast is None:
        return None
    expected = forecast.next
    return DueColumns(
        next_point=forecast.next_point,
        at_us=expected.at_us,
        plus_minus_us=expected.plus_minus_us,
        late_us=expected.late_us,
    )
