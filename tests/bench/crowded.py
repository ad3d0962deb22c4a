# SPDX-License-Identifier: GPL-2.0-only
"""Sessions of a server with many clients: what the page says of handshakes, traffic, attacks, and of keeping it all hopping."""
from tabular import table

LATENCY_LIMIT_MS, RATE_WANTED, KEPT_LIMIT = 5.0, 3000, 0.5
LIVE_EACH = 5  # MF_LIVE_PER_ASSOC
ATTACKS = [("attack-none", "none"), ("attack-junk", "junk to the introduction's address and port"),
           ("attack-replay", "one client's address and port, replayed with what looks like requests"),
           ("attack-requests", "well-formed requests under one client's key")]

WORDS = (
    "`build/bench/sessionload` is all the clients: each has a key pair and a /64 of its own and speaks docs/PROTOCOL.md for "
    "itself, on one core, which it shares with the loader; `mayflyctl serve` has the other. A handshake is two messages; after "
    "them the client sends (\"usable\"), and a confirmation each way says so. A responder's part needs three X25519 operations "
    "and a public key of its own; libsodium alone sets that limit. Latency is over a router and a switch (tests/lab), one "
    "handshake at a time; rates over one cable. First messages are made beforehand.")


def value(samples, measure, path):
    return samples.median(f"sessions.{measure}", path) if samples.has(f"sessions.{measure}", path) else None


def judged(kept):
    return "reached" if kept else "**missed**"


def latency(samples, result):
    p50, p99 = (value(samples, f"usable_{share}_ms", "latency") for share in ("p50", "p99"))
    if p50 is None:
        return []
    result["sessions latency"] = {"p50_ms": p50, "p99_ms": p99, "target": LATENCY_LIMIT_MS,
                                  "reached": p50 < LATENCY_LIMIT_MS}
    return [["from first message to usable session, p50", f"**{p50:.2f} ms**", f"< {LATENCY_LIMIT_MS:.0f} ms",
             judged(p50 < LATENCY_LIMIT_MS)],
            ["the same, p99", f"{p99:.2f} ms", "-", "stated"],
            ["messages of the client until then", f"{value(samples, 'requests', 'latency'):.2f}", "1", ""]]


def rates(samples, result):
    engine, limit = value(samples, "pure", "engine"), value(samples, "pure", "dh")
    rows = []
    if engine is not None:
        result["sessions engine"] = {"per_second": engine, "limit": limit, "fraction": engine / limit}
        rows += [["libsodium's key agreements alone, handshakes/s", f"{limit:,.0f}", "-", "stated"],
                 ["the engine alone, handshakes/s", f"**{engine:,.0f}**", f"{100 * engine / limit:.0f} % of that", "stated"]]
    wall, cpu = value(samples, "per_second", "rate"), value(samples, "handshakes_serve_s", "rate")
    if wall is not None:
        count, loader = value(samples, "handshakes", "rate"), value(samples, "handshakes_loader_s", "rate")
        core = count / max(cpu, 0.01)
        result["sessions rate"] = {"per_second": wall, "per_core": core, "target": RATE_WANTED, "reached": core >= RATE_WANTED,
                                   "fraction": core / limit if limit else None}
        rows += [["end to end, handshakes/s of a core of `serve`", f"**{core:,.0f}**", f">= {RATE_WANTED:,}",
                  judged(core >= RATE_WANTED)],
                 ["end to end, handshakes/s by the clock", f"{wall:,.0f}", "-", "stated"],
                 ["loader, a handshake", f"{1e6 * loader / count:.0f} µs", "-", "stated"]]
    return rows


def crowd(samples, result, path, carriage):
    asked = value(samples, "asked", path)
    if not asked:
        return []
    found = {name: value(samples, name, path) for name in (
        "handshakes", "failed", "asked", "unanswered", "wrong", "ended", "lost_sessions", "renewed", "sealed", "queues",
        "traffic_serve_s", "traffic_loader_s", "seconds_of_traffic", "serve_kb", "loader_kb")}
    lost = max(0, found["unanswered"] - found["queues"])
    found.update(lost_to_rotation=lost, reached=not lost and not found["failed"])
    result[f"sessions {path}"] = found
    seconds = found["seconds_of_traffic"]
    rows = [["sessions, by real handshakes", f"**{found['handshakes']:,.0f}** ({found['failed']:.0f} failed)"],
            ["rotations of 3 s under traffic", f"{seconds / 3:.0f}"],
            ["new keys meanwhile", f"{found['renewed'] or 0:,.0f}"],
            ["packets each way", f"{found['asked']:,.0f}"],
            ["unanswered", f"{found['unanswered']:.0f} (full queues of the machine: {found['queues']:.0f})"],
            ["lost to rotation", f"**{lost:.0f}**: {judged(found['reached'])}"],
            ["loader, of a core", f"{100 * found['traffic_loader_s'] / seconds:.1f} %"],
            ["`serve`, of a core", f"{100 * found['traffic_serve_s'] / seconds:.1f} %"],
            ["memory of `serve`", f"{found['serve_kb'] / 1024:.1f} MiB, {1024 * found['serve_kb'] / found['handshakes']:,.0f} "
                                  "bytes a session"],
            ["resident memory of the loader, maps included", f"{found['loader_kb'] / 1024:.1f} MiB"]]
    return table([f"{found['handshakes']:,.0f} clients, one echo a second each, by `{carriage}`", ""], rows)


def attacks(samples, result):
    rows = []
    for path, words in ATTACKS:
        stand = value(samples, "handshakes", path)
        if stand is None:
            continue
        found = {name: value(samples, name, path) for name in (
            "handshakes", "failed", "usable_p50_ms", "usable_p99_ms", "asked", "unanswered", "queues", "handshakes_serve_s",
            "traffic_serve_s", "wall_s")}
        found["attack_per_second"] = value(samples, "attack_per_second", path) or 0
        result[f"sessions {path}"] = found
        spent = found["handshakes_serve_s"] + found["traffic_serve_s"]
        rows.append([words, f"{found['attack_per_second'] / 1000:,.0f} k/s", f"{stand:.0f} of {stand + found['failed']:.0f}",
                     f"{found['usable_p50_ms']:.1f} ms", f"{found['usable_p99_ms']:.1f} ms",
                     f"{found['unanswered']:.0f} of {found['asked']:,.0f} ({found['queues']:.0f})",
                     f"{100 * spent / found['wall_s']:.0f} %"])
    return table(["attack", "packets", "others' handshakes", "p50", "p99", "others' packets lost (in full queues)",
                  "`serve`, of a core"], rows) if rows else []


def kept(samples, result):
    rows = []
    names = sorted(samples.names("sessions.kept_core"), key=lambda name: (name.split("-")[0], int(name.split("-")[1])))
    for name in names:
        kind, count = name.split("-")
        found = {key: value(samples, f"kept_{key}", name) for key in (
            "core", "per_second", "set_up_kb", "added_kb", "anonymous_kb")}
        found["entries"] = LIVE_EACH * (int(count) + (kind == "shared"))
        judged_here = kind == "own" and count == "100000"
        found["reached"] = found["core"] < KEPT_LIMIT if judged_here else None
        result[f"sessions kept {name}"] = found
        rows.append([f"{int(count):,}", "one each" if kind == "own" else "one for all",
                     f"**{100 * found['core']:.1f} %**" + (f" (< {100 * KEPT_LIMIT:.0f} %: {judged(found['reached'])})"
                                                          if judged_here else ""),
                     f"{found['entries']:,.0f}", f"{found['per_second']:,.0f}/s",
                     f"{1024 * found['set_up_kb'] / int(count):,.0f}", f"{1024 * found['added_kb'] / int(count):,.0f}"])
    return table(["associations, 3 s", "hopping key", "loader, of a core", "live entries", "added", "bytes each set aside",
                  "bytes each as they come (routes)"], rows) if rows else []


KEY_QUESTION = (
    "**One hopping key for all clients, or one for each?** (MTD'15, section 6.) An introduction is the first, a session the "
    "second, so both have been measured: the two rows above for 15,000 differ in nothing else; \"in, from a client of an "
    "introduction\" under \"One program\" has the way in. Map entries are the same, because a server that checks who "
    "sends needs an entry for every client's source in every slot in either case. The way in costs one lookup more with one key, "
    "as a live address does not say whose packet it is. To the loader one key is the cheaper: all its associations hop at the "
    "same instant, in one batch, where keys of their own have phases of their own; but that is a spike of load and of new "
    "addresses on the wire, which the phases are there to avoid. What a captured client gives away differs: with one key, every address and port of the server in the "
    "introduction, so that it can probe and flood there for everybody, though not pass for another client, whose own "
    "identifiers follow from a secret that it has not; with one each, nothing but its own session. So Mayfly uses one "
    "key only where nothing but handshakes is carried, and one for each client where traffic is.")


def sessions(samples, result):
    rows = latency(samples, result) + rates(samples, result)
    lines = table(["handshakes", "", "target", "verdict"], rows) if rows else []
    lines += crowd(samples, result, "crowd", "encap") + crowd(samples, result, "crowd-sealed", "sealed")
    lines += attacks(samples, result) + kept(samples, result)
    return lines + [KEY_QUESTION, ""] if lines else []
