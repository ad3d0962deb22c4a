#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Commands out of a page: the indented blocks whose first line is `# PLACE` or `# PLACE: NAME`.

    blocks.py FILE PLACE [NAME]       all blocks of that place and name, the Nth alone with NAME:N
    blocks.py FILE --list             a line "PLACE NAME" for each block
"""
import re
import sys

FIRST = re.compile(r"# (client|server|router)(?:: (\w+))?$")


def blocks(path):
    """(place, name, lines) of each."""
    found, current = [], None
    with open(path, encoding="utf-8") as file:
        for line in file:
            if not line.startswith("    "):
                current = None
                continue
            line = line.strip()
            first = FIRST.match(line)
            if first:
                current = []
                found.append((first[1], first[2] or "", current))
            elif current is not None:
                current.append(line)
    return found


def main():
    path, place, name = sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else ""
    if place == "--list":
        for one, other, _ in blocks(path):
            print(one, other)
        return
    name, _, number = name.partition(":")
    wanted = [lines for one, other, lines in blocks(path) if (one, other) == (place, name)]
    if not wanted:
        raise SystemExit(f"blocks.py: {path} has no block for {place} {name}")
    for lines in wanted[int(number) - 1:int(number)] if number else wanted:
        print("\n".join(lines))


if __name__ == "__main__":
    main()
