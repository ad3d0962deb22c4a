# SPDX-License-Identifier: GPL-2.0-only
"""What a publisher leaves for a reader, and how it is boxed (sections 7, 7.1 and 7.2)."""

import hashlib
import struct
from dataclasses import dataclass

from nacl.bindings import (
    crypto_box_afternm,
    crypto_box_beforenm,
    crypto_box_open_afternm,
    crypto_secretbox,
    crypto_secretbox_open,
    crypto_sign_seed_keypair,
)
from nacl.exceptions import CryptoError

from .derive import ROTATION_MS, Refused, hkdf, le, sha256

OFFER, ACCESS, COMMON = 1, 2, 3
COMPACT, FULL, NATIVE = 65, 76, 240  # bytes of a value
NONCE = 24
PLAIN = 200
BODY = 74
SIGNED = 120


def period_start(now_s, period_s):
    return now_s - now_s % period_s


def ladder(period_s):
    """Lengths of the three steps of the ladder."""
    least = min(period_s, 60)
    return [period_s, max(period_s // 2, least), max(period_s // 4, least)]


def client_seed(secret, key):
    """C_IID, the reader's seed in the introduction association."""
    return sha256(secret, key)[:8]


def descriptor(secret, start):
    return sha256(secret, le(start, 4))[:20]


def check_prefix(base, length, hop_bits):
    """The bounds of an offer, and of session messages."""
    number = int.from_bytes(base, "big")
    if not 48 <= length <= 112 or not 16 <= hop_bits <= 64 or length + hop_bits > 128:
        raise Refused("prefix length or hop bits")
    if number & ((1 << hop_bits) - 1):
        raise Refused("base is not zero where it hops")
    if number >> 112 == 0 or number >> 118 == 0xFE80 >> 6 or base[0] == 0xFF:
        raise Refused("prefix that nobody can hop in")


@dataclass(frozen=True)
class Offer:
    key: bytes
    base: bytes
    length: int
    hop_bits: int
    seed: bytes
    rotation_ms: int

    def body(self):
        return self.key + self.base + bytes([self.length, self.hop_bits]) + self.seed + le(self.rotation_ms, 4)

    @classmethod
    def parse_body(cls, body):
        key, base, length, hop_bits, seed, rotation_ms = struct.unpack("<16s16sBB8sI", body)
        return cls(key, base, length, hop_bits, seed, rotation_ms).checked()

    def checked(self):
        if not any(self.key) or self.rotation_ms not in ROTATION_MS:
            raise Refused("K or rotation")
        check_prefix(self.base, self.length, self.hop_bits)
        return self


# --- boxes -------------------------------------------------------------------------------


def box_key(private, public):
    """HSalsa20(s, 0): the key of crypto_box."""
    return crypto_box_beforenm(public, private)


def box(plain, nonce, key):
    return nonce + crypto_box_afternm(plain, nonce, key)


def unbox(value, key):
    try:
        return crypto_box_open_afternm(value[NONCE:], value[:NONCE], key)
    except CryptoError as error:
        raise Refused("box does not open") from error


def secretbox(plain, nonce, key):
    return nonce + crypto_secretbox(plain, nonce, key)


def unsecretbox(value, key):
    try:
        return crypto_secretbox_open(value[NONCE:], value[:NONCE], key)
    except CryptoError as error:
        raise Refused("box does not open") from error


# --- the forms of paper and patent (7.1) -------------------------------------------------


def compact_plain(offer):
    return offer.key + offer.base[:8] + bytes([offer.rotation_ms // 1000])


def full_plain(offer):
    return offer.key + offer.base[:8] + offer.seed + le(offer.rotation_ms, 4)


def parse_foreign(plain):
    """A compact or a full one, told apart by length."""
    base = plain[16:24] + bytes(8)
    if len(plain) == COMPACT - 40:
        return Offer(plain[:16], base, 64, 64, bytes(8), 1000 * plain[24]).checked()
    if len(plain) == FULL - 40:
        return Offer(plain[:16], base, 64, 64, plain[24:32], int.from_bytes(plain[32:], "little")).checked()
    raise Refused("length of an offer")


# --- the native form (7.2) ---------------------------------------------------------------


@dataclass(frozen=True)
class Context:
    """Who leaves something for whom, and for which period (or long window) of how many seconds."""

    publisher: bytes
    reader: bytes
    period_s: int
    start: int

    def pack(self):
        return self.publisher + self.reader + le(self.period_s, 4) + le(self.start, 4)


def item_seed(secret, context):
    return hkdf(secret, b"mayfly bep44 v1" + context.pack(), 32)


def item_public(seed):
    return crypto_sign_seed_keypair(seed)[0]


def item_target(public):
    return hashlib.sha1(public).digest()


def native_plain(kind, context, body):
    return (bytes([1, kind]) + context.pack() + body).ljust(PLAIN, b"\0")


def parse_native(plain, kind, context, body_size):
    """The body, of a value that is what was looked for."""
    if len(plain) != PLAIN or plain[:BODY] != native_plain(kind, context, b"")[:BODY]:
        raise Refused("not what was looked for")
    if any(plain[BODY + body_size :]):
        raise Refused("more than its type knows")
    return plain[BODY : BODY + body_size]


def parse_offer(plain, context):
    return Offer.parse_body(parse_native(plain, OFFER, context, SIGNED - BODY))
