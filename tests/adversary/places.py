#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What hops, as lines for build/adversary/information: SERIES DIGITS.

    places.py wire PCAP --truth FILE --inside PREFIX     identifier, port and flow label of either end, slot after slot
    places.py derived FILE                               identifier and port, of lines of `mayflyctl derive`
    places.py weak LINES                                 the same with a flaw: in one slot of twenty a digit is the last one's

DIGITS of `wire`: identifier (16), port (4) and flow label (5) of the end inside the prefix; then those of the other. A dot is
between any two.
"""
import argparse
import ipaddress
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))
from wire import networks, packets, within  # noqa: E402

FLAW_EVERY = 20


def of_wire(args):
    with open(args.truth, encoding="ascii") as file:
        name_of = {ipaddress.IPv6Address(address).packed: name for address, name in (line.split() for line in file)}
    nets, slots = networks([args.inside]), {}
    for when, packet in packets(args.file):
        outwards = within(packet[8:24], nets)
        label = "%05x" % (struct.unpack_from("!I", packet)[0] & 0xfffff)
        ends = [packet[16:24].hex() + "." + packet[40:42].hex(), packet[32:40].hex() + "." + packet[42:44].hex()]
        here = packet[8:24] if outwards else packet[24:40]
        slot = slots.setdefault(here, [when, ends[not outwards], ends[outwards], None, None])
        slot[3 if outwards else 4] = label
    lines = sorted((name_of[here], *slot) for here, slot in slots.items() if here in name_of and None not in slot)
    for name, _, inside, outside, label, other in lines:
        print(name, ".".join((inside, label, outside, other)))


def of_derived(args):
    with open(args.file, encoding="ascii") as file:
        for line in file:
            _, _, identifier, port = line.split()
            print("derived", identifier + ".%04x" % int(port))


def weakened(args):
    before = ""
    with open(args.file, encoding="ascii") as file:
        for number, line in enumerate(file):
            series, digits = line.split()
            if before and number % FLAW_EVERY == 0:
                digits = before[0] + digits[1:]
            before = digits
            print(series, digits)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["wire", "derived", "weak"])
    parser.add_argument("file")
    parser.add_argument("--truth")
    parser.add_argument("--inside")
    args = parser.parse_args()
    {"wire": of_wire, "derived": of_derived, "weak": weakened}[args.what](args)


if __name__ == "__main__":
    main()
