#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What a stranger on the link sent, and what it got for that.

    answers.py PCAP --own MAC --victim MAC --tried PREFIX...

The capture is the stranger's. A probe is a frame of its own to an address in PREFIX. An answer is an IPv6 packet from an
address in PREFIX, or any frame of the victim's to the stranger but neighbour discovery of its own. Prints JSON.
"""
import argparse
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))
from wire import frames, networks, within  # noqa: E402

IPV6, ICMP6 = b"\x86\xdd", 58
SOLICITATION = 135


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def is_own_discovery(packet):
    """The victim looks for a neighbour: it says nothing of the addresses that were tried."""
    return packet[6] == ICMP6 and packet[40] == SOLICITATION


def judge(args):
    nets, own, victim = networks(args.tried), mac(args.own), mac(args.victim)
    found = {"probes": 0, "probe_bytes": 0, "answers": 0, "answer_bytes": 0}
    for _, frame in frames(args.pcap):
        if frame[12:14] != IPV6 or len(frame) < 55:
            continue
        packet = frame[14:]
        length = 54 + int.from_bytes(packet[4:6], "big")
        if frame[6:12] == own:
            if within(packet[24:40], nets):
                found["probes"] += 1
                found["probe_bytes"] += length
        elif within(packet[8:24], nets) or (frame[:6] == own and frame[6:12] == victim and not is_own_discovery(packet)):
            found["answers"] += 1
            found["answer_bytes"] += length
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("pcap")
    parser.add_argument("--own", required=True)
    parser.add_argument("--victim", required=True)
    parser.add_argument("--tried", nargs="+", required=True)
    print(json.dumps(judge(parser.parse_args())))


if __name__ == "__main__":
    main()
