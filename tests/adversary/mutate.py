#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What an attacker on the way makes of a capture before he sends it again.

    mutate.py IN OUT KIND [--prefix PREFIX] [--from MAC --to MAC]

    same         as it is
    changed      one bit of the payload is another one
    elsewhere    from the same identifier in another /64, PREFIX
    reflected    back to its sender: addresses and ports change places
    noise        the same ends and ports, and random bytes behind them

Frames are Ethernet, IPv6, UDP. Checksums are right again afterwards.
"""
import argparse
import ipaddress
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))
from forge import with_sum  # noqa: E402
from wire import frames  # noqa: E402

ETHERNET, HEADERS, UDP, UDP_CHECKSUM_AT = 14, 14 + 40 + 8, 17, 6


def summed(frame):
    """With lengths and UDP checksum as they should be."""
    source, destination, segment = frame[22:38], frame[38:54], bytearray(frame[54:])
    segment[4:6] = struct.pack("!H", len(segment))
    segment[UDP_CHECKSUM_AT:UDP_CHECKSUM_AT + 2] = b"\0\0"
    segment = with_sum(source, destination, UDP, bytes(segment), UDP_CHECKSUM_AT)
    return frame[:18] + struct.pack("!H", len(segment)) + frame[20:54] + segment


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def same(frame, _):
    return frame


def changed(frame, _):
    return summed(frame[:-1] + bytes([frame[-1] ^ 1]))


def elsewhere(frame, args):
    place = ipaddress.IPv6Network(args.prefix).network_address.packed[:8]
    return summed(frame[:22] + place + frame[30:])


def reflected(frame, _):
    return summed(frame[:22] + frame[38:54] + frame[22:38] + frame[56:58] + frame[54:56] + frame[58:])


def noise(frame, _):
    return summed(frame[:HEADERS] + os.urandom(len(frame) - HEADERS))


KINDS = {"same": same, "changed": changed, "elsewhere": elsewhere, "reflected": reflected, "noise": noise}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--prefix")
    parser.add_argument("--from", dest="sender")
    parser.add_argument("--to")
    args = parser.parse_args()
    with open(args.source, "rb") as file:
        head = file.read(24)
    with open(args.target, "wb") as file:
        file.write(head)
        for number, (_, frame) in enumerate(frames(args.source)):
            if len(frame) <= HEADERS or frame[20] != UDP:
                continue
            if args.to:
                frame = mac(args.to) + mac(args.sender) + frame[12:]
            frame = KINDS[args.kind](frame, args)
            file.write(struct.pack("<IIII", number // 1000, number % 1000 * 1000, len(frame), len(frame)) + frame)


if __name__ == "__main__":
    main()
