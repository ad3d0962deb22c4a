#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What a capture says about hopping addresses.

    wire.py sum FILE PREFIX...                         JSON: what stood on the wire within the prefixes
    wire.py schedule FILE PREFIX --derived JSON        each address within its window of `derive --json`
    wire.py live FILE PREFIX                           the addresses seen, newest first
    wire.py lent FILE PREFIX --derived JSON            JSON: addresses lent to sockets, judged by what is put apart

With --apart PREFIX, packets from or to that prefix do not count, and for `lent` no others do. FILE is a pcap of Ethernet frames (tcpdump -w). Only IPv6 is looked at.
"""
import argparse
import ipaddress
import json
import struct
import sys


def frames(path):
    """(seconds, frame) of each record; ends quietly at a record cut short."""
    with open(path, "rb") as file:
        head = file.read(24)
        order = "<" if head[:1] in (b"\xd4", b"\x4d") else ">"
        unit = 1e-9 if b"\x3c" in head[:4] else 1e-6
        while True:
            record = file.read(16)
            if len(record) < 16:
                return
            seconds, part, kept, _ = struct.unpack(order + "IIII", record)
            data = file.read(kept)
            if len(data) < kept:
                return
            yield seconds + part * unit, data


def packets(path):
    for when, data in frames(path):
        at = 12
        while data[at:at + 2] in (b"\x81\x00", b"\x88\xa8"):
            at += 4
        if data[at:at + 2] == b"\x86\xdd" and len(data) >= at + 42:
            yield when, data[at + 2:]


def networks(words):
    found = []
    for word in words:
        net = ipaddress.IPv6Network(word)
        found.append((int(net.network_address), int(net.netmask)))
    return found


def within(address, nets):
    value = int.from_bytes(address, "big")
    return any(value & mask == base for base, mask in nets)


class Address:
    def __init__(self, when):
        self.first = self.last = when
        self.sent = self.received = 0
        self.spoke_first = self.spoke_last = 0


def collect(args):
    nets, apart = networks(args.prefix), networks(args.apart)
    seen, facts = {}, {"packets": 0, "hop_limits": set(), "classes": set(), "next_headers": set(),
                       "flow_labels": set(), "ports": set(), "zero_checksums": 0, "bytes": 0}
    for when, packet in packets(args.file):
        ours = False
        if (within(packet[8:24], apart) or within(packet[24:40], apart)) != (args.command == "lent"):
            continue
        for end, address in (("sent", packet[8:24]), ("received", packet[24:40])):
            if args.since <= when < args.until and within(address, nets):
                ours = True
                entry = seen.setdefault(address, Address(when))
                entry.last = when
                setattr(entry, end, getattr(entry, end) + 1)
                if end == "sent":
                    entry.spoke_first, entry.spoke_last = entry.spoke_first or when, when
        if ours:
            note(facts, packet)
    return seen, facts


def note(facts, packet):
    word, length, following, limit = struct.unpack_from("!IHBB", packet)
    facts["packets"] += 1
    facts["bytes"] += length + 40
    facts["hop_limits"].add(limit)
    facts["classes"].add(word >> 20 & 0xff)
    facts["next_headers"].add(following)
    facts["flow_labels"].add(word & 0xfffff)
    if following == 17 and len(packet) >= 48:
        source, destination, _, total = struct.unpack_from("!HHHH", packet, 40)
        facts["ports"].update((source, destination))
        facts["zero_checksums"] += total == 0


def text(address):
    return str(ipaddress.IPv6Address(address))


def command_sum(args):
    seen, facts = collect(args)
    spans = [entry.last - entry.first for entry in seen.values()]
    print(json.dumps({
        "addresses": len(seen), "packets": facts["packets"], "bytes": facts["bytes"],
        "sending": sum(1 for entry in seen.values() if entry.sent),
        "longest_ms": round(max(spans, default=0) * 1000),
        "hop_limits": sorted(facts["hop_limits"]), "classes": sorted(facts["classes"]),
        "next_headers": sorted(facts["next_headers"]), "flow_labels": len(facts["flow_labels"]),
        "ports": len(facts["ports"]), "zero_checksums": facts["zero_checksums"]}))


def windows_of(path):
    """address -> (from, until): an address is heard from one slot before its own to one after."""
    with open(path, encoding="ascii") as file:
        slots = json.load(file)
    length, found = (slots[1]["start_ms"] - slots[0]["start_ms"]) / 1000, {}
    for slot in slots:
        start = slot["start_ms"] / 1000
        found[ipaddress.IPv6Address(slot["address"]).packed] = (start - length, start + 2 * length)
    return found


def command_schedule(args):
    windows, slack = windows_of(args.derived), args.slack / 1000
    seen, _ = collect(args)
    strange = [text(one) for one in seen if one not in windows]
    outside = [text(one) for one, entry in seen.items() if one in windows and not
               (windows[one][0] - slack <= entry.first and entry.last <= windows[one][1] + slack)]
    print(json.dumps({"addresses": len(seen), "unexpected": len(strange), "outside_window": len(outside),
                      "examples": (strange + outside)[:5]}))
    return 1 if strange or outside or not seen else 0


def command_live(args):
    seen, _ = collect(args)
    for address in sorted(seen, key=lambda one: seen[one].last, reverse=True):
        print(text(address))


def command_lent(args):
    """`hopping`: how many of them are also addresses of slots, which may never be; `longest_ms`: from the first to the
    last packet that one sent, for nodes may go on asking an address that was given back."""
    windows = windows_of(args.derived)
    seen, facts = collect(args)
    spans = [entry.spoke_last - entry.spoke_first for entry in seen.values()]
    print(json.dumps({"addresses": len(seen), "packets": facts["packets"], "next_headers": sorted(facts["next_headers"]),
                      "hopping": sum(1 for one in seen if one in windows),
                      "longest_ms": round(max(spans, default=0) * 1000)}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["sum", "schedule", "live", "lent"])
    parser.add_argument("file")
    parser.add_argument("prefix", nargs="+")
    parser.add_argument("--derived")
    parser.add_argument("--apart", action="append", default=[], metavar="PREFIX")
    parser.add_argument("--slack", type=float, default=50)
    parser.add_argument("--since", type=float, default=0)
    parser.add_argument("--until", type=float, default=float("inf"))
    args = parser.parse_args()
    sys.exit({"sum": command_sum, "schedule": command_schedule, "live": command_live,
              "lent": command_lent}[args.command](args))


if __name__ == "__main__":
    main()
