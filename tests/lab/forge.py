#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Sends hand-made frames as a stranger on the link would, and counts what comes back.

    forge.py DEVICE MAC SOURCE DESTINATION... [--tags none,0,7,0.5,ad0] [--kinds echo,udp,tcp,too-big,fragment]
             [--wait SECONDS]

Every combination of destination, tag stack and kind is sent to MAC. Prints "sent N answered M"
and a line for each answer: any IPv6 packet for SOURCE, or from one of the destinations.
"""
import argparse
import ipaddress
import socket
import struct
import time

NEXT_TCP, NEXT_UDP, NEXT_ICMP6, NEXT_FRAGMENT = 6, 17, 58, 44


def checksum(source, destination, protocol, payload):
    data = source + destination + struct.pack("!II", len(payload), protocol) + payload
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def with_sum(source, destination, protocol, payload, at):
    value = checksum(source, destination, protocol, payload)
    return payload[:at] + struct.pack("!H", value) + payload[at + 2:]


def ipv6(source, destination, protocol, payload):
    return struct.pack("!IHBB", 6 << 28, len(payload), protocol, 64) + source + destination + payload


def packet(kind, source, destination):
    if kind == "echo":
        body = struct.pack("!BBHHH", 128, 0, 0, 0x4d46, 1) + b"who is there"
        return ipv6(source, destination, NEXT_ICMP6, with_sum(source, destination, NEXT_ICMP6, body, 2))
    if kind == "udp":
        body = struct.pack("!HHHH", 40000, 9, 12, 0) + b"knok"
        return ipv6(source, destination, NEXT_UDP, with_sum(source, destination, NEXT_UDP, body, 6))
    if kind == "tcp":
        body = struct.pack("!HHIIBBHHH", 40000, 22, 1, 0, 5 << 4, 2, 65535, 0, 0)
        return ipv6(source, destination, NEXT_TCP, with_sum(source, destination, NEXT_TCP, body, 16))
    if kind == "too-big":
        quoted = ipv6(destination, source, NEXT_UDP, struct.pack("!HHHH", 9, 9, 1000, 0) + bytes(64))
        body = struct.pack("!BBHI", 2, 0, 0, 1280) + quoted
        return ipv6(source, destination, NEXT_ICMP6, with_sum(source, destination, NEXT_ICMP6, body, 2))
    if kind == "fragment":
        body = struct.pack("!BBHHH", 128, 0, 0, 0x4d46, 2) + bytes(16)
        body = with_sum(source, destination, NEXT_ICMP6, body, 2)
        return ipv6(source, destination, NEXT_FRAGMENT, struct.pack("!BBHI", NEXT_ICMP6, 0, 0, 7) + body)
    raise SystemExit("unknown kind " + kind)


def tag_stack(text):
    """"none", or tags joined by dots: a number is 802.1Q, ad and a number 802.1ad."""
    if text == "none":
        return b""
    tags = b""
    for tag in text.split("."):
        proto = 0x88a8 if tag.startswith("ad") else 0x8100
        tags += struct.pack("!HH", proto, int(tag.removeprefix("ad")))
    return tags


def is_answer(frame, own, targets):
    at = 12
    while frame[at:at + 2] in (b"\x81\x00", b"\x88\xa8"):
        at += 4
    if frame[at:at + 2] != b"\x86\xdd" or len(frame) < at + 42:
        return None
    source, destination = frame[at + 10:at + 26], frame[at + 26:at + 42]
    kind = frame[at + 42] if frame[at + 8] == NEXT_ICMP6 else None
    if kind in (133, 134, 135):
        return None  # discovery that asks or advertises itself is no answer; an advertisement (136) is
    return (source, frame[at + 8], kind) if destination == own or source in targets else None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("device")
    parser.add_argument("mac")
    parser.add_argument("source")
    parser.add_argument("destination", nargs="+")
    parser.add_argument("--tags", default="none")
    parser.add_argument("--kinds", default="echo,udp,tcp")
    parser.add_argument("--wait", type=float, default=1.0)
    args = parser.parse_args()
    own = ipaddress.IPv6Address(args.source).packed
    targets = [ipaddress.IPv6Address(one).packed for one in args.destination]
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    sock.bind((args.device, 0))
    source_mac = sock.getsockname()[4]
    head = bytes.fromhex(args.mac.replace(":", "")) + source_mac
    sent = 0
    for target in targets:
        for tags in args.tags.split(","):
            for kind in args.kinds.split(","):
                frame = head + tag_stack(tags) + b"\x86\xdd" + packet(kind, own, target)
                sock.send(frame.ljust(60, b"\0"))
                sent += 1
    answers, deadline = [], time.monotonic() + args.wait
    while time.monotonic() < deadline:
        sock.settimeout(max(0.01, deadline - time.monotonic()))
        try:
            frame, meta = sock.recvfrom(65535)
        except socket.timeout:
            break
        found = is_answer(frame, own, targets) if meta[2] != socket.PACKET_OUTGOING else None
        if found:
            answers.append(found)
    print("sent %d answered %d" % (sent, len(answers)))
    for source, protocol, kind in answers:
        print("  answer from %s next header %d%s" % (ipaddress.IPv6Address(source), protocol,
                                                     "" if kind is None else " type %d" % kind))


if __name__ == "__main__":
    main()
