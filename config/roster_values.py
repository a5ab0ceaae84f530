"""What single cells of a roster mean: sexes, dates, nations, waves, roles, statuses, yes and no, tags.

Each function gives the value and, where a person should look, a remark; empty cells mean "not given" and are no
remark. Nothing here knows rows or duplicates.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from config.folding import folded
from config.nations import nation_of
from timing.reads import Tag
from timing.roster import Sex


class Born(NamedTuple):
    """A birth date, or its year alone."""

    day: date | None
    year: int | None


_SEXES: Final[Mapping[str, Sex]] = {
    **dict.fromkeys(("m", "h", "homme", "masculin", "male", "man", "garcon", "mr", "monsieur"), Sex.M),
    **dict.fromkeys(("f", "w", "d", "femme", "feminin", "female", "woman", "fille", "dame"), Sex.F),
    **dict.fromkeys(("mme", "mlle", "madame", "mademoiselle", "mrs", "ms"), Sex.F),
    **dict.fromkeys(("x", "nb", "nonbinaire", "nonbinary", "autre", "other", "divers"), Sex.X),
}
_YES: Final = frozenset(("1", "true", "yes", "y", "oui", "o", "vrai", "x", "10"))
_NO: Final = frozenset(("0", "false", "no", "n", "non", "faux", "00"))
_STATUSES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("entered", "started", "finished", "inscrit", "ok", "paye", "valide", "confirme", "paid"), ""),
    **dict.fromkeys(("dns", "np", "nonpartant"), "DNS"),
    **dict.fromkeys(("dnf", "ab", "abandon"), "DNF"),
    **dict.fromkeys(("dsq", "dq", "disqualifie"), "DSQ"),
    **dict.fromkeys(("nc", "ncl", "nonclasse"), "NC"),
    **dict.fromkeys(("hd", "horsdelai"), "HD"),
}
_ROLES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("coureur", "coureuse", "participant"), "runner"),
    **dict.fromkeys(("meneur", "meneuse", "meneurdallure", "meneusedallure", "pacemaker", "lievre"), "pacer"),
    **dict.fromkeys(("equipage", "joelette"), "crew"),
    **dict.fromkeys(("vehicule", "moto", "voiture", "leadvehicle", "car"), "vehicle"),
    **dict.fromkeys(("organisation", "benevole", "volunteer", "officiel", "official"), "staff"),
}
_NOTHING: Final = frozenset(
    ("", "aucun", "aucune", "nl", "sans", "neant", "nonlicencie", "none", "na", "nil", "pasdeclub", "sansclub")
)
_NO_LICENCE: Final = _NOTHING | {"encours", "non", "no", "0"}

_SLASHED: Final = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4}|\d{2})(?:[ T].*)?")
_ISO: Final = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[ T].*)?")
_SERIAL_ZERO: Final = date(1899, 12, 30)
_PLACEHOLDERS: Final = frozenset((date(1900, 1, 1), date(1900, 1, 2), date(1899, 12, 30), date(1899, 12, 31)))
_OLDEST: Final = 105
_SEPARATED_TAGS: Final = re.compile(r"[,;/|+\n]")
_DAMAGED_TAG: Final = re.compile(r"\d+[.,]\d+E[+]?\d+|\d+E[+]\d+")
_SHORTEST_OF_TWO_TAGS: Final = 8
_SPREADSHEET_ERROR: Final = re.compile(r"#(?:NAME|NOM|REF|VALUE|VALEUR|N/A|DIV/0|NUM|NOMBRE)[?!]?", re.IGNORECASE)


def is_spreadsheet_error(cell: str) -> bool:
    """Whether a spreadsheet has put an error in place of a text that began with `=` or `-`."""
    return cell.startswith("#") and _SPREADSHEET_ERROR.fullmatch(cell) is not None


def unprotected(cell: str) -> str:
    """A cell without what keeps a spreadsheet from calculating with it: `="012"` or `'012`."""
    if cell.startswith('="') and cell.endswith('"'):
        return cell[2:-1]
    return cell[1:] if cell.startswith("'") else cell


def bib_of(cell: str) -> tuple[str, str]:
    """The bib as written; a spreadsheet's `12.0` is 12."""
    bib = unprotected(cell)
    return (bib[:-2] if bib.endswith(".0") and bib[:-2].isdigit() else bib), ""


def sex_of(cell: str) -> tuple[Sex, str]:
    if not cell:
        return Sex.UNKNOWN, ""
    sex = _SEXES.get(folded(cell))
    return (sex, "") if sex is not None else (Sex.UNKNOWN, f'sex "{cell}" is not understood; accepted: M, F, X')


def nationality_of(cell: str) -> tuple[str, str]:
    if not cell:
        return "", ""
    code = nation_of(cell)
    return (code, "") if code else (cell, f'nationality "{cell}" is not known and kept as it is')


def club_of(cell: str) -> tuple[str, str]:
    return ("" if folded(cell) in _NOTHING else cell), ""


def licence_of(cell: str) -> tuple[str, str]:
    """The licence number; a health pathway code (PPS) is none."""
    if cell.isdecimal() and cell != "0":
        return cell, ""
    text = unprotected(cell)
    plain = folded(text)
    if plain in _NO_LICENCE:
        return "", ""
    if plain.startswith("pps"):
        return "", "a PPS code is not a licence number"
    return text, ""


def elite_of(cell: str) -> tuple[bool, str]:
    plain = folded(cell)
    if plain in _YES:
        return True, ""
    return False, "" if not plain or plain in _NO else f'elite "{cell}" is not understood; read as no'


def public_of(cell: str) -> tuple[bool, str]:
    """Whether the name may be shown; what is not understood is read as no, the side that harms nobody."""
    plain = folded(cell)
    if not plain or plain in _YES:
        return True, ""
    return False, "" if plain in _NO else f'public "{cell}" is not understood; the name is withheld'


def status_of(cell: str) -> tuple[str, str]:
    if not cell:
        return "", ""
    status = _STATUSES.get(folded(cell))
    if status is None:
        return "", f'status "{cell}" is not understood and not used; accepted: DNS, DNF, DSQ, NC, HD'
    return status, ""


def role_reader(known: Iterable[str]) -> Callable[[str], tuple[str, str]]:
    """What reads a cell as one of the roles of a race."""
    roles = {folded(role): role for role in known}

    def role_of(cell: str) -> tuple[str, str]:
        plain = folded(cell)
        role = roles.get(plain) or _ROLES.get(plain)
        if not plain:
            return "runner", ""
        return (role, "") if role else (cell, f'role "{cell}" is not in the race file: timed, and not ranked')

    return role_of


def wave_reader(waves: Iterable[tuple[str, str]]) -> Callable[[str], tuple[str, str]]:
    """What reads a cell as the id of a wave, from the (id, name) of each."""
    listed = list(waves)
    by_exact = {wave: wave for wave, _ in listed}
    by_word = {folded(name): wave for wave, name in listed} | {folded(wave): wave for wave, _ in listed}

    def wave_of(cell: str) -> tuple[str, str]:
        text = unprotected(cell)
        if not text:
            return "", ""
        plain = folded(text)
        bare = re.sub(r"^(vague|sas|wave|corral)", "", plain).lstrip("0")
        wave = by_exact.get(text) or by_word.get(plain) or by_word.get(bare)
        if wave is None:
            return "", f'wave "{cell}" is not in the race file; accepted: {", ".join(by_exact)}'
        return wave, ""

    return wave_of


def age_of(cell: str) -> tuple[int | None, str]:
    if not cell:
        return None, ""
    match = re.fullmatch(r"(\d{1,3})(?:[.,]0+)?", cell)
    if match is None or int(match[1]) > _OLDEST:
        return None, f'age "{cell}" is not understood'
    return int(match[1]), ""


def editions_of(cell: str) -> tuple[int | None, str]:
    """How many editions somebody has run, this one included; 0 and empty are not known."""
    if not cell:
        return None, ""
    match = re.fullmatch(r"(\d{1,3})(?:[.,]0+)?", cell)
    return (int(match[1]) or None, "") if match else (None, f'editions "{cell}" is not understood')


def year_of(cell: str) -> tuple[int | None, str]:
    if not cell:
        return None, ""
    match = re.fullmatch(r"(\d{4})(?:[.,]0+)?", cell)
    return (int(match[1]), "") if match else (None, f'birth year "{cell}" is not understood')


def birth_reader(cells: Iterable[str], race_day: date) -> Callable[[str], tuple[Born, str]]:
    """What reads the cells of a column as birth dates.

    The day comes first (31/12/1980), unless the column as a whole shows the month first: some cells can only be read
    so, and none can only be read the other way.
    """
    day_first = month_first = False
    for cell in cells:
        match = _SLASHED.fullmatch(cell)
        if match:
            day_first = day_first or int(match[1]) > 12
            month_first = month_first or int(match[2]) > 12
    by_month = month_first and not day_first

    def birth_of(cell: str) -> tuple[Born, str]:
        return _plausible(*_birth(cell, race_day, by_month=by_month), cell, race_day)

    return birth_of


def _birth(cell: str, race_day: date, *, by_month: bool) -> tuple[Born, str]:
    if len(cell) == 10 and cell[2] == cell[5] == "/" and not by_month:  # the usual forms, quickly
        try:
            return Born(date(int(cell[6:]), int(cell[3:5]), int(cell[:2])), None), ""
        except ValueError:
            pass
    if len(cell) == 10 and cell[4] == cell[7] == "-":
        try:
            return Born(date.fromisoformat(cell), None), ""
        except ValueError:
            pass
    match = _ISO.fullmatch(cell)
    if match:
        return _calendar_day(int(match[1]), int(match[2]), int(match[3]), cell)
    match = _SLASHED.fullmatch(cell)
    if match:
        return _written_day(match, race_day, cell, by_month=by_month)
    if not cell.isdecimal():
        return Born(None, None), f'birth date "{cell}" is not understood; accepted: 31/12/1980, 1980-12-31, 1980'
    if len(cell) == 4:
        return Born(None, int(cell)), ""
    if len(cell) == 5:
        day = _SERIAL_ZERO + timedelta(days=int(cell))
        return Born(day, None), f'birth date "{cell}" is a spreadsheet\'s day number, read as {day}'
    if len(cell) == 8:
        return _calendar_day(int(cell[:4]), int(cell[4:6]), int(cell[6:]), cell)
    return Born(None, None), f'birth date "{cell}" is not understood; accepted: 31/12/1980, 1980-12-31, 1980'


def _written_day(match: re.Match[str], race_day: date, cell: str, *, by_month: bool) -> tuple[Born, str]:
    first, second, year = int(match[1]), int(match[2]), int(match[3])
    remark = ""
    if len(match[3]) == 2:
        year += 2000 if year <= race_day.year % 100 else 1900
        remark = f'birth date "{cell}" has two digits for the year, read as {year}'
    day, month = (second, first) if by_month else (first, second)
    if month > 12 >= day:
        day, month = month, day
        remark = f'birth date "{cell}" has the month first'
    born, doubt = _calendar_day(year, month, day, cell)
    return born, doubt or remark


def _calendar_day(year: int, month: int, day: int, cell: str) -> tuple[Born, str]:
    try:
        return Born(date(year, month, day), None), ""
    except ValueError:
        return Born(None, year), f'birth date "{cell}" is no day of the calendar; only the year is used'


def _plausible(born: Born, remark: str, cell: str, race_day: date) -> tuple[Born, str]:
    if not cell:
        return Born(None, None), ""
    if born.day in _PLACEHOLDERS:
        return Born(None, None), f'birth date "{cell}" stands for "unknown"'
    year = born.day.year if born.day else born.year
    if year is not None and not race_day.year - _OLDEST <= year < race_day.year:
        return Born(None, None), f'birth date "{cell}" cannot be: {race_day.year - year} years before the race'
    if born.day == date(1970, 1, 1):
        return born, f'birth date "{cell}" may stand for "unknown"'
    return born, remark


def tags_of(cell: str) -> tuple[tuple[Tag, ...], str]:
    """The tags of a cell, in upper case, without spaces; a number a spreadsheet has made of a tag is none."""
    if cell.isalnum():
        return (Tag(cell.upper()),), ""
    text = unprotected(cell).upper()
    if not text:
        return (), ""
    if _DAMAGED_TAG.fullmatch(text):
        return (), f'tag "{cell}" was turned into a number by a spreadsheet: its digits are lost'
    parts = [part for part in _SEPARATED_TAGS.split(text) if part.strip()]
    tags = [tag for part in parts for tag in _spaced_tags(part)]
    remark = f'{len(tags)} tags in one cell: "{cell}"' if len(tags) > 1 else ""
    return tuple(Tag(tag) for tag in dict.fromkeys(tags)), remark


def plain_tags(cells: Sequence[str]) -> list[tuple[Tag, ...]] | None:
    """The tags of a whole column whose cells hold one clean tag or nothing; None where a cell holds anything else."""
    if not "".join(cells).isalnum():
        return None
    return [(Tag(cell.upper()),) if cell else () for cell in cells]


def _spaced_tags(part: str) -> list[str]:
    """Spaces part two whole tags, or group the digits of one."""
    pieces = part.split()
    if len(pieces) > 1 and all(len(piece) >= _SHORTEST_OF_TWO_TAGS for piece in pieces):
        return pieces
    return ["".join(pieces)]


def split_name(cell: str) -> tuple[str, str]:
    """Last and first name out of one cell: the capitals are the family name, else the first word."""
    words = cell.split()
    capitals = [word for word in words if word.isupper()]
    if capitals and len(capitals) < len(words):
        return " ".join(capitals), " ".join(word for word in words if not word.isupper())
    return (words[0], " ".join(words[1:])) if words else ("", "")
