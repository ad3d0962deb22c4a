#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Sums up what the parts of tests/adversary/run have recorded: a table for the terminal, JSON, and the section "Adversaries"
of docs/benchmarks.md.

    report.py DIRECTORY --json FILE [--page FILE] [--command TEXT]

Exit status 1 if an attacker got what this project says he does not get.
"""
import argparse
import datetime
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bench"))
import pages  # noqa: E402
import scores  # noqa: E402
from kept import replace_section  # noqa: E402
from report import machine  # noqa: E402

QUIET_LOAD = 2.0
PARTS = ("scanner", "replayer", "linker", "guesser", "clock", "flood", "liars")
WORDS = """By tools that nobody here wrote, where Debian has them: nmap, scan6 (ipv6toolkit), alive6, implementation6, randicmp6
and ndpexhaust26 (thc-ipv6), trafgen (netsniff-ng), tcpreplay. hping3 has no IPv6. Hosts are namespaces, cables are veths.
docs/THREATS.md says what follows for whom."""


def number(text):
    try:
        value = float(text)
    except ValueError:
        return text
    return int(value) if value.is_integer() and "." not in text else value


def read(directory):
    """part -> row -> field -> value; and when each part was run, under which load."""
    found, runs = {}, {}
    for part in PARTS:
        path = os.path.join(directory, part + ".tsv")
        if not os.path.exists(path):
            continue
        rows = found[part] = {}
        with open(path, encoding="utf-8") as file:
            for line in file:
                row, field, value = line.rstrip("\n").split("\t")
                rows.setdefault(row, {})[field] = number(value)
        runs[part] = rows.pop("run", {})
    return found, runs


def terminal(scored):
    width = max(len(score.who) for score in scored)
    wide = max(len(score.what) for score in scored)
    for score in scored:
        print(f"  {score.who:<{width}}  {score.what:<{wide}}  {score.found}  {score.verdict()}")


def loaded(runs):
    """A warning where the machine had something else to do."""
    most = max((run.get("load", 0) for run in runs.values()), default=0)
    return f" (**the machine was not quiet**: load up to {most:.0f} as parts began)" if most > QUIET_LOAD else ""


def page(args, about, found):
    machine_of = about["machine"]
    lines = ["## Adversaries", "", f"Measured {about['date']} on {machine_of['processor']}, {machine_of['cores']} cores, Linux "
             f"{machine_of['kernel']}, by", "", f"    {args.command}", "",
             f"which writes this section{loaded(about['runs'])}; `build/adversary.json` has the same figures for programs. "
             + WORDS.replace("\n", " "), ""]
    for part in PARTS:
        if part in found:
            lines += getattr(pages, "page_" + part)(found[part])
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("directory")
    parser.add_argument("--json", required=True)
    parser.add_argument("--page")
    parser.add_argument("--command", default="make bench-adversary")
    args = parser.parse_args()
    found, runs = read(args.directory)
    if not found:
        raise SystemExit("report.py: nothing is recorded in " + args.directory)
    scored = [score for part in PARTS if part in found for score in getattr(scores, "score_" + part)(found[part])]
    about = {"date": datetime.date.today().isoformat(), "command": args.command, "machine": machine(), "runs": runs,
             "scores": [score.json() for score in scored], "results": found}
    with open(args.json, "w", encoding="utf-8") as file:
        json.dump(about, file, indent=1)
    terminal(scored)
    if args.page:
        replace_section(args.page, "adversaries", page(args, about, found))
    sys.exit(any(score.kept is False for score in scored))


if __name__ == "__main__":
    main()
