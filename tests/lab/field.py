#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Prints one field of the JSON on standard input: `field.py end.sum_sent.retransmits`; numbers index lists."""
import json
import sys

value = json.load(sys.stdin)
for step in sys.argv[1].split("."):
    value = value[int(step)] if isinstance(value, list) else value[step]
print(value if not isinstance(value, (list, dict)) else json.dumps(value))
