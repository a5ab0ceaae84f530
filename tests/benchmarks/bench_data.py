"""A race day as files, from a seed, for measuring: race file, roster, and the same reads as read log and IPICO lines.

What makes the job hard is in it: mats that miss, reads sent twice or two minutes late, tags of nobody, runners who warm
up over the mats or cross the finish again. It belongs to the benchmarks: `simulators/` has the true physics.

    python tests/benchmarks/bench_data.py FOLDER [RUNNERS [SEED]]
"""

import json
import sys
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from timing.instants import MINUTE, SECOND, local_instant

DAY = date(2026, 10, 25)
ZONE = ZoneInfo("Europe/Paris")
MIDNIGHT = local_instant(DAY, time(0), ZONE)
FIRST_GUN = local_instant(DAY, time(9), ZONE)
WAVES, WAVE_GAP = 8, 3 * MINUTE
POINTS = {"START": (0, 0), "COL": (10, 28), "FINISH": (20, 55)}
"""Kilometre and minimum time in minutes."""
MATS = [(point, role) for point in POINTS for role in ("MAIN", "BACKUP")]
START_WINDOW_MINUTES = 40
TICK = SECOND // 100
CATEGORIES = ("ES", "SE", "M0", "M1", "M2", "M3", "M4", "M5", "M6", "M7", "M8")
SHARES = (0.08, 0.30, 0.13, 0.12, 0.11, 0.09, 0.07, 0.05, 0.03, 0.015, 0.005)

Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class BenchFiles:
    folder: Path
    race: Path
    roster: Path
    read_log: Path
    ipico: Path
    reads: int


@dataclass(frozen=True, kw_only=True)
class _Sights:
    """Reads as columns: who (runner index; at and above the number of runners a tag of nobody), mat, instant."""

    who: Ints
    mat: Ints
    moment_us: Ints


def write_race(folder: Path, runners: int = 20_000, seed: int = 1) -> BenchFiles:
    """Writes all files of a race; the same arguments give the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    wave = np.arange(runners) * WAVES // runners
    sights = _delivered(_sights(runners, wave, rng), rng)
    names = MATS_BY_NUMBER
    tags = [_tag(int(who)) for who in range(int(sights.who.max()) + 1)]
    antenna = rng.integers(1, 5, len(sights.who))
    rssi = rng.integers(-75, -40, len(sights.who))
    _write_read_log(folder / "reads.csv", sights, tags, names, antenna, rssi)
    _write_ipico(folder / "reads.txt", sights, tags)
    _write_roster(folder / "roster.csv", wave, rng)
    (folder / "race.toml").write_text(race_file(), encoding="utf-8")
    (folder / "rules.json").write_text(json.dumps(_rules(), indent=1), encoding="utf-8")
    return BenchFiles(
        folder=folder,
        race=folder / "race.toml",
        roster=folder / "roster.csv",
        read_log=folder / "reads.csv",
        ipico=folder / "reads.txt",
        reads=len(sights.who),
    )


MATS_BY_NUMBER = [f"{point}-{role}" for point, role in MATS]


def _sights(runners: int, wave: Ints, rng: np.random.Generator) -> _Sights:
    gun = FIRST_GUN + wave * WAVE_GAP
    start = gun + (rng.gamma(2.0, 30.0, runners).clip(0, 900) * SECOND).astype(np.int64)
    run = (6600 * SECOND * rng.normal(1.0, 0.18, runners).clip(0.55, 1.9)).astype(np.int64)
    col = start + (run * rng.normal(0.53, 0.008, runners).clip(0.51, 0.55)).astype(np.int64)
    lot = rng.random(runners)
    out = lot < 0.02
    quits = (lot >= 0.02) & (lot < 0.035)
    parts: list[tuple[Ints, int, Ints]] = []

    def crosses(who: NDArray[np.bool_], point: int, at: Ints) -> None:
        for mat, metres_on in ((2 * point, 0), (2 * point + 1, 1200_000)):
            seen = np.flatnonzero(who & (rng.random(runners) >= 0.01))
            parts.append((seen, mat, at[seen] + metres_on))

    def few(share: float) -> NDArray[np.bool_]:
        return ~out & (rng.random(runners) < share)

    crosses(~out, 0, start)
    crosses(~out & ~(quits & (rng.random(runners) < 0.5)), 1, col)
    crosses(~out & ~quits, 2, start + run)
    crosses(few(0.03), 0, FIRST_GUN - rng.integers(60, 1800, runners) * SECOND)
    crosses(few(0.01), 2, FIRST_GUN - rng.integers(60, 3600, runners) * SECOND)
    crosses(few(0.01) & ~quits, 2, start + run + rng.integers(60, 900, runners) * SECOND)
    nobody = runners + np.arange(max(runners // 500, 1))
    parts.append((nobody, 4, FIRST_GUN + rng.integers(0, 2 * 3600, len(nobody)) * SECOND))
    who = np.concatenate([part[0] for part in parts])
    mat = np.concatenate([np.full(len(part[0]), part[1]) for part in parts])
    moment = np.concatenate([part[2] for part in parts])
    times = np.repeat(np.arange(len(who)), 1 + rng.poisson(9, len(who)))
    moment_us = moment[times] + rng.integers(0, 150, len(times)) * TICK
    return _Sights(who=who[times], mat=mat[times], moment_us=moment_us // TICK * TICK)


def _delivered(sights: _Sights, rng: np.random.Generator) -> _Sights:
    """The sights in the order they arrive: some late, some twice."""
    n = len(sights.who)
    rows = np.concatenate([np.arange(n), np.flatnonzero(rng.random(n) < 0.01)])
    late = np.where(rng.random(len(rows)) < 0.02, rng.integers(0, 120 * SECOND, len(rows)), 0)
    again = np.where(np.arange(len(rows)) >= n, rng.integers(0, MINUTE, len(rows)), 0)
    rows = rows[np.argsort(sights.moment_us[rows] + late + again, kind="stable")]
    return _Sights(who=sights.who[rows], mat=sights.mat[rows], moment_us=sights.moment_us[rows])


def _tag(who: int) -> str:
    """Another twelve hexadecimal digits for each number: an odd factor loses nothing."""
    return f"058{who * 0x9E3779B97 % 16**9:09X}"


def _write_read_log(path: Path, sights: _Sights, tags: list[str], names: list[str], antenna: Ints, rssi: Ints) -> None:
    columns = (sights.mat, sights.who, sights.moment_us, antenna, rssi)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("mat,tag,epoch_us,antenna,rssi\n")
        file.writelines(
            f"{names[mat]},{tags[who]},{us},{on},{signal}\n"
            for mat, who, us, on, signal in zip(*(column.tolist() for column in columns), strict=True)
        )


def _write_ipico(path: Path, sights: _Sights, tags: list[str]) -> None:
    seconds = {
        second: (datetime.fromtimestamp(second, ZONE)).strftime("%y%m%d%H%M%S")
        for second in np.unique(sights.moment_us // SECOND).tolist()
    }
    lower = [tag.lower() for tag in tags]
    with path.open("w", encoding="ascii", newline="") as file:
        for mat, who, us in zip(sights.mat.tolist(), sights.who.tolist(), sights.moment_us.tolist(), strict=True):
            body = f"{mat + 1:02x}{lower[who]}0a2a{seconds[us // SECOND]}{us % SECOND // TICK:02x}"
            file.write(f"aa{body}{sum(body.encode()) % 256:02x}\r\n")


def _write_roster(path: Path, wave: Ints, rng: np.random.Generator) -> None:
    runners = len(wave)
    female = rng.random(runners) < 0.38
    category = rng.choice(len(CATEGORIES), runners, p=np.array(SHARES) / sum(SHARES))
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("bib,tag,last_name,first_name,sex,category,wave\n")
        for who in range(runners):
            sex = "MF"[int(female[who])]
            name = f"RUNNER{who % 977},Number{who % 83}"
            file.write(f"{who + 1},{_tag(who)},{name},{sex},{CATEGORIES[category[who]]}{sex},{wave[who] + 1}\n")


def _rules() -> dict[str, object]:
    """The rules as the jobs of `batch_jobs` are told them."""
    return {
        "guns": {str(n + 1): FIRST_GUN + n * WAVE_GAP for n in range(WAVES)},
        "start_closes": FIRST_GUN + (WAVES - 1) * WAVE_GAP + START_WINDOW_MINUTES * MINUTE,
        "points": [{"id": id, "min_us": minutes * MINUTE} for id, (_, minutes) in POINTS.items()],
        "mats": [{"mat": f"{point}-{role}", "point": point, "role": role.lower()} for point, role in MATS],
        "pair_us": 20 * SECOND,
    }


def race_file() -> str:
    """The race file: eight waves, three points with two mats each, three readers by their ids."""
    kinds = dict(zip(POINTS, ("start", "split", "finish"), strict=True))
    parts = [
        f'[event]\nid = "bench"\nname = "Bench"\ndate = {DAY}\nzone = "Europe/Paris"\n',
        f'[start]\ngun_origin = "wave"\nwindow_minutes = {START_WINDOW_MINUTES}\nnet_without_start = "gun"\n',
        '[categories]\nfrom = "roster"\n',
    ]
    for n in range(WAVES):
        at = (datetime.combine(DAY, time(9)) + n * timedelta(microseconds=WAVE_GAP)).time()
        parts.append(f'[[waves]]\nid = "{n + 1}"\ngun = {at}\nfired = {at}\n')
    for point, (km, minutes) in POINTS.items():
        moment = "last" if point == "START" else "first"
        minimum = f"minimum_minutes = {minutes}\n" if minutes else ""
        parts.append(f'[[points]]\nid = "{point}"\nkind = "{kinds[point]}"\nkm = {km}\n{minimum}moment = "{moment}"\n')
    for number, (point, role) in enumerate(MATS, start=1):
        parts.append(
            f'[[mats]]\nid = "{point}-{role}"\npoint = "{point}"\nrole = "{role.lower()}"\n'
            f'source = "{point.lower()}"\nlabel = "{number:02x}"\n'
        )
    parts += [f'[[sources]]\nid = "{point.lower()}"\nprotocol = "ipico"\nconnect = "file"\n' for point in POINTS]
    for clock in ("gun", "net"):
        for per, main in (("none", "overall"), ("sex", "sex"), ("category", "category")):
            of_main = f'main = "{main}"\n' if clock == "gun" else ""
            parts.append(f'[[lists]]\nid = "{main}-{clock}"\nclock = "{clock}"\nper = "{per}"\n{of_main}')
    return "\n".join(parts)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    written = write_race(Path(arguments[0]), *(int(number) for number in arguments[1:3]))
    print(f"{written.reads} reads in {written.folder}")
