# SPDX-License-Identifier: GPL-2.0-only
"""The vectors that a page prints: lines of a name and a value, long values over several lines."""

import re

FIRST = re.compile(r"^ {4}(\S.*?) +([0-9a-f]{8,}|[0-9a-f]*:[0-9a-f:]+)(?: |$)")
MORE = re.compile(r"^ {34}([0-9a-f]+)$")


def values_of(text):
    """Pairs of name and value."""
    found = []
    for line in text.splitlines():
        first, more = FIRST.match(line), MORE.match(line)
        if first:
            found.append(list(first.groups()))
        elif more and found:
            found[-1][1] += more.group(1)
    return found


def missing(page, vectors):
    """Names of what the page has, and no vector has. vectors: the text of their file."""
    return [name for name, value in values_of(page) if value not in vectors]
