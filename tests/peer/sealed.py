# SPDX-License-Identifier: GPL-2.0-only
"""Carriage `sealed`: `encap` under ChaCha20-Poly1305, behind a masked counter (sections 3.3 and 9.2)."""

from nacl.bindings import crypto_aead_chacha20poly1305_ietf_encrypt as aead_seal
from nacl.bindings import crypto_shorthash_siphash24

from .derive import Refused, hkdf, le
from .noise import open_sealed
from .packet import carried, carry, ecn_of, outer_packet

COUNTER, TAG = 8, 16
MOST_COUNTER = 1 << 37
MOST_AHEAD = 1 << 32
REMEMBERED = 8192
PADDED = 8  # or'ed to the kind
CLASSES = (128, 256, 512, 1024)  # bytes behind the UDP header


def keys_of(k, handshake_hash):
    """Key and mask key of the direction whose notices k seals."""
    both = hkdf(k, b"mayfly sealed v1" + handshake_hash, 48)
    return both[:32], both[32:]


def nonce(sender, counter):
    return le(sender, 4) + le(counter, 8)


def associated(index, sender):
    return le(index, 8) + le(sender, 4) + bytes(4)


def masked(counter, tag, mask_key):
    """Its own inverse."""
    return bytes(a ^ b for a, b in zip(counter, crypto_shorthash_siphash24(tag, mask_key)))


def padded(data, size):
    """data: shim and what is behind it; size: of the whole, with two bytes of padding at the least."""
    count = size - len(data)
    if count < 2:
        raise ValueError("no room for padding")
    return bytes([data[0] | PADDED]) + data[1:] + bytes(count - 2) + count.to_bytes(2, "big")


def unpadded(data):
    if len(data) < 4:
        raise Refused("no shim")
    if not data[0] & PADDED:
        return data
    count = int.from_bytes(data[-2:], "big")
    if not 2 <= count <= len(data) - 4 - 4 * (data[0] >> 4):
        raise Refused("padding")
    return bytes([data[0] & ~PADDED]) + data[1:-count]


def padded_size(size, padding, most):
    """How long shim, packet and padding become. most: what the path bears, of the same; padding: "classes" or "full"."""
    wanted = most
    if padding == "classes":
        fits = [one - COUNTER - TAG for one in CLASSES if size + 2 <= one - COUNTER - TAG <= most]
        wanted = fits[0] if fits else most
    return max(wanted, size + 2)


class Sealer:
    """What one end sends under one key. The counter is never given back."""

    def __init__(self, key, mask_key, sender):
        self.key, self.mask_key, self.sender = key, mask_key, sender
        self.counter = 0

    def seal(self, index, data):
        """What stands behind the UDP header. data: from the shim on."""
        counter, self.counter = self.counter, self.counter + 1
        if counter >= MOST_COUNTER:
            raise ValueError("this key has sealed enough")
        sealed = aead_seal(data, associated(index, self.sender), nonce(self.sender, counter), self.key)
        tag = sealed[-TAG:]
        return masked(counter.to_bytes(COUNTER, "big"), tag, self.mask_key) + tag + sealed[:-TAG]

    def packet(self, slot, inner, hosts, size=None):
        """The outer packet; size: padded so that it is so long from the shim on."""
        data = carry(inner, hosts)
        if size:
            data = padded(data, size)
        return outer_packet(slot.local, slot.remote, self.seal(slot.index, data), ecn_of(inner))


class Opener:
    """What one end hears under one key."""

    def __init__(self, key, mask_key, sender):
        self.key, self.mask_key, self.sender = key, mask_key, sender
        self.newest, self.opened = 0, set()

    def open(self, index, payload):
        """From the shim on, without padding. payload: behind the UDP header."""
        if len(payload) < COUNTER + TAG:
            raise Refused("too short")
        tag = payload[COUNTER : COUNTER + TAG]
        counter = int.from_bytes(masked(payload[:COUNTER], tag, self.mask_key), "big")
        if counter >= MOST_COUNTER or counter > self.newest + MOST_AHEAD:
            raise Refused("counter is noise")
        if counter in self.opened or counter < self.newest - REMEMBERED:
            raise Refused("counter of before")
        ciphertext = payload[COUNTER + TAG :] + tag
        data = open_sealed(ciphertext, associated(index, self.sender), nonce(self.sender, counter), self.key)
        self._remember(counter)
        return unpadded(data)

    def _remember(self, counter):
        self.opened.add(counter)
        self.newest = max(self.newest, counter)
        if len(self.opened) > 2 * REMEMBERED:
            self.opened = {one for one in self.opened if one >= self.newest - REMEMBERED}

    def inner(self, index, payload, hosts, outer_ecn):
        return carried(self.open(index, payload), hosts, outer_ecn)[0]
