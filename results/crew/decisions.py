"""What is to be decided, in the order in which it should be: open questions, and clocks that are wrong.

Owns the key by which a page speaks of one of them, what stands alone and what is settled together. Decides nothing.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from config.plan import RacePlan
from results.act_words import act_sentence
from results.asked import Kind, OpenQuestion, Stake, Weight
from results.clock_words import clock_sentence
from results.printing import Language
from results.question_titles import TITLES
from results.question_words import question_words
from timing.clock_faults import ClockFinding
from timing.roster import Bib
from timing.rulings import Act

CLOCK: Final = "clock"
"""The kind of a clock that is wrong, beside those of questions."""

ALONE: Final = 3
"""So many of one kind on which nothing hangs stand alone; more are one group."""

SHOWN: Final = 60
"""Of those that stand alone: the others are counted."""

_BIBS_IN_KEY: Final = 8

_STAKES: Final[Mapping[Language, Mapping[Stake, str]]] = {
    Language.FR: {Stake.PODIUM: "Podium", Stake.PRIZE: "Prix", Stake.RECORD: "Record", Stake.TOP: "Premiers"},
    Language.EN: {Stake.PODIUM: "Podium", Stake.PRIZE: "Prize", Stake.RECORD: "Record", Stake.TOP: "Top places"},
}
_CLOCK_TITLES: Final = {Language.FR: "Horloge", Language.EN: "Clock"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Something that a person should decide: a question or the finding about a clock, one of the two."""

    key: str
    kind: str
    weight: Weight
    bibs: tuple[Bib, ...]
    proposals: tuple[Act, ...]
    question: OpenQuestion | None = None
    clock: ClockFinding | None = None

    @property
    def is_light(self) -> bool:
        """Whether no podium, prize, record or top place hangs on it, and no reads are held for it."""
        return self.weight.stake is Stake.NONE and not (self.clock is not None and self.clock.holds)


def decisions_of(questions: Iterable[OpenQuestion], clocks: Iterable[ClockFinding]) -> tuple[Decision, ...]:
    """All of them: clocks whose reads are held, questions by weight, the other clocks before what is light."""
    used: dict[str, int] = {}
    found = sorted((_of_clock(clock, used) for clock in clocks), key=lambda decision: decision.is_light)
    held = [decision for decision in found if not decision.is_light]
    asked = [_of_question(question, used) for question in questions]
    heavy = [decision for decision in asked if not decision.is_light]
    return (*held, *heavy, *found[len(held) :], *(decision for decision in asked if decision.is_light))


def _of_clock(clock: ClockFinding, used: dict[str, int]) -> Decision:
    about = (CLOCK, str(clock.source or ""), clock.fault.value, str(clock.received.begin_us), str(clock.other or ""))
    return Decision(
        key=_key(CLOCK, about, used),
        kind=CLOCK,
        weight=Weight(),
        bibs=(),
        proposals=() if clock.proposal is None else (clock.proposal,),
        clock=clock,
    )


def _of_question(question: OpenQuestion, used: dict[str, int]) -> Decision:
    """A question about many is known by what it is about, for whom it is about grows with the race."""
    bibs = question.bibs if len(question.bibs) <= _BIBS_IN_KEY else ()
    waves = (str(question.evidence.get("wave", "")), str(question.evidence.get("crossed_wave", "")))
    about = (question.kind.value, question.point or "", *waves, *bibs)
    return Decision(
        key=_key(question.kind.value, about, used),
        kind=question.kind.value,
        weight=question.weight,
        bibs=question.bibs,
        proposals=question.proposals,
        question=question,
    )


def _key(kind: str, about: Sequence[str], used: dict[str, int]) -> str:
    """Letters, digits and hyphens; the same for the same thing at any time, whatever else is open."""
    key = f"{kind.replace('_', '-')}-{hashlib.sha256(chr(31).join(about).encode('utf-8', 'replace')).hexdigest()[:10]}"
    again = used[key] = used.get(key, 0) + 1
    return key if again == 1 else f"{key}-{again}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionWords:
    """`stake`: the word before it; `title`: its kind; `fact`: what is known; `proposals`: one for each act."""

    stake: str
    title: str
    fact: str
    proposals: tuple[str, ...]


def decision_words(decision: Decision, plan: RacePlan, language: Language) -> DecisionWords:
    """A decision as a person reads it."""
    if decision.clock is not None:
        return DecisionWords(
            stake=_CLOCK_TITLES[language],
            title=_CLOCK_TITLES[language],
            fact=clock_sentence(decision.clock, plan.race, language),
            proposals=tuple(act_sentence(act, plan, language) for act in decision.proposals),
        )
    assert decision.question is not None
    words = question_words(decision.question, plan, language)
    stake = _STAKES[language].get(decision.weight.stake, "")
    return DecisionWords(stake=stake or words.title, title=words.title, fact=words.fact, proposals=words.proposals)


def decision_rows(decisions: Sequence[Decision], plan: RacePlan) -> dict[str, Any]:
    """The crew's list, JSON-ready: `open` in all, `rows` that stand alone, `groups` of one kind, `more` not shown."""
    light: dict[str, int] = {}
    for decision in decisions:
        if decision.is_light and decision.question is not None:
            light[decision.kind] = light.get(decision.kind, 0) + 1
    many = {kind for kind, number in light.items() if number > ALONE}
    alone = [d for d in decisions if not (d.is_light and d.kind in many)]
    return {
        "open": len(decisions),
        "rows": [_row(decision, plan) for decision in alone[:SHOWN]],
        "groups": [
            {"kind": kind, "count": light[kind], "title": {str(lang): TITLES[lang][Kind(kind)] for lang in TITLES}}
            for kind in light
            if kind in many
        ],
        "more": max(0, len(alone) - SHOWN),
    }


def _row(decision: Decision, plan: RacePlan) -> dict[str, Any]:
    said = {language: decision_words(decision, plan, language) for language in (Language.FR, Language.EN)}
    return {
        "key": decision.key,
        "kind": decision.kind,
        "weight": decision.weight.stake.name.lower(),
        "stake": {str(language): words.stake for language, words in said.items()},
        "title": {str(language): words.title for language, words in said.items()},
        "fact": {str(language): words.fact for language, words in said.items()},
        "bibs": list(decision.bibs[:3]),
        "since_us": since_us(decision),
    }


def since_us(decision: Decision) -> int | None:
    """The instant from which it could be known, as its evidence has it; None where that names none."""
    if decision.clock is not None:
        return decision.clock.received.begin_us
    assert decision.question is not None
    evidence = decision.question.evidence
    for key in ("finish_us", "last_us", "until_us", "start_us", "abandoned_us"):
        if isinstance(evidence.get(key), int):
            return int(evidence[key])
    crossings = evidence.get("crossings_us")
    return max(crossings.values()) if isinstance(crossings, Mapping) and crossings else None
