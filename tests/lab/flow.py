#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A stream of numbered UDP datagrams, to see loss, order and silence.

    flow.py receive PORT SECONDS           sums up what came, as JSON
    flow.py send ADDRESS PORT RATE SECONDS [--size N] [--source ADDRESS] [--source-port PORT]

The receiver ends SECONDS after the first datagram, or on the sender's last word.
"""
import argparse
import json
import socket
import struct
import time

HEAD = struct.Struct("!QQQ")  # number, of how many (0: not known yet), nanoseconds of sending
END = 2**64 - 1
SO_RCVBUFFORCE = 33


def receive(args):
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 23)  # a slow reader is not what is tested
    sock.bind(("::", args.port))
    sock.settimeout(args.seconds)
    seen, highest, late, twice, total = set(), -1, 0, 0, None
    gap, last, first = 0.0, None, None
    while True:
        try:
            data = sock.recv(65535)
        except socket.timeout:
            break
        now = time.monotonic()
        number, count, _ = HEAD.unpack_from(data)
        if number == END:
            total = count
            break
        gap = max(gap, now - last) if last else 0.0
        last, first = now, first or now
        late += number < highest
        twice += number in seen
        seen.add(number)
        highest = max(highest, number)
        if now - first > args.seconds:
            break
    if total is None:
        total = highest + 1 if seen else None
    lost = "all" if total is None else total - len(seen)
    print(json.dumps({"sent": total, "received": len(seen), "lost": lost,
                      "reordered": late, "twice": twice, "gap_ms": round(gap * 1000, 1)}))


def send(args):
    family = socket.AF_INET6 if ":" in args.address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    if args.source or args.source_port:
        sock.bind((args.source or "::", args.source_port))
    sock.connect((args.address, args.port))
    start, number = time.monotonic(), 0
    fill = bytes(max(0, args.size - HEAD.size))
    while number < args.rate * args.seconds:
        wait = start + number / args.rate - time.monotonic()
        if wait > 0.0005:
            time.sleep(wait)
        put(sock, HEAD.pack(number, 0, time.time_ns()) + fill)
        number += 1
    time.sleep(0.3)
    for _ in range(3):
        put(sock, HEAD.pack(END, number, 0))
        time.sleep(0.05)


def put(sock, data):
    try:
        sock.send(data)
    except OSError:
        pass  # it counts as lost


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("receive")
    one.add_argument("port", type=int)
    one.add_argument("seconds", type=float)
    one.set_defaults(run=receive)
    one = commands.add_parser("send")
    one.add_argument("address")
    one.add_argument("port", type=int)
    one.add_argument("rate", type=float)
    one.add_argument("seconds", type=float)
    one.add_argument("--size", type=int, default=200)
    one.add_argument("--source")
    one.add_argument("--source-port", type=int, default=0)
    one.set_defaults(run=send)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
