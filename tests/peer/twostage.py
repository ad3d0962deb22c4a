# SPDX-License-Identifier: GPL-2.0-only
"""One item a period for all readers, and one a long window that gives each of them access to it (section 7.5)."""

import hashlib
import struct
from dataclasses import dataclass

from nacl.bindings import (
    crypto_core_ed25519_add,
    crypto_core_ed25519_is_valid_point,
    crypto_core_ed25519_scalar_add,
    crypto_core_ed25519_scalar_mul,
    crypto_core_ed25519_scalar_reduce,
    crypto_scalarmult_ed25519_base_noclamp,
    crypto_sign_open,
)
from nacl.exceptions import CryptoError

from . import offer
from .derive import Refused, hkdf, le

SIGNATURE = 64
ACCESS_BODY = 68


def window(now_s, period_s, periods):
    """Length and start of the long window."""
    length = periods * period_s
    return length, now_s - now_s % length


def scalar_of(*parts):
    return crypto_core_ed25519_scalar_reduce(hashlib.sha512(b"".join(parts)).digest())


@dataclass(frozen=True)
class Publisher:
    """What a publisher makes of its private key and the epoch, for one long window."""

    a: bytes
    point: bytes
    z: bytes
    access_key: bytes

    @classmethod
    def of(cls, private, period_s, length, start, epoch):
        info = b"mayfly two-stage v1" + le(period_s, 4) + le(length, 4) + le(start, 4) + epoch
        m = hkdf(private, info, 128)
        a = crypto_core_ed25519_scalar_reduce(m[:64])
        return cls(a, crypto_scalarmult_ed25519_base_noclamp(a), m[64:96], m[96:])

    def access(self, period_s):
        return Access(self.point, self.access_key, period_s)

    def sign(self, start, message):
        """Under P_T; start: T."""
        access = self.access(0)
        public = access.item_public(start)
        private = crypto_core_ed25519_scalar_add(self.a, access.blinding(start))
        r = scalar_of(self.z, public, message)
        big_r = crypto_scalarmult_ed25519_base_noclamp(r)
        challenge = scalar_of(big_r, public, message)
        return big_r + crypto_core_ed25519_scalar_add(r, crypto_core_ed25519_scalar_mul(challenge, private))

    def common_plain(self, context, body):
        """context.reader is P_T."""
        plain = offer.native_plain(offer.COMMON, context, body)
        signature = self.sign(context.start, b"mayfly short v1" + plain[: offer.SIGNED])
        return plain[: offer.SIGNED] + signature + plain[offer.SIGNED + SIGNATURE :]


@dataclass(frozen=True)
class Access:
    """What the long item gives a reader."""

    point: bytes
    access_key: bytes
    period_s: int

    def body(self):
        return self.point + self.access_key + le(self.period_s, 4)

    @classmethod
    def parse(cls, plain, context):
        """context: of the long window."""
        body = offer.parse_native(plain, offer.ACCESS, context, ACCESS_BODY)
        found = cls(*struct.unpack("<32s32sI", body))
        # Of the prime-order group, canonical, and of no small order, so not the neutral element either.
        if not crypto_core_ed25519_is_valid_point(found.point):
            raise Refused("point")
        return found

    def blinding(self, start):
        return scalar_of(b"mayfly item v1", self.point, self.access_key, le(start, 4))

    def item_public(self, start):
        """P_T"""
        blind = crypto_scalarmult_ed25519_base_noclamp(self.blinding(start))
        return crypto_core_ed25519_add(self.point, blind)

    def open_common(self, value, publisher, start):
        """The offer of the common item of T."""
        public = self.item_public(start)
        plain = offer.unsecretbox(value, self.access_key)
        context = offer.Context(publisher, public, self.period_s, start)
        body = offer.parse_native(plain, offer.COMMON, context, offer.SIGNED - offer.BODY + SIGNATURE)
        size = offer.SIGNED - offer.BODY
        verify(public, body[size:], b"mayfly short v1" + plain[: offer.SIGNED])
        return offer.Offer.parse_body(body[:size])


def verify(public, signature, message):
    try:
        crypto_sign_open(signature + message, public)
    except CryptoError as error:
        raise Refused("signature") from error
