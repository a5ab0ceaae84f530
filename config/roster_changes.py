"""Changes of a roster, one entrant at a time, and what is different between two versions of it.

Pure: a roster in, another out. Bibs stay unique, and so do tags; who would lose one is named.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from config.entrant_form import EntrantRefused, FieldFault
from timing.reads import Tag
from timing.roster import Bib, Entrant, Roster


def entrant_of(roster: Roster, bib: Bib) -> Entrant:
    """Raises: EntrantRefused when nobody has the bib."""
    index = roster.by_bib.get(bib)
    if index is None:
        raise _refused("bib", f"nobody is entered with bib {bib}")
    return roster.entrants[index]


def with_new(roster: Roster, entrant: Entrant) -> Roster:
    """The roster with one more. Raises: EntrantRefused when the bib or a tag is somebody's."""
    holder = roster.by_bib.get(entrant.bib)
    if holder is not None:
        raise _of_other("bib", roster.entrants[holder], f"bib {entrant.bib} is {{}}'s: give a free one")
    for tag in entrant.tags:
        _check_free(roster, tag, entrant.bib)
    return Roster(entrants=(*roster.entrants, entrant))


def with_changed(roster: Roster, entrant: Entrant) -> Roster:
    """The roster with the entrant of this bib as given here."""
    index = roster.by_bib[entrant.bib]
    return Roster(entrants=(*roster.entrants[:index], entrant, *roster.entrants[index + 1 :]))


def with_other_bib(roster: Roster, old: Bib, new: Bib) -> Roster:
    """Whoever has the bib `old` has `new` instead, and all tags stay theirs, so that what was read of them follows.

    Where `new` lies ready in the roster without a name, it is handed out with its tags. Raises: EntrantRefused.
    """
    entrant, at_new = entrant_of(roster, old), roster.by_bib.get(new)
    if old == new:
        raise _refused("new_bib", f"bib {old} is the one they have")
    spare: tuple[Tag, ...] = ()
    if at_new is not None:
        holder = roster.entrants[at_new]
        if not is_spare(holder):
            raise _of_other("new_bib", holder, f"bib {new} is {{}}'s: give a free one")
        spare = holder.tags
    handed = entrant._replace(bib=new, tags=tuple(dict.fromkeys((*entrant.tags, *spare))))
    rows = [handed if each.bib == old else each for each in roster.entrants if each.bib != new]
    return Roster(entrants=tuple(rows))


def with_tag(roster: Roster, bib: Bib, tag: Tag, *, from_other: bool = False) -> Roster:
    """The tag is worn by this bib too. from_other: whoever has it loses it, else that is refused.

    Raises: EntrantRefused.
    """
    entrant = entrant_of(roster, bib)
    if tag in entrant.tags:
        raise _refused("tag", f"tag {tag} is bound to bib {bib} already")
    holder = roster.by_tag.get(tag)
    if holder is not None:
        if not from_other:
            _check_free(roster, tag, bib)
        roster = without_tag(roster, roster.entrants[holder].bib, tag)
    return with_changed(roster, entrant._replace(tags=(*entrant.tags, tag)))


def without_tag(roster: Roster, bib: Bib, tag: Tag) -> Roster:
    """Raises: EntrantRefused when the tag is not this bib's."""
    entrant = entrant_of(roster, bib)
    if tag not in entrant.tags:
        raise _refused("tag", f"tag {tag} is not bound to bib {bib}; bound are: {', '.join(entrant.tags) or 'none'}")
    return with_changed(roster, entrant._replace(tags=tuple(each for each in entrant.tags if each != tag)))


def _check_free(roster: Roster, tag: Tag, bib: Bib) -> None:
    holder = roster.by_tag.get(tag)
    if holder is not None and roster.entrants[holder].bib != bib:
        raise _of_other("tag", roster.entrants[holder], f"tag {tag} is {{}}'s: say that it is taken from them")


def is_spare(entrant: Entrant) -> bool:
    """Whether a row of the roster is a bib that lies ready and is nobody's yet."""
    return not entrant.last_name and not entrant.first_name


def named(entrant: Entrant) -> str:
    """`Anne ROY`, else the bib."""
    return f"{entrant.first_name} {entrant.last_name.upper()}".strip() or f"bib {entrant.bib}"


def _of_other(field: str, other: Entrant, message: str) -> EntrantRefused:
    about = f"{other.bib} {other.first_name} {other.last_name.upper()}".strip()
    return EntrantRefused([FieldFault(field=field, message=message.format(about), code=f"other_{field}", about=about)])


def _refused(field: str, message: str) -> EntrantRefused:
    return EntrantRefused([FieldFault(field=field, message=message)])


# ---- the difference between two versions ----


@dataclass(frozen=True, slots=True, kw_only=True)
class EntrantChange:
    """One entrant who is not the same in both versions: each field that differs, with what it was and what it is."""

    bib: Bib
    fields: tuple[tuple[str, Any, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterDifference:
    """What differs, by bib: `added` and `changed` in the order of the new version, `gone` in that of the old one."""

    added: tuple[Entrant, ...]
    gone: tuple[Entrant, ...]
    changed: tuple[EntrantChange, ...]

    @property
    def nothing(self) -> bool:
        return not (self.added or self.gone or self.changed)


_FIELDS: Final[Sequence[str]] = Entrant._fields


def roster_difference(before: Roster, after: Roster) -> RosterDifference:
    """What is other in the second version. The order of the rows is no difference."""
    known = {entrant.bib: entrant for entrant in before.entrants}
    changed = []
    for entrant in after.entrants:
        old = known.get(entrant.bib)
        if old is not None and old != entrant:
            pairs = zip(_FIELDS, old, entrant, strict=True)
            fields = tuple((name, was, becomes) for name, was, becomes in pairs if was != becomes)
            changed.append(EntrantChange(bib=entrant.bib, fields=fields))
    return RosterDifference(
        added=tuple(entrant for entrant in after.entrants if entrant.bib not in known),
        gone=tuple(entrant for entrant in before.entrants if entrant.bib not in after.by_bib),
        changed=tuple(changed),
    )


def with_missing_kept(before: Roster, after: Roster) -> Roster:
    """The new version, and below it everybody whom only the old one has.

    Raises: EntrantRefused when one of them has a tag that the new version gives to somebody else.
    """
    kept = [entrant for entrant in before.entrants if entrant.bib not in after.by_bib]
    for entrant in kept:
        for tag in entrant.tags:
            _check_free(after, tag, entrant.bib)
    return Roster(entrants=(*after.entrants, *kept))
