#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Speaks to groups, and to a device's own link-layer address, as a stranger on the link would; counts answers.

    groups.py DEVICE SOURCE DEVICE_MAC INNER...

To ff02::1 and to each INNER address' solicited-node group: echo, neighbour solicitation for INNER, MLD query, UDP; also
in frames of the group ff02::1 whatever the packet's own destination is, and to DEVICE_MAC. Prints "sent N answered M
inner K": answers with SOURCE or a group as destination, and those of them that come from or tell of an INNER address
or DEVICE_MAC.
"""
import ipaddress
import socket
import struct
import sys
import time

sys.path.insert(0, __file__.rsplit("/", 1)[0])
import forge  # noqa: E402

ALL_NODES = ipaddress.ip_address("ff02::1").packed


def icmp6(source, destination, body, hops):
    body = forge.with_sum(source, destination, forge.NEXT_ICMP6, body, 2)
    return struct.pack("!IHBB", 6 << 28, len(body), forge.NEXT_ICMP6, hops) + source + destination + body


def packets(source, own_mac, destination, target):
    echo = struct.pack("!BBHHH", 128, 0, 0, 0x4d46, 1) + b"who is there"
    solicit = struct.pack("!BBHI", 135, 0, 0, 0) + target + b"\x01\x01" + own_mac
    query = struct.pack("!BBHHH", 130, 0, 0, 100, 0) + bytes(16) + struct.pack("!BBH", 2, 1, 0)
    yield icmp6(source, destination, echo, 64)
    yield icmp6(source, destination, solicit, 255)
    yield icmp6(source, destination, query, 1)
    yield forge.packet("udp", source, destination)


def frames(own_mac, source, mac, inner):
    for target in inner:
        group = bytes.fromhex("ff0200000000000000000001ff") + target[13:]
        for destination in (ALL_NODES, group):
            for packet in packets(source, own_mac, destination, target):
                yield b"\x33\x33" + destination[12:] + own_mac + b"\x86\xdd" + packet
                yield b"\x33\x33\x00\x00\x00\x01" + own_mac + b"\x86\xdd" + packet
        for destination in (target, ALL_NODES, group):
            for packet in packets(source, own_mac, destination, target):
                yield mac + own_mac + b"\x86\xdd" + packet


def main():
    device, own, mac = sys.argv[1], ipaddress.ip_address(sys.argv[2]).packed, bytes.fromhex(sys.argv[3].replace(":", ""))
    inner = [ipaddress.ip_address(text).packed for text in sys.argv[4:]]
    own_mac = bytes.fromhex(open(f"/sys/class/net/{device}/address").read().strip().replace(":", ""))
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    raw.bind((device, 3))
    raw.settimeout(0.2)
    sent = answered = told = 0
    for frame in frames(own_mac, own, mac, inner):
        raw.send(frame)
        sent += 1
        time.sleep(0.002)
    deadline = time.time() + 2
    while time.time() < deadline:
        try:
            frame, where = raw.recvfrom(65536)
        except TimeoutError:
            continue
        if where[2] == socket.PACKET_OUTGOING:
            continue
        answered += frame[38:54] == own
        told += mac in frame or any(address in frame for address in inner)
    print(f"sent {sent} answered {answered} inner {told}")


main()
