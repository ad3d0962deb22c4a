# SPDX-License-Identifier: GPL-2.0-only
"""Carriage `rewrite`: the packet itself travels, under the slot's addresses and masked ports (section 3.2)."""

import struct

from .derive import Refused
from .packet import ICMPV6, OUTER_HOP_LIMIT, TCP, UDP, Ipv6

HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION = 0, 43, 44, 60
CHECKSUM_AT = {UDP: 6, TCP: 16, ICMPV6: 2}


def mask(port, slot_port):
    return slot_port if port == slot_port else port ^ slot_port


def transport_of(next_header, payload):
    """Protocol and offset of the transport header; None of a later fragment, which has none."""
    offset = 0
    for _ in range(5):
        if next_header not in (HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION):
            return next_header, offset
        if len(payload) < offset + 8:
            raise Refused("cut off")
        if next_header == FRAGMENT:
            if struct.unpack_from("!H", payload, offset + 2)[0] & 0xFFF8:
                return None
            size = 8
        else:
            size = 8 + 8 * payload[offset + 1]
        next_header, offset = payload[offset], offset + size
    raise Refused("more than four headers before it")


def mended(total, replaced):
    """A checksum after what it covers was replaced (RFC 1624): pairs of before and after, of the same length."""
    words = ~total & 0xFFFF
    for old, new in replaced:
        for before, after in zip(struct.iter_unpack("!H", old), struct.iter_unpack("!H", new)):
            words += (~before[0] & 0xFFFF) + after[0]
    while words >> 16:
        words = (words & 0xFFFF) + (words >> 16)
    return ~words & 0xFFFF


def masked(header, source, destination, ports):
    """The payload of a packet that gets other addresses, and whose ports are masked with these: source's, destination's."""
    payload = bytearray(header.payload)
    found = transport_of(header.next_header, header.payload)
    if not found or found[0] not in CHECKSUM_AT:
        return header.payload
    protocol, at = found
    replaced = [(header.source, source), (header.destination, destination)]
    if protocol in (UDP, TCP):
        before = bytes(payload[at : at + 4])
        payload[at : at + 4] = struct.pack("!HH", *(mask(*pair) for pair in zip(struct.unpack("!HH", before), ports)))
        replaced.append((before, bytes(payload[at : at + 4])))
    at += CHECKSUM_AT[protocol]
    total = struct.unpack_from("!H", payload, at)[0]
    if protocol == UDP and total == 0:
        return bytes(payload)
    total = mended(total, replaced)
    if protocol == UDP and total == 0:
        total = 0xFFFF
    struct.pack_into("!H", payload, at, total)
    return bytes(payload)


def out(inner, slot):
    """The outer packet."""
    header = Ipv6.parse(inner)
    here, there = slot.local, slot.remote
    payload = masked(header, here.address, there.address, (here.port, there.port))
    ecn = header.traffic_class & 3
    return Ipv6(
        here.address, there.address, header.next_header, payload, OUTER_HOP_LIMIT, ecn, here.flow_label
    ).pack()


def back(outer, slot, hosts):
    """The inner packet, as it arrives. hosts: as the packet came."""
    header = Ipv6.parse(outer)
    payload = masked(header, hosts.source, hosts.destination, (slot.remote.port, slot.local.port))
    return Ipv6(
        hosts.source, hosts.destination, header.next_header, payload, header.hop_limit, header.traffic_class
    ).pack()
