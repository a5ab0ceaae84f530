"""The open questions of a race: everything a person should decide, by what hangs on it.

A pure function of the race at one moment. A question changes no time and no place: it is answered by a ruling, or by
`Clear`, which says that somebody has looked into it; then it is gone. docs/questions.md has every kind.
"""

from results.asked import Asked, OpenQuestion
from results.bibs import bib_key
from results.course_questions import course_questions
from results.leading_questions import leading_questions
from results.list_questions import list_questions
from results.runner_questions import runner_questions
from results.sighting_questions import sighting_questions
from results.stakes import stakes_of
from timing.roster import Bib


def open_questions(asked: Asked) -> tuple[OpenQuestion, ...]:
    """All questions nobody has answered: first those with a podium, a prize, a record or a top place at stake.

    Of equal weight: by the first bib, then by kind.
    """
    stakes = stakes_of(asked)
    found = [
        *runner_questions(asked, stakes),
        *course_questions(asked, stakes),
        *list_questions(asked, stakes),
        *leading_questions(asked),
        *sighting_questions(asked, stakes),
    ]
    keys = {bib: bib_key(bib) for question in found for bib in question.bibs[:1]}
    nobody = bib_key("")
    found.sort(key=lambda q: (q.weight, keys[q.bibs[0]] if q.bibs else nobody, q.kind))
    return tuple(found)


def questions_about(questions: tuple[OpenQuestion, ...], bib: Bib) -> tuple[OpenQuestion, ...]:
    """Those that name a runner."""
    return tuple(question for question in questions if bib in question.bibs)
