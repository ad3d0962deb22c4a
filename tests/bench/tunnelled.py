# SPDX-License-Identifier: GPL-2.0-only
"""WireGuard as it is and with `rewrite` beneath it: what the page says of them."""
from tabular import table

# Measure, words, how it is shown.
MEASURES = [
    ("tcp", "TCP, one stream", lambda value: f"{value / 1e6:.0f} Mb/s"),
    ("udp", "UDP, 64 bytes, packets/s, woken", lambda value: f"{value / 1e3:.1f} k/s"),
    ("cpu", "CPU of wireguard-go at both ends, a GB, at 100 Mb/s of 1200 bytes", lambda value: f"{value:.1f} s"),
]

WORDS = (
    "wireguard-go with nothing beneath it and with `rewrite` (3 s, `Port = 51820`), each between two hosts of its own, "
    "wireguard-go of either end on the core of its host; paired rounds as under \"Speed\". A ratio above 1 is faster, of CPU "
    "dearer. Not a byte is added to a packet: the MTU of `wg0` is 1420 in both.")


def tunnelled(samples, result):
    rows = []
    for measure, words, shown in MEASURES:
        measure = f"wireguard.{measure}"
        if not samples.has(measure, "hidden") or not samples.has(measure, "wireguard"):
            continue
        found = samples.ratio(measure, "hidden", "wireguard")
        cells = []
        for path in ("wireguard", "hidden"):
            low, high = samples.spread(measure, path)
            found[path] = samples.median(measure, path)
            cells.append(f"{shown(found[path])} ({shown(low).split()[0]} to {shown(high)})")
        result[f"{measure} hidden/wireguard"] = found
        rows.append([words, *cells, f"**{found['ratio']:.2f}**", f"{found['low']:.2f} to {found['high']:.2f}"])
    return table(["of what", "WireGuard", "WireGuard over `rewrite`", "ratio", "95 % interval"], rows) if rows else []
