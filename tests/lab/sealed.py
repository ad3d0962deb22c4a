#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What a capture says of sealed packets, to somebody who has the keys.

    sealed.py keys DIRECTORY FILE      every key of the pinned map, as soon as it is there, appended to FILE; until it is ended
    sealed.py judge PCAP --keys FILE... --within PREFIX... [--secret WORD...] [--inner ADDRESS...]

judge prints JSON: of the packets from and to the prefixes, how many which keys have sealed, whether a counter was used
twice by one key, bits that are the same in all of them, and what of them could be read.
"""
import argparse
import collections
import ctypes
import ipaddress
import json
import mmap
import os
import struct
import sys
import time

from wire import networks, packets, within

MASK = (1 << 64) - 1
COUNTER_END = 1 << 37
KEY_BYTES = 64
HEAD_BYTES = 2 * KEY_BYTES + 8  # of struct mf_seal: both keys, and the counter of the next packet out
NEXT_CONTROL = 254
UDP = 17
BPF = {"x86_64": 321, "aarch64": 280}  # the system call
OBJ_GET = 7
LOOKED_AT = 64  # bytes behind the UDP header


def rotate(word, bits):
    return (word << bits | word >> (64 - bits)) & MASK


def sip_round(a, b, c, d):
    a = (a + b) & MASK
    b = rotate(b, 13) ^ a
    a = rotate(a, 32)
    c = (c + d) & MASK
    d = rotate(d, 16) ^ c
    a = (a + d) & MASK
    d = rotate(d, 21) ^ a
    c = (c + b) & MASK
    b = rotate(b, 17) ^ c
    return a, b, rotate(c, 32), d


def siphash(key, sixteen):
    """SipHash-2-4 of 16 bytes, as 8 bytes."""
    low, high = struct.unpack("<QQ", key)
    state = low ^ 0x736F6D6570736575, high ^ 0x646F72616E646F6D, low ^ 0x6C7967656E657261, high ^ 0x7465646279746573
    for word in struct.unpack("<QQ", sixteen) + (16 << 56,):
        state = state[:3] + (state[3] ^ word,)
        state = sip_round(*sip_round(*state))
        state = (state[0] ^ word,) + state[1:]
    state = state[:2] + (state[2] ^ 0xFF,) + state[3:]
    for _ in range(4):
        state = sip_round(*state)
    return struct.pack("<Q", state[0] ^ state[1] ^ state[2] ^ state[3])


class Key:
    """One direction: key(32), mask(16), sender(4)."""

    def __init__(self, raw):
        self.raw = raw
        self.mask = raw[32:48]
        self.seen = set()
        self.twice = 0

    def counter(self, payload):
        hidden = siphash(self.mask, payload[8:24])
        return int.from_bytes(bytes(a ^ b for a, b in zip(payload[:8], hidden)), "big")

    def take(self, payload):
        """False: not sealed with it."""
        counter = self.counter(payload)
        if counter >= COUNTER_END:
            return False
        self.twice += counter in self.seen
        self.seen.add(counter)
        return True


def open_pinned(path):
    """A descriptor of the map that is pinned there."""
    name = ctypes.create_string_buffer(path.encode())
    attributes = ctypes.create_string_buffer(struct.pack("=QII", ctypes.addressof(name), 0, 0), 16)
    descriptor = ctypes.CDLL(None, use_errno=True).syscall(BPF[os.uname().machine], OBJ_GET, attributes, 16)
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), path)
    return descriptor


def seals(path):
    """The heads of all entries of mf_seal."""
    descriptor = open_pinned(path)
    words = dict(line.split(None, 1) for line in open("/proc/self/fdinfo/%d" % descriptor))
    size, count = int(words["value_size:"]), int(words["max_entries:"])
    length = -(-size * count // mmap.PAGESIZE) * mmap.PAGESIZE
    with mmap.mmap(descriptor, length, prot=mmap.PROT_READ) as memory:
        for at in range(0, size * count, size):
            yield memory[at:at + HEAD_BYTES]
    os.close(descriptor)


def watch_keys(directory, path):
    known = set()
    with open(path, "w") as file:
        while True:
            if os.path.exists(directory + "/mf_seal"):
                for entry in seals(directory + "/mf_seal"):
                    known |= write_keys(entry, known, file)
            time.sleep(0.1)


def write_keys(entry, known, file):
    fresh = {entry[at:at + KEY_BYTES] for at in (0, KEY_BYTES) if any(entry[at:at + 32])} - known
    for key in fresh:
        file.write(key.hex() + "\n")
    file.flush()
    return fresh


def payloads(path, nets):
    for _, packet in packets(path):
        if packet[6] == UDP and (within(packet[8:24], nets) or within(packet[24:40], nets)):
            yield packet[48:40 + struct.unpack(">H", packet[4:6])[0]]


def same_bits(sealed):
    """Offsets of bits that all have alike; those that all are long enough for."""
    length = min(LOOKED_AT, min(map(len, sealed)))
    all_one = all_zero = (1 << 8 * length) - 1
    for payload in sealed:
        word = int.from_bytes(payload[:length], "big")
        all_one &= word
        all_zero &= ~word
    fixed = all_one | all_zero
    return [8 * length - 1 - bit for bit in range(8 * length) if fixed >> bit & 1]


def find_key(keys, payload):
    """The one that it was sealed with; those used last are tried first."""
    for at in range(len(keys)):
        if keys[at].take(payload):
            keys.insert(0, keys.pop(at))
            return keys[0]
    return None


def is_introduction(payload):
    return len(payload) >= 4 and payload[1] == NEXT_CONTROL


def judge(options):
    lines = [line.strip() for path in options.keys for line in open(path)]
    keys = [Key(bytes.fromhex(line)) for line in dict.fromkeys(lines)]
    secrets = [word.encode() for word in options.secret] + [ipaddress.ip_address(word).packed for word in options.inner]
    sealed, others, count = [], collections.Counter(), 0
    read = 0
    for payload in payloads(options.pcap, networks(options.within)):
        count += 1
        if len(payload) >= 28 and find_key(keys, payload):
            sealed.append(payload)
            read += any(word in payload for word in secrets)
        else:
            others["introduction" if is_introduction(payload) else "unknown"] += 1
    print(json.dumps({
        "packets": count, "sealed": len(sealed), "keys": sum(bool(key.seen) for key in keys), "known": len(keys),
        "twice": sum(key.twice for key in keys), "introduction": others["introduction"],
        "unknown": others["unknown"], "readable": read, "same_bits": same_bits(sealed) if sealed else None,
        "lengths": len(set(map(len, sealed))),
    }))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["keys", "judge"])
    parser.add_argument("words", nargs="+")
    parser.add_argument("--keys", nargs="+", default=[])
    parser.add_argument("--within", nargs="+", default=[])
    parser.add_argument("--secret", nargs="+", default=[])
    parser.add_argument("--inner", nargs="+", default=[])
    options = parser.parse_args()
    if options.what == "keys":
        watch_keys(*options.words)
    options.pcap = options.words[0]
    judge(options)


if __name__ == "__main__":
    sys.exit(main())
