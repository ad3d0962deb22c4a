# SPDX-License-Identifier: GPL-2.0-only
"""A value as announced ports (section 7.3)."""

import itertools

FOREIGN = 2  # indices that may be left out
TRIES = 4096
ANNOUNCES = 1024


def ports_of(value, numbers):
    """numbers: distinct, ascending, 1 to 255 (0 too, of 256), one for each byte."""
    return [number << 8 | byte for number, byte in zip(numbers, value, strict=True)]


def candidates(ports, size):
    """Every value of `size` bytes that the ports of one address may mean, as far as tries go."""
    bytes_at = {}
    for port in sorted(set(ports)):
        bytes_at.setdefault(port >> 8, []).append(port & 0xFF)
    foreign = len(bytes_at) - size
    if len(set(ports)) > ANNOUNCES or not 0 <= foreign <= FOREIGN:
        return
    chosen = itertools.combinations(sorted(bytes_at), size)
    values = (bytes(value) for indices in chosen for value in itertools.product(*(bytes_at[i] for i in indices)))
    yield from itertools.islice(values, TRIES)
