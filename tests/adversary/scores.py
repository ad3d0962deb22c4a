# SPDX-License-Identifier: GPL-2.0-only
"""What each adversary of tests/adversary got, against what he should get."""
import dataclasses
import math
import typing

HEARD_SLOTS = 3  # previous, current, next
SURE = 3.3       # standard deviations: a right result is further off once in a thousand times
CARRIAGES = ("encap", "rewrite", "sealed")
TRIES = {
    "same": "again, in time", "elsewhere": "again, from another /64", "noise": "noise between the right ends and ports",
    "reflected": "back to its sender", "late": "again, after its slots", "changed": "held back, then one bit changed",
    "delayed": "held back, then let go",
}
FLOODED = ("plain", "prefix", "live", "sealed")
CLOCKS = {"slewed": "a step of 0.8 s", "passing": "a step of a minute for 5 s"}


@dataclasses.dataclass
class Score:
    who: str
    what: str
    found: str
    kept: typing.Optional[bool] = None  # is it as this project says? None: it says nothing, and this is what it is
    value: typing.Any = None

    def verdict(self):
        return {True: "as it should be", False: "NOT AS IT SHOULD BE", None: "stated"}[self.kept]

    def json(self):
        return dataclasses.asdict(self)


def scans(rows, suffix):
    """Rows of one tool each, by its name."""
    return {name[:-len(suffix)]: row for name, row in rows.items() if name.endswith(suffix)}


def expected_hits(spray):
    return spray["arrived"] * HEARD_SLOTS / 2 ** spray["hop_bits"]


def score_scanner(rows):
    live, spray, sweep = scans(rows, "_live"), rows["spray"], rows["sweep"]
    total = {field: sum(row[field] for row in live.values()) for field in ("probes", "answers", "live", "answer_bytes")}
    expected = expected_hits(spray)
    plain = sum(row["answers"] for row in scans(rows, "_plain").values())
    near = abs(spray["hits"] - expected) <= SURE * math.sqrt(expected)
    return [
        Score("scanner", f"answers to {total['probes']:,} probes ({total['live']:,} at a live address)",
              f"{total['answers']}, {total['answer_bytes']} bytes", total["answers"] == 0 and total["live"] > 0, total["answers"]),
        Score("scanner", "the same tools at an ordinary address", f"{plain} answers", plain > 0, plain),
        Score("scanner", f"live ones among {spray['arrived']:,} addresses at random in {spray['hop_bits']} bits",
              f"{spray['hits']}, theory {expected:.1f}", near, spray["hits"]),
        Score("scanner", "of these taken", str(spray["accepted"]), spray["accepted"] == 0, spray["accepted"]),
        Score("scanner", "hosts that a sweep of that prefix finds", str(sweep["found"]),
              sweep["found"] == 0 and rows["sweep_plain"]["found"] > 0, sweep["found"]),
    ]


def score_replayer(rows):
    found = []
    for carriage in CARRIAGES:
        for name, words in TRIES.items():
            row = rows[f"{carriage}.{name}"]
            never = name in ("late", "elsewhere") or (carriage == "sealed" and name != "delayed")
            found.append(Score("on the way", f"{carriage}: {words}", f"{row['taken']} of {row['sent']} taken",
                               row["taken"] == 0 and row["sent"] > 0 if never else None, row["taken"]))
    return found


def score_linker(rows):
    return [Score("observer", f"{row['words']}: links a hop, of {row['associations']} associations",
                  f"{100 * row['all']:.0f} % (by chance {100 * row['chance']:.0f} %; lengths alone {100 * row['lengths']:.0f} %)",
                  None, row["all"]) for row in rows.values()]


def score_guesser(rows):
    """Of right ones one in a hundred is above its control's 99 %; above all its controls is another matter."""
    return [Score("guesser", row["words"], f"{row['most']:.5f} bits at the most, control {row['control_most']:.5f}",
                  (row["controls_above"] == 0) == name.startswith("weak"), row["most"]) for name, row in rows.items()]


def score_clock(rows):
    found, held = [], rows["held"]
    for name, words in CLOCKS.items():
        lost = rows[name]["sent"] - rows[name]["received"]
        found.append(Score("clock", words, f"{lost} of {rows[name]['sent']} lost", lost == 0, lost))
    found.append(Score("clock", "a step of a minute that stands",
                       f"service ends after {held['lost_after']} s, is back {held['back_after']} s after the clock is",
                       held["lost_after"] >= 10, held["lost_after"]))
    for carriage in ("encap", "sealed"):
        row = rows["recalled." + carriage]
        never = row["taken"] == 0 and row["replays"] > 0
        found.append(Score("clock", f"{carriage}: recorded packets, when the clock has gone back",
                           f"{row['taken']} of {row['sent']} taken", never if carriage == "sealed" else None, row["taken"]))
    return found


def floods(rows):
    """Rows, each with the share of what was offered that arrived."""
    for name, row in rows.items():
        if name.split(".")[0] in FLOODED:
            yield row, row["goodput_mbps"] / rows["calm"]["offered"]


def score_flood(rows):
    routed, on_link = rows["routed"], rows["on_link"]
    return [Score("flood", f"{row['words']}: {row['packets_per_second']:,} packets/s", f"{100 * kept:.1f} % of 20 Mb/s kept",
                  None, kept) for row, kept in floods(rows)] + [
        Score("flood", "ndpexhaust26: entries of the router's neighbour table, routed / on-link",
              f"{routed['entries']} / {on_link['entries']}", routed["entries"] <= routed["before"] + 2, routed["entries"])]


def by_share(rows):
    """(where, number) -> manner -> row."""
    found = {}
    for name, row in rows.items():
        manner, where, count = name.split(".")
        found.setdefault((where, int(count)), {})[manner] = row
    return found


def share_words(where, count):
    return f"the nearest {count} of 8" if where == "nearest" else f"{count} % of all"


def score_liars(rows):
    wrong, lookups = (sum(row[field] for row in rows.values()) for field in ("wrong", "operations"))
    found = [Score("DHT liars", f"false items taken, in {lookups:,} lookups", str(wrong), wrong == 0, wrong)]
    for (where, count), of in by_share(rows).items():
        for field, words in (("found", "introductions found"), ("again", "found at the first or second look")):
            share = sum(row[field] for row in of.values()) / sum(row["operations"] for row in of.values())
            found.append(Score("DHT liars", f"{share_words(where, count)} lie: {words}", f"{100 * share:.1f} %", None, share))
    return found
