"""The batch job in pandas, as in a notebook, as a yardstick.   job_pandas.py FOLDER OUT

Same files, same rules, same answer as `calanque results` for what it computes: it has no passings, no classes of reads,
no flags, no checks, no printed times, and stops at a bad line.
"""

import json
import sys
from pathlib import Path

import pandas as pd


def main(folder: str, out: str) -> None:
    rules = json.loads(Path(f"{folder}/rules.json").read_text())
    people = pd.read_csv(f"{folder}/roster.csv", dtype={"tag": str, "wave": str})
    people["gun"] = people["wave"].map(rules["guns"])
    first_gun = min(rules["guns"].values())
    reads = pd.read_csv(f"{folder}/reads.csv", dtype={"tag": str}, usecols=["mat", "tag", "epoch_us"])
    reads = reads.merge(pd.DataFrame(rules["mats"]), on="mat").merge(people[["tag", "bib"]], on="tag")
    first, *later = rules["points"]
    at_start = reads[(reads["point"] == first["id"]) & reads["epoch_us"].between(first_gun, rules["start_closes"])]
    seen = pd.DataFrame(
        {
            "any": at_start.groupby("bib")["epoch_us"].max(),
            "main": at_start[at_start["role"] == "main"].groupby("bib")["epoch_us"].max(),
        }
    ).astype("Int64")
    table = people.set_index("bib")
    table["start"] = seen["main"].where((seen["any"] - seen["main"] <= rules["pair_us"]).fillna(False), seen["any"])
    reference = table["start"].fillna(first_gun)
    for point in later:
        here = reads[reads["point"] == point["id"]]
        here = here[here["epoch_us"] >= here["bib"].map(reference) + point["min_us"]]
        seen = pd.DataFrame(
            {
                "any": here.groupby("bib")["epoch_us"].min(),
                "main": here[here["role"] == "main"].groupby("bib")["epoch_us"].min(),
            }
        ).astype("Int64")
        near = (seen["main"] - seen["any"] <= rules["pair_us"]).fillna(False)
        table[point["id"]] = seen["main"].where(near, seen["any"])
    finish = later[-1]["id"]
    splits = [point["id"] for point in later[:-1]]
    begin = table["start"].fillna(table["gun"])
    table["status"] = "DNS"
    table.loc[table[["start", *splits]].notna().any(axis=1), "status"] = "DNF"
    table.loc[table[finish].notna(), "status"] = "FINISHED"
    table["gun_time_us"], table["net_time_us"] = table[finish] - table["gun"], table[finish] - begin
    for id in splits:
        table[f"split_{id}_us"] = table[id] - begin
    for clock in ("gun", "net"):
        time = table[f"{clock}_time_us"].astype("float64")
        table[f"rank_overall_{clock}"] = time.rank(method="min").astype("Int64")
        table[f"rank_sex_{clock}"] = time.groupby(table["sex"]).rank(method="min").astype("Int64")
        table[f"rank_category_{clock}"] = time.groupby(table["category"]).rank(method="min").astype("Int64")
    table["start_us"], table["finish_us"] = table["start"], table[finish]
    columns = ["status", "start_us", "finish_us", "gun_time_us", "net_time_us"]
    columns += [f"split_{id}_us" for id in splits]
    columns += [f"rank_{what}_{clock}" for clock in ("gun", "net") for what in ("overall", "sex", "category")]
    table.sort_index()[columns].to_csv(out)


if __name__ == "__main__":
    main(*sys.argv[1:3])
