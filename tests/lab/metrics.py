#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Whether a file is Prometheus' text format (version 0.0.4), and keeps to the naming that promtool would ask for:
metrics.py FILE. What is wrong goes to stderr, a line each.
"""
import re
import sys

SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)')
UNITS = ("milliseconds", "minutes", "hours", "kilobytes", "bits", "percent", "ms")
LABELS = {"version", "command", "interface", "program", "hook", "verdict", "direction", "state", "role", "carriage", "level",
          "kind", "period", "family", "path"}
SERIES_MOST = 300

wrong, helps, types, seen, last = [], {}, {}, set(), None
for number, line in enumerate(open(sys.argv[1], encoding="utf-8").read().split("\n")[:-1], 1):
    def complain(what):
        wrong.append(f"{number}: {what}: {line}")

    if line.startswith("# HELP ") or line.startswith("# TYPE "):
        _, kind, name, rest = line.split(" ", 3)
        into = helps if kind == "HELP" else types
        if name in into:
            complain(f"second {kind}")
        into[name] = rest
        if kind == "TYPE" and rest not in ("counter", "gauge"):
            complain("type")
        last = name
        continue
    sample = SAMPLE.match(line)
    if not sample:
        complain("no sample")
        continue
    name, _, labels, value = sample.groups()
    if name != last or name not in helps or name not in types:
        complain("not behind its HELP and TYPE")
    if not name.startswith("mayfly_"):
        complain("foreign name")
    if (types.get(name) == "counter") != name.endswith("_total"):
        complain("_total belongs to counters")
    if any(unit in name.split("_") for unit in UNITS):
        complain("no base unit")
    if name + (labels or "") in seen:
        complain("said twice")
    seen.add(name + (labels or ""))
    rest = labels or ""
    while rest:
        label = LABEL.match(rest)
        if not label:
            complain("labels")
            break
        if label.group(1) not in LABELS:
            complain(f"label {label.group(1)}: it may have any number of values")
        rest = rest[label.end():]
    try:
        float(value)
    except ValueError:
        complain("value")
for name in types:
    if not any(one.startswith(name) for one in seen):
        wrong.append(f"{name} has no sample")
if len(seen) > SERIES_MOST:
    wrong.append(f"{len(seen)} series, which are more than {SERIES_MOST}")
print("\n".join(wrong), file=sys.stderr)
sys.exit(1 if wrong or not seen else 0)
