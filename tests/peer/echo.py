# SPDX-License-Identifier: GPL-2.0-only
"""ICMPv6 echo (RFC 4443) between two inner addresses, counted by the slot it went in."""

import struct

from .packet import ICMPV6, Ipv6, checksum, pseudo_header

REQUEST, REPLY = 128, 129
FILLING = bytes(range(48))


def request(hosts, identifier, sequence):
    head = struct.pack("!BBHHH", REQUEST, 0, 0, identifier, sequence)
    message = head + FILLING
    total = checksum(message, pseudo_header(hosts.source, hosts.destination, ICMPV6, len(message)))
    message = message[:2] + struct.pack("!H", total) + message[4:]
    return Ipv6(hosts.source, hosts.destination, ICMPV6, message).pack()


def reply_of(inner):
    """Identifier and sequence of a sound echo reply; None: it is something else."""
    header = Ipv6.parse(inner)
    message = header.payload
    if header.next_header != ICMPV6 or len(message) != 8 + len(FILLING) or message[0] != REPLY:
        return None
    if checksum(message, pseudo_header(header.source, header.destination, ICMPV6, len(message))):
        return None
    return struct.unpack_from("!HH", message, 4) if message[8:] == FILLING else None


class Echo:
    """So many requests, one each `interval_ms`."""

    IDENTIFIER = 0x6D79

    def __init__(self, hosts, count, interval_ms):
        self.hosts, self.count, self.interval_ms = hosts, count, interval_ms
        self.sent, self.slots_sent = 0, {}
        self.answered, self.slots_out, self.slots_back = set(), set(), set()
        self.due = self.last = 0

    def tick(self, now, send):
        """True: all have gone, and are answered or had a second for it."""
        if self.sent < self.count and now >= self.due:
            index = send(request(self.hosts, self.IDENTIFIER, self.sent), now)
            self.slots_sent[self.sent] = index
            self.sent += 1
            self.due, self.last = now + self.interval_ms, now
        return self.sent == self.count and (len(self.answered) == self.count or now > self.last + 1000)

    def hear(self, inner, index):
        found = reply_of(inner)
        if not found or found[0] != self.IDENTIFIER or found[1] not in self.slots_sent:
            return False
        self.answered.add(found[1])
        self.slots_out.add(self.slots_sent[found[1]])
        self.slots_back.add(index)
        return True
