"""What every page one reads has in common: its language, its addresses, and how a person is named and linked.

Owns addresses of pages and the look of names; knows no list.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from config.plan import RacePlan
from results.people import Person
from results.printing import Language, count, duration, hour
from results.web.reading_words import READING
from timing.instants import Instant

Model = dict[str, Any]

_PREFIX: Final = {Language.FR: "", Language.EN: "/en"}


class Reading:
    """Words, figures and addresses in one language."""

    def __init__(self, language: str, plan: RacePlan) -> None:
        self.words = READING[language]
        self.language = Language(language)
        self.plan = plan

    @property
    def other(self) -> Language:
        return Language.EN if self.language is Language.FR else Language.FR

    def say(self, key: str, **values: str | int) -> str:
        return self.words[key].format(**values)

    def count(self, number: int) -> str:
        return count(number, self.language)

    def time(self, seconds: int | None) -> str:
        return self.words["unread"] if seconds is None else duration(seconds, self.language)

    def hour(self, instant: Instant) -> str:
        return hour(instant, self.plan.race.zone)

    def number(self, value: float) -> str:
        """`17,5` or `17.5`; whole numbers without a fraction."""
        text = f"{value:g}"
        return text.replace(".", ",") if self.language is Language.FR else text

    def path(self, *parts: str, language: Language | None = None, asked: Mapping[str, str | int] | None = None) -> str:
        """The address of a page: `/en/lists/sex-F?from=51`. Parts come from race files and rosters: they are quoted."""
        prefix = _PREFIX[language or self.language]
        path = prefix + "".join(f"/{quote(part, safe='')}" for part in parts) or "/"
        query = "&".join(f"{key}={quote(str(value), safe='')}" for key, value in (asked or {}).items())
        return f"{path}?{query}" if query else path

    def person(self, person: Person) -> Model:
        """The parts of a name, and where the runner's page is: nowhere for those who are not public."""
        if person.withheld:
            if not person.bib:
                return {"first": self.words["withheld_all"], "last": "", "note": "", "href": ""}
            return {
                "first": self.say("withheld_bib", bib=person.bib),
                "last": "",
                "note": self.words["withheld"],
                "href": "",
            }
        named = person.name()
        return {
            "first": person.first_name if named else self.say("withheld_bib", bib=person.bib),
            "last": person.family_name,
            "note": "",
            "href": self.path("runners", person.bib),
        }

    def point(self, point_id: str) -> str:
        """Start and finish in the page's language; a split keeps the name the race gives it."""
        point = next(point for point in self.plan.race.course.points if point.id == point_id)
        return point.name if point.kind == "split" else self.words[str(point.kind)]

    def publication(self, publication: Mapping[str, Any] | None) -> str:
        if publication is None:
            return self.words["no_publication"]
        return self.say("publication", n=publication["number"], hour=self.hour(publication["at_us"])[:5])
