"""What is wrong between the waves, points, mats and sources of a race file: order, references, likeness.

Each function takes the draft, looks at what is sound in it, and notes faults. A reference to an entry that is itself
unsound is not a second fault.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import combinations, pairwise

from config.race_draft import Draft, suggestion
from config.race_file import MatSection, PointSection, SourceSection, WaveSection
from config.race_moments import midnight, moment_of, next_midnight
from config.race_values import PROTOCOL_CLOCKS
from timing.instants import Instant
from timing.race import MatRole, PointKind
from timing.reader_kinds import KIND_OF, WAYS


def note_course_faults(draft: Draft) -> None:
    """Notes every fault between waves, points, mats and sources."""
    checks: tuple[Callable[[Draft], None], ...] = (
        _ids,
        _window,
        _course_versions,
        _record_splits,
        _wave_guns,
        _wave_bibs,
        _ends,
        _order_of_points,
        _legs,
        _profile,
        _mats,
        _lines,
        _mats_of_points,
        _mats_of_sources,
        _protocols,
        _addresses,
    )
    for check in checks:
        check(draft)


def _ids(draft: Draft) -> None:
    for name in ("waves", "points", "mats", "sources", "lists"):
        seen: dict[str, int] = {}
        entries = draft.raw.get(name)
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            given = entry.get("id") if isinstance(entry, dict) else None
            if not isinstance(given, str):
                continue
            # Points name columns, which are compared without case.
            unique = given.lower() if name == "points" else given
            if unique in seen:
                first = draft.line(name, seen[unique], "id")
                draft.fault(
                    (name, index, "id"), f'"{given}" is given twice (first on line {first})', "a name of its own"
                )
            seen.setdefault(unique, index)


def _window(draft: Draft) -> None:
    event, window = draft.event, draft.window
    if event is None or window is None:
        return
    ends: list[Instant] = []
    for name, value, default in (("first", window.first, midnight), ("last", window.last, next_midnight)):
        try:
            ends.append(moment_of(value, event.date, event.zone) if value else default(event.date, event.zone))
        except ValueError as error:
            draft.fault(("window", name), str(error), "a time with its offset")
            return
    first, last = ends
    if last <= first:
        draft.fault(("window",), "ends before it begins", "`last` after `first`")
        return
    for index, gun in _guns(draft, note=False):
        if not first <= gun <= last:
            draft.fault(("waves", index, "gun"), "is outside the race window", "a time within [window]")


def _record_splits(draft: Draft) -> None:
    course = draft.course
    if course is None:
        return
    points = draft.ids("points")
    seen: set[tuple[int, str, str]] = set()
    for index, split in enumerate(course.record_splits):
        place = ("course", "record_splits", index)
        if split.point not in points[1:-1]:
            draft.fault((*place, "point"), f'"{split.point}" is not a split', suggestion(split.point, points[1:-1]))
        if split.sex not in ("M", "F"):
            draft.fault((*place, "sex"), f'"{split.sex}" has no table of winners', '"M" or "F"')
        if (split.year, split.sex, split.point) in seen:
            draft.fault(
                (*place, "point"), f'"{split.point}" is given twice for {split.year}', "one time for each point"
            )
        seen.add((split.year, split.sex, split.point))


def _course_versions(draft: Draft) -> None:
    course = draft.course
    if course is None or not course.versions:
        return
    names = [version.id for version in course.versions]
    if course.version not in names:
        draft.fault(
            ("course", "version"), f'"{course.version}" is not among the versions', suggestion(course.version, names)
        )
    for index, version in enumerate(course.versions):
        place = ("course", "versions", index)
        if names.index(version.id) != index:
            draft.fault((*place, "id"), f'"{version.id}" is given twice', "a name of its own")
        if version.last_year is not None and version.last_year < version.first_year:
            draft.fault((*place, "last_year"), "is before first_year", f"{version.first_year} or later")


# ---- waves ----


def _gun_of(draft: Draft, index: int, wave: WaveSection, *, note: bool) -> Instant | None:
    event = draft.event
    if event is None:
        return None
    name = "gun" if wave.fired is None else "fired"
    try:
        return moment_of(wave.fired if wave.fired is not None else wave.gun, event.date, event.zone)
    except ValueError as error:
        if note:
            draft.fault(("waves", index, name), str(error), "a time that happens once; `fired` may carry an offset")
        return None


def _guns(draft: Draft, *, note: bool) -> Iterable[tuple[int, Instant]]:
    for index, wave in draft.waves.items():
        gun = _gun_of(draft, index, wave, note=note)
        if gun is not None:
            yield index, gun


def _wave_guns(draft: Draft) -> None:
    waves = draft.waves
    for (before, first), (after, second) in pairwise(_guns(draft, note=True)):
        if second < first:
            name = "gun" if waves[after].fired is None else "fired"
            draft.fault(
                ("waves", after, name),
                f'the gun of wave "{waves[after].id}" is before that of wave "{waves[before].id}"'
                f" (line {draft.line('waves', before)})",
                "waves in the order of their guns",
            )


def _wave_bibs(draft: Draft) -> None:
    ranges = sorted((low, high, index) for index, wave in draft.waves.items() for low, high in wave.bibs)
    told: set[tuple[int, int]] = set()
    highest = (-1, -1)
    for low, high, index in ranges:
        top, holder = highest
        if low <= top and (holder, index) not in told:
            told.add((holder, index))
            first, second = sorted((holder, index))
            draft.fault(
                ("waves", second, "bibs"),
                f'bibs {low}-{min(high, top)} are in wave "{draft.waves[second].id}" and in wave'
                f' "{draft.waves[first].id}" (line {draft.line("waves", first, "bibs")})',
                "each bib in one wave",
            )
        highest = max(highest, (high, index))


# ---- course ----


def _kinds(draft: Draft) -> list[str]:
    entries = draft.raw.get("points")
    return [str(e.get("kind")) for e in entries if isinstance(e, dict)] if isinstance(entries, list) else []


def _ends(draft: Draft) -> None:
    kinds = _kinds(draft)
    if not kinds:
        return
    for kind, place, wanted in ((PointKind.START, 0, "first"), (PointKind.FINISH, -1, "last")):
        where = [index for index, given in enumerate(kinds) if given == kind]
        if not where:
            draft.fault(("points",), f"there is no {kind} point", f'one point with kind = "{kind}", the {wanted}')
        for index in where[1:]:
            draft.fault(("points", index, "kind"), f"a second {kind} point", f'one point with kind = "{kind}"')
        if len(where) == 1 and where[0] != place % len(kinds):
            draft.fault(
                ("points", where[0]), f"the {kind} is not the {wanted} point", "points in the order they are run"
            )


def _order_of_points(draft: Draft) -> None:
    points = draft.points
    start = next(((index, point) for index, point in points.items() if point.kind is PointKind.START), None)
    if start is not None and start[1].km != 0:
        draft.fault(("points", start[0], "km"), f"the start is at km {start[1].km}", "0")
    if start is not None and start[1].minimum_minutes != 0:
        draft.fault(("points", start[0], "minimum_minutes"), "the start has a minimum time", "0")
    for (_, before), (index, point) in pairwise(points.items()):
        if point.km <= before.km:
            draft.fault(
                ("points", index, "km"),
                f"{point.id} at km {point.km} does not come after {before.id} at km {before.km}",
                "points in the order of their km",
            )
        if point.kind is not PointKind.START and point.minimum_minutes <= before.minimum_minutes:
            draft.fault(
                ("points", index, "minimum_minutes"),
                f"{_minutes(point)} minutes at {point.id} is not more than {_minutes(before)} at {before.id}",
                "minimum times that grow from point to point",
            )


def _minutes(point: PointSection) -> str:
    return f"{point.minimum_minutes.normalize():f}"


def _legs(draft: Draft) -> None:
    """Legs are counted from splits: from the start the minimum time holds."""
    for index, point in draft.points.items():
        if index < 2 and point.minimum_leg_minutes is not None:
            draft.fault(
                ("points", index, "minimum_leg_minutes"), f"no split comes before {point.id}", "minimum_minutes"
            )


def _profile(draft: Draft) -> None:
    heights = draft.course.profile if draft.course else None
    for index, ((before, _), (km, _)) in enumerate(pairwise(heights or ()), start=1):
        if km <= before:
            draft.fault(
                ("course", "profile", index), f"km {km} does not come after km {before}", "heights in the order of km"
            )


def _mats(draft: Draft) -> None:
    points, sources = draft.ids("points"), draft.ids("sources")
    for index, mat in draft.mats.items():
        if mat.source not in sources:
            draft.fault(
                ("mats", index, "source"), f'there is no source "{mat.source}"', suggestion(mat.source, sources)
            )
        if mat.point is not None and mat.point not in points:
            draft.fault(("mats", index, "point"), f'there is no point "{mat.point}"', suggestion(mat.point, points))
        _points_of_mat(draft, index, mat, points)


def _points_of_mat(draft: Draft, index: int, mat: MatSection, known: list[str]) -> None:
    """A mat serves one point or several in turn: exactly one of the two keys says which."""
    table = draft.raw["mats"][index]
    if "point" in table and "points" in table:
        draft.fault(("mats", index, "points"), "stands beside `point`", "one of the two")
    elif "point" not in table and "points" not in table:
        draft.fault(("mats", index, "point"), "is missing", "`id` of a point; or `points`, ids of several")
    unknown = [(place, name) for place, name in enumerate(mat.points or ()) if name not in known]
    for place, name in unknown:
        draft.fault(("mats", index, "points", place), f'there is no point "{name}"', suggestion(name, known))
    if unknown:
        return
    for place, (before, name) in enumerate(pairwise(mat.points or ()), start=1):
        if known.index(name) <= known.index(before):
            draft.fault(
                ("mats", index, "points", place),
                f'"{name}" is not run after "{before}"',
                "each point once, in the order they are run",
            )


def _lines(draft: Draft) -> None:
    """Mats that share points lie on one line, and a crossing of it may be any of them: all must serve the same."""
    lines = [(index, mat) for index, mat in draft.mats.items() if mat.points]
    for index, mat in draft.mats.items():
        for of_line, line in lines:
            if of_line == index or (mat.points and of_line > index):
                continue
            if set(mat.served) & set(line.served) and mat.served != line.served:
                draft.fault(
                    ("mats", index, "points" if mat.points else "point"),
                    f'shares a point with mat "{line.id}" (line {draft.line("mats", of_line)}), and serves others',
                    f"the same points: {', '.join(line.served)}",
                )
                break


def _raw_mats(draft: Draft, name: str) -> list[object]:
    """What all mats, sound or not, say under a key; of an array each item."""
    entries = draft.raw.get("mats")
    values = [entry.get(name) for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    return [item for value in values for item in (value if isinstance(value, list) else [value])]


def _mats_of_points(draft: Draft) -> None:
    served = _raw_mats(draft, "point") + _raw_mats(draft, "points")
    for index, point in draft.points.items():
        roles = [mat.role for mat in draft.mats.values() if point.id in mat.served]
        if point.id not in served and point.kind is not PointKind.START:
            draft.fault(("points", index), f"no mat serves {point.id}", f'a [[mats]] table with point = "{point.id}"')
        elif len(roles) == served.count(point.id) > 0 and MatRole.MAIN not in roles:
            draft.fault(("points", index), f"{point.id} has only backup mats", 'one mat with role = "main"')


def _mats_of_sources(draft: Draft) -> None:
    used = _raw_mats(draft, "source")
    for index, source in draft.sources.items():
        if source.id not in used:
            draft.fault(
                ("sources", index),
                f'no mat takes its reads from source "{source.id}"',
                f'a [[mats]] table with source = "{source.id}", or no such source',
            )
    by_source: dict[str, list[tuple[int, MatSection]]] = defaultdict(list)
    for index, mat in draft.mats.items():
        by_source[mat.source].append((index, mat))
    for mats in by_source.values():
        for (_, one), (index, other) in combinations(mats, 2):
            if not _told_apart(one, other):
                draft.fault(
                    ("mats", index),
                    f'the reads of mats "{one.id}" and "{other.id}" of source "{one.source}" cannot be told apart',
                    "a `label` for each, or `antennas` that they do not share",
                )


def _told_apart(one: MatSection, other: MatSection) -> bool:
    by_label = one.label is not None and other.label is not None and one.label != other.label
    by_antenna = bool(one.antennas) and bool(other.antennas) and not set(one.antennas) & set(other.antennas)
    return by_label or by_antenna


def _protocols(draft: Draft) -> None:
    # As written: a source with a fault elsewhere is told this one, too.
    entries = draft.raw.get("sources")
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        source = draft.sources.get(index)
        written = entry.get("protocol") if isinstance(entry, dict) else None
        protocol = written if source is None else source.protocol
        if not isinstance(protocol, str) or entry.get("connect") == "collector":
            continue
        if protocol not in PROTOCOL_CLOCKS:
            draft.fault(
                ("sources", index, "protocol"),
                f'"{protocol}" is not spoken here',
                suggestion(protocol, list(PROTOCOL_CLOCKS)),
            )
        elif source is not None:
            _way(draft, index, source)


def _addresses(draft: Draft) -> None:
    """A reader takes one host, and of the readers that call one port only the newest is heard."""
    seen: dict[str, SourceSection] = {}
    for index, source in draft.sources.items():
        address = source.connect.partition("?")[0]
        if not address.startswith(("serial:", "tcp:", "listen:")):
            continue
        other = seen.setdefault(address, source)
        if other is not source:
            draft.fault(
                ("sources", index, "connect"),
                f'"{address}" is the way to source "{other.id}" already',
                "a way of its own; several mats of one reader are one source, told apart by `label` or `antennas`",
            )


def _way(draft: Draft, index: int, source: SourceSection) -> None:
    scheme = source.connect.partition(":")[0]
    kind = KIND_OF.get(source.protocol)
    if kind is not None and scheme in WAYS and not kind.is_reached_by(scheme):
        ways = [way for way in kind.transports if way != "file"]
        draft.fault(
            ("sources", index, "connect"), f'no "{source.protocol}" is reached over {WAYS[scheme]}', ", ".join(ways)
        )
