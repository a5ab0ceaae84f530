"""How a story is said, in French and English: short, as it is read out; the runner's name is not in it.

Owns the sentences. Grammar follows the sex in the roster; where it has neither, the masculine that races print.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from config.nations import nation_name
from config.plan import RacePlan
from results.printing import NO_BREAK_SPACE, Language, count, duration, place_word
from results.speaker.stories import Story, StoryKind
from results.titles import title_of
from timing.roster import Sex


def story_words(story: Story, language: Language, plan: RacePlan, *, feminine: bool = False) -> str:
    """One story as announcers read it: `1re femme`, `10e édition`, `412 places gagnées depuis le col`."""
    said = _Said(story.values, language, plan, feminine)
    return _WORDS[story.kind](said)


def place_in_list(place: int, scope: str, language: Language, *, feminine: bool) -> str:
    """`1re femme`, `2e homme`, `3e M2F`, `5e` of all; `1st woman`, `3rd M2F`, `5th`."""
    nth = place_word(place, language, feminine=feminine)
    sexes = {
        Language.FR: {Sex.F.value: "femme", Sex.M.value: "homme"},
        Language.EN: {Sex.F.value: "woman", Sex.M.value: "man"},
    }
    return f"{nth} {sexes[language].get(scope, scope)}" if scope else nth


_VOWELS: Final = frozenset("aàâeéèêëiîïoôöuùûüyhœæ")


def of_place(name: str) -> str:
    """`de Cassis`, `d'Aubagne`, `du Havre`, `des Pennes-Mirabeau`, `de La Ciotat`."""
    first, _, rest = name.partition(" ")
    if rest and first.casefold() in ("le", "les"):
        return f"{'du' if first.casefold() == 'le' else 'des'} {rest}"
    return f"d'{name}" if name[:1].casefold() in _VOWELS else f"de {name}"


_ARTICLES: Final = {
    **dict.fromkeys(("col", "km", "kilomètre", "pont", "tunnel", "stade", "port", "carrefour", "passage"), "le "),
    **dict.fromkeys(("gare", "place", "mairie", "côte", "montée", "plage", "descente"), "la "),
}


def with_article(name: str) -> str:
    """`le Col de la Gineste`, where the first word of a point is one whose article is known; else as it is."""
    return _ARTICLES.get(name.partition(" ")[0].casefold(), "") + name


def town_name(name: str) -> str:
    """A town as it is written: `AUBAGNE` and `aubagne` become `Aubagne`, what has both cases stays."""
    return name if name != name.upper() and name != name.lower() else name.title().replace("'S", "'s")


@dataclass(frozen=True, slots=True)
class _Said:
    values: Mapping[str, Any]
    language: Language
    plan: RacePlan
    feminine: bool

    def __getitem__(self, key: str) -> Any:
        return self.values[key]

    def say(self, french: str, english: str) -> str:
        return french if self.language is Language.FR else english

    def time(self, seconds: int) -> str:
        return duration(seconds, self.language)

    def nth(self, place: int, *, feminine: bool | None = None) -> str:
        return place_word(place, self.language, feminine=self.feminine if feminine is None else feminine)

    def count(self, number: int) -> str:
        return count(number, self.language)

    @property
    def point(self) -> str:
        names = {point.id: point.name for point in self.plan.race.course.points}
        return names.get(self["point"], str(self["point"]))

    @property
    def at_point(self) -> str:
        """`(Col de la Gineste)`: points are named without an article, so that no preposition fits them all."""
        return f"({self.point})"

    @property
    def place(self) -> str:
        return place_in_list(self["place"], self["scope"], self.language, feminine=self.feminine)

    @property
    def others(self) -> str:
        bibs = self["with"]
        if not bibs:
            return ""
        word = self.say("dossard" if len(bibs) == 1 else "dossards", "bib" if len(bibs) == 1 else "bibs")
        return f" ({word}{NO_BREAK_SPACE}{', '.join(bibs)})"


def _record(s: _Said) -> str:
    old = s.time(s["record_s"])
    known = s.say(f"ancien record {old}, {s['year']}", f"old record {old}, {s['year']}")
    if s["confirmed"]:
        return s.say(f"record du parcours ({known})", f"course record ({known})")
    what = s.say("record du parcours, à confirmer", "course record, to be confirmed")
    if s["all_time"]:
        what = s.say("record de tous les parcours, à confirmer", "fastest ever on any course, to be confirmed")
    return f"{what} ({known})"


def _record_equalled(s: _Said) -> str:
    time = s.time(s["record_s"])
    return s.say(f"égale le record du parcours, {time}", f"equals the course record, {time}")


def _record_in_reach(s: _Said) -> str:
    ahead = s["ahead_s"]
    gap = s.time(abs(ahead))
    about = s.say("environ ", "about ") if s["estimated"] else ""
    if ahead == 0:
        return s.say(f"{about}sur le temps du record {s.at_point}", f"{about}level with the record {s.at_point}")
    way = s.say("d'avance" if ahead > 0 else "de retard", "ahead of" if ahead > 0 else "behind")
    return s.say(
        f"record à portée{NO_BREAK_SPACE}: {about}{gap} {way} {s.at_point}",
        f"record within reach: {about}{gap} {way} it {s.at_point}",
    )


def _wins(s: _Said) -> str:
    return s.place if s["scope"] else s.say(f"{s.nth(1)} au scratch", f"{s.nth(1)} overall")


def _podium(s: _Said) -> str:
    return s.place if s["scope"] else s.say(f"{s.nth(s['place'])} au scratch", f"{s.nth(s['place'])} overall")


def _leads(s: _Said) -> str:
    leads = {Sex.F.value: ("des femmes", "the women"), Sex.M.value: ("des hommes", "the men")}
    french, english = leads.get(s["scope"], (f"en {s['scope']}", s["scope"]) if s["scope"] else ("", "the race"))
    return s.say(f"en tête {french} {s.at_point}".replace("  ", " "), f"led {english} {s.at_point}")


def _split_place(s: _Said) -> str:
    return f"{s.place} {s.at_point}"


def _tie(s: _Said) -> str:
    return s.say(f"ex æquo à la {s.nth(s['place'], feminine=True)} place{s.others}", f"tied for {s.place}{s.others}")


def _sprint(s: _Said) -> str:
    place = s.nth(s["place"], feminine=True)
    title = title_of(s["list"], s.plan, s.language)
    return s.say(
        f"sprint pour la {place} place, {title}{s.others}", f"sprint for {s.nth(s['place'])} place, {title}{s.others}"
    )


def _last_winner(s: _Said) -> str:
    year = s["years"][0]
    winner = "gagnante" if s.feminine else "vainqueur"
    return s.say(f"{winner} de la dernière édition ({year})", f"winner of the last edition ({year})")


def _past_winner(s: _Said) -> str:
    years = ", ".join(str(year) for year in s["years"])
    return s.say(f"{'gagnante' if s.feminine else 'vainqueur'} en {years}", f"winner in {years}")


def _category(s: _Said) -> str:
    more = ""
    if s["place"] == 1 and s["oldest"]:
        more = s.say(", la catégorie la plus âgée", ", the oldest category")
    elif s["place"] == 1 and s["youngest"]:
        more = s.say(", la catégorie la plus jeune", ", the youngest category")
    return s.place + more


def _favourite(s: _Said) -> str:
    word = s.say("favorite" if s.feminine else "favori", "favourite")
    return f"{word}, {s['why']}" if s["why"] else word


def _first_from(s: _Said) -> str:
    first = _first_of(s)
    return s.say(f"serait {first}", f"would be {first}") if s["arriving"] else first


def _first_of(s: _Said) -> str:
    name, of = s["name"], s["of"]
    nth = s.nth(1)
    who = f"{nth} {s.say('femme' if s.feminine else 'homme', 'woman' if s.feminine else 'man')}" if s["of_sex"] else nth
    if of == "town":
        town = town_name(name)
        return s.say(f"{who} {of_place(town)}", f"{who} from {town}")
    if of == "country" and name == "FRA":
        return s.say(f"{nth} {'Française' if s.feminine else 'Français'}", f"{who} from France")
    if of == "country":
        country = nation_name(name, str(s.language))
        return s.say(f"{who} de son pays ({country})", f"{who} from {country}")
    club = name if name.casefold().startswith("club") else f"club {name}"
    return s.say(f"{who} du {club}", f"{who} of {name}")


def _first_of_wave(s: _Said) -> str:
    arrived = "arrivée" if s.feminine else "arrivé"
    return s.say(f"{s.nth(1)} {arrived} de {s['name']}", f"first finisher of {s['name']}")


def _editions(s: _Said) -> str:
    if s["every"]:
        return s.say(f"a couru toutes les éditions ({s['editions']})", f"has run every edition ({s['editions']})")
    nth = s.nth(s["editions"], feminine=True)
    return s.say(f"{nth} participation", f"{nth} time in this race")


def _moved_up(s: _Said) -> str:
    places = s.count(s["places"])
    return s.say(f"{places} places gagnées depuis {with_article(s.point)}", f"up {places} places since {s.point}")


def _birthday(s: _Said) -> str:
    return s.say("anniversaire aujourd'hui", "birthday today")


def _elite(s: _Said) -> str:
    return s.say("élite", "elite")


_WORDS: Final[Mapping[StoryKind, Callable[[_Said], str]]] = {
    StoryKind.RECORD: _record,
    StoryKind.RECORD_EQUALLED: _record_equalled,
    StoryKind.RECORD_IN_REACH: _record_in_reach,
    StoryKind.WINS: _wins,
    StoryKind.PODIUM: _podium,
    StoryKind.LEADS: _leads,
    StoryKind.SPLIT_PLACE: _split_place,
    StoryKind.TIE: _tie,
    StoryKind.SPRINT: _sprint,
    StoryKind.LAST_WINNER: _last_winner,
    StoryKind.PAST_WINNER: _past_winner,
    StoryKind.CATEGORY: _category,
    StoryKind.FAVOURITE: _favourite,
    StoryKind.FIRST_FROM: _first_from,
    StoryKind.FIRST_OF_WAVE: _first_of_wave,
    StoryKind.EDITIONS: _editions,
    StoryKind.MOVED_UP: _moved_up,
    StoryKind.TOP: _podium,
    StoryKind.BIRTHDAY: _birthday,
    StoryKind.ELITE: _elite,
}
