"""What is wrong between the categories, roles and lists of a race file, and what it calls assumed."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from config.categories import CategoryBasis, age_classes, season_of
from config.plan import DEFAULT_ROLES, Clock, MainRank, Per
from config.race_draft import Draft, suggestion
from config.race_file import ListSection, RaceFile
from config.race_keys import keys_of, section_within
from timing.roster import Sex


def note_list_faults(draft: Draft) -> None:
    """Notes every fault between categories, roles, lists and assumed values."""
    checks: tuple[Callable[[Draft], None], ...] = (_category_rules, _roles, _lists, _main_lists, _assumed)
    for check in checks:
        check(draft)


def _category_rules(draft: Draft) -> None:
    rules, event = draft.categories, draft.event
    if rules is None:
        return
    for (_, before), (index, after) in pairwise(enumerate(rules.season_starts)):
        if after.valid_from <= before.valid_from:
            draft.fault(("categories", "season_starts", index), "is not after the one before", "`valid_from` ascending")
    if rules.basis is CategoryBasis.FFA and event is not None:
        try:
            age_classes(event.date)
        except ValueError as error:
            draft.fault(("event", "date"), str(error), '[categories] from = "roster" for an older race')
    if rules.basis is CategoryBasis.ROSTER:
        for name in ("season_starts", "kept"):
            if getattr(rules, name):
                draft.fault(("categories", name), "has no meaning where categories come from the roster", "no such key")
    elif rules.order:
        draft.fault(("categories", "order"), "the federation's categories have their order", "no such key")
    if rules.season_starts and event is not None and event.date < rules.season_starts[0].valid_from:
        draft.fault(
            ("categories", "season_starts", 0, "valid_from"),
            "is after the race: no rule holds",
            f"{event.date} or before",
        )


def _roles(draft: Draft) -> None:
    for name, role in draft.roles.items():
        default = DEFAULT_ROLES.get(name)
        timed = role.timed if role.timed is not None else default is None or default.timed
        ranked = role.ranked if role.ranked is not None else default is None or default.ranked
        if ranked and not timed:
            draft.fault(("roles", name), "is ranked but not timed", "timed = true, or ranked = false")


def _ranked_roles(draft: Draft) -> list[str]:
    given = draft.raw.get("roles")
    unsound = [name for name in given if name not in draft.roles] if isinstance(given, dict) else []
    ranked = {name: rule.ranked for name, rule in DEFAULT_ROLES.items()}
    for name, role in draft.roles.items():
        ranked[name] = role.ranked if role.ranked is not None else ranked.get(name, True)
    return [name for name, holds_places in ranked.items() if holds_places] + unsound


def _known_categories(draft: Draft) -> list[str] | None:
    """All codes a list may name, None where only the roster knows."""
    rules, event = draft.categories, draft.event
    if rules is None or event is None or rules.basis is CategoryBasis.ROSTER:
        return rules.order or None if rules else None
    try:
        codes = [age_class.code for age_class in age_classes(event.date)]
        season_of(event.date)
    except ValueError:
        return None
    return [code + sex for code in codes for sex in ("", "F", "M")] + list(rules.kept)


def _lists(draft: Draft) -> None:
    waves, roles, categories = draft.ids("waves"), _ranked_roles(draft), _known_categories(draft)
    groups = _groups(draft)
    for index, rule in draft.lists.items():
        place = ("lists", index)
        _references(draft, (*place, "waves"), "wave", rule.waves, waves)
        if groups is not None:
            _references(draft, (*place, "groups"), "wave of group", rule.groups, groups)
        _references(draft, (*place, "roles"), "ranked role", rule.roles, roles)
        if categories is not None:
            _references(draft, (*place, "categories"), "category", rule.categories, categories)
        if Sex.UNKNOWN in rule.sexes:
            draft.fault((*place, "sexes"), "an empty sex", '"M", "F", "X"')
        if rule.clock is Clock.NET and rule.gun_origin is not None:
            draft.fault((*place, "gun_origin"), "a net list runs from no gun", 'no such key, or clock = "gun"')


def _groups(draft: Draft) -> list[str] | None:
    """The races within the race, None where a wave does not soundly say to which it belongs."""
    entries = draft.raw.get("waves")
    if not isinstance(entries, list) or len(draft.waves) < len(entries) or not entries:
        return None
    if any(("waves", index, "group") in draft.unsound for index in draft.waves):
        return None
    return list(dict.fromkeys(wave.group for wave in draft.waves.values()))


def _references(
    draft: Draft, path: tuple[str | int, ...], what: str, given: Sequence[str], known: Sequence[str]
) -> None:
    for index, name in enumerate(given):
        if name not in known:
            draft.fault((*path, index), f'there is no {what} "{name}"', suggestion(name, known))


def _main_lists(draft: Draft) -> None:
    families = {MainRank.OVERALL: Per.NONE, MainRank.SEX: Per.SEX, MainRank.CATEGORY: Per.CATEGORY}
    holders: dict[MainRank, tuple[int, ListSection]] = {}
    for index, rule in draft.lists.items():
        if rule.main is None:
            continue
        if rule.main in holders:
            draft.fault(
                ("lists", index, "main"),
                f'rank_{rule.main} is already that of list "{holders[rule.main][1].id}"'
                f" (line {draft.line('lists', holders[rule.main][0])})",
                f'main = "{rule.main}" in one list',
            )
        holders.setdefault(rule.main, (index, rule))
        if rule.per is not families[rule.main]:
            draft.fault(
                ("lists", index, "per"), f'is "{rule.per}" in the list of rank_{rule.main}', f'"{families[rule.main]}"'
            )
        if rule.depth is not None:
            draft.fault(("lists", index, "depth"), "a main list ranks all who are eligible", "no such key")


def _assumed(draft: Draft) -> None:
    given = draft.raw.get("assumed")
    for path in given if isinstance(given, dict) else ():
        if not _is_key(draft, path.split(".")):
            draft.fault(
                ("assumed", path),
                "no such key",
                'a "section", "section.key", "section.id" or "section.id.key" of this file',
            )


def _is_key(draft: Draft, parts: Sequence[str]) -> bool:
    info = RaceFile.model_fields.get(parts[0])
    section = section_within(info.annotation) if info is not None else None
    if section is None:
        return False
    rest = list(parts[1:])
    if rest and rest[0] in draft.ids(parts[0]):
        rest = rest[1:]
    return not rest or (len(rest) == 1 and rest[0] in keys_of(section))
