"""`calanque why` and `calanque questions`: how one runner's times came about, and what a person should decide."""

import json

from calanque.at_rest import read_race
from calanque.errors import FrontDoorError
from calanque.exit_codes import OK
from calanque.explaining import asked_of, evidence_of
from calanque.rule_words import command_of
from calanque.terminal import grouped, say
from config.plan import RacePlan
from results.asked import Kind, OpenQuestion
from results.plain_values import as_values
from results.printing import Language
from results.question_words import question_words
from results.questions import open_questions
from results.why import why, why_values
from results.why_words import why_sentences
from timing.roster import Bib

LANGUAGES = (Language.FR.value, Language.EN.value)


def why_command(race: str, bib: str, *, language: str | None, as_json: bool) -> int:
    with read_race(race) as found:
        spoken = spoken_language(language, found.plan)
        found.derived.refresh(settle=True)
        answer = why(evidence_of(found.plan, found.state, found.derived, Bib(bib)))
        plan = found.plan
    if as_json:
        say(json.dumps(why_values(answer), ensure_ascii=False, indent=1))
        return OK
    for number, section in enumerate(why_sentences(answer, plan, spoken)):
        if number:
            say()
        say(section.title)
        for sentence in section.sentences:
            say(f"  {sentence}")
    return OK


def questions_command(race: str, *, language: str | None, most: int, as_json: bool) -> int:
    with read_race(race) as found:
        spoken = spoken_language(language, found.plan)
        found.derived.refresh(settle=True)
        asked = asked_of(found.plan, found.state, found.derived, found.derived.picture())
        plan = found.plan
    questions = open_questions(asked)
    if as_json:
        say(json.dumps([as_values(question) for question in questions], ensure_ascii=False, indent=1))
        return OK
    if not questions:
        say("Rien à décider" if spoken is Language.FR else "Nothing to decide")
    for number, question in enumerate(questions[:most], 1):
        words = question_words(question, plan, spoken)
        say(f"{number}. {words.title}")
        say(f"   {words.fact}")
        for proposal, act in zip(words.proposals, question.proposals, strict=True):
            say(f"   → {proposal}")
            given = command_of(act, race, plan.race.zone)
            if given:
                say(f"     {given}")
        for list_id in _official_lists(question):
            say(f"   → calanque reopen {race} {list_id} --author … --reason …")
    if len(questions) > most:
        more = grouped(len(questions) - most)
        say(f"… et {more} autres" if spoken is Language.FR else f"… and {more} more")
    return OK


def _official_lists(question: OpenQuestion) -> list[str]:
    """The lists whose official places would now be others: the referee may open them again."""
    if question.kind is not Kind.OFFICIAL_DIFFERENCE:
        return []
    return [str(each["list"]) for each in question.evidence["lists"]]


def spoken_language(given: str | None, plan: RacePlan) -> Language:
    """The language asked for, else the first of the race file that there are words in.

    Raises: FrontDoorError for another.
    """
    if given is not None:
        if given not in LANGUAGES:
            raise FrontDoorError(f"--language {given}: give {' or '.join(LANGUAGES)}")
        return Language(given)
    return Language(next((each for each in plan.languages if each in LANGUAGES), Language.EN))
