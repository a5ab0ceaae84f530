"""The desk where entrants are made, changed and given bibs and tags: each act is a new version of the roster.

A version of the roster rather than a ruling, since it is about who somebody is and what they wear from the beginning:
a read of a tag follows its wearer wherever the tag goes, those that came before too. Where a tag changed hands during
the race the hour matters, and that is a ruling (`assign_tag` with a span); the desk refuses and says so. Used with the
race as it stands, by the thread that keeps it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from calanque.derived import Derived
from config.entrant_form import EntrantRefused, FieldFault, bib_typed, entrant_typed, tag_typed
from config.plan import RacePlan
from config.roster_changes import (
    entrant_of,
    is_spare,
    named,
    with_changed,
    with_new,
    with_other_bib,
    with_tag,
    without_tag,
)
from timing.entries import RosterBody, decode
from timing.instants import MISSING
from timing.reads import Tag
from timing.roster import Bib, Entrant, Roster
from timing.rulings import AssignTag, SwapTags, bibs_of
from timing.state import RaceState

Answer = dict[str, Any]
Note = dict[str, str]
"""What does not follow by itself: `rulings` or `stamps` (`code`), these `numbers` of them, name the `old` bib."""


class RosterDesk:
    """Takes changes of the roster of one race."""

    def __init__(self, plan: RacePlan, state: RaceState, derived: Derived) -> None:
        self._plan = plan
        self._state = state
        self._derived = derived

    @property
    def roster(self) -> Roster:
        """The roster in force; without entrants before the first version."""
        return self._state.roster or Roster(entrants=())

    @property
    def version(self) -> int:
        """The journal number of the version in force; 0 before the first."""
        version = self._state.roster_version
        return 0 if version is None else version.number

    def entrant(self, command: Mapping[str, Any]) -> tuple[RosterBody, Answer]:
        """A new entrant, or other fields of one that is there. Raises: EntrantRefused."""
        bib = bib_typed(command["bib"])
        if not command["create"]:
            self._check_unchanged(bib, command["seen"])
            changed = entrant_typed(entrant_of(self.roster, bib), command["fields"], self._plan)
            return self._version(with_changed(self.roster, changed), bib, ("fields", bib), command)
        typed = entrant_typed(Entrant(bib=bib), command["fields"], self._plan)
        if is_spare(typed):
            raise EntrantRefused([FieldFault(field="last_name", message="a name is needed")])
        tags = tuple(tag_typed(tag) for tag in command["tags"])
        index = self.roster.by_bib.get(bib)
        if index is not None and is_spare(self.roster.entrants[index]):  # a bib that lies ready, with its tag
            ready = self.roster.entrants[index].tags
            roster = with_changed(self.roster, typed._replace(tags=ready))
            for tag in tags:
                roster = roster if tag in ready else with_tag(roster, bib, tag)
            return self._version(roster, bib, ("new", bib), command)
        return self._version(with_new(self.roster, typed._replace(tags=tags)), bib, ("new", bib), command)

    def other_bib(self, command: Mapping[str, Any]) -> tuple[RosterBody, Answer]:
        """Another bib for somebody: the old one is void, tags and what was read of them follow.

        Raises: EntrantRefused.
        """
        old, new = bib_typed(command["bib"]), _in_field("new_bib", bib_typed, command["new_bib"])
        self._check_unchanged(old, command["seen"])
        roster = with_other_bib(self.roster, old, new)
        return self._version(roster, new, ("rebib", old, new), command, notes=self._about_bib(old, new))

    def tag(self, command: Mapping[str, Any]) -> tuple[RosterBody, Answer]:
        """A tag is bound to a bib, or no more. Raises: EntrantRefused."""
        bib, tag = bib_typed(command["bib"]), tag_typed(command["tag"])
        self._check_unchanged(bib, command["seen"])
        self._check_not_ruled(tag)
        if not command["bound"]:
            self._check_not_run(tag)
            return self._version(without_tag(self.roster, bib, tag), bib, ("unbind", bib, tag), command)
        if command["take"]:
            self._check_not_run(tag)
        roster = with_tag(self.roster, bib, tag, from_other=command["take"])
        return self._version(roster, bib, ("bind", bib, tag), command)

    def _version(
        self,
        roster: Roster,
        bib: Bib,
        change: tuple[str, ...],
        command: Mapping[str, Any],
        *,
        notes: tuple[Note, ...] = (),
    ) -> tuple[RosterBody, Answer]:
        before = self._state.roster_version
        file, digest = ("", "") if before is None else (before.body.file, before.body.digest)
        body = RosterBody(roster=roster, file=file, author=command["author"], digest=digest, change=change)
        return body, {"bib": bib, "notes": list(notes)}

    def _check_unchanged(self, bib: Bib, seen: int) -> None:
        """Raises: EntrantRefused when somebody changed the same entrant after the version that the author saw."""
        if seen == self.version:
            return
        entry = next((entry for entry in self._state.roster_entries if entry.number == seen), None)
        if entry is None:
            raise EntrantRefused([FieldFault(field="seen", message=f"entry {seen} of the journal is no roster")])
        body = decode(entry)
        assert isinstance(body, RosterBody)
        then, now = _row(body.roster, bib), _row(self.roster, bib)
        if then != now:
            version = self._state.roster_version
            author = "" if version is None else f", last by {version.body.author}"
            message = f"bib {bib} was changed meanwhile{author}: look at it, then change it again"
            raise EntrantRefused([FieldFault(field="seen", message=message, code="changed", about=bib)])

    def _check_not_ruled(self, tag: Tag) -> None:
        """Raises: EntrantRefused when a ruling says whose the tag is: the roster would say it in vain."""
        for act in self._state.decisions.tags:
            bibs = act.bibs if isinstance(act, SwapTags) else ()
            swapped = any(tag in entrant.tags for entrant in self.roster.entrants if entrant.bib in bibs)
            if swapped or (isinstance(act, AssignTag) and act.tag == tag):
                message = f"a ruling says whose tag {tag} is: withdraw it, or rule again (assign_tag)"
                raise EntrantRefused([FieldFault(field="tag", message=message, code="ruled", about=tag)])

    def _check_not_run(self, tag: Tag) -> None:
        """Raises: EntrantRefused when whoever has the tag has run with it: the hour of the change matters then."""
        index = self.roster.by_tag.get(tag)
        if index is not None and self.has_crossed(self.roster.entrants[index].bib):
            holder = self.roster.entrants[index]
            message = (
                f"bib {holder.bib}, {named(holder)}, was seen on the course and may owe it to tag {tag}: "
                "rule who wore it from which hour on (assign_tag)"
            )
            raise EntrantRefused([FieldFault(field="tag", message=message, code="ran", about=holder.bib)])

    def has_crossed(self, bib: Bib) -> bool:
        """Whether somebody was seen at any point."""
        picture = self._derived.picture()
        index = picture.roster.by_bib.get(bib)
        return index is not None and bool((picture.times.crossing_us[:, index] != MISSING).any())

    def _about_bib(self, old: Bib, new: Bib) -> tuple[Note, ...]:
        """What was said of the old bib and does not follow by itself."""
        ruled = [
            str(ruling.number)
            for ruling in self._state.rulings
            if ruling.number not in self._state.withdrawn and old in bibs_of(ruling.body.act)
        ]
        stamped = sum(stamp.bib == old for stamp in self._derived.hand.stamps)
        seen = sum(s.body.bib == old and s.number not in self._state.withdrawn for s in self._state.sightings)
        notes = []
        if ruled:
            notes.append({"code": "rulings", "numbers": ", ".join(ruled), "old": old, "new": new})
        if stamped or seen:
            notes.append({"code": "stamps", "numbers": str(stamped + seen), "old": old, "new": new})
        return tuple(notes)


def _row(roster: Roster, bib: Bib) -> Entrant | None:
    index = roster.by_bib.get(bib)
    return None if index is None else roster.entrants[index]


def _in_field(field: str, read: Callable[[str], Bib], text: str) -> Bib:
    """What a reader of another field gives, its faults under this field's name."""
    try:
        return read(text)
    except EntrantRefused as error:
        raise EntrantRefused([FieldFault(field=field, message=fault.message) for fault in error.faults]) from error
