# SPDX-License-Identifier: GPL-2.0-only
"""A client of the Mainline DHT: KRPC (BEP 5, 32, 43) and mutable items (BEP 44), over IPv6 as any program sends it."""

import os
import select
import socket
import time

from nacl.bindings import crypto_sign, crypto_sign_seed_keypair

from .derive import Refused
from .offer import item_public, item_target
from .twostage import verify

ASKED_AT_ONCE = 4
CLOSEST = 8
ANSWER_WITHIN_S = 0.7


def bencode(value):
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, bytes):
        return b"%d:%s" % (len(value), value)
    if isinstance(value, list):
        return b"l" + b"".join(map(bencode, value)) + b"e"
    pairs = sorted(value.items())
    return b"d" + b"".join(bencode(key) + bencode(one) for key, one in pairs) + b"e"


def bdecode(data):
    try:
        value, end = _bdecode(data, 0, 8)
    except (ValueError, IndexError) as error:
        raise Refused("not bencoded") from error
    if end != len(data):
        raise Refused("more than one value")
    return value


def _bdecode(data, at, depth):
    if depth == 0:
        raise ValueError("too deep")
    first = data[at : at + 1]
    if first == b"i":
        end = data.index(b"e", at)
        return int(data[at + 1 : end]), end + 1
    if first in (b"l", b"d"):
        at, found = at + 1, []
        while data[at] != ord("e"):
            value, at = _bdecode(data, at, depth - 1)
            found.append(value)
        if first == b"l":
            return found, at + 1
        if len(found) % 2 or not all(isinstance(key, bytes) for key in found[::2]):
            raise ValueError("keys")
        return dict(zip(found[::2], found[1::2])), at + 1
    colon = data.index(b":", at)
    end = colon + 1 + int(data[at:colon])
    if end > len(data) or end <= colon:
        raise ValueError("cut off")
    return data[colon + 1 : end], end


def signed_part(sequence, value):
    """What the signature of a mutable item without salt covers. value: a byte string."""
    return b"3:seqi%de1:v%s" % (sequence, bencode(value))


def sign_item(seed, sequence, value):
    _, secret = crypto_sign_seed_keypair(seed)
    return crypto_sign(signed_part(sequence, value), secret)[:64]


def check_item(public, sequence, value, signature):
    verify(public, signature, signed_part(sequence, value))


class Dht:
    """Reads and writes items, beginning at these nodes: (address, port)."""

    def __init__(self, bootstrap, log=lambda text: None):
        self.bootstrap, self.log = bootstrap, log
        self.id = os.urandom(20)
        self.socket = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.silent = set()  # nodes that have not answered, which are asked no more

    def get(self, public, seconds=8):
        """Values that stand under this key, the newest first, each once; with how many nodes gave one."""
        lookup = self._look_up(public, seconds)
        values = sorted(lookup.values.items(), key=lambda pair: -pair[1])
        return [value for value, _ in values], lookup.holders

    def put(self, seed, value, sequence):
        """How many nodes hold it; sequence: or one more than what is stored. seed: of its Ed25519 key."""
        public = item_public(seed)
        lookup = self._look_up(public, 8)
        sequence = max([sequence, *(one + 1 for one in lookup.values.values())])
        written = _Written()
        for node in lookup.closest():
            if node in lookup.tokens:
                self._query(written, node, b"put", {
                    b"k": public, b"seq": sequence, b"sig": sign_item(seed, sequence, value),
                    b"token": lookup.tokens[node], b"v": value,
                })
        while written.waiting:
            self._hear(written, public)
        return written.answers

    def _look_up(self, public, seconds):
        lookup = _Lookup(item_target(public), self.bootstrap, self.silent)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for node in lookup.to_ask():
                self._query(lookup, node, b"get", {b"target": lookup.target, b"want": [b"n6"]})
            if not lookup.waiting:
                break
            self._hear(lookup, public)
        self.log(f"lookup: {lookup.answers} of {len(lookup.asked)} nodes answered, {lookup.holders} gave a value")
        return lookup

    def _query(self, operation, node, name, arguments):
        transaction = os.urandom(4)
        operation.waiting[transaction] = node, time.monotonic() + ANSWER_WITHIN_S
        query = {b"t": transaction, b"y": b"q", b"q": name, b"ro": 1, b"a": {b"id": self.id, **arguments}}
        try:
            self.socket.sendto(bencode(query), node)
        except OSError as error:
            self.log(f"{node[0]}: {error.strerror}")

    def _hear(self, operation, public):
        until = min(end for _, end in operation.waiting.values())
        ready, _, _ = select.select([self.socket], [], [], max(0, until - time.monotonic()))
        if ready:
            data, source = self.socket.recvfrom(2048)
            try:
                operation.hear(bdecode(data), source[:2], public)
            except Refused:
                pass
        self.silent.update(operation.give_up(time.monotonic()))


class _Operation:
    """Queries on their way: transaction to node and the time that it has."""

    def __init__(self):
        self.waiting = {}
        self.answers = 0

    def give_up(self, now):
        """On those that have had time enough, which are these."""
        late = [transaction for transaction, (_, end) in self.waiting.items() if end <= now]
        return [self.waiting.pop(transaction)[0] for transaction in late]

    def hear(self, message, source, public):
        transaction = message.get(b"t") if isinstance(message, dict) else None
        if not isinstance(transaction, bytes):
            return
        node, _ = self.waiting.get(transaction, (None, 0))
        answer = message.get(b"r") if node == source else None
        if not isinstance(answer, dict) or not isinstance(answer.get(b"id"), bytes) or len(answer[b"id"]) != 20:
            return
        del self.waiting[transaction]
        self.answers += 1
        self.take(node, answer, public)


class _Written(_Operation):
    def take(self, node, answer, public):
        pass


class _Lookup(_Operation):
    def __init__(self, target, bootstrap, silent):
        super().__init__()
        self.target, self.silent = target, silent
        self.nodes = {}  # (address, port): identifier, of those that have one
        self.fresh = list(bootstrap)
        self.asked = set()
        self.values, self.tokens = {}, {}
        self.holders = 0

    def distance(self, node):
        return bytes(a ^ b for a, b in zip(self.nodes[node], self.target))

    def to_ask(self):
        """Those of the closest that answered or may yet, as many as may be asked now."""
        room = ASKED_AT_ONCE - len(self.waiting)
        if self.fresh:
            chosen, self.fresh = self.fresh[:room], self.fresh[room:]
        else:
            chosen = [node for node in self.closest() if node not in self.asked][:room]
        self.asked.update(chosen)
        return chosen

    def closest(self):
        return sorted((node for node in self.nodes if node not in self.silent), key=self.distance)[:CLOSEST]

    def take(self, node, answer, public):
        self.nodes[node] = answer[b"id"]
        if isinstance(answer.get(b"token"), bytes):
            self.tokens[node] = answer[b"token"]
        self._hear_nodes(answer.get(b"nodes6"))
        self._hear_value(answer, public)

    def _hear_nodes(self, listed):
        if not isinstance(listed, bytes):
            return
        for at in range(0, len(listed) - 37, 38):
            address = socket.inet_ntop(socket.AF_INET6, listed[at + 20 : at + 36])
            node = address, int.from_bytes(listed[at + 36 : at + 38], "big")
            self.nodes.setdefault(node, listed[at : at + 20])

    def _hear_value(self, answer, public):
        value, sequence, signature = (answer.get(key) for key in (b"v", b"seq", b"sig"))
        if answer.get(b"k") != public or not isinstance(value, bytes) or not isinstance(sequence, int):
            return
        if not isinstance(signature, bytes) or len(signature) != 64:
            return
        check_item(public, sequence, value, signature)
        self.holders += 1
        self.values[value] = max(sequence, self.values.get(value, sequence))
