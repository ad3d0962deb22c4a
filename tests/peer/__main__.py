# SPDX-License-Identifier: GPL-2.0-only
"""python3 -m peer --key FILE --server BASE64 --prefix PREFIX --bootstrap [ADDRESS]:PORT ...

Finds the server in the DHT, begins a session with it and does what the lines of --commands say:

    echo COUNT MILLISECONDS     ICMPv6 echo to the server's inner address
    forge COUNT                 packets one bit of which is wrong, so that the tag is
    replay COUNT                the last packet again
    renew                       ask for another generation
    teardown                    take leave, and end

Each thing that happens is a line of JSON on standard output.
"""

import argparse
import base64
import json
import os
import select
import sys
import time

from . import dht, messages, offer, rendezvous
from .derive import prefix_of, told
from .echo import Echo, request
from .packet import carry, outer_packet
from .session import Session
from .wire import Tun, Wire, now_ms

TICK_S = 0.02
INNER_MTU = 1500 - 36


def tell(event, **words):
    print(json.dumps({"event": event, "at_ms": now_ms(), **words}), flush=True)


def log(text):
    print(text, file=sys.stderr, flush=True)


def arguments():
    parser = argparse.ArgumentParser(prog="peer", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--key", required=True, help="file of the private key, base64")
    parser.add_argument("--server", required=True, help="public key, base64")
    parser.add_argument("--prefix", required=True, help="where this end hops")
    parser.add_argument("--interface", default="eth0")
    parser.add_argument("--bootstrap", nargs="+", required=True, help="nodes of the DHT to begin with")
    parser.add_argument("--period", type=int, default=600, help="of introductions, in seconds")
    parser.add_argument("--encap", action="store_true", help="say that encap will do")
    parser.add_argument("--padding", choices=("classes", "full"))
    parser.add_argument("--tun", help="name of a device for programs of this host")
    parser.add_argument("--commands", help="a pipe that lines are read from")
    return parser.parse_args()


def node_of(text):
    address, _, port = text.rpartition(":")
    return address.strip("[]"), int(port)


def key_of(file):
    with open(file, encoding="ascii") as opened:
        return base64.b64decode(opened.read())


class Peer:
    def __init__(self, options):
        self.private, self.server = key_of(options.key), base64.b64decode(options.server)
        self.wire = Wire(options.interface)
        self.sent = None  # the last outer packet
        self.session = Session(
            self.private, self.server, messages.Prefix(*prefix_of(options.prefix)),
            self._send, self._deliver, self._tell, options.encap, options.padding,
        )
        self.tun_name, self.tun, self.echo = options.tun, None, None
        self.commands = os.open(options.commands, os.O_RDWR | os.O_NONBLOCK) if options.commands else None
        self.unread = b""

    def meet(self, options):
        """False: there is no introduction."""
        reader = dht.Reader([node_of(one) for one in options.bootstrap], log)
        finder = rendezvous.Finder(self.private, self.server, reader.get, log)
        found = finder.find(options.period, int(time.time()))
        if not found:
            return False
        tell(
            "found", period_s=found.period_s, T=found.start, holders=found.holders, common=found.common,
            prefix=f"{told(found.offer.base)}/{found.offer.length}", rotation_ms=found.offer.rotation_ms,
        )
        seed = offer.client_seed(finder.secret, found.offer.key)
        self.session.ask_by_introduction(found.offer, found.start, seed, now_ms())
        return True

    def run(self):
        while not self.session.ended:
            watched = [one for one in (self.wire, self.tun, self.commands) if one is not None]
            ready, _, _ = select.select(watched, [], [], TICK_S)
            now = now_ms()
            if self.wire in ready:
                for packet in self.wire.receive():
                    self.session.hear(packet, now)
            if self.tun in ready:
                for packet in self.tun.receive():
                    self.session.send(packet, now)
            if self.commands in ready:
                self._read_commands(now)
            self.session.tick(now)
            if self.echo and self.echo.tick(now, self.session.send):
                self._tell_echo()

    def _send(self, packet):
        self.sent = packet
        self.wire.send(packet)

    def _deliver(self, inner, slot, now):
        if self.echo and self.echo.hear(inner, slot.index):
            return
        if self.tun:
            self.tun.send(inner)

    def _tell(self, event, **words):
        tell(event, **words)
        if event == "session" and self.tun_name and not self.tun:
            inner = self.session.inner
            self.tun = Tun(self.tun_name, told(inner.source), told(inner.destination), INNER_MTU)
            tell("tun", address=told(inner.source), peer=told(inner.destination))

    def _tell_echo(self):
        echo, self.echo = self.echo, None
        tell(
            "echo", sent=echo.sent, answered=len(echo.answered), slots=len(echo.slots_out), slots_back=len(echo.slots_back),
            refused=self.session.refused,
        )

    def _read_commands(self, now):
        self.unread += os.read(self.commands, 4096)
        *lines, self.unread = self.unread.split(b"\n")
        for line in lines:
            word, *numbers = line.decode().split()
            getattr(self, f"do_{word}")(now, *map(int, numbers))

    def do_echo(self, now, count, interval_ms):
        self.echo = Echo(self.session.inner, count, interval_ms)

    def do_forge(self, now, count):
        present = self.session.present
        slot = present.association.now(now)
        for number in range(count):
            data = carry(request(self.session.inner, 1, number), self.session.inner)
            payload = bytearray(present.sealer.seal(slot.index, data))
            payload[-1] ^= 1
            self.wire.send(outer_packet(slot.local, slot.remote, bytes(payload)))
        tell("forged", count=count)

    def do_replay(self, now, count):
        for _ in range(count):
            self.wire.send(self.sent)
        tell("replayed", count=count)

    def do_renew(self, now):
        self.session.ask_inside(now)

    def do_teardown(self, now):
        self.session.teardown(now)


def main():
    options = arguments()
    peer = Peer(options)
    if not peer.meet(options):
        tell("not found")
        return 1
    peer.run()
    return 0


sys.exit(main())
