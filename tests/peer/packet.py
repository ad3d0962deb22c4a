# SPDX-License-Identifier: GPL-2.0-only
"""IPv6, UDP and what `encap` carries in it (sections 3, 3.1, 3.4)."""

import struct
from dataclasses import dataclass

from .derive import Refused

UDP, TCP, ICMPV6 = 17, 6, 58
OPENER, PAYLOAD, WHOLE_IPV6, WHOLE_IPV4 = range(4)
NOT_ECT, ECT1, ECT0, CE = range(4)
OUTER_HOP_LIMIT = 64
LINK_MTU = 1500
TPIDS = (0x8100, 0x88A8)


def checksum(data, pseudo):
    if len(data) % 2:
        data += b"\0"
    words = sum(struct.unpack(f"!{len(data) // 2}H", data)) + sum(struct.unpack(f"!{len(pseudo) // 2}H", pseudo))
    while words >> 16:
        words = (words & 0xFFFF) + (words >> 16)
    return ~words & 0xFFFF


def pseudo_header(source, destination, protocol, length):
    return source + destination + struct.pack("!IxxxB", length, protocol)


@dataclass(frozen=True)
class Ipv6:
    source: bytes
    destination: bytes
    next_header: int
    payload: bytes
    hop_limit: int = 64
    traffic_class: int = 0
    flow_label: int = 0

    def pack(self):
        first = 6 << 28 | self.traffic_class << 20 | self.flow_label
        head = struct.pack("!IHBB", first, len(self.payload), self.next_header, self.hop_limit)
        return head + self.source + self.destination + self.payload

    @classmethod
    def parse(cls, packet):
        if len(packet) < 40 or packet[0] >> 4 != 6:
            raise Refused("not IPv6")
        first, length, next_header, hop_limit = struct.unpack_from("!IHBB", packet)
        if len(packet) < 40 + length:
            raise Refused("cut off")
        payload = packet[40 : 40 + length]
        return cls(packet[8:24], packet[24:40], next_header, payload, hop_limit, first >> 20 & 0xFF, first & 0xFFFFF)


def udp(source, destination, source_port, destination_port, payload):
    """A datagram with its checksum, which is never zero."""
    length = 8 + len(payload)
    head = struct.pack("!HHHH", source_port, destination_port, length, 0)
    total = checksum(head + payload, pseudo_header(source, destination, UDP, length)) or 0xFFFF
    return head[:6] + struct.pack("!H", total) + payload


@dataclass(frozen=True)
class Datagram:
    source_port: int
    destination_port: int
    payload: bytes

    @classmethod
    def parse(cls, outer, zero_allowed):
        data = outer.payload
        if outer.next_header != UDP or len(data) < 8:
            raise Refused("not UDP")
        source_port, destination_port, length, total = struct.unpack_from("!HHHH", data)
        if length != len(data):
            raise Refused("length of UDP")
        if total == 0:
            if not zero_allowed:
                raise Refused("no checksum")
        elif checksum(data, pseudo_header(outer.source, outer.destination, UDP, length)):
            raise Refused("checksum")
        return cls(source_port, destination_port, data[8:])


# --- ECN (RFC 6040) ----------------------------------------------------------------------


def ecn_combined(outer, inner):
    """What the inner packet says on arrival (figure 4); refused: a mark on what cannot be marked."""
    if outer == CE and inner == NOT_ECT:
        raise Refused("congestion mark on a packet that is not ECN-capable")
    if inner == NOT_ECT or inner == CE:
        return inner
    if outer == CE:
        return CE
    return ECT1 if outer == ECT1 else inner


# --- the shim of encap and sealed (3.1) --------------------------------------------------


@dataclass(frozen=True)
class Hosts:
    """Inner addresses of the first host of either side, as the packet goes."""

    source: bytes
    destination: bytes


def carry(inner, hosts, tags=()):
    """Shim and carried packet. inner: a packet, whole; None: an opener. tags: (TPID, TCI), outermost first."""
    if inner is None:
        return bytes(4)
    listed = b"".join(struct.pack("!HH", *tag) for tag in tags)
    count = len(tags) << 4
    if inner[0] >> 4 == 4:
        return bytes([count | WHOLE_IPV4, 0, 0, 0]) + listed + inner
    header = Ipv6.parse(inner)
    if (header.source, header.destination) != (hosts.source, hosts.destination):
        return bytes([count | WHOLE_IPV6, 0, 0, 0]) + listed + inner
    shim = bytes([count | PAYLOAD, header.next_header, header.hop_limit, header.traffic_class])
    return shim + listed + header.payload


def ecn_of(inner):
    if inner is None:
        return NOT_ECT
    return inner[1] & 3 if inner[0] >> 4 == 4 else inner[1] >> 4 & 3


def carried(data, hosts, outer_ecn):
    """The inner packet with its tags; (None, ()) of an opener. hosts: as the packet came."""
    if len(data) < 4:
        raise Refused("no shim")
    count, kind = data[0] >> 4, data[0] & 15
    if count > 2 or kind > WHOLE_IPV4 or len(data) < 4 + 4 * count:
        raise Refused("kind or tags")
    if kind == OPENER:
        return None, ()
    tags = tuple(struct.unpack_from("!HH", data, 4 + 4 * i) for i in range(count))
    if any(tpid not in TPIDS for tpid, _ in tags):
        raise Refused("tag that is none")
    body = data[4 + 4 * count :]
    if kind == PAYLOAD:
        inner = Ipv6(hosts.source, hosts.destination, data[1], body, data[2], data[3]).pack()
    else:
        inner = body
        check_whole(body, 6 if kind == WHOLE_IPV6 else 4)
    return with_ecn(inner, outer_ecn), tags


def check_whole(packet, version):
    if len(packet) < 20 or packet[0] >> 4 != version:
        raise Refused("not what its kind says")
    if version == 6:
        Ipv6.parse(packet)
    elif not 20 <= 4 * (packet[0] & 15) <= int.from_bytes(packet[2:4], "big") <= len(packet):
        raise Refused("length of IPv4")


def with_ecn(inner, outer_ecn):
    """Raises Refused where the mark drops it."""
    if inner[0] >> 4 == 6:
        combined = ecn_combined(outer_ecn, inner[1] >> 4 & 3)
        return inner[:1] + bytes([inner[1] & 0xCF | combined << 4]) + inner[2:]
    combined = ecn_combined(outer_ecn, inner[1] & 3)
    head = bytearray(inner[: 4 * (inner[0] & 15)])
    head[1] = head[1] & 0xFC | combined
    head[10:12] = bytes(2)
    head[10:12] = struct.pack("!H", checksum(bytes(head), b""))
    return bytes(head) + inner[len(head) :]


def outer_packet(here, there, payload, ecn=NOT_ECT):
    """here, there: the places of both ends in the slot."""
    datagram = udp(here.address, there.address, here.port, there.port, payload)
    return Ipv6(here.address, there.address, UDP, datagram, OUTER_HOP_LIMIT, ecn, here.flow_label).pack()


def encapsulate(slot, inner, hosts, tags=()):
    return outer_packet(slot.local, slot.remote, carry(inner, hosts, tags), ecn_of(inner))
