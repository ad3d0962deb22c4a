#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Which lines of loader/, ctl/ and page/ have run, from what gcov says about a build with --coverage.

	tests/coverage/report.py BUILD [--least PERCENT] [--lines FILE]

A table of all files, the worst first; ends with 1 if one of them is below PERCENT (85). --lines prints the lines of one
file that never ran. A file that is compiled twice (for the programs, and for the unit tests) is counted once: a line has
run if it ran in either. Files without a line of code do not count.
"""
import argparse
import collections
import json
import pathlib
import subprocess
import sys


def counts(build):
    """file -> line -> times it ran."""
    found = collections.defaultdict(lambda: collections.defaultdict(int))
    notes = sorted(str(path) for path in build.rglob("*.gcno") if "tests" not in path.relative_to(build).parts)
    for first in range(0, len(notes), 100):
        told = subprocess.run(["gcov", "--json-format", "--stdout", *notes[first:first + 100]], capture_output=True, check=True)
        for document in told.stdout.splitlines():
            for file in json.loads(document)["files"]:
                for line in file["lines"]:
                    found[file["file"]][line["line_number"]] += line["count"]
    return found


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("build", type=pathlib.Path)
    arguments.add_argument("--least", type=float, default=85)
    arguments.add_argument("--lines")
    arguments = arguments.parse_args()
    found = counts(arguments.build)
    if arguments.lines:
        text = pathlib.Path(arguments.lines).read_text().splitlines()
        for number, times in sorted(found[arguments.lines].items()):
            if not times:
                print(f"{number:5}  {text[number - 1]}")
        return 0

    wanted = sorted(str(path) for folder in ("loader", "ctl", "page") for path in pathlib.Path(folder).rglob("*.c"))
    unseen = [name for name in wanted if name not in found]
    if unseen:
        print("not measured:", *unseen, file=sys.stderr)
        return 1
    rows, all_run, all_lines = [], 0, 0
    for name in wanted:
        lines = len(found[name])
        run = sum(1 for times in found[name].values() if times)
        all_run, all_lines = all_run + run, all_lines + lines
        if lines:
            rows.append((100 * run / lines, name, run, lines))
    rows.sort()
    print(f"{'file':36} {'lines':>6} {'run':>6} {'%':>6}")
    for percent, name, run, lines in rows:
        print(f"{name:36} {lines:6} {run:6} {percent:6.1f}")
    print(f"{'all of them':36} {all_lines:6} {all_run:6} {100 * all_run / all_lines:6.1f}")
    low = [f"{name} ({percent:.1f} %)" for percent, name, _, _ in rows if percent < arguments.least]
    if low:
        print(f"\nbelow {arguments.least:g} %: {', '.join(low)}")
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())
