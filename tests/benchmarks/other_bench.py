"""The data of another bench, where it is at hand, as files that `calanque results` takes."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench_data import FIRST_GUN, MATS_BY_NUMBER, MIDNIGHT, BenchFiles, race_file

OTHER_BENCH = Path(__file__).resolve().parents[3] / "shared" / "bench"


def adopted(folder: Path) -> BenchFiles:
    """Race file, roster and read log beside the files of that bench; its IPICO lines are taken as they are."""
    with (folder / "participants.csv").open(newline="", encoding="utf-8") as people:
        rows = list(csv.DictReader(people))
    with (folder / "roster.csv").open("w", newline="", encoding="utf-8") as roster:
        writer = csv.writer(roster)
        writer.writerow(["bib", "tag", "first_name", "last_name", "sex", "category", "wave"])
        writer.writerows(
            [row["bib"], row["tag"], *row["name"].split(" ", 1), row["sex"], row["category"], row["wave"]]
            for row in rows
        )
    (folder / "race.toml").write_text(race_file(), encoding="utf-8")
    return BenchFiles(
        folder=folder,
        race=folder / "race.toml",
        roster=folder / "roster.csv",
        read_log=folder / "read_log.csv",
        ipico=folder / "reads.ipico",
        reads=_write_read_log(folder / "reads.csv", folder / "read_log.csv"),
    )


def _write_read_log(source: Path, target: Path) -> int:
    """The reads with our columns: mats by name, moments as microseconds. Both clocks are local time of the day."""
    midnight = datetime(2026, 10, 25, tzinfo=UTC)
    # Clocks went back at 03:00 that day: from then on local time is an hour more than midnight's offset says.
    shift_us = FIRST_GUN - MIDNIGHT - 9 * 3_600_000_000
    count = 0
    instants: dict[str, int] = {}
    with source.open(encoding="ascii") as reads, target.open("w", encoding="ascii") as log:
        next(reads)
        log.write("mat,tag,epoch_us,antenna,rssi\n")
        for line in reads:
            reader, tag, clock = line.rstrip("\n").split(",")
            if clock not in instants:
                since = (datetime.fromisoformat(clock).replace(tzinfo=UTC) - midnight) // timedelta(microseconds=1)
                instants[clock] = MIDNIGHT + since + shift_us
            log.write(f"{MATS_BY_NUMBER[int(reader, 16) - 1]},{tag},{instants[clock]},,\n")
            count += 1
    return count
