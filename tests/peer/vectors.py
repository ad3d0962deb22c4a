# SPDX-License-Identifier: GPL-2.0-only
"""The vectors of docs/vectors.json, computed anew from what goes in.

    python3 -m peer.vectors FILE [PAGE]         PAGE: whose vectors must be among them
    python3 -m peer.vectors FILE --write        what comes out is put into the file instead of compared

A vector is {"kind": ..., "in": {...}, "out": {...}}. Bytes are hexadecimal, addresses and prefixes as people write them.
The C tests have a function for each kind, too; either side fails at a kind or at a word of "out" that it does not know.
"""

import json
import sys

from . import page, vector_packet, vector_rendezvous, vector_session
from .vector import KINDS

MODULES = vector_packet, vector_rendezvous, vector_session  # each puts its functions into KINDS


def compare(vectors):
    """How many are wrong."""
    wrong = 0
    for number, vector in enumerate(vectors):
        found = KINDS[vector["kind"]](vector["in"])
        if found != vector["out"]:
            wrong += 1
            print(f"vector {number}, {vector['kind']}: wanted {vector['out']}, found {found}")
    untold = KINDS.keys() - {vector["kind"] for vector in vectors}
    if untold:
        print("kinds without a vector:", *sorted(untold))
    return wrong + len(untold)


def write(file, content):
    for vector in content["vectors"]:
        vector["out"] = KINDS[vector["kind"]](vector["in"])
    with open(file, "w", encoding="ascii") as opened:
        opened.write('{"about": ' + json.dumps(content["about"], indent=1) + ',\n "vectors": [\n')
        opened.write(",\n".join(map(json.dumps, content["vectors"])) + "\n]}\n")


def main():
    file, *rest = sys.argv[1:]
    with open(file, encoding="ascii") as opened:
        text = opened.read()
    content = json.loads(text)
    if rest == ["--write"]:
        return write(file, content)
    wrong = compare(content["vectors"])
    for name in rest:
        with open(name, encoding="utf-8") as opened:
            absent = page.missing(opened.read(), text)
        wrong += len(absent)
        for one in absent:
            print(f"{name}: no vector has its \"{one}\"")
    print(f"{len(content['vectors'])} vectors of {len(KINDS)} kinds, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
