"""The batch job in polars, one lazy plan, as a yardstick.   job_polars.py FOLDER OUT

Same files, same rules, same answer as `calanque results` for what it computes: it has no passings, no classes of reads,
no flags, no checks, no printed times, and stops at a bad line.
"""

import json
import sys
from pathlib import Path
from typing import Any

import polars as pl

c = pl.col


def main(folder: str, out: str) -> None:
    rules = json.loads(Path(f"{folder}/rules.json").read_text())
    people = pl.scan_csv(f"{folder}/roster.csv", schema_overrides={"tag": pl.String, "wave": pl.String})
    reads = pl.scan_csv(f"{folder}/reads.csv", schema_overrides={"tag": pl.String, "epoch_us": pl.Int64})
    results(people, reads, rules).collect().write_csv(out)


def results(people: pl.LazyFrame, reads: pl.LazyFrame, rules: dict[str, Any]) -> pl.LazyFrame:
    """The table, from frames of people and reads: tags may be of any type, the same in both; so may mats."""
    guns = pl.LazyFrame({"wave": list(rules["guns"]), "gun": list(rules["guns"].values())})
    people = people.join(guns, on="wave", how="left", maintain_order="left")
    first_gun = min(rules["guns"].values())
    mats = pl.LazyFrame(rules["mats"])
    reads = reads.select("mat", "tag", "epoch_us").join(mats, on="mat").join(people.select("tag", "bib"), on="tag")
    first, *later = rules["points"]
    is_main = c("role") == "main"
    t = c("epoch_us")
    in_window = (c("point") == first["id"]) & t.is_between(first_gun, rules["start_closes"])
    start_of = (
        reads.filter(in_window)
        .group_by("bib")
        .agg(any=t.max(), main=t.filter(is_main).max())
        .select("bib", start=pl.when(c("any") - c("main") <= rules["pair_us"]).then("main").otherwise("any"))
    )
    table = people.join(start_of, on="bib", how="left", maintain_order="left")
    reference = table.select("bib", since=pl.coalesce("start", pl.lit(first_gun)))
    for point in later:
        at = (
            reads.filter(c("point") == point["id"])
            .join(reference, on="bib")
            .filter(t >= c("since") + point["min_us"])
            .group_by("bib")
            .agg(any=t.min(), main=t.filter(is_main).min())
            .select(
                "bib",
                pl.when(c("main") - c("any") <= rules["pair_us"]).then("main").otherwise("any").alias(point["id"]),
            )
        )
        table = table.join(at, on="bib", how="left", maintain_order="left")
    finish = c(later[-1]["id"])
    splits = [point["id"] for point in later[:-1]]
    begin = pl.coalesce("start", "gun")
    status = (
        pl.when(finish.is_not_null())
        .then(pl.lit("FINISHED"))
        .when(pl.any_horizontal(c("start").is_not_null(), *(c(id).is_not_null() for id in splits)))
        .then(pl.lit("DNF"))
        .otherwise(pl.lit("DNS"))
    )
    table = table.with_columns(
        status=status,
        gun_time_us=finish - c("gun"),
        net_time_us=finish - begin,
        **{f"split_{id}_us": c(id) - begin for id in splits},
    )
    ranks = [
        expression.alias(f"rank_{name}_{clock}")
        for clock in ("gun", "net")
        for name, expression in (
            ("overall", c(f"{clock}_time_us").rank("min")),
            ("sex", c(f"{clock}_time_us").rank("min").over("sex")),
            ("category", c(f"{clock}_time_us").rank("min").over("category")),
        )
    ]
    columns = ["bib", "status", "start_us", "finish_us", "gun_time_us", "net_time_us"]
    columns += [f"split_{id}_us" for id in splits]
    table = table.with_columns(*ranks, start_us=c("start"), finish_us=finish).sort("bib")
    return table.select(*columns, "^rank_.*$")


if __name__ == "__main__":
    main(*sys.argv[1:3])
