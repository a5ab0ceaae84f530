"""`calanque dossier`: the places of a list with all that speaks for them, to be read and signed by a jury."""

from pathlib import Path

from calanque.at_rest import RaceAtRest, read_race
from calanque.commands.why import spoken_language
from calanque.errors import FrontDoorError
from calanque.exit_codes import OK
from calanque.explaining import asked_of, evidence_of
from calanque.terminal import say
from readers.race_clock import RaceClock
from results.dossier import Dossier, dossier
from results.dossier_page import dossier_page
from results.dossier_words import DossierWords, dossier_words
from results.questions import open_questions
from results.why import Why, why
from timing.roster import Bib


def dossier_command(race: str, list_id: str, *, language: str | None, out: Path | None) -> int:
    with read_race(race) as found:
        spoken = spoken_language(language, found.plan)
        found.derived.refresh(settle=True)
        words = dossier_words(race_dossier(found, list_id, RaceClock.real().now_us()), spoken)
    if out is None:
        _say(words)
        return OK
    try:
        out.write_text(dossier_page(words, spoken), encoding="utf-8")
    except OSError as error:
        raise FrontDoorError(f"--out {out}: {error.strerror}; give a file in a folder that can be written") from error
    say(f"{out}: {len(words.places)} places, ready to print on A4")
    return OK


def race_dossier(race: RaceAtRest, list_id: str, now_us: int) -> Dossier:
    """The dossier of one list of a race, as of now. Raises: FrontDoorError for a list there is none of."""
    picture = race.derived.picture()
    publications = race.state.publications
    number = publications[-1].body.number if publications else None
    standing = picture.standing(race.plan, number=number or 0, at_us=now_us)
    lists = standing.shown.by_id
    if list_id not in lists:
        prizes = [each.id for each in standing.shown.lists if each.rule.prize] or list(lists)
        raise FrontDoorError(f"no list {list_id!r}; there are: {', '.join(prizes)}")
    questions = open_questions(asked_of(race.plan, race.state, race.derived, picture))

    def explain(bib: Bib) -> Why:
        return why(evidence_of(race.plan, race.state, race.derived, bib, questions=questions))

    return dossier(standing, lists[list_id], explain, publication=number)


def _say(words: DossierWords) -> None:
    say(words.title)
    say(f"{words.event} · {words.race_line}")
    width = max(len(label) for label, _ in words.head)
    for label, value in words.head:
        say(f"  {label.ljust(width)}  {value}")
    for place in words.places:
        say()
        say(f"{place.place}  {place.bib}  {place.name}  {place.time}")
        say(f"  {' · '.join(place.facts)}")
        for title, sentences in place.sections:
            say(f"  {title}")
            for sentence in sentences:
                say(f"    {sentence}")
        say(f"  {words.name} {'_' * 24}   {words.sign} {'_' * 24}")
    if not words.places:
        say(words.nobody)
