#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""An observer who sees many associations between the same two prefixes hop, and tries to say which new pair of addresses
takes the place of which old one.

    links.py PCAP --truth FILE --inside PREFIX --rotation MS

He has nothing but the capture. Pairs of addresses that begin within half a rotation of an old one's end are its
candidates. Each of his ways takes one of them:

    chance     any
    timing     the one that begins nearest to the old one's end
    phase      the one that began at the same place within a rotation as the old one did
    lengths    the one whose packets are most alike in length, both ways
    all        by all of these together

Prints JSON: of how many decisions how many each way got right, and an interval of 95 % (Wilson).
"""
import argparse
import collections
import ipaddress
import json
import math
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))
from wire import networks, packets, within  # noqa: E402

BIN_BYTES = 16
LEAST_PACKETS = 4  # a pair of which less was seen is no decision


class Pair:
    """Two addresses that talk: one slot of one association."""

    def __init__(self, name, when):
        self.name, self.first, self.last = name, when, when
        self.lengths = (collections.Counter(), collections.Counter())

    def take(self, when, outwards, length):
        self.last = when
        self.lengths[outwards][length // BIN_BYTES] += 1

    def count(self):
        return sum(sum(one.values()) for one in self.lengths)


def read(args):
    with open(args.truth, encoding="ascii") as file:
        name_of = {ipaddress.IPv6Address(address).packed: name for address, name in (line.split() for line in file)}
    nets, pairs = networks([args.inside]), {}
    for when, packet in packets(args.pcap):
        outwards = within(packet[8:24], nets)
        here, there = (packet[8:24], packet[24:40]) if outwards else (packet[24:40], packet[8:24])
        if here not in name_of:
            continue
        pair = pairs.setdefault((here, there), Pair(name_of[here], when))
        pair.take(when, outwards, int.from_bytes(packet[4:6], "big"))
    return [pair for pair in pairs.values() if pair.count() >= LEAST_PACKETS]


def alike(one, other):
    """0 to 1: what two distributions have in common."""
    total, rest = sum(one.values()), sum(other.values())
    if not total or not rest:
        return 1.0 if total == rest else 0.0
    return sum(min(one[size] / total, other[size] / rest) for size in one)


def apart(one, other, rotation):
    """How far two moments are apart within a rotation."""
    gap = abs(one - other) % rotation
    return min(gap, rotation - gap)


def ways(old, new, rotation):
    """What speaks for it, 0 (nothing) to 1."""
    timing = 1 - min(abs(new.first - old.last) / (rotation / 2), 1)
    phase = 1 - apart(new.first, old.first, rotation) / (rotation / 2)
    lengths = sum(alike(old.lengths[way], new.lengths[way]) for way in (0, 1)) / 2
    return {"timing": timing, "phase": phase, "lengths": lengths,
            "all": (0.02 + lengths) ** 8 * timing * phase}


def decide(pairs, rotation):
    pairs.sort(key=lambda pair: pair.first)
    end = max(pair.last for pair in pairs)
    start = pairs[0].first
    score, decisions, chance, candidates = collections.Counter(), 0, 0.0, 0
    for old in pairs:
        if old.first < start + rotation / 2 or old.last > end - rotation:
            continue  # cut off by the beginning or the end of the capture
        near = [new for new in pairs if new is not old and abs(new.first - old.last) <= rotation / 2]
        if not any(new.name == old.name for new in near):
            continue
        decisions += 1
        candidates += len(near)
        chance += 1 / len(near)
        judged = [(ways(old, new, rotation), new) for new in near]
        for way in ("timing", "phase", "lengths", "all"):
            best = max(one[0][way] for one in judged)
            taken = [new for scores, new in judged if scores[way] >= best - 1e-9]
            score[way] += sum(new.name == old.name for new in taken) / len(taken)  # where nothing decides, any of them
    return score, decisions, chance, candidates


def wilson(right, count):
    share, z = right / count, 1.96
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return [round(middle - half, 4), round(middle + half, 4)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("pcap")
    parser.add_argument("--truth", required=True)
    parser.add_argument("--inside", required=True)
    parser.add_argument("--rotation", type=float, required=True)
    args = parser.parse_args()
    pairs = read(args)
    score, decisions, chance, candidates = decide(pairs, args.rotation / 1000)
    if not decisions:
        raise SystemExit("links.py: the capture has nothing to decide")
    found = {"pairs": len(pairs), "associations": len({pair.name for pair in pairs}), "decisions": decisions,
             "candidates": round(candidates / decisions, 2), "chance": round(chance / decisions, 4)}
    for way in ("timing", "phase", "lengths", "all"):
        found[way] = round(score[way] / decisions, 4)
        found[way + "_interval"] = wilson(score[way], decisions)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
