"""`calanque results` beside pandas and polars, whole processes in turn, from files to results.csv.

The jobs here read the same read log by the same rules and must give the same answer. Where the folder `../shared/bench`
is there, its generator and its jobs are run too: our command on its IPICO lines (which the jobs do not read) and on a
read log made of its reads.
"""

import csv
import subprocess
from pathlib import Path

import pytest
from bench_data import BenchFiles, write_race
from interleaved import PYTHON, interleaved, show
from other_bench import OTHER_BENCH, adopted

HERE = Path(__file__).parent
ROUNDS = 7
PEAK_MB_MAX = 400

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> BenchFiles:
    return write_race(tmp_path_factory.mktemp("own"))


def ours(files: BenchFiles, reads: Path, out: Path) -> list[str | Path]:
    command: list[str | Path] = [PYTHON, "-m", "calanque", "results", files.race, "--roster", files.roster]
    return [*command, "--reads", reads, "--out", out, "--formats", "csv"]


def test_results_of_a_race_beside_pandas_and_polars(
    files: BenchFiles, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    runs = interleaved(
        {
            "calanque, read log": ours(files, files.read_log, tmp_path / "csv"),
            "calanque, IPICO": ours(files, files.ipico, tmp_path / "ipico"),
            "pandas": [PYTHON, HERE / "job_pandas.py", files.folder, tmp_path / "pandas.csv"],
            "polars": [PYTHON, HERE / "job_polars.py", files.folder, tmp_path / "polars.csv"],
        },
        rounds=ROUNDS,
    )
    show(request, f"{files.reads:,} reads, own jobs\n{runs.table('pandas', 'polars')}")
    assert answers(tmp_path / "csv" / "results.csv") == answers(tmp_path / "polars.csv")
    assert answers(tmp_path / "pandas.csv") == answers(tmp_path / "polars.csv")
    assert (tmp_path / "csv" / "results.csv").read_bytes() == (tmp_path / "ipico" / "results.csv").read_bytes()
    assert runs.peak_mb("calanque, read log") < PEAK_MB_MAX
    assert runs.peak_mb("calanque, IPICO") < PEAK_MB_MAX


COMPARED = ("bib", "status", "start_us", "finish_us", "gun_time_us", "net_time_us", "split_COL_us")
RANKS = {"rank_overall": "rank_overall_gun", "rank_sex": "rank_sex_gun", "rank_category": "rank_category_gun"}


def answers(path: Path) -> list[list[str]]:
    """What both sides compute, by bib."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        table = [
            [*(row[name] for name in COMPARED), *(row.get(name) or row.get(job, "") for name, job in RANKS.items())]
            for row in rows
        ]
    return sorted(table, key=lambda row: int(row[0]))


@pytest.mark.skipif(not (OTHER_BENCH / "make_reads.py").exists(), reason="the other bench is not there")
def test_results_beside_the_jobs_of_the_other_bench(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    folder = tmp_path / "other"
    subprocess.run([PYTHON, OTHER_BENCH / "make_reads.py", folder, "-n", "20000"], check=True, capture_output=True)
    files = adopted(folder)
    runs = interleaved(
        {
            "calanque, read log": ours(files, files.read_log, tmp_path / "csv"),
            "calanque, IPICO": ours(files, files.ipico, tmp_path / "ipico"),
            "pandas": [PYTHON, OTHER_BENCH / "job_pandas.py", folder, tmp_path / "pandas.csv"],
            "polars": [PYTHON, OTHER_BENCH / "job_polars.py", folder, tmp_path / "polars.csv"],
        },
        rounds=ROUNDS,
    )
    show(request, f"{files.reads:,} reads, the other bench\n{runs.table('pandas', 'polars')}")
    assert runs.peak_mb("calanque, read log") < PEAK_MB_MAX
    assert runs.peak_mb("calanque, IPICO") < PEAK_MB_MAX
    assert runs.ratio("calanque, read log", "pandas") <= 0.5
    assert runs.ratio("calanque, IPICO", "pandas") <= 0.5
    expected = finishers(folder / "expected.csv", "FIN", "gun_cs", 10_000)
    timed = finishers(tmp_path / "ipico" / "results.csv", "FINISHED", "gun_time_us", 1)
    same = sum(timed.get(bib) == gun_us for bib, gun_us in expected.items())
    show(request, f"gun times equal to its expected answer: {same:,} of {len(expected):,} (its rules are not all ours)")
    assert same > 0.98 * len(expected)


def finishers(path: Path, status: str, column: str, unit_us: int) -> dict[str, int]:
    """Gun time in microseconds by bib."""
    with path.open(newline="", encoding="utf-8") as file:
        return {row["bib"]: int(row[column]) * unit_us for row in csv.DictReader(file) if row["status"] == status}
