#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Makes bench.json and the page docs/benchmarks.md out of a run's samples.

    report.py SAMPLES --json FILE --page FILE [--nanoseconds FILE] [--command TEXT]

What other tools have written between their marks (kept.py) stays on the page, at its end.
"""
import argparse
import datetime
import json
import os
import platform
import re

import crowded
import flooded
import meeting
import paging
import sealing
import tunnelled
from kept import kept_sections, with_sections
from samples import Samples
from tabular import table

NAMES = {
    "plain": "plain veth, XDP_PASS at both ends",
    "vxlan": "kernel VXLAN over IPv6, XDP_PASS on both NICs",
    "encap": "`encap`",
    "zero": "`encap`, `ZeroChecksum = yes`",
    "rewrite": "`rewrite`",
    "fixed": "an address that stays for an hour",
    "fast": "200 ms",
}

# What is compared, with what, how much of it is wanted at least, and what is aimed at.
RATIOS = [
    ("speed.tcp", "encap", "plain", 0.82, 0.90),
    ("speed.tcp", "zero", "plain", 0.95, None),
    ("speed.tcp", "rewrite", "plain", 0.97, None),
    ("speed.tcp", "zero", "vxlan", 0.95, None),
]
for receiver in ("speed.udp", "speed.collect"):
    RATIOS += [
        (receiver, "encap", "plain", 0.76, 0.85),
        (receiver, "zero", "plain", 0.88, None),
        (receiver, "rewrite", "plain", 0.90, None),
        (receiver, "encap", "vxlan", 1.15, None),
        (receiver, "zero", "vxlan", 1.15, None),
        (receiver, "rewrite", "vxlan", 1.15, None),
    ]

# Cost of hopping: how far the median may be on the worse side of an address that stays.
HOPS = [
    ("hops.tcp", "encap", "3 s", 0.02),
    ("hops.rtt", "encap", "3 s", 0.02),
    ("hops.tcp", "fast", "200 ms", 0.05),
    ("hops.rtt", "fast", "200 ms", 0.05),
]

BYTES = [
    ("rewrite", "`rewrite`", 0),
    ("encap", "`encap` between two hosts", 12),
    ("encap-whole", "`encap` between networks (packet carried whole)", None),
    ("encap-ipv4", "`encap` of IPv4", None),
]

ROTATION_COUNT, ROTATION_LIMIT_MS = "16000", 5.0
MEASURES = {"speed.tcp": "TCP, one stream", "speed.udp": "UDP, 64 bytes, packets/s, woken",
            "speed.collect": "UDP, 64 bytes, packets/s, collected",
            "hops.tcp": "TCP, one stream", "hops.rtt": "median round trip"}


def shown(measure, value):
    """With its unit."""
    if measure.endswith("tcp"):
        return f"{value / 1e9:.2f} Gb/s"
    if measure.endswith(("udp", "collect")):
        return f"{value / 1e3:.0f} k/s"
    return f"{value / 1e3:.2f} µs"


def verdict_ratio(found, target, aim):
    value = found["ratio"]
    if value < target:
        return f"**missed**: {100 * (target - value) / target:.1f} % short"
    if aim and value < aim:
        return f"reached; the aim of {aim:.2f} is not"
    return "reached" if not aim else f"reached, and the aim of {aim:.2f}"


def speed(samples, result):
    """Paths against the references."""
    rows = []
    for measure, ours, reference, target, aim in RATIOS:
        if not samples.has(measure, ours) or not samples.has(measure, reference):
            continue
        found = samples.ratio(measure, ours, reference)
        found.update(target=target, aim=aim, reached=found["ratio"] >= target)
        result[f"{measure} {ours}/{reference}"] = found
        rows.append([NAMES[ours], "plain veth" if reference == "plain" else "VXLAN", MEASURES[measure],
                     f"**{found['ratio']:.2f}**", f"{found['low']:.2f} to {found['high']:.2f}", f">= {target:.2f}",
                     verdict_ratio(found, target, aim)])
    return table(["path", "against", "of what", "ratio", "95 % interval", "target", "verdict"], rows) if rows else []


def medians(samples, result, measures, names):
    rows = []
    for name in names:
        if not any(samples.has(measure, name) for measure in measures):
            continue
        row = [NAMES[name]]
        for measure in measures:
            middle = samples.median(measure, name)
            low, high = samples.spread(measure, name)
            result[f"{measure} {name}"] = {"median": middle, "quartiles": [low, high]}
            row.append(f"{shown(measure, middle)} ({shown(measure, low).split()[0]} to {shown(measure, high)})")
        rows.append(row)
    return table(["path"] + [MEASURES[measure] for measure in measures], rows) if rows else []


def verdict_hops(worse, worst, limit):
    if worse > limit:
        return f"**missed**: {100 * worse:.1f} % worse"
    return "reached" if worst <= limit else "reached; the interval reaches beyond"


def hops(samples, result):
    """3 s and 200 ms against an address that stays."""
    rows = []
    for measure, ours, words, limit in HOPS:
        if not samples.has(measure, ours) or not samples.has(measure, "fixed"):
            continue
        found = samples.ratio(measure, ours, "fixed")
        slower = measure.endswith("rtt")
        worse = found["ratio"] - 1 if slower else 1 - found["ratio"]
        worst = found["high"] - 1 if slower else 1 - found["low"]
        found.update(limit=limit, reached=worse <= limit)
        result[f"{measure} {words}/fixed"] = found
        rows.append([words, MEASURES[measure], f"**{100 * (found['ratio'] - 1):+.2f} %**",
                     f"{100 * (found['low'] - 1):+.2f} to {100 * (found['high'] - 1):+.2f} %",
                     f"within {100 * limit:.0f} %", verdict_hops(worse, worst, limit)])
    return table(["rotation", "of what", "difference", "95 % interval", "target", "verdict"], rows) if rows else []


def overhead(samples, result):
    rows = []
    for name, words, most in BYTES:
        if not samples.has("bytes.over", name):
            continue
        value = int(samples.median("bytes.over", name))
        result[f"bytes.over {name}"] = {"bytes": value, "target": most, "reached": most is None or value <= most}
        target = "-" if most is None else f"<= {most}" if most else "0"
        verdict = "" if most is None else "reached" if value <= most else "**missed**"
        rows.append([words, f"**{value}**", target, verdict])
    return table(["carriage", "bytes over the original packet", "target", "verdict"], rows) if rows else []


def rotation(samples, result):
    """All addresses renewed at once, next to binding them."""
    if not samples.has("rotation.map", ROTATION_COUNT):
        return []
    rows = []
    for count in sorted(samples.names("rotation.map"), key=int):
        row = [f"{int(count):,}"]
        for measure in ("rotation.map", "rotation.kernel", "rotation.derive", "rotation.all", "rotation.ip"):
            if not samples.has(measure, count):
                row.append("-")
                continue
            middle = samples.median(measure, count)
            result[f"{measure} {count}"] = {"ms": middle}
            row.append(f"{middle:.2f} ms" if middle < 1000 else f"{middle / 1000:.1f} s")
        rows.append(row)
    ms = samples.median("rotation.map", ROTATION_COUNT)
    result["rotation.map " + ROTATION_COUNT].update(target=ROTATION_LIMIT_MS, reached=ms <= ROTATION_LIMIT_MS)
    word = "reached" if ms <= ROTATION_LIMIT_MS else "**missed**"
    lines = table(["addresses", "new ones in, old ones out", "the same in a hash map of the kernel's", "deriving as many",
                   "all, by one turn of the loader", "`ip -batch` adding them"], rows)
    lines += [f"Target for 16,000: <= {ROTATION_LIMIT_MS:.0f} ms; {word} ({ms:.2f} ms). "
              "Derivation happens ahead of time; associations have phases of their own, so that in use they never all "
              "hop at once."]
    if samples.has("rotation.kernel", ROTATION_COUNT):
        lines += ["The live table is written without a system call. A hash map of the kernel's, as large and as full, takes "
                  f"{samples.median('rotation.kernel', ROTATION_COUNT):.2f} ms for as many deletions and insertions in "
                  "batches of 512, without finding out which."]
    if samples.has("rotation.ip", ROTATION_COUNT):
        factor = samples.median("rotation.ip", ROTATION_COUNT) / ms
        lines += [f"Binding the same addresses takes {factor:,.0f} times as long."]
    return lines + ["", "![Time to renew all addresses at once](rotation.png)", ""]


def memory(samples, result):
    """What the kernel says the maps of one instance take."""
    capacities = sorted({int(name.split(".")[0]) for name in samples.names("memory.bytes")})
    rows = []
    for capacity in capacities:
        maps = {name.split(".")[1]: samples.median("memory.bytes", name)
                for name in samples.names("memory.bytes") if name.startswith(f"{capacity}.")}
        ring = samples.median("memory.ring", str(capacity))
        result[f"memory {capacity}"] = {"bytes": maps, "ring_slots": ring}
        each = ring // capacity
        rows.append([f"{capacity:,}", "measured" if capacity > 1 else "measured (4 MiB of rings are the least)",
                     f"{min(each, 48):.0f}", look_ahead(each), mib(maps["mf_slots"]), mib(maps["mf_live"]),
                     mib(sum(maps.values()))])
    if not rows:
        return []
    if 1000000 not in capacities:
        rows.append(memory_by_formula(1000000, 8))
    rows.append(memory_by_formula(1000000, 48))
    return table(["capacity", "", "slots each", "look-ahead at 3 s", "rings", "live table", "all maps"], rows)


BUCKET_BYTES, BUCKETS_LEAST = 64, 8  # bpf/live.h: two halves, half full at capacity
OTHER_BYTES = 128 + 456 + 64 + 136 + 2368  # mf_assoc, mf_seed, mf_state, mf_traffic on two CPUs, mf_seal


def memory_by_formula(capacity, slots):
    live = BUCKET_BYTES * max(2 * ((5 * capacity + 7) // 8), BUCKETS_LEAST)
    rings = 64 * slots * capacity
    return [f"{capacity:,}", "by formula", slots, look_ahead(slots), mib(rings), mib(live),
            mib(rings + live + capacity * OTHER_BYTES)]


def look_ahead(slots):
    """Three slots behind and the current one stand in a ring too; more than the default 2 minutes is not used."""
    return f"{min(40, slots - 4) * 3:.0f} s"


def mib(value):
    return f"{value / 2**20:,.1f} MiB" if value < 2**30 else f"{value / 2**30:,.2f} GiB"


def nanoseconds(path, result, key="nanoseconds"):
    """What tests/bench/nanoseconds printed, or tests/bench/cipher."""
    if not path or not os.path.exists(path) or not os.path.getsize(path):
        return []
    with open(path, encoding="utf-8") as file:
        found = json.load(file)
    result[key] = found
    rows = []
    for row in found["rows"] if isinstance(found, dict) else found:
        value, target = row["ns"], row.get("target")
        verdict = "stated" if not target else "reached" if value <= target else \
            f"**missed**: {100 * (value - target) / target:.0f} % over"
        rows.append([row["name"], f"**{value:.0f} ns**", f"<= {target:.0f} ns" if target else "-", verdict])
    return table(["path", "a packet", "target", "verdict"], rows)


# --- the page ------------------------------------------------------------------------

def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        text = file.read()
    model = re.search(r"model name\s*: (.*)", text)
    return {"processor": model[1] if model else platform.processor(), "cores": os.cpu_count(),
            "kernel": platform.release(), "mitigations": mitigations()}


def mitigations():
    """Those that make every indirect call or return dearer."""
    found = []
    for name in ("spectre_v2", "spec_rstack_overflow"):
        try:
            with open(f"/sys/devices/system/cpu/vulnerabilities/{name}", encoding="utf-8") as file:
                found.append(f"{name}: {file.read().strip().split(';')[0]}")
        except OSError:
            pass
    return "; ".join(found)


SECTIONS = [
    ("Speed", lambda s, r: speed(s, r) + medians(s, r, ["speed.tcp", "speed.udp", "speed.collect"],
                                                 ["plain", "encap", "zero", "rewrite", "vxlan"]),
     "Two namespaces, one veth cable, sender on one core and receiver on the other. All paths stand at once and are "
     "measured in turns, each round in another order; a ratio is the median of the rounds' ratios, its interval a "
     "bootstrap. Every NIC runs native XDP and has GRO on, in the references too: without XDP a veth hands frames of "
     "64 KiB over by reference, which no cable does. The receiver's interrupts run on the sender's core, as always "
     "with veth, so this is the cost of both ends on one core. A \"woken\" receiver of UDP sleeps until a datagram wakes it, "
     "as most programs do; in a virtual machine a wake-up is an interrupt sent to the other core, which costs more than "
     "the path does. One that \"collects\" takes every 0.5 ms what has come, and leaves the path alone to be measured."),
    ("Cost of hopping", lambda s, r: hops(s, r) + medians(s, r, ["hops.tcp", "hops.rtt"], ["fixed", "encap", "fast"]),
     "The same carriage (`encap`) with 3 s, with 200 ms, and with addresses that stay for an hour; paired rounds. "
     "Round trips are of single 64-byte datagrams between two ends that spin."),
    ("Sealed", sealing.sealing, sealing.WORDS),
    ("A flood of wrong tags", flooded.flooded, flooded.WORDS),
    ("WireGuard", tunnelled.tunnelled, tunnelled.WORDS),
    ("Bytes on the wire", overhead,
     "From a capture on the router between two hosts. MT6D, the published design, takes 16 (24 encrypted)."),
    ("Rotation", rotation,
     "Every association's address changes at the same moment, by the loader's own code (`loader/keep.c`), next to "
     "binding as many addresses to an interface, adding only. The papers' simulation took 37.3 s for 16,000."),
    ("Memory", memory,
     "Maps of one instance as the kernel accounts them, before any association is added but one. Per association: "
     "64 bytes x slots, where a ring has look-ahead / rotation + 8 slots but at least 8; 80 bytes of the live table; "
     "3,152 bytes of the rest (2,368 of them keys and replay window of `sealed`, for all); inner prefixes on top as they are added. All rings together are given "
     "512 MiB at most unless `ring_slots` of the control message says otherwise: with more associations the look-ahead "
     "shrinks, not their number."),
    ("DHT client", meeting.dht, meeting.DHT_WORDS),
    ("Rendezvous", meeting.rendezvous, meeting.RENDEZVOUS_WORDS),
    ("Sessions", crowded.sessions, crowded.WORDS),
    ("Page and metrics", paging.paging, paging.WORDS),
]


QUIET_LOAD = 1.0


def busy(samples):
    """A warning where the machine had something else to do; each part heats it up for the next, the first tells most."""
    found = {measure.split(".")[1]: samples.median(measure, "machine")
             for measure in sorted({kind for kind, _ in samples.values}) if measure.startswith("load.")}
    if not found or min(found.values()) <= QUIET_LOAD:
        return []
    return [f"**The machine was not quiet** (load {max(found.values()):.1f}): do not trust these figures.", ""]


def page(samples, args, result):
    about = result["machine"]
    lines = ["# Benchmarks", "",
             f"Measured {result['date']} on {about['processor']}, {about['cores']} cores, Linux {about['kernel']} "
             f"({about['mitigations']}), by", "", f"    {args.command}", "",
             "which writes this page; `build/bench.json` has the same figures for programs. Ratios say more than "
             "absolute figures: they are of one machine in one session.", ""]
    lines += busy(samples)
    for title, body, words in SECTIONS:
        found = body(samples, result["results"])
        if found:
            lines += [f"## {title}", "", words, ""] + found
        if title == "Cost of hopping":
            lines += section_nanoseconds(args, result["results"])
    return "\n".join(lines).rstrip() + "\n"


def section_nanoseconds(args, result):
    found = nanoseconds(args.nanoseconds, result)
    cipher = nanoseconds(args.cipher, result, "cipher")
    lines = []
    if found:
        lines += ["## One program", "", "By BPF_PROG_TEST_RUN, net of the empty program; \"cold\" draws an association at "
                  "random each time.", ""] + found
    if cipher:
        lines += ["## The cipher of sealed packets", "", "ChaCha20-Poly1305 in BPF by itself, one core, assembly and plain C "
                  "in turns; 3,500 ns for 1400 bytes are 3.2 Gb/s.", ""] + cipher
    return lines


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("samples")
    parser.add_argument("--nanoseconds")
    parser.add_argument("--cipher")
    parser.add_argument("--json", required=True)
    parser.add_argument("--page", required=True)
    parser.add_argument("--command", default="tests/bench/run")
    args = parser.parse_args()
    result = {"date": datetime.date.today().isoformat(), "command": args.command.strip(), "machine": machine(),
              "results": {}}
    text = with_sections(page(Samples(args.samples), args, result), kept_sections(args.page))
    with open(args.json, "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
    with open(args.page, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    main()
