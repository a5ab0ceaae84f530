"""`calanque results`: files in, published results out."""

import gc
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from calanque.batch import TimedFiles, time_files
from calanque.errors import FrontDoorError
from calanque.exit_codes import DIFFERENT, OK, WITH_REMARKS
from calanque.terminal import CLASS_WORDS, grouped, say, say_classes, table, warn
from config.loader import load_race
from results.exports import Format
from results.printing import hour
from results.publication import last_number, publish
from timing.clock_corrections import CorrectClock
from timing.clock_ledger import checked_correction
from timing.instants import SECOND
from timing.race import Race
from timing.reads import ReadClass, SourceId
from timing.times import Status

REMARKS_SHOWN: Final = 20
"""Of each kind, on the terminal; the counts are always whole."""


def results_command(
    race: str,
    *,
    roster: Path,
    reads: Sequence[str],
    guns: Path | None,
    out: Path,
    stay_open: bool,
    formats: str,
    strict: bool,
    clocks: Sequence[str],
    expected: Path | None,
) -> int:
    # One job and then the end: what is made is kept to the last, and looking for garbage would cost a tenth of it all.
    gc.disable()
    for file in (roster, *([guns] if guns else [])):
        if not file.is_file():
            raise FrontDoorError(f"{file}: no such file")
    wanted = _formats(formats)
    plan = load_race(race)
    corrections = [_correction(text, plan.race) for text in clocks]
    timed = time_files(plan, roster=roster, reads=reads, guns=guns, stay_open=stay_open, clocks=corrections)
    number = last_number(out) + 1
    publication = publish(
        plan,
        timed.roster.roster,
        timed.matched.times,
        timed.rankings,
        out,
        number,
        plan.race.last_instant_us if timed.newest_us is None else timed.newest_us,
        formats=wanted,
    )
    remarks = _say_remarks(timed)
    _say_summary(timed)
    say(f"Publication {number}: {publication.folder}, newest always as {out / 'results.csv'}")
    if expected is not None:
        from results.compare import compare_results

        comparison = compare_results(publication.folder / "results.csv", expected)
        say(f"Compared with {expected}: {comparison}")
        if not comparison.equal:
            return DIFFERENT
    return WITH_REMARKS if strict and remarks else OK


def _correction(text: str, race: Race) -> CorrectClock:
    """`finish-main=-3600`. Raises: FrontDoorError, RulingRefused."""
    source, equals, seconds = text.partition("=")
    try:
        offset_us = Decimal(seconds) * SECOND
        if not equals or offset_us != int(offset_us):
            raise InvalidOperation
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise FrontDoorError(f"--clock {text}: give SOURCE=SECONDS, like finish-main=-3600 or gineste=37.2") from error
    anchors = ((race.first_instant_us, int(offset_us)),)
    return checked_correction(CorrectClock(source=SourceId(source), anchors=anchors), race)


def _formats(text: str) -> list[Format]:
    """The formats of a list like `csv,json`; results.csv is always among them."""
    names = {name.strip() for name in text.split(",") if name.strip()}
    unknown = names - {kind.value for kind in Format}
    if unknown:
        raise FrontDoorError(
            f"--formats: unknown {', '.join(sorted(unknown))}; accepted: {', '.join(kind.value for kind in Format)}"
        )
    return [kind for kind in Format if kind.value in names or kind is Format.CSV]


def _say_remarks(timed: TimedFiles) -> int:
    """Whatever was set aside, in words, on standard error; how many remarks there were."""
    roster, loaded = timed.roster, timed.loaded
    _some([str(remark) for remark in roster.remarks], len(roster.remarks))
    _some([str(line) for line in loaded.bad_lines], loaded.malformed)
    for mat, count in loaded.unknown_mats.items():
        known = ", ".join(each.id for each in timed.plan.race.course.mats)
        warn(f"{grouped(count)} reads at mat {mat!r}, which the race file does not have: kept as strays; mats: {known}")
    _some(told := _clock_remarks(timed), len(told))
    planned = [wave.id for wave, plan in zip(timed.plan.race.waves, timed.guns.planned, strict=True) if plan]
    if planned:
        warn(
            f"no gun is known for wave {', '.join(planned)}: the planned gun stands in "
            "(say `fired` in the race file, or give --guns FILE)"
        )
    nobody = _nobody_timed(timed)
    if nobody:
        warn(nobody)
    return (
        len(roster.remarks)
        + loaded.malformed
        + len(loaded.unknown_mats)
        + len(planned)
        + bool(nobody)
        + len(timed.findings)
    )


def _clock_remarks(timed: TimedFiles) -> list[str]:
    """What is wrong with clocks, and how to say that one is to be corrected or is right."""
    if not timed.findings:
        return []
    from results.clock_words import clock_sentence
    from results.printing import Language

    remarks = []
    for finding in timed.findings:
        text = clock_sentence(finding, timed.plan.race, Language.EN)
        if finding.proposal is not None and len(finding.proposal.anchors) == 1:
            seconds = finding.proposal.anchors[0][1] // SECOND
            text += f" If so, --clock {finding.source}={seconds}; if it is right, --clock {finding.source}=0"
        remarks.append(text)
    return remarks


def _nobody_timed(timed: TimedFiles) -> str:
    """What to look at when there are reads at the mats and not one runner has a time of them."""
    status = timed.matched.times.status
    if timed.classes[ReadClass.USED] or not sum(timed.classes.values()) or not len(status):
        return ""
    zone, gun = timed.plan.race.zone, timed.guns.first_us
    most = max(timed.classes, key=lambda kind: timed.classes[kind])
    return (
        f"NOBODY IS TIMED: of {grouped(sum(timed.classes.values()))} reads none counts, most are "
        f'"{CLASS_WORDS[most]}". The first gun in force is {hour(gun, zone)} ({zone.key}): is it right, is the date, '
        "and are the tags those of the roster?"
    )


def _some(lines: Sequence[str], count: int) -> None:
    for line in lines[:REMARKS_SHOWN]:
        warn(line)
    if count > REMARKS_SHOWN:
        warn(f"… and {grouped(count - REMARKS_SHOWN)} more of this kind")


def _say_summary(timed: TimedFiles) -> None:
    status = timed.matched.times.status.tolist()
    untimed = sum(not timed.plan.role(entrant).timed for entrant in timed.roster.roster.entrants)
    aside = (
        f", {grouped(untimed)} of them in roles that are not timed, whom pages and lists leave out" if untimed else ""
    )
    say(f"{grouped(len(status))} entrants{aside}")
    table((kind.name, grouped(status.count(kind))) for kind in Status if status.count(kind))
    say(f"{grouped(sum(timed.classes.values()))} reads")
    say_classes(timed.classes, timed.repeats)
