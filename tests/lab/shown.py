#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""One value of mayflyctl's JSON (standard input).

    shown.py drops              of `show --json`: every drop that was counted, "name=count ..."
    shown.py verdict.NAME       a counter
    shown.py FIELD [NAME]       of the associations (numbers are summed), else of the node
    shown.py derived            of `derive --json`: a line "start_ms address port" for each slot
"""
import json
import sys

# Multicast that the device itself emits has no association: no loss of anybody's.
NO_LOSS = {"drop_no_association"}


def drops(shown):
    counted = {name: count for name, count in shown["verdict"].items()
               if name.startswith("drop_") and count and name not in NO_LOSS}
    return " ".join("%s=%d" % item for item in counted.items())


def field(shown, name, of):
    if name.startswith("verdict."):
        return shown["verdict"][name.removeprefix("verdict.")]
    found = [one[name] for one in shown["associations"] if name in one and of in (None, one["name"])]
    if not found:
        return shown["node"][name]
    return sum(found) if len(found) > 1 and isinstance(found[0], int) else found[0]


def main():
    shown, name = json.load(sys.stdin), sys.argv[1]
    if name == "derived":
        for slot in shown:
            print(slot["start_ms"], slot["address"], slot["port"])
    elif name == "drops":
        print(drops(shown))
    else:
        value = field(shown, name, sys.argv[2] if len(sys.argv) > 2 else None)
        print(value if isinstance(value, str) else json.dumps(value))


if __name__ == "__main__":
    main()
