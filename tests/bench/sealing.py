# SPDX-License-Identifier: GPL-2.0-only
"""`sealed` beside what it is without the cipher, and beside other tunnels: what the page says of it."""
from tabular import table

NAMES = {"encap": "`encap`", "sealed": "`sealed`", "wireguard": "wireguard-go", "openvpn": "OpenVPN"}

# Measure, words, how it is shown, how many times that of the other tunnels is wanted and aimed at.
MEASURES = [
    ("tcp", "TCP, one stream", lambda value: f"{value / 1e9:.2f} Gb/s", 2, 2.5),
    ("large", "UDP, 1300 bytes, packets/s, collected", lambda value: f"{value / 1e3:.0f} k/s", 2.5, 3),
    ("udp", "UDP, 64 bytes, packets/s, woken", lambda value: f"{value / 1e3:.0f} k/s", 4, 5),
    ("collect", "UDP, 64 bytes, packets/s, collected", lambda value: f"{value / 1e3:.0f} k/s", 4, 5),
    ("work", "CPU of both hosts a GB, at 100 Mb/s of 1200 bytes", lambda value: f"{value:.1f} s", None, None),
]

ADDED_NS = 15000

WORDS = (
    "Each between two hosts of its own, sender's host on one core and receiver's on the other; wireguard-go (Debian's) and OpenVPN "
    "(2.6, TLS, ChaCha20-Poly1305) run on the core of their host. Paired rounds as under \"Speed\". Keys of `sealed` "
    "are put there as a handshake gives them; 3 s. A ratio is that of `sealed` to the path in the head of the column; of CPU, less than 1 is cheaper.")


def verdict(ratio, wanted):
    return "reached" if ratio >= wanted else f"**missed**: {100 * (wanted - ratio) / wanted:.0f} % under"


def sealing(samples, result):
    if not samples.has("sealed.tcp", "sealed"):
        return []
    return medians(samples, result) + ratios(samples, result) + added(samples, result)


def medians(samples, result):
    rows = []
    for measure, words, shown, _, _ in MEASURES:
        cells = []
        for name in NAMES:
            middle = samples.median(f"sealed.{measure}", name)
            low, high = samples.spread(f"sealed.{measure}", name)
            result[f"sealed.{measure} {name}"] = {"median": middle, "quartiles": [low, high]}
            cells.append(f"{shown(middle)} ({shown(low).split()[0]} to {shown(high).split()[0]})")
        rows.append([words, *cells])
    return table(["of what", *NAMES.values()], rows)


def ratios(samples, result):
    rows = []
    for measure, words, _, wanted, aimed in MEASURES:
        for other in ("wireguard", "openvpn", "encap"):
            found = samples.ratio(f"sealed.{measure}", "sealed", other)
            result[f"sealed.{measure} sealed/{other}"] = found
            judged = wanted and other != "encap"
            rows.append([words, NAMES[other], f"**{found['ratio']:.2f}**", f"{found['low']:.2f} to {found['high']:.2f}",
                         f">= {wanted} (aim {aimed})" if judged else "-", verdict(found["ratio"], wanted) if judged else "stated"])
    return table(["of what", "`sealed` to", "ratio", "95 % interval", "target", "verdict"], rows)


def added_verdict(ours, theirs):
    """Where the path without sealing takes ten times what may be added, the machine is what was measured."""
    if theirs > 10 * ADDED_NS:
        return "not told: the machine itself takes longer"
    return "reached" if ours - theirs <= ADDED_NS else "**missed**"


def added(samples, result):
    rows = []
    for measure, words in (("slow", "median"), ("slowest", "99 %")):
        ours, theirs = samples.median(f"sealed.{measure}", "sealed"), samples.median(f"sealed.{measure}", "encap")
        result[f"sealed.{measure} added ns"] = ours - theirs
        rows.append([words, f"{theirs / 1e3:.1f} us", f"{ours / 1e3:.1f} us", f"**{(ours - theirs) / 1e3:.1f} us**", "<= 15 us",
                     added_verdict(ours, theirs)])
    return table(["round trip of 64 bytes at 100 a second", "`encap`", "`sealed`", "added by sealing", "target", "verdict"], rows)
