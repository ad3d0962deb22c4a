# SPDX-License-Identifier: GPL-2.0-only
"""How a reader finds the publisher by its public key, and what the publisher leaves for it (sections 7, 7.2 and 7.5)."""

import os
from dataclasses import dataclass

from . import offer, twostage
from .derive import Refused, agree, public_of

WINDOW_PERIODS = 6


@dataclass
class Found:
    offer: offer.Offer
    period_s: int
    start: int  # T
    common: bool
    holders: int


class Finder:
    """get(public key): values of that mutable item, the newest first, and how many nodes gave one."""

    def __init__(self, private, publisher, get, log=lambda text: None):
        self.public, self.publisher = public_of(private), publisher
        self.secret = agree(private, publisher)
        self.box_key = offer.box_key(private, publisher)
        self.get, self.log = get, log

    def find(self, period_s, now_s):
        """Up the ladder; None: nothing is there."""
        for step in dict.fromkeys(offer.ladder(period_s)):
            start = offer.period_start(now_s, step)
            for one in (start, start - step, start + step):
                found = self._own(step, one) or self._common(step, one)
                if found:
                    return found
            self.log(f"nothing on the step of {step} s")
        return None

    def _values(self, context):
        return self.get(offer.item_public(offer.item_seed(self.secret, context)))

    def _own(self, period_s, start):
        context = offer.Context(self.publisher, self.public, period_s, start)
        values, holders = self._values(context)
        for value in values:
            try:
                plain = offer.unbox(value, self.box_key)
                return Found(offer.parse_offer(plain, context), period_s, start, False, holders)
            except Refused as why:
                self.log(f"own item: {why}")
        return None

    def _common(self, period_s, start):
        length, begin = twostage.window(start, period_s, WINDOW_PERIODS)
        context = offer.Context(self.publisher, self.public, length, begin)
        for value in self._values(context)[0]:
            try:
                access = twostage.Access.parse(offer.unbox(value, self.box_key), context)
                if access.period_s != period_s:
                    raise Refused("period of the long item")
            except Refused as why:
                self.log(f"long item: {why}")
                continue
            common, holders = self.get(access.item_public(start))
            for one in common:
                try:
                    return Found(access.open_common(one, self.publisher, start), period_s, start, True, holders)
                except Refused as why:
                    self.log(f"common item: {why}")
        return None


class Publisher:
    """Leaves an introduction a period for one reader. put(seed, value): how many nodes hold it."""

    def __init__(self, private, reader, prefix, put):
        self.public, self.reader, self.prefix, self.put = public_of(private), reader, prefix, put
        self.secret = agree(private, reader)
        self.box_key = offer.box_key(private, reader)

    def publish(self, period_s, start, rotation_ms):
        """The offer of this period, and how many nodes hold it."""
        prefix = self.prefix
        fresh = offer.Offer(os.urandom(16), prefix.base, prefix.length, prefix.hop_bits, os.urandom(8), rotation_ms)
        context = offer.Context(self.public, self.reader, period_s, start)
        plain = offer.native_plain(offer.OFFER, context, fresh.body())
        value = offer.box(plain, os.urandom(offer.NONCE), self.box_key)
        return fresh, self.put(offer.item_seed(self.secret, context), value)
