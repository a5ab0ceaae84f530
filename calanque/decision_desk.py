"""What the crew's page asks of the race when somebody opens a decision: evidence, what can be done, and its effect.

Nothing here changes anything: what is committed goes by the commands `rule` and `rule_many`, with the number that was
seen here. Belongs where the state does: no other thread may change it meanwhile.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from calanque.derived import Derived
from calanque.errors import FrontDoorError
from calanque.explaining import asked_of, evidence_of
from calanque.ruling_desk import RulingDesk
from config.plan import RacePlan
from results.act_words import ROLES, act_sentence, ruled_sentence, wave_words
from results.crew.decisions import Decision, decision_words, decisions_of
from results.crew.effect_words import effect_rows
from results.crew.pictures import picture_of
from results.exact_times import exact_duration
from results.people import plain_text
from results.printing import Language
from results.questions import open_questions
from results.why import why
from results.why_words import why_sentences
from timing.errors import RulingRefused
from timing.instants import MISSING, Instant
from timing.roster import Bib
from timing.ruling_entries import act_fields, act_of
from timing.rulings import JURY_ONLY, Act, Clear, Role, Withdraw
from timing.state import RaceState

PEOPLE_SHOWN: Final = 4
GROUP_SHOWN: Final = 200
RULINGS_SHOWN: Final = 300


class DecisionDesk:
    """Answers in one language, ready for JSON."""

    def __init__(self, plan: RacePlan, state: RaceState, derived: Derived, language: Language) -> None:
        self._plan = plan
        self._state = state
        self._derived = derived
        self._picture = derived.picture()
        self._language = language
        self._rulings = RulingDesk(plan, state, derived)

    def opened(self, key: str, chosen: int, role: Role, now_us: Instant) -> dict[str, Any]:
        """One decision, with the effect of its proposal number `chosen`.

        Raises: FrontDoorError when it is not open any more.
        """
        decision = next((each for each in self._decisions() if each.key == key), None)
        if decision is None:
            raise FrontDoorError(f"decision {key!r} is not open: it was decided, or what it followed from is gone")
        words = decision_words(decision, self._plan, self._language)
        rows = [row for bib in decision.bibs if (row := self._picture.roster.by_bib.get(bib)) is not None]
        answer: dict[str, Any] = {
            "key": key,
            "kind": decision.kind,
            "stake": words.stake,
            "title": words.title,
            "fact": words.fact,
            "bibs": len(decision.bibs),
            "people": [self._person(row) for row in rows[:PEOPLE_SHOWN]],
            "picture": picture_of(decision, self._plan, self._picture.times, rows, self._language),
            "proposals": [
                {"sentence": sentence, "role": _signed_by(act), "clears": isinstance(act, Clear)}
                for sentence, act in zip(words.proposals, decision.proposals, strict=True)
            ],
        }
        if 0 <= chosen < len(decision.proposals):
            answer["chosen"] = chosen
            answer["weighed"] = self.weighed([act_fields(decision.proposals[chosen])], role, now_us)
        return answer

    def knows(self, bib: Bib) -> bool:
        """Whether somebody is entered with a bib."""
        return bib in self._picture.roster.by_bib

    def group(self, kind: str, choice: str, role: Role, now_us: Instant) -> dict[str, Any]:
        """The light questions of one kind, and what settles them together: `choice` clear or propose.

        Raises: FrontDoorError when none is open.
        """
        decisions = [each for each in self._decisions() if each.kind == kind and each.is_light and each.question]
        if not decisions:
            raise FrontDoorError(f"no question of kind {kind!r} without a place at stake is open any more")
        choices = {"clear": _all_cleared(decisions), "propose": _first_repairs(decisions)}
        acts = choices.get(choice) or choices["clear"] or choices["propose"]
        taken = next(name for name, some in choices.items() if some == acts)
        said = [decision_words(each, self._plan, self._language) for each in decisions[:GROUP_SHOWN]]
        return {
            "kind": kind,
            "title": said[0].title,
            "count": len(decisions),
            "facts": [words.fact for words in said],
            "choices": [name for name, some in choices.items() if some],
            "choice": taken,
            "weighed": self.weighed([act_fields(act) for act in acts], role, now_us),
        }

    def weighed(self, given: Sequence[Mapping[str, Any]], role: Role, now_us: Instant) -> dict[str, Any]:
        """What acts would change together: `sentences`, `rows` of the effect, `seen`, `digest` of just these acts.

        `refused`: why they cannot be committed as they stand, else empty; `role`: who must sign, where not this role.
        """
        signed = Role.JURY if any(act.get("act") in _JURY_ACTS for act in given) else role
        command = {"acts": list(given), "author": "-", "role": signed, "reason": "", "seen": None}
        try:
            bodies, found = self._rulings.all_weighed(command, now_us)
        except RulingRefused as error:
            return {"refused": str(error), "seen": self._state.applied, "digest": "", "sentences": [], "rows": []}
        acts = [body.act for body in bodies]
        sentences = [
            ruled_sentence(act, self._state.rulings, self._plan, self._language) for act in acts[:PEOPLE_SHOWN]
        ]
        return {
            "acts": [act_fields(act) for act in acts],
            "count": len(acts),
            "sentences": sentences,
            "rows": effect_rows(found, self._plan, self._language),
            "gun_times_changed": found.gun_times_changed,
            "seen": self._state.applied,
            "digest": digest(given),
            "role": "" if signed is role or role is Role.JURY else str(signed),
            "role_word": ROLES[self._language][signed],
            "refused": "",
        }

    def rulings(self) -> dict[str, Any]:
        """The rulings in force, the newest first, each of which can be taken back."""
        state = self._state
        rows = [
            {
                "number": ruling.number,
                "at_us": ruling.at_us,
                "author": ruling.body.author,
                "role": ROLES[self._language][ruling.body.role],
                "reason": ruling.body.reason,
                "sentence": act_sentence(ruling.body.act, self._plan, self._language),
            }
            for ruling in reversed(state.rulings)
            if ruling.number not in state.withdrawn and not isinstance(ruling.body.act, Withdraw)
        ]
        return {"rows": rows[:RULINGS_SHOWN], "count": len(rows), "seen": state.applied}

    def runner(self, bib: Bib) -> dict[str, Any]:
        """One runner and why of every time; `person` None where nobody has that bib."""
        row = self._picture.roster.by_bib.get(bib)
        if row is None:
            return {"person": None, "found": [], "sections": []}
        told = why(evidence_of(self._plan, self._state, self._derived, bib))
        sections = why_sentences(told, self._plan, self._language)
        return {
            "person": self._person(row),
            "found": [],
            "sections": [{"title": each.title, "sentences": list(each.sentences)} for each in sections],
        }

    def people(self, bibs: Sequence[Bib]) -> list[dict[str, Any]]:
        """Those of these bibs that are in the roster."""
        rows = (self._picture.roster.by_bib.get(bib) for bib in bibs)
        return [self._person(row) for row in rows if row is not None]

    def _decisions(self) -> tuple[Decision, ...]:
        asked = asked_of(self._plan, self._state, self._derived, self._picture)
        return decisions_of(open_questions(asked), self._picture.clocks)

    def _person(self, row: int) -> dict[str, Any]:
        """Who it is and where they stand, for the crew: withheld names too."""
        picture, language = self._picture, self._language
        entrant, times, ranks = picture.roster.entrants[row], picture.times, picture.rankings
        categories = ranks.eligibility.categories
        code = int(categories.code[row])
        gun_us, wave = int(times.gun_time_us[row]), int(times.wave[row])
        places = [int(rank[row]) for rank in (ranks.rank_overall, ranks.rank_sex, ranks.rank_category)]
        return {
            "bib": str(entrant.bib),
            "name": f"{plain_text(entrant.first_name)} {plain_text(entrant.last_name).upper()}".strip(),
            "withheld": not entrant.public,
            "category": categories.names[code] if code >= 0 else "",
            "club": plain_text(entrant.club),
            "wave": wave_words(self._plan.race.waves[wave].id if wave >= 0 else None, self._plan, language),
            "gun_time": "" if gun_us == MISSING else exact_duration(gun_us, language),
            "places": [place or None for place in places],
        }


_JURY_ACTS: Final = frozenset({"disqualify", "reinstate", "finish_order"})


def _signed_by(act: Act) -> str:
    return str(Role.JURY) if isinstance(act, JURY_ONLY) else ""


def digest(acts: Sequence[Mapping[str, Any]]) -> str:
    """What stands for just these acts in a form: what is committed is what was weighed, or nothing is."""
    return hashlib.sha256(json.dumps(list(acts), sort_keys=True).encode("utf-8", "replace")).hexdigest()[:24]


def _all_cleared(decisions: Sequence[Decision]) -> list[Act]:
    """One act for each question that clears: all its runners together."""
    bibs: dict[Any, dict[Bib, None]] = {}
    for decision in decisions:
        act = next((act for act in decision.proposals if isinstance(act, Clear)), None)
        if act is not None:
            bibs.setdefault(act.question, {}).update(dict.fromkeys(act.bibs))
    return [Clear(bibs=tuple(named), question=question) for question, named in bibs.items()]


def _first_repairs(decisions: Sequence[Decision]) -> list[Act]:
    """The first proposal of each that does more than to clear; acts that say the same of many are one."""
    found = [next((act for act in each.proposals if not isinstance(act, Clear)), None) for each in decisions]
    merged: dict[str, dict[str, Any]] = {}
    for act in found:
        if act is None:
            continue
        fields = act_fields(act)
        bibs = fields.pop("bibs", None)
        many = isinstance(bibs, list) and fields["act"] in _MANY
        key = json.dumps([fields, None if many else bibs], sort_keys=True)
        known = merged.setdefault(key, fields | ({} if bibs is None else {"bibs": []}))
        if bibs is not None:
            known["bibs"] = [*known["bibs"], *(bib for bib in bibs if bib not in known["bibs"])]
    return [act_of(fields) for fields in merged.values()]


_MANY: Final = frozenset({"move_to_wave", "declare", "set_category"})
"""Acts that say one thing of any number of runners."""
