#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Traffic that differs from one association to the next: each asks at a pace of its own, with a size of its own, and is
answered with another one.

    flows.py answer COUNT
    flows.py ask COUNT SECONDS [--seed N] [--even MS]       --even: all alike, one question each so many milliseconds

Association I is asked at fd00:5::I from fd00:c::I.
"""
import argparse
import heapq
import random
import selectors
import socket
import struct
import time

PORT = 7000
HEAD = struct.Struct("!H")  # how long the answer is to be
SIZES, ANSWERS, PACE_MS = (40, 1150), (40, 1150), (40, 160)
STRAY = 0.15  # so many of its packets have any size


def answer(args):
    chooser = selectors.DefaultSelector()
    for i in range(1, args.count + 1):
        sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        sock.bind((f"fd00:5::{i:x}", PORT))
        chooser.register(sock, selectors.EVENT_READ)
    print("ready", flush=True)
    while True:
        for key, _ in chooser.select():
            data, sender = key.fileobj.recvfrom(2048)
            send(key.fileobj, bytes(HEAD.unpack_from(data)[0]), sender)


def send(sock, data, to):
    try:
        sock.sendto(data, to)
    except OSError:
        pass  # while keys change; it counts as lost


class Flow:
    def __init__(self, number, chance, even_ms):
        self.sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.sock.bind((f"fd00:c::{number:x}", 0))
        self.sock.setblocking(False)
        self.to = (f"fd00:5::{number:x}", PORT)
        self.size, self.answer = chance.randint(*SIZES), chance.randint(*ANSWERS)
        self.pace = chance.uniform(*PACE_MS) / 1000
        self.even, self.chance, self.asked, self.answered = even_ms / 1000, chance, 0, 0

    def ask(self):
        size, wanted = self.size, self.answer
        if not self.even and self.chance.random() < STRAY:
            size, wanted = self.chance.randint(*SIZES), self.chance.randint(*ANSWERS)
        send(self.sock, HEAD.pack(wanted) + bytes(size - HEAD.size), self.to)
        self.asked += 1
        try:
            while self.sock.recv(2048):
                self.answered += 1
        except OSError:
            pass
        return self.even or self.chance.expovariate(1 / self.pace)


def ask(args):
    chance = random.Random(args.seed)
    flows = [Flow(i, chance, args.even) for i in range(1, args.count + 1)]
    began = time.monotonic()
    due = [(began + chance.random() * (args.even or 100) / 1000, i) for i in range(args.count)]
    heapq.heapify(due)
    while due[0][0] < began + args.seconds:
        at, i = due[0]
        wait = at - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        heapq.heapreplace(due, (at + flows[i].ask(), i))
    print(f"{args.count} associations, {sum(flow.asked for flow in flows)} questions, "
          f"{sum(flow.answered for flow in flows)} answers")


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("answer")
    one.add_argument("count", type=int)
    one.set_defaults(run=answer)
    one = commands.add_parser("ask")
    one.add_argument("count", type=int)
    one.add_argument("seconds", type=float)
    one.add_argument("--seed", type=int, default=1)
    one.add_argument("--even", type=float, default=0)
    one.set_defaults(run=ask)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
