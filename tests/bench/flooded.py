# SPDX-License-Identifier: GPL-2.0-only
"""What a flood of wrong tags leaves of honest traffic: tests/bench/flood.sh."""
from tabular import table

SIZES = [64, 1300]

WORDS = (
    "Somebody on the way, with the addresses and ports of the slot and counters that the peer may be at (`tests/pktgen`, case "
    "`wrong-tag`), against a sealed association between two hosts behind a router: every one of his packets costs the receiver "
    "a whole tag. Nothing that a stranger can send costs more. The client has core 0, with what the server's kernel does with its "
    "packets (the far end of a veth works where the sender does); the flood, what it costs, and the server's process have core 1. "
    "What a queue of the cable loses of the flood no program sees: \"found wrong\" is what the server had to bear. TCP is one "
    "stream, UDP 50 Mb/s of 1200 bytes; \"kept\" is of what there is without a flood, round by round. `tests/bench/flood.sh` "
    "by itself takes other rates and sizes.")


def rates(samples, size):
    prefix = f"{size}-"
    return sorted({int(name.removeprefix(prefix)) for name in samples.names("flood.tcp") if name.startswith(prefix)})


def flooded(samples, result):
    rows = []
    for size in SIZES:
        for rate in rates(samples, size):
            name = f"{size}-{rate}"
            sent, wrong, tcp, udp = (samples.median(f"flood.{measure}", name) for measure in ("sent", "wrong", "tcp", "udp"))
            kept = samples.ratio("flood.tcp", name, f"{size}-0")
            result[f"flood {name}"] = {"sent": sent, "wrong": wrong, "tcp": tcp, "udp": udp, "kept": kept}
            rows.append([f"{size}" if rate else f"{size}, none", f"{sent / 1e3:.0f} k/s", f"{wrong / 1e3:.0f} k/s",
                         f"{tcp / 1e9:.2f} Gb/s", f"**{100 * kept['ratio']:.0f} %**", f"{udp:.1f} %"])
    head = ["bytes", "flood", "tags found wrong", "TCP", "kept", "UDP received"]
    return table(head, rows) if rows else []
