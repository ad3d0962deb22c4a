# SPDX-License-Identifier: GPL-2.0-only
"""Noise_KK_25519_ChaChaPoly_SHA256 (Noise revision 34), as section 9.2 uses it: two messages, then Split()."""

import hmac

from nacl.bindings import crypto_aead_chacha20poly1305_ietf_decrypt as aead_open
from nacl.bindings import crypto_aead_chacha20poly1305_ietf_encrypt as aead_seal
from nacl.exceptions import CryptoError

from .derive import Refused, agree, le, public_of, sha256

NAME = b"Noise_KK_25519_ChaChaPoly_SHA256"
TAG = 16
KEY = 32


def nonce(counter):
    return bytes(4) + le(counter, 8)


def open_sealed(ciphertext, associated, nonce12, key):
    try:
        return aead_open(ciphertext, associated, nonce12, key)
    except CryptoError as error:
        raise Refused("does not open") from error


def prologue(key, initiator, responder):
    """key: K of the association that carries the request; then both public keys."""
    return b"\x01" + key + initiator + responder


class Handshake:
    """One end's half: of the initiator or of the responder."""

    def __init__(self, initiator, private, other_public, prologue_bytes, ephemeral):
        self.initiator = initiator
        self.private, self.other = private, other_public
        self.ephemeral, self.other_ephemeral = ephemeral, None
        self.chaining = self.hash = NAME
        self.key = None
        own = public_of(private)
        self._mix_hash(prologue_bytes)
        for public in (own, other_public) if initiator else (other_public, own):
            self._mix_hash(public)

    def write_request(self, plain):
        self._send_ephemeral()
        self._mix_key(agree(self.ephemeral, self.other))
        self._mix_key(agree(self.private, self.other))
        return public_of(self.ephemeral) + self._seal(plain)

    def read_request(self, message):
        self._hear_ephemeral(message)
        self._mix_key(agree(self.private, self.other_ephemeral))
        self._mix_key(agree(self.private, self.other))
        return self._open(message[KEY:])

    def write_response(self, plain):
        self._send_ephemeral()
        self._mix_key(agree(self.ephemeral, self.other_ephemeral))
        self._mix_key(agree(self.ephemeral, self.other))
        return public_of(self.ephemeral) + self._seal(plain)

    def read_response(self, message):
        """What does not open changes nothing: the state of before is put back."""
        before = self.chaining, self.hash, self.key, self.other_ephemeral
        try:
            self._hear_ephemeral(message)
            self._mix_key(agree(self.ephemeral, self.other_ephemeral))
            self._mix_key(agree(self.private, self.other_ephemeral))
            return self._open(message[KEY:])
        except Refused:
            self.chaining, self.hash, self.key, self.other_ephemeral = before
            raise

    def split(self):
        """Keys of what the initiator and of what the responder sends."""
        return self._hkdf(b"")

    def _send_ephemeral(self):
        self._mix_hash(public_of(self.ephemeral))

    def _hear_ephemeral(self, message):
        self.other_ephemeral = message[:KEY]
        self._mix_hash(self.other_ephemeral)

    def _mix_hash(self, data):
        self.hash = sha256(self.hash, data)

    def _mix_key(self, secret):
        self.chaining, self.key = self._hkdf(secret)

    def _hkdf(self, secret):
        extracted = hmac.digest(self.chaining, secret, "sha256")
        first = hmac.digest(extracted, b"\x01", "sha256")
        return first, hmac.digest(extracted, first + b"\x02", "sha256")

    # Every seal of KK follows a MixKey, so its counter is 0.
    def _seal(self, plain):
        sealed = aead_seal(plain, self.hash, nonce(0), self.key)
        self._mix_hash(sealed)
        return sealed

    def _open(self, sealed):
        plain = open_sealed(sealed, self.hash, nonce(0), self.key)
        self._mix_hash(sealed)
        return plain
