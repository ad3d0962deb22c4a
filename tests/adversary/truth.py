#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Writes which association has which address at this end, as mayflyctl tells, until it is ended: what the observer does not
know, and the score needs.

    truth.py FILE [SECONDS]       ask so often (default 0.5); a line "ADDRESS NAME" for each address
"""
import json
import subprocess
import sys
import time


def places():
    shown = json.loads(subprocess.run(["mayflyctl", "show", "--json"], capture_output=True, check=True).stdout)
    return {one["local"]["address"]: one["name"].split("@")[0] for one in shown["associations"]
            if one["local"] and one["role"] in ("peer", "session")}


def main():
    every, known = float(sys.argv[2]) if len(sys.argv) > 2 else 0.5, set()
    with open(sys.argv[1], "w", encoding="ascii") as file:
        while True:
            for place in places().items():
                if place not in known:
                    known.add(place)
                    file.write("%s %s\n" % place)
            file.flush()
            time.sleep(every)


if __name__ == "__main__":
    main()
