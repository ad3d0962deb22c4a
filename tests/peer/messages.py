# SPDX-License-Identifier: GPL-2.0-only
"""Session messages (section 9.1): what stands in front of them, and the three payloads."""

import struct
from dataclasses import dataclass

from nacl.bindings import crypto_aead_chacha20poly1305_ietf_encrypt as aead_seal

from .derive import ROTATION_MS, Refused, sha256
from .noise import nonce, open_sealed
from .offer import check_prefix

NEXT_HEADER = 254
REQUEST, RESPONSE, NOTICE = range(3)
SIZES = {REQUEST: 104, RESPONSE: 112, NOTICE: 72}
FIREWALL, ENCAP_WILL_DO = 1, 2
TEARDOWN, CONFIRM, CONFIRMED, RENEW, PING, PONG = range(2, 8)
REASONS = ["none", "closed", "idle", "removed", "expired", "level", "moved"]
LONGEST_PERIOD = 86400


def header(kind, number):
    return struct.pack("!BBHI", kind, 1, 0, number)


def parse_header(message):
    """Kind, number and what is behind the header."""
    if len(message) < 8:
        raise Refused("too short")
    kind, version, zero, number = struct.unpack_from("!BBHI", message)
    if version != 1 or zero or SIZES.get(kind) != len(message):
        raise Refused("kind, version or length")
    return kind, number, message[8:]


def client_id(public):
    return sha256(public)[:3]


@dataclass(frozen=True)
class Prefix:
    """Where an end hops: base (16 bytes, zero where it hops), prefix length, hop bits."""

    base: bytes
    length: int
    hop_bits: int


@dataclass(frozen=True)
class Request:
    client_id: bytes
    prefix: Prefix
    seed: bytes
    tunnel: bytes
    flags: int = 0

    def pack(self):
        base = self.prefix.base
        return (
            b"\x00" + self.client_id + base[:8] + self.seed + self.tunnel
            + bytes([1, self.prefix.length, self.prefix.hop_bits, self.flags]) + base[8:]
        )

    @classmethod
    def parse(cls, plain):
        if len(plain) != 48 or plain[0] != 0 or plain[36] != 1 or plain[39] & ~(FIREWALL | ENCAP_WILL_DO):
            raise Refused("request")
        prefix = Prefix(plain[4:12] + plain[40:48], plain[37], plain[38])
        check_prefix(prefix.base, prefix.length, prefix.hop_bits)
        return cls(plain[1:4], prefix, plain[12:20], plain[20:36], plain[39])

    def check(self, initiator, tunnel):
        """initiator: its public key; tunnel: its inner address."""
        if self.client_id != client_id(initiator) or self.tunnel != tunnel:
            raise Refused("request of somebody else")


@dataclass(frozen=True)
class Response:
    rotation_ms: int
    prefix: Prefix
    seed: bytes
    key: bytes
    lifetime_s: int
    period_s: int
    flags: int = 0

    def pack(self):
        base = self.prefix.base
        return (
            b"\x01" + self.rotation_ms.to_bytes(3, "big") + base[:8] + self.seed + self.key
            + bytes([1, self.prefix.length, self.prefix.hop_bits, self.flags]) + base[8:]
            + struct.pack("!II", self.lifetime_s, self.period_s)
        )

    @classmethod
    def parse(cls, plain):
        if len(plain) != 56 or plain[0] != 1 or plain[36] != 1 or plain[39] & ~(FIREWALL | ENCAP_WILL_DO):
            raise Refused("response")
        prefix = Prefix(plain[4:12] + plain[40:48], plain[37], plain[38])
        check_prefix(prefix.base, prefix.length, prefix.hop_bits)
        rotation_ms = int.from_bytes(plain[1:4], "big")
        lifetime_s, period_s = struct.unpack_from("!II", plain, 48)
        key = plain[20:36]
        if rotation_ms not in ROTATION_MS or not any(key) or period_s > LONGEST_PERIOD:
            raise Refused("response out of bounds")
        return cls(rotation_ms, prefix, plain[12:20], key, lifetime_s, period_s, plain[39])


@dataclass(frozen=True)
class Notice:
    id: int
    reason: int = 0
    period_s: int = 0
    echo: bytes = bytes(8)

    def pack(self):
        return struct.pack("!BBI8s26x", self.id, self.reason, self.period_s, self.echo)

    @classmethod
    def parse(cls, plain):
        if len(plain) != 40 or any(plain[14:]):
            raise Refused("notice")
        found = cls(*struct.unpack_from("!BBI8s", plain))
        if found.id not in range(TEARDOWN, PONG + 1) or found.reason >= len(REASONS) or found.period_s > LONGEST_PERIOD:
            raise Refused("notice out of bounds")
        return found


class NoticeKeys:
    """Seals and opens the notices of one generation (9.2). index: the first four bytes of the handshake hash."""

    def __init__(self, own, other, index):
        self.own, self.other, self.index = own, other, index
        self.counter = 0
        self.highest, self.taken = -1, set()

    def seal(self, notice):
        counter, self.counter = self.counter, self.counter + 1
        sealed = aead_seal(notice.pack(), b"", nonce(counter), self.own)
        return header(NOTICE, int.from_bytes(self.index, "big")) + counter.to_bytes(8, "big") + sealed

    def open(self, body):
        """body: behind the header. Each counter is taken once, and none 64 or more below the highest."""
        counter = int.from_bytes(body[:8], "big")
        if counter <= self.highest - 64 or counter in self.taken:
            raise Refused("notice taken before")
        notice = Notice.parse(open_sealed(body[8:], b"", nonce(counter), self.other))
        self.highest = max(self.highest, counter)
        self.taken = {one for one in self.taken if one > self.highest - 64} | {counter}
        return notice
