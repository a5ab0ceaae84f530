"""`calanque clocks`: what is wrong with clocks, whom it concerns, what is proposed, and accepting a proposal."""

import numpy as np

from calanque.at_rest import RaceAtRest, read_race
from calanque.commands.rule import rule_command
from calanque.commands.why import spoken_language
from calanque.errors import FrontDoorError
from calanque.exit_codes import OK
from calanque.terminal import grouped, say
from results.clock_words import clock_sentence
from results.printing import Language
from timing.clock_faults import ClockFinding
from timing.ruling_entries import act_fields
from timing.rulings import CorrectClock


def clocks_command(race: str, *, language: str | None, accept: str | None, author: str | None, preview: bool) -> int:
    """Tells the findings; or hands in what is proposed for one source, as a ruling with its author."""
    if accept is not None and author is None:
        raise FrontDoorError("--accept needs --author: who decides?")
    with read_race(race) as found:
        findings = found.derived.picture().clocks
        if accept is None:
            _tell(found, findings, spoken_language(language, found.plan))
            return OK
        proposal, seen = _proposal(findings, accept), found.state.applied
        reason = clock_sentence(_about(findings, accept), found.plan.race, Language.EN).rstrip(".")
    assert author is not None, "asked for above"
    return rule_command(
        race, act=act_fields(proposal), author=author, role="crew", reason=reason, preview=preview, seen=seen
    )


def _tell(race: RaceAtRest, findings: tuple[ClockFinding, ...], language: Language) -> None:
    french = language is Language.FR
    if not findings:
        say("Rien à redire aux horloges" if french else "Nothing is wrong with any clock")
    for finding in findings:
        say(clock_sentence(finding, race.plan.race, language))
        runners = _runners_of(race, finding)
        if runners:
            say(f"  {grouped(runners)} coureurs concernés" if french else f"  {grouped(runners)} runners concerned")
        if finding.proposal is not None:
            accept = f"calanque clocks {race.folder.path} --accept {finding.source} --author …"
            say(f"  → {_in_words(finding.proposal)}: {accept}")


def _in_words(proposal: CorrectClock) -> str:
    added = ", ".join(f"{offset / 1_000_000:+.6f}".rstrip("0").rstrip(".") + " s" for _, offset in proposal.anchors)
    return f"{proposal.source} {added}"


def _runners_of(race: RaceAtRest, finding: ClockFinding) -> int:
    """How many runners were read by the source in the period the finding is about."""
    source = -1 if finding.source is None else race.state.sources.find(finding.source)
    if source < 0:
        return 0
    reads = race.state.reads()
    rows = np.flatnonzero(reads.source == source)
    stamps = race.state.stamps_of(rows)
    inside = np.ones(len(rows), np.bool_)
    for column, span in ((stamps.base_us, finding.stamps), (stamps.received_us, finding.received)):
        if span.begin_us is not None:
            inside &= column >= span.begin_us
        if span.end_us is not None:
            inside &= column < span.end_us
    owners = race.derived.ground.field.owners(reads.tag[rows[inside]])
    return len(np.unique(owners[owners >= 0]))


def _about(findings: tuple[ClockFinding, ...], source: str) -> ClockFinding:
    proposed = [finding for finding in findings if finding.proposal is not None]
    mine = [finding for finding in proposed if finding.source == source]
    if not mine:
        known = ", ".join(sorted({str(finding.source) for finding in proposed})) or "none"
        raise FrontDoorError(f"--accept {source}: nothing is proposed for it; sources with a proposal: {known}")
    if len(mine) > 1:
        raise FrontDoorError(
            f"--accept {source}: {len(mine)} corrections are proposed, one for each power-on; give them one by one, "
            "with `calanque rule clock`"
        )
    return mine[0]


def _proposal(findings: tuple[ClockFinding, ...], source: str) -> CorrectClock:
    proposal = _about(findings, source).proposal
    assert proposal is not None, "only findings with a proposal are chosen"
    return proposal
