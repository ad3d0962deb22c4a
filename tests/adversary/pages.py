# SPDX-License-Identifier: GPL-2.0-only
"""The section "Adversaries" of docs/benchmarks.md: what each got, in tables, and how it was tried."""
import math
import statistics

from scores import CARRIAGES, HEARD_SLOTS, TRIES, by_share, expected_hits, floods, scans, score_clock, share_words
from tabular import table

PORTS = 64512
SCANNER_PPS = 1_000_000
YEAR_S = 365.25 * 86400
WAYS = ("chance", "timing", "phase", "lengths", "all")


def page_scanner(rows):
    plain, spray, expected = scans(rows, "_plain"), rows["spray"], expected_hits(rows["spray"])
    low, high = (max(0, expected + sign * 1.96 * math.sqrt(expected)) for sign in (-1, 1))
    years = 2 ** 64 / HEARD_SLOTS / SCANNER_PPS / YEAR_S
    lines = ["### Scanner", "",
             "On the server's own link. Among the targets of every tool is an address that is live then; probes that reached it "
             "are counted by their verdicts. An ordinary address behind the same router is the control.", ""]
    lines += table(["tool", "probes", "at the live address", "answered", "bytes back", "an ordinary address answers"],
                   [[row["words"].split(",")[0], f"{row['probes']:,}", f"{row['live']:,}", f"**{row['answers']}**",
                     row["answer_bytes"], f"{plain[name]['answers']} of {plain[name]['probes']:,}"]
                    for name, row in scans(rows, "_live").items()])
    return lines + [
        f"Where {spray['hop_bits']} bits hop, {spray['arrived']:,} addresses at random hit live ones **{spray['hits']}** times; "
        f"theory (three slots heard, of 2^{spray['hop_bits']} addresses) says {expected:.1f}, and {low:.0f} to {high:.0f} in 95 % of "
        f"all cases. Of these packets {spray['accepted']} were taken: they come from no peer. With 64 bits, at {SCANNER_PPS:,} packets a "
        f"second, theory's first hit takes {years:,.0f} years; the other end's 64 bits and two ports of {PORTS:,} are to be guessed "
        f"then. scan6 found {rows['sweep']['found']} hosts in that small prefix, and {rows['sweep_plain']['found']} where there are a router "
        "and a host.", ""]


def page_replayer(rows):
    def cell(row):
        return f"{row['taken']} of {row['sent']} taken ({row['ended']})"

    lines = ["### On the way", "",
             "The router records the client's datagrams, and tcpreplay sends them again, as they are or changed. Taken: opened and "
             "handed up. What is only late stays good as long as its slot is heard, in every carriage. Noise under `rewrite` is what "
             "any UDP is to it.", ""]
    return lines + table(["what is sent"] + [f"`{carriage}`" for carriage in CARRIAGES],
                         [[words] + [cell(rows[f"{carriage}.{name}"]) for carriage in CARRIAGES] for name, words in TRIES.items()])


def interval(row, way):
    if way + "_interval" not in row:
        return ""
    low, high = (float(part) for part in row[way + "_interval"].split())
    return f" ({100 * max(low, 0):.0f} to {100 * high:.0f})"


def page_linker(rows):
    lines = ["### Observer", "",
             "Somebody at one router sees many associations between the same two /64s, each with a pace and sizes of its own, and says "
             "for each pair of addresses that ends which of the new ones takes its place. `timing`: by the moment; `phase`: by where in "
             "a rotation the pair began, which follows from the key; `lengths`: by the lengths of packets. He decides one at a time; "
             "who weighs all of them, and their history, does better. Hopping hides from who is not there. From him it hides "
             "little, and `Padding = full` takes the lengths from him alone.", ""]
    return lines + table(["what he sees", "associations", "decisions"] + [f"right by {way}" for way in WAYS], [
        [row["words"], row["associations"], row["decisions"]] + [f"{100 * row[way]:.0f} %{interval(row, way)}" for way in WAYS]
        for row in rows.values()])


def page_guesser(rows):
    def verdict(row):
        if row["most"] <= row["control_most"]:
            return "tells nothing"
        return f"above {row['shuffles'] - row['controls_above']} of {row['shuffles']} controls"

    lines = ["### Guesser", "",
             "Mutual information between hexadecimal digits of identifiers, ports and flow labels, in bits a pair of digits, bias taken "
             "off; the greatest of all pairs. The control is the same lines shuffled, 199 times: what 99 % of them do not exceed. A flaw "
             "put in by hand shows what the measure finds.", ""]
    return lines + table(["what", "samples", "pairs of digits", "most", "control, 99 %", "mean", "control, 99 %", "verdict"], [
        [row["words"], f"{row['samples']:,}", f"{row['pairs']:,}", f"**{row['most']:.5f}**", f"{row['control_most']:.5f}",
         f"{row['mean']:.6f}", f"{row['control_mean']:.6f}", verdict(row)] for row in rows.values()])


def page_clock(rows):
    lines = ["### Clock", "", "Somebody has the server's clock in his hand; pings every 20 ms tell what is lost.", ""]
    return lines + table(["what he does", "what he gets"], [[score.what, score.found] for score in score_clock(rows)])


def page_flood(rows):
    calm, routed, on_link = rows["calm"], rows["routed"], rows["on_link"]
    lines = ["### Flood", "",
             f"trafgen on the server's link, on a core of its own; the client sends {calm['offered']} Mb/s over UDP meanwhile. On a veth who "
             "sends a packet also pays for the first that the receiver does with it, so this says that nothing of the flood comes further, "
             "not how much a NIC's queue bears: for that see \"stranger refused\" under \"One program\".", ""]
    body = [[f"nothing ({words})", "0", f"{100 * calm[name] / calm['offered']:.1f} %"]
            for name, words in (("plain", "an ordinary host"), ("mayfly", "`encap`"), ("sealed", "`sealed`"))]
    body += [[row["words"], f"{row['packets_per_second']:,}", f"**{100 * kept:.1f} %**"] for row, kept in floods(rows)]
    lines += table(["what is flooded", "packets a second", "goodput kept"], body)
    return lines + [f"atk6-ndpexhaust26 at the /64: the router's neighbour table had {routed['entries']} entries at the most where the "
                    f"prefix is routed, and {on_link['entries']:,} where it is on the link.", ""]


def page_liars(rows):
    lines = ["### DHT liars", "",
             "In the simulated network of tests/unit/test_dht_liars.c: 300 nodes, a client that knows four of them, 15 ways to lie. An older "
             "item is one that the same writer has signed for the same period. Who gets no answer by what he found asks all that may hold "
             "something newer when he looks again, and takes no more what was in vain: \"again\" is found at the first or second look.", ""]
    body = []
    for (where, count), of in by_share(rows).items():
        share = {manner: row["found"] / row["operations"] for manner, row in of.items()}
        again = {manner: row["again"] / row["operations"] for manner, row in of.items()}
        worst, worst_again = min(share, key=share.get), min(again, key=again.get)
        older, lookups, wrong = (sum(row[field] for row in of.values()) for field in ("older", "operations", "wrong"))
        body.append([share_words(where, count), f"**{100 * statistics.mean(share.values()):.1f} %**",
                     f"{100 * share[worst]:.0f} % ({worst.replace('_', ' ')})", f"**{100 * statistics.mean(again.values()):.1f} %**",
                     f"{100 * again[worst_again]:.0f} % ({worst_again.replace('_', ' ')})", f"{older} of {lookups}", wrong])
    return lines + table(["who lies", "found, all ways", "the worst way", "again, all ways", "the worst way", "older items at first",
                          "false items taken"], body)
