# SPDX-License-Identifier: GPL-2.0-only
"""How two ends meet: what the page says of the DHT client, of sealing, publishing, and of the memory of `meet`."""
from tabular import table

# Network, its name; most datagrams of a put and of a get; most ms of a get, p50 and p95. None: only stated.
NETWORKS = [
    ("libtorrent-6", "24 of libtorrent, IPv6", 20, 12, None, None),
    ("libtorrent-4", "24 of libtorrent, IPv4", 20, 12, None, None),
    ("dead-6", "and with dead ones, IPv6", None, None, 50, 1500),
    ("dead-4", "and with dead ones, IPv4", None, None, 50, 1500),
    ("cold-6", "and with dead ones, IPv6, nothing remembered", None, None, 50, 1500),
    ("cold-4", "and with dead ones, IPv4, nothing remembered", None, None, 50, 1500),
    ("mixed-6", "24 of libtorrent and 6 of Transmission, IPv6", 32, 20, None, None),
    ("mixed-4", "24 of libtorrent and 6 of Transmission, IPv4", 32, 20, None, None),
    ("simulated", "simulated, 1,000, a fifth dead", None, None, 2000, 5000),
    ("simulated-cold", "simulated, nothing remembered", None, None, 2000, 5000),
]

SEALED, SEAL_LIMIT_MS = "15000", 3000
PUBLISHED = [("pairwise", "pairwise"), ("two-stage", "in two stages")]
HOLDERS_WANTED, MEETINGS, MEET_LIMIT_KB = 8, 5, 4096

DHT_WORDS = (
    "`ctl/dht` among nodes of other people's programs in namespaces, and in a simulated network with round trips of 50 to "
    "200 ms (`build/bench/dhtsim`; simulated time). An operation succeeds when an item is stored, or read as it was put; "
    "all must. Dead nodes among libtorrent's are the addresses that another client's queries came from, which libtorrent "
    "hands out as nodes. \"Nothing remembered\": for every get a client that knows four nodes (simulated: a few) and no "
    "others. p50 and p95 are operations that did not take longer.")
RENDEZVOUS_WORDS = (
    "Sealing is all that a server computes for every client and period before it sends: key agreement, item key, the "
    "sealed value, signature, on one core. Publication is by `mayflyctl serve` to 24 nodes of libtorrent with the limits "
    "that they come with; a writer whom nodes ban stores on fewer than 8. First items of many clients are spread over a tenth "
    "of the period (of ten minutes: 60 s), and a node is sent at most four datagrams a second: 24 nodes take fewer than "
    "the DHT. Memory of `mayflyctl meet` is its pages of no "
    "file (heap, stacks, written data, libc's own included), as the kernel counts them at its end and at the most, the "
    "largest of five meetings.")


def judged(value, limit, unit=""):
    """The cell, and whether the limit is kept."""
    if limit is None:
        return f"{value:,.0f}{unit}", True
    return f"**{value:,.0f}{unit}** (<= {limit:,}{unit})", value <= limit


def operation(samples, result, name, kind, limits):
    """One row: a put or a get in one network. Limits: datagrams, p50, p95."""
    right = list(samples.values[f"dht.{kind}.right", name].values())
    found = {"right": int(sum(right)), "of": len(right), "sent_p50": samples.share(f"dht.{kind}.sent", name, 50),
             "sent_most": samples.share(f"dht.{kind}.sent", name, 100), "p50_ms": samples.share(f"dht.{kind}.ms", name, 50),
             "p95_ms": samples.share(f"dht.{kind}.ms", name, 95)}
    most, most_kept = judged(found["sent_most"], limits[0])
    middle, middle_kept = judged(found["p50_ms"], limits[1], " ms")
    late, late_kept = judged(found["p95_ms"], limits[2], " ms")
    misses = [word for word, kept in (("success", found["right"] == found["of"] > 0), ("datagrams", most_kept),
                                      ("p50", middle_kept), ("p95", late_kept)) if not kept]
    found.update(limits=limits, reached=not misses)
    result[f"dht.{kind} {name}"] = found
    verdict = f"**missed**: {', '.join(misses)}" if misses else "reached"
    return [kind, f"{found['right']} of {found['of']}", f"{found['sent_p50']:.0f}", most, middle, late, verdict]


def dht(samples, result):
    rows = []
    for name, words, put_sent, get_sent, p50_ms, p95_ms in NETWORKS:
        for kind, limits in (("put", (put_sent, None, None)), ("get", (get_sent, p50_ms, p95_ms))):
            if samples.has(f"dht.{kind}.ms", name):
                rows.append([words] + operation(samples, result, name, kind, limits))
    return table(["nodes", "what", "succeeded", "datagrams, p50", "at most", "time, p50", "p95", "verdict"], rows) if rows else []


def sealing(samples, result):
    if not samples.has("seal.all", SEALED):
        return []
    ms = {part: samples.median(f"seal.{part}", SEALED)
          for part in ("all", "pairs", "items", "boxes", "signatures", "kept", "long")}
    result["seal " + SEALED] = {"ms": ms, "target": SEAL_LIMIT_MS, "reached": ms["all"] <= SEAL_LIMIT_MS}
    word = "reached" if ms["all"] <= SEAL_LIMIT_MS else "**missed**"
    return [f"Sealing for {int(SEALED):,} clients takes **{ms['all'] / 1000:.2f} s** (target: <= {SEAL_LIMIT_MS / 1000:.0f} s; "
            f"{word}): key agreement {ms['pairs'] / 1000:.2f} s, item keys {ms['items'] / 1000:.2f} s, values "
            f"{ms['boxes'] / 1000:.2f} s, signatures {ms['signatures'] / 1000:.2f} s. Later periods keep the agreed keys: "
            f"{ms['kept'] / 1000:.2f} s; in two stages the items that stand for many periods are sealed in "
            f"{ms['long'] / 1000:.2f} s.", ""]


def publication(samples, result):
    rows = []
    for name, words in PUBLISHED:
        if not samples.has("publish.items", name):
            continue
        found = {key: samples.median(f"publish.{key}", name)
                 for key in ("clients", "items", "seconds", "items_per_second", "failing", "holders", "met")}
        misses = [word for word, kept in (("not all published", found["items"] == found["clients"] and not found["failing"]),
                                          ("banned", found["holders"] >= HOLDERS_WANTED),
                                          ("not always met", found["met"] == MEETINGS)) if not kept]
        result[f"publish {name}"] = dict(found, reached=not misses)
        rows.append([words, f"{found['items']:,.0f} of {found['clients']:,.0f}", f"{found['seconds']:.1f} s",
                     f"**{found['items_per_second']:.1f}**", f"{found['holders']:.0f} (>= {HOLDERS_WANTED})",
                     f"{found['met']:.0f} of {MEETINGS}", f"**missed**: {', '.join(misses)}" if misses else "reached"])
    return table(["publication", "clients", "time", "clients/s", "nodes that hold the last", "met afterwards", "verdict"],
                 rows) if rows else []


def meeting_memory(samples, result):
    rows = []
    for name, words in PUBLISHED:
        if not samples.has("publish.peak_kb", name):
            continue
        ends, peak = (samples.median(f"publish.{key}", name) for key in ("anonymous_kb", "peak_kb"))
        kept = 0 < peak < MEET_LIMIT_KB
        result[f"meet.memory {name}"] = {"anonymous_kb": ends, "peak_kb": peak, "target": MEET_LIMIT_KB, "reached": kept}
        rows.append([f"`meet`, published {words}", f"{ends / 1024:.2f} MiB", f"**{peak / 1024:.2f} MiB**",
                     f"< {MEET_LIMIT_KB // 1024} MiB", "reached" if kept else "**missed**"])
    return table(["memory", "at its end", "at the most", "target", "verdict"], rows) if rows else []


def rendezvous(samples, result):
    return sealing(samples, result) + publication(samples, result) + meeting_memory(samples, result)
