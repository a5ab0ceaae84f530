"""Why this time, as sentences in French and English that a runner understands; hours in the race's own zone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from config.plan import RacePlan
from results.act_words import ROLES, STATUSES, act_sentence, point_words
from results.evidence import GunFact
from results.exact_times import exact_duration, exact_hour, gap
from results.list_states import ListState
from results.printing import NO_BREAK_SPACE, Language, count, duration, hour, place_word
from results.question_words import question_words
from results.site_words import WORDS
from results.state_words import state_word
from results.titles import title_of
from results.why import Choice, PointWhy, Sum, Why
from results.why_reads import ReadGroup, Reason, StampFact
from results.why_rulings import RulingWhy
from results.why_terms import MOMENTS, REASONS
from timing.reads import ClockKind
from timing.roster import Sex
from timing.rulings import Role

_FR: Final = Language.FR
_S: Final = NO_BREAK_SPACE
_UTC: Final = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True, kw_only=True)
class WhySection:
    """Sentences about one thing: a point, the times, the places."""

    title: str
    sentences: tuple[str, ...]


def why_sentences(found: Why, plan: RacePlan, language: Language) -> tuple[WhySection, ...]:
    """Everything a `Why` says, in the order of the race; sections that have nothing to say are left out."""
    tell = WhyTelling(plan, language)
    sections = [
        (tell.say("En bref", "In short"), tell.head(found)),
        (tell.say("Coup de feu", "Gun"), tell.guns(found)),
        *((point_words(point.point, plan, language), tell.point(point)) for point in found.points),
        (tell.say("Autres lectures", "Other reads"), [tell.group(group) for group in found.elsewhere]),
        (tell.say("Temps", "Times"), tell.times(found)),
        (tell.say("Places", "Places"), tell.places(found)),
        (tell.say("Décisions", "Rulings"), [tell.ruling(ruling) for ruling in found.rulings]),
        (
            tell.say("À décider", "To decide"),
            [question_words(question, plan, language).fact for question in found.questions],
        ),
    ]
    return tuple(WhySection(title=title, sentences=tuple(said)) for title, said in sections if said)


@dataclass(frozen=True, slots=True)
class WhyTelling:
    plan: RacePlan
    language: Language

    def say(self, french: str, english: str) -> str:
        return french if self.language is _FR else english

    def exact(self, instant_us: int) -> str:
        return exact_hour(instant_us, self.plan.race.zone, self.language)

    def long(self, value_us: int) -> str:
        return exact_duration(value_us, self.language)

    def short(self, value_us: int) -> str:
        return gap(value_us, self.language)

    @property
    def colon(self) -> str:
        return self.say(f"{_S}:", ":")

    @property
    def semicolon(self) -> str:
        return self.say(f"{_S};", ";")

    # ---- head and guns ----

    def head(self, found: Why) -> list[str]:
        status = STATUSES[self.language][found.status]
        parts = [status]
        if found.category:
            parts.append(self.say(f"catégorie {found.category}", f"category {found.category}"))
        if found.wave is not None:
            parts.append(self.say(f"vague {found.wave}", f"wave {found.wave}"))
        said = [f"{self.say('Dossard', 'Bib')} {found.bib}{self.colon} {', '.join(parts)}."]
        if found.disqualified_by_rule is not None:
            rule = found.disqualified_by_rule
            said.append(
                self.say(
                    f"Disqualifié par le jury, règle {rule}\u00a0: les temps restent, les places non.",
                    f"Disqualified by the jury, rule {rule}: times stay, places do not.",
                )
            )
        if found.crossed_wave is not None and found.crossed_wave != found.wave:
            said.append(
                self.say(
                    f"Parti avec la vague {found.crossed_wave}.",
                    f"Started with wave {found.crossed_wave}.",
                )
            )
        return said

    def guns(self, found: Why) -> list[str]:
        said = [self.gun(found.gun, found.wave is not None)] if found.gun is not None else []
        if found.race_gun is not None and found.race_gun != found.gun:
            said.append(self.gun(found.race_gun, True))
        by_wave = found.gun_origin == "wave"
        said.append(
            self.say(
                f"Le temps officiel court du {'coup de feu de la vague' if by_wave else 'premier coup de feu'}.",
                f"The gun time runs from the {'gun of the wave' if by_wave else 'first gun'}.",
            )
        )
        return said

    def gun(self, gun: GunFact, has_wave: bool) -> str:
        number = f"n°{_S}{gun.number}" if self.language is _FR else f"no. {gun.number}"
        origins = {
            "ruling": self.say(f"par décision {number} de {gun.author}", f"by ruling {number} of {gun.author}"),
            "hand": self.say(f"saisi par {gun.author} ({number})", f"entered by {gun.author} ({number})"),
            "button": self.say(
                f"bouton pressé par {gun.author} ({number})", f"button pressed by {gun.author} ({number})"
            ),
            "file": self.say(f"d'un fichier ({number})", f"from a file ({number})"),
            "wire": self.say(f"signal de {gun.source} ({number})", f"signal of {gun.source} ({number})"),
            "race_file": self.say("d'après le fichier de la course", "as the race file says"),
            "plan": self.say("heure prévue, aucun signal n'est connu", "as planned, no signal is known"),
        }
        at = self.exact(gun.instant_us)
        if not has_wave:
            return self.say(
                f"Premier coup de feu à {at}, {origins[gun.origin]}.", f"First gun at {at}, {origins[gun.origin]}."
            )
        return self.say(
            f"Coup de feu de la vague {gun.wave} à {at}, {origins[gun.origin]}.",
            f"Gun of wave {gun.wave} at {at}, {origins[gun.origin]}.",
        )

    # ---- points ----

    def point(self, point: PointWhy) -> list[str]:
        said = [self.crossing(point)]
        if point.used is not None and point.origin != "manual":
            said.append(self.passing(point))
            said.append(self.stamp(point.used.stamp, point.used.source))
            said.extend(self.choices(point))
        said.extend(self.group(group) for group in point.groups if group.reason is not Reason.SAME_PASSING)
        return said

    def crossing(self, point: PointWhy) -> str:
        number = f"n°{_S}{point.ruling}" if self.language is _FR else f"no. {point.ruling}"
        if point.crossing_us is None:
            if Choice.TAKEN_AWAY in point.choices:
                return self.say(f"Passage retiré par décision {number}.", f"Crossing taken away by ruling {number}.")
            if point.missed:
                return self.say(
                    "Non lu ici, mais plus loin. Un passage non lu ne prouve rien.",
                    "Not read here, but further on. A crossing that was not read proves nothing.",
                )
            return self.say("Pas de passage.", "No crossing.")
        split = ""
        if point.split_us is not None:
            split = self.say(f", soit {self.long(point.split_us)}", f", which is {self.long(point.split_us)}")
        at = self.exact(point.crossing_us)
        if point.origin == "manual":
            return self.say(
                f"Passage à {at}{split}, fixé à la main par décision {number}.",
                f"Crossing at {at}{split}, set by hand by ruling {number}.",
            )
        return self.say(f"Passage à {at}{split}.", f"Crossing at {at}{split}.")

    def passing(self, point: PointWhy) -> str:
        assert point.used is not None
        assert point.passing_from_us is not None
        assert point.passing_until_us is not None
        used = point.used
        moment = MOMENTS[self.language][point.moment_rule]
        if Choice.WAITED in point.choices:
            moment = self.say(
                "qui attend sur le tapis part à sa dernière lecture", "who waits on the mat leaves with the last read"
            )
        if point.passing_reads == 1:
            return self.say(
                f"La puce {used.tag} a été lue une fois au tapis {used.mat}, à {self.exact(used.stamp.instant_us)}.",
                f"Chip {used.tag} was read once at mat {used.mat}, at {self.exact(used.stamp.instant_us)}.",
            )
        first, last = self.exact(point.passing_from_us), self.exact(point.passing_until_us)
        number = count(point.passing_reads, self.language)
        return self.say(
            f"La puce {used.tag} a été lue {number} fois au tapis {used.mat}, de {first} à {last}{self.semicolon} "
            f"{moment}\u00a0: {self.exact(used.stamp.instant_us)}.",
            f"Chip {used.tag} was read {number} times at mat {used.mat}, from {first} to {last}; "
            f"{moment}: {self.exact(used.stamp.instant_us)}.",
        )

    def stamp(self, stamp: StampFact, source: str) -> str:
        sent = self.sent(stamp)
        if stamp.ruling is None and not stamp.offset_us:
            return self.say(
                f"L'horloge {source} disait {sent}, prise telle quelle.",
                f"Clock {source} said {sent}, taken as it is.",
            )
        sign = "-" if stamp.offset_us < 0 else "+"
        by = f"{sign}{self.short(stamp.offset_us)}"
        number = f"n°{_S}{stamp.ruling}" if self.language is _FR else f"no. {stamp.ruling}"
        return self.say(
            f"L'horloge {source} disait {sent}, corrigée de {by} (décision {number} de {stamp.author}).",
            f"Clock {source} said {sent}, corrected by {by} (ruling {number} of {stamp.author}).",
        )

    def sent(self, stamp: StampFact) -> str:
        """The stamp as the clock showed it, and in words what such a clock keeps where that is not the race's hour."""
        shown = exact_hour(stamp.stamp_us, _UTC, self.language)
        return f"{shown} UTC" if stamp.clock == ClockKind.UTC else shown

    def choices(self, point: PointWhy) -> list[str]:
        return [_CHOICES[choice](self, point) for choice in point.choices if choice in _CHOICES]

    def group(self, group: ReadGroup) -> str:
        reason = REASONS[self.language][group.reason]
        if group.rulings:
            numbers = ", ".join(str(number) for number in group.rulings)
            reason += self.say(f" (n°{_S}{numbers})", f" (no. {numbers})")
        when = self.exact(group.first_us)
        if group.last_us != group.first_us:
            when = self.say(f"de {when} à {self.exact(group.last_us)}", f"from {when} to {self.exact(group.last_us)}")
        else:
            when = self.say(f"à {when}", f"at {when}")
        mat = "" if group.mat is None else self.say(f" au tapis {group.mat}", f" at mat {group.mat}")
        number = count(group.reads, self.language)
        many = group.reads > 1
        return self.say(
            f"{number} lecture{'s' if many else ''}{mat} {when} "
            f"ne donne{'nt' if many else ''} pas de temps\u00a0: {reason}.",
            f"{number} read{'s' if many else ''}{mat} {when} give{'' if many else 's'} no time: {reason}.",
        )

    # ---- times and places ----

    def times(self, found: Why) -> list[str]:
        said = []
        if found.gun_time is not None:
            said.append(self.sum(self.say("Temps officiel", "Gun time"), found.gun_time))
        if found.net_time is not None:
            said.append(self.sum(self.say("Temps réel", "Net time"), found.net_time))
            if not found.net_time.from_start:
                said.append(f"{WORDS[self.language]['from_gun'].capitalize()}.")
        elif found.gun_time is not None:
            said.append(
                self.say("Pas de temps réel\u00a0: le départ n'a pas été lu.", "No net time: the start was not read.")
            )
        if said:
            said.append(WORDS[self.language]["seconds"])
        return said

    def sum(self, name: str, sum_of: Sum) -> str:
        finish, begin = self.exact(sum_of.finish_us), self.exact(sum_of.from_us)
        exact, printed = self.long(sum_of.exact_us), duration(sum_of.printed_s, self.language)
        shown = self.say(f"affiché {printed}", f"printed {printed}")
        return f"{name}{self.colon} {finish} − {begin} = {exact}, {shown}."

    def places(self, found: Why) -> list[str]:
        said = []
        for place in found.places:
            title = title_of(place.list_id, self.plan, self.language)
            nth, of = (
                place_word(place.place, self.language, feminine=found.sex == Sex.F),
                count(place.ranked, self.language),
            )
            notes = [state_word(ListState(place.state), self.language)]
            if place.shared:
                notes.insert(0, self.say("ex æquo", "tied"))
            if place.by_jury:
                notes.insert(0, self.say("par l'ordre du jury", "by the jury's order"))
            among = f"{nth} {self.say('sur', 'of')} {of}"
            said.append(f"{title}{self.colon} {among}, {self.long(place.value_us)} ({', '.join(notes)}).")
        for list_id in found.kept_out:
            title = title_of(list_id, self.plan, self.language)
            said.append(
                self.say(
                    f"{title}\u00a0: pas de place tant que le départ avant le coup de feu de sa vague "
                    "attend une décision.",
                    f"{title}: no place while the start before the gun of the own wave waits for a ruling.",
                )
            )
        return said

    def ruling(self, ruling: RulingWhy) -> str:
        act = act_sentence(ruling.act, self.plan, self.language).removesuffix(".")
        role = ROLES[self.language][Role(ruling.role)]
        number = f"N°{_S}{ruling.number}" if self.language is _FR else f"No. {ruling.number}"
        at = hour(ruling.at_us, self.plan.race.zone)
        reason = ""
        if ruling.reason:
            reason = self.say(f" Motif\u00a0: {ruling.reason}.", f" Reason: {ruling.reason}.")
        withdrawn = self.say(" Retirée depuis.", " Withdrawn since.") if ruling.withdrawn else ""
        return f"{number}, {at}, {ruling.author} ({role}){self.colon} {act}.{reason}{withdrawn}"


def _to_line(tell: WhyTelling, point: PointWhy) -> str:
    assert point.at_mat_us is not None
    assert point.crossing_us is not None
    shift = point.at_mat_us - point.crossing_us
    if shift < 0:
        return tell.say(
            f"Le tapis est avant la ligne\u00a0: {tell.short(shift)} y sont ajoutées.",
            f"The mat lies before the line: {tell.short(shift)} are added.",
        )
    return tell.say(
        f"Le tapis est après la ligne\u00a0: {tell.short(shift)} en sont retirées.",
        f"The mat lies beyond the line: {tell.short(shift)} are taken off.",
    )


def _two_tags(tell: WhyTelling, point: PointWhy) -> str:
    return tell.say(
        "Plusieurs de ses puces ont été lues\u00a0: au départ la dernière compte, ailleurs la première.",
        "Several chips were read: at the start the last counts, elsewhere the first.",
    )


def _main_first(tell: WhyTelling, point: PointWhy) -> str:
    return tell.say(
        "Les deux tapis ont lu la puce\u00a0: le tapis principal donne le temps.",
        "Both mats read the chip: the main mat gives the time.",
    )


def _backup(tell: WhyTelling, point: PointWhy) -> str:
    return tell.say(
        "Le tapis principal n'a pas lu ce passage\u00a0: le tapis de secours donne le temps.",
        "The main mat did not read this crossing: the backup mat gives the time.",
    )


def _last_at_start(tell: WhyTelling, point: PointWhy) -> str:
    return tell.say(
        "La ligne de départ a été passée plusieurs fois\u00a0: le dernier passage compte.",
        "The start line was crossed several times: the last crossing counts.",
    )


def _after_minimum(tell: WhyTelling, point: PointWhy) -> str:
    assert point.bounds is not None
    assert point.bounds.minimum_us is not None
    at = tell.exact(point.bounds.minimum_us)
    return tell.say(
        f"Un passage compte ici à partir de {at}, le temps du plus rapide après le départ.",
        f"A crossing counts here from {at} on, the time of the fastest after the start.",
    )


def _after_leg(tell: WhyTelling, point: PointWhy) -> str:
    assert point.bounds is not None
    assert point.bounds.leg_us is not None
    at, before = tell.exact(point.bounds.leg_us), point_words(point.bounds.leg_from, tell.plan, tell.language)
    return tell.say(
        f"Un passage compte ici à partir de {at}, le temps du plus rapide depuis «{_S}{before}{_S}».",
        f"A crossing counts here from {at} on, the time of the fastest from “{before}”.",
    )


def _first_crossing(tell: WhyTelling, point: PointWhy) -> str:
    return tell.say(
        "Le point a été passé plusieurs fois\u00a0: le premier passage compte.",
        "The point was crossed several times: the first crossing counts.",
    )


_CHOICES: Final[Mapping[Choice, Callable[[WhyTelling, PointWhy], str]]] = {
    Choice.TO_LINE: _to_line,
    Choice.TWO_TAGS: _two_tags,
    Choice.MAIN_FIRST: _main_first,
    Choice.BACKUP: _backup,
    Choice.LAST_AT_START: _last_at_start,
    Choice.AFTER_MINIMUM: _after_minimum,
    Choice.AFTER_LEG: _after_leg,
    Choice.FIRST_CROSSING: _first_crossing,
}
