# SPDX-License-Identifier: GPL-2.0-only
"""What the functions of all kinds of vectors share: they are in KINDS by name, and make what comes out of what goes in."""

from .derive import End, prefix_of
from .messages import Prefix

KINDS = {}


def kind(function):
    KINDS[function.__name__] = function
    return function


def raw(text):
    return bytes.fromhex(text)


def prefix_in(one):
    """A hopping prefix; all bits hop that it leaves unless "hop_bits" says otherwise."""
    base, length, hop_bits = prefix_of(one["prefix"])
    return Prefix(base, length, one.get("hop_bits", hop_bits))


def end_of(one):
    prefix = prefix_in(one)
    return End(prefix.base, prefix.hop_bits, raw(one["seed"]))
