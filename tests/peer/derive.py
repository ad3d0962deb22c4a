# SPDX-License-Identifier: GPL-2.0-only
"""What both ends compute, each for itself: keys' addresses and seeds, slots, pairwise secrets (sections 1, 2, 7 and 9.5)."""

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass

from nacl.bindings import crypto_scalarmult, crypto_scalarmult_base

ROTATION_MS = range(100, 3_600_001)


class Refused(Exception):
    """What came is not what it must be. It changes nothing."""


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def hkdf(secret, info, length):
    """HKDF-SHA256 (RFC 5869) without salt, which is a salt of 32 zero bytes."""
    key = hmac.digest(bytes(32), secret, "sha256")
    out = block = b""
    for count in range(1, -(-length // 32) + 1):
        block = hmac.digest(key, block + info + bytes([count]), "sha256")
        out += block
    return out[:length]


def le(number, size):
    return number.to_bytes(size, "little")


def agree(private, public):
    """X25519; a result of all zero is refused."""
    try:
        secret = crypto_scalarmult(private, public)
    except Exception as error:
        raise Refused("public key of small order") from error
    if not any(secret):
        raise Refused("public key of small order")
    return secret


def public_of(private):
    return crypto_scalarmult_base(private)


# --- what follows from a public key (1, 9.1) ---------------------------------------------


def key_seed(public):
    return sha256(b"mayfly seed", public)[:8]


def key_address(purpose, public):
    """purpose: "inner", "introduction" or "visitor"."""
    return b"\xfd\x6d" + sha256(f"mayfly {purpose} v1".encode(), public)[:14]


def static_private(key, seed):
    """The private key of an end of a static association whose file names no keys (9.5)."""
    return hkdf(key, b"mayfly static v1" + seed, 32)


# --- slots (2) --------------------------------------------------------------------------


def is_reserved(identifier):
    """RFC 5453, as far as it speaks of single identifiers."""
    number = int.from_bytes(identifier, "big")
    return (
        number == 0
        or 0xFDFF_FFFF_FFFF_FF80 <= number <= 0xFDFF_FFFF_FFFF_FFFF
        or 0x0200_5EFF_FE00_0000 <= number <= 0x0200_5EFF_FE00_5213
    )


def phase_of(key, rotation_ms):
    return int.from_bytes(sha256(b"mayfly phase", key)[:4], "little") % rotation_ms


def read_digest(digest):
    """Identifier, port and flow label out of D."""
    identifier = digest[16:24] if is_reserved(digest[:8]) else digest[:8]
    port = 1024 + int.from_bytes(digest[8:10], "big") % 64512
    return identifier, port, int.from_bytes(digest[10:13], "big") % (1 << 20)


@dataclass(frozen=True)
class Place:
    """Where an end is in one slot."""

    identifier: bytes
    address: bytes
    port: int
    flow_label: int


@dataclass(frozen=True)
class End:
    """An end of an association: base of its hopping prefix (16 bytes), how many of the last bits hop, and its seed."""

    base: bytes
    hop_bits: int
    seed: bytes

    def place(self, key, start):
        identifier, port, flow_label = read_digest(sha256(self.seed, key, le(start, 8)))
        hop = int.from_bytes(identifier, "big") >> (64 - self.hop_bits)
        kept = int.from_bytes(self.base, "big") >> self.hop_bits << self.hop_bits
        return Place(identifier, (kept | hop).to_bytes(16, "big"), port, flow_label)


@dataclass(frozen=True)
class Slot:
    index: int
    local: Place
    remote: Place


@dataclass(frozen=True)
class Association:
    key: bytes
    rotation_ms: int
    local: End
    remote: End

    def index(self, now_ms):
        return (now_ms + phase_of(self.key, self.rotation_ms)) // self.rotation_ms

    def start(self, index):
        return index * self.rotation_ms - phase_of(self.key, self.rotation_ms)

    def slot(self, index):
        start = self.start(index)
        return Slot(index, self.local.place(self.key, start), self.remote.place(self.key, start))

    def now(self, now_ms):
        """The slot to send in."""
        return self.slot(self.index(now_ms))

    def heard(self, now_ms):
        """The slots to hear: previous, current, next."""
        index = self.index(now_ms)
        return [self.slot(i) for i in (index, index - 1, index + 1)]


def prefix_of(text):
    """ "2001:db8:1::/64" as base, prefix length and hop bits; of a longer prefix all bits hop that it leaves."""
    network = ipaddress.IPv6Network(text)
    return network.network_address.packed, network.prefixlen, min(64, 128 - network.prefixlen)


def told(address):
    return str(ipaddress.IPv6Address(address))


def packed(address):
    return ipaddress.IPv6Address(address).packed
