#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""One table of all kernels: what their verifiers had to do for each program, and how the parts of the suite ended.

    table.py --json FILE DIRECTORY...      each has what tests/kernels/parts left there

1: a program takes more than SHARE of what a verifier is willing to look at.
"""
import argparse
import json
import os

LIMIT = 1000000  # instructions; BPF_COMPLEXITY_LIMIT_INSNS, the same from Linux 5.2 on
SHARE = 0.8
PARTS = {"packet": "packet tests", "smoke": "smoke", "wireguard": "WireGuard over rewrite", "pktgen": "pktgen, live frames",
         "sealed": "sealed beside WireGuard", "e2e": "end to end"}


def read(directory):
    """Results of a kernel as a dict; "kernel" at the least."""
    found = {"kernel": os.path.basename(os.path.dirname(directory))}
    try:
        with open(os.path.join(directory, "results"), encoding="utf-8") as lines:
            found.update(line.rstrip("\n").split("\t", 1) for line in lines)
    except OSError:
        pass
    return found


def programs(kernels):
    return list(dict.fromkeys(key.split(".")[1] for kernel in kernels for key in kernel if key.startswith("program.")))


def verified(kernel, program):
    key = f"program.{program}."
    if key + "insns" not in kernel:
        return "-"
    return f"{int(kernel[key + 'insns']):,} in {float(kernel[key + 'ms']):.0f} ms"


def most(kernel):
    counts = [int(value) for key, value in kernel.items() if key.endswith(".insns")]
    return max(counts) if counts else 0


def rows(kernels):
    yield ["instructions verified"] + [kernel["kernel"] for kernel in kernels]
    for program in programs(kernels):
        yield [program] + [verified(kernel, program) for kernel in kernels]
    yield ["most, of the limit"] + [f"{100 * most(kernel) / LIMIT:.1f} %" for kernel in kernels]
    yield ["load and verify all, ms"] + [kernel.get("load_ms", "-") for kernel in kernels]
    for part, words in PARTS.items():
        if any("part." + part in kernel for kernel in kernels):
            yield [words] + [part_ended(kernel, part) for kernel in kernels]
    for key in sorted({key for kernel in kernels for key in kernel if key.startswith("part.e2e_")}):
        yield [key.removeprefix("part.")] + [kernel.get(key, "-") for kernel in kernels]
    for key in sorted({key for kernel in kernels for key in kernel if key.startswith("sealed_to_")}):
        yield [key.replace("_", " ")] + [kernel.get(key, "-") for kernel in kernels]
    yield ["all of it, s"] + [kernel.get("seconds", "-") for kernel in kernels]


def part_ended(kernel, part):
    ended = kernel.get("part." + part, "not reached")
    seconds = kernel.get("seconds." + part)
    return f"{ended}, {seconds} s" if seconds and ended != "-" else ended


def pps(kernels):
    """Packets a second by pktgen and live frames, of those kernels that have any."""
    keys = list(dict.fromkeys(key for kernel in kernels for key in kernel if key.startswith("pps_")))
    if keys:
        yield ["packets a second"] + [""] * len(kernels)
    for key in keys:
        yield [key.removeprefix("pps_").replace("_", " ")] + [kernel.get(key, "-") for kernel in kernels]


def print_table(lines):
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", required=True)
    parser.add_argument("directory", nargs="+")
    options = parser.parse_args()
    kernels = [read(directory) for directory in options.directory]
    print_table(list(rows(kernels)))
    if any(key.startswith("pps_") for kernel in kernels for key in kernel):
        print()
        print_table(list(pps(kernels)))
    with open(options.json, "w", encoding="utf-8") as file:
        json.dump({"limit": LIMIT, "share": SHARE, "kernels": kernels}, file, indent=1)
    large = [(kernel["kernel"], program, kernel[f"program.{program}.insns"]) for kernel in kernels
             for program in programs(kernels) if int(kernel.get(f"program.{program}.insns", 0)) > SHARE * LIMIT]
    for name, program, count in large:
        print(f"FAIL  {name}: {program} takes {count} instructions of {LIMIT}: over {100 * SHARE:.0f} %")
    return 1 if large else 0


if __name__ == "__main__":
    raise SystemExit(main())
