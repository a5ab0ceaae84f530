"""The tables of a race file about the course: its versions, its heights, its past winners and their splits."""

from pydantic import StrictInt

from config.race_section import Section, key
from config.race_values import Gun, Heights
from timing.roster import Sex


class CourseVersionSection(Section):
    """A course as it was run in some years. A course record belongs to one of them."""

    id: str = key("Name of the version.", "text")
    first_year: StrictInt = key("First year it was run.", "a year")
    last_year: StrictInt | None = key("Last year it was run.", "a year, not before `first_year`", None, "until now")
    text: str = key("What is particular to it.", "text", "", "empty")


class RecordSplitSection(Section):
    """When a past winner passed a point: what the clock runs against. Else the record is parted by the profile."""

    year: StrictInt = key("The edition's year.", "a year of the table of winners")
    sex: Sex = key("Which of its winners.", '"M" or "F"')
    point: str = key("Where.", "`id` of a split")
    time: Gun = key("After this time from the gun.", "a TOML time: 00:31:39")


class CourseSection(Section):
    """Which course is run, and the past of the race."""

    version: str = key("Version of the course that is run.", "text", "", "empty")
    versions: list[CourseVersionSection] = key("All versions there were.", "`[[course.versions]]` tables", [], "none")
    profile: Heights | None = key(
        "Heights along the course.",
        "pairs of km (to the metre, ascending) and metres above the sea: [[0, 22], [1, 25]]",
        None,
        "none",
    )
    record_splits: list[RecordSplitSection] = key(
        "Splits of past winners, as far as they are known.", "`[[course.record_splits]]` tables", [], "none"
    )
    winners: str = key(
        "Table of past winners, beside the race file.", "a CSV file", "", "`winners.csv` where there is one"
    )
