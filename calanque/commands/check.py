"""`calanque check`: is this race file, and this roster, fit for the day?"""

from pathlib import Path

from calanque.exit_codes import DIFFERENT, OK
from calanque.terminal import grouped, say
from config.check import check
from config.errors import ConfigError
from config.loader import load_race


def check_command(race: str, roster: Path | None) -> int:
    try:
        plan = load_race(race)
    except ConfigError as error:
        say(str(error))
        return DIFFERENT
    what = plan.race
    say(f"{plan.title_in('en')}: {what.day}, {what.zone.key}, course {what.course.version}")
    say(f"  {len(what.waves)} waves, {len(what.course.points)} points, {len(what.course.mats)} mats, "
        f"{len(what.sources)} sources, {len(plan.lists)} lists")  # fmt: skip
    for remark in check(plan):
        say(f"  {remark}")
    if roster is not None:
        from config.roster_file import load_roster

        loaded = load_roster(roster, plan)
        say(f"{roster}: {grouped(len(loaded.roster))} entrants, {len(loaded.remarks)} remarks")
        for about in loaded.remarks:
            say(f"  {about}")
        if any(about.held for about in loaded.remarks):
            return DIFFERENT
    return OK
