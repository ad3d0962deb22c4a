# SPDX-License-Identifier: GPL-2.0-only
"""The other end of Mayfly. Keys are base64.

    python3 -m peer meet   --key FILE --peer KEY --prefix PREFIX --bootstrap [ADDRESS]:PORT ...
    python3 -m peer serve  --key FILE --peer KEY --prefix PREFIX --bootstrap [ADDRESS]:PORT ...
    python3 -m peer static --key-file FILE --seeds OWN OTHER --hosts OWN OTHER --prefix PREFIX --peer-prefix PREFIX

meet finds a server in the DHT and begins a session with it, serve lets a client meet it; static begins a session with whom
it shares a key file (section 9.5). What happens is told on standard output, a line of JSON each. --commands is a pipe; its
lines are

    echo COUNT MILLISECONDS     ICMPv6 echo to the other inner address
    forge COUNT                 packets one bit of which is wrong, so that the tag is
    replay COUNT                the last packet again
    renew                       another generation
    move PREFIX                 from now on this end hops there
    teardown                    take leave, and end
"""

import argparse
import base64
import json
import os
import select
import sys
import time

from . import dht, messages, offer, rendezvous
from .derive import Association, End, key_address, packed, prefix_of, public_of, static_private, told
from .echo import Echo, request
from .initiator import Initiator
from .packet import Hosts, carry, outer_packet
from .responder import Responder
from .session import Hooks, Introduction
from .wire import Tun, Wire, now_ms

TICK_S = 0.02
INNER_MTU = 1500 - 36 - 2
INTRODUCTION_MS = 3000
STATIC_NUMBER = 1


def tell(event, **words):
    print(json.dumps({"event": event, "at_ms": now_ms(), **words}), flush=True)


def log(text):
    print(text, file=sys.stderr, flush=True)


def arguments():
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python3 -m peer", description=__doc__, formatter_class=form)
    parser.add_argument("role", choices=("meet", "serve", "static"))
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--interface", default="eth0")
    parser.add_argument("--key")
    parser.add_argument("--peer")
    parser.add_argument("--bootstrap", nargs="+")
    parser.add_argument("--period", type=int, default=600, help="of introductions, in seconds")
    parser.add_argument("--key-file")
    parser.add_argument("--seeds", nargs=2)
    parser.add_argument("--hosts", nargs=2)
    parser.add_argument("--peer-prefix")
    parser.add_argument("--rotation", type=int, default=3000, help="of --key-file's association, in milliseconds")
    parser.add_argument("--encap", action="store_true", help="encap will do")
    parser.add_argument("--padding", choices=("classes", "full"))
    parser.add_argument("--tun", help="a device of this name for programs of this host")
    parser.add_argument("--commands")
    return parser.parse_args()


def node_of(text):
    address, _, port = text.rpartition(":")
    return address.strip("[]"), int(port)


def read(file):
    with open(file, encoding="ascii") as opened:
        return opened.read()


def template_of(text):
    return messages.Prefix(*prefix_of(text))


# --- how a session comes about -----------------------------------------------------------


def meet(options, hooks):
    private, server = base64.b64decode(read(options.key)), base64.b64decode(options.peer)
    session = Initiator(private, server, template_of(options.prefix), hooks, options.encap, options.padding)
    finder = rendezvous.Finder(private, server, network_of(options).get, log)
    found = finder.find(options.period, int(time.time()))
    if not found:
        tell("not found")
        sys.exit(1)
    tell(
        "found", period_s=found.period_s, T=found.start, holders=found.holders, common=found.common,
        prefix=f"{told(found.offer.base)}/{found.offer.length}", rotation_ms=found.offer.rotation_ms,
    )
    seed = offer.client_seed(finder.secret, found.offer.key)
    session.ask_by_offer(found.offer, found.start, seed, now_ms())
    return session


def serve(options, hooks):
    private, client = base64.b64decode(read(options.key)), base64.b64decode(options.peer)
    prefix = template_of(options.prefix)
    session = Responder(private, client, prefix, hooks, options.encap, options.padding, period_s=options.period)
    network = network_of(options)
    publisher = rendezvous.Publisher(
        private, client, prefix, lambda seed, value: network.put(seed, value, int(time.time()))
    )
    start = offer.period_start(int(time.time()), options.period)
    for one in (start, start + options.period):
        offered, holders = publisher.publish(options.period, one, INTRODUCTION_MS)
        session.listen(offered, one, offer.client_seed(publisher.secret, offered.key))
        tell("published", T=one, holders=holders)
    return session


def network_of(options):
    return dht.Dht([node_of(one) for one in options.bootstrap], log)


def static(options, hooks):
    """Keys of both ends follow from K and the seeds. Whose public key is lower asks: its request counts if both do."""
    key = base64.b64decode(read(options.key_file))
    seeds, hosts = [bytes.fromhex(one) for one in options.seeds], [packed(one) for one in options.hosts]
    own, other = (static_private(key, seed) for seed in seeds)
    peer = public_of(other)
    prefix, peer_prefix = template_of(options.prefix), template_of(options.peer_prefix)
    asks = public_of(own) < peer
    if asks:
        session = Initiator(own, peer, prefix, hooks, options.encap, options.padding)
    else:
        session = Responder(own, peer, prefix, hooks, options.encap, options.padding, period_s=0)
    session.inner = Hosts(*hosts)
    association = Association(
        key, options.rotation, End(prefix.base, prefix.hop_bits, seeds[0]), End(peer_prefix.base, peer_prefix.hop_bits, seeds[1])
    )
    introduced = Hosts(key_address("introduction", public_of(own)), key_address("introduction", peer))
    introduction = Introduction(STATIC_NUMBER, association, introduced)
    if asks:
        session.ask_by(introduction, now_ms())
    else:
        session.introductions.append(introduction)
    return session


# --- while there is one ------------------------------------------------------------------


class Peer:
    def __init__(self, options):
        self.wire = Wire(options.interface)
        self.sent = None  # the last outer packet
        self.tun_name, self.tun, self.echo = options.tun, None, None
        self.commands = os.open(options.commands, os.O_RDWR | os.O_NONBLOCK) if options.commands else None
        self.unread = b""
        begin = {"meet": meet, "serve": serve, "static": static}[options.role]
        self.session = begin(options, Hooks(self._send, self._deliver, self._tell))

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
        if packet:
            self.sent = packet
            self.wire.send(packet)

    def _deliver(self, inner, slot):
        if self.echo and self.echo.hear(inner, slot.index):
            return
        if self.tun:
            self.tun.send(inner)

    def _tell(self, event, **words):
        if event == "session" and self.tun_name and not self.tun:
            inner = self.session.inner
            self.tun = Tun(self.tun_name, told(inner.source), told(inner.destination), INNER_MTU)
        tell(event, **words)

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
            word, *rest = line.decode().split()
            getattr(self, f"do_{word}")(now, *rest)

    def do_echo(self, now, count, interval_ms):
        self.echo = Echo(self.session.inner, int(count), int(interval_ms))

    def do_forge(self, now, count):
        present = self.session.present
        slot = present.association.now(now)
        for number in range(int(count)):
            data = carry(request(self.session.inner, 1, number), self.session.inner)
            payload = bytearray(present.sealer.seal(slot.index, data))
            payload[-1] ^= 1
            self.wire.send(outer_packet(slot.local, slot.remote, bytes(payload)))
        tell("forged", count=int(count))

    def do_replay(self, now, count):
        for _ in range(int(count)):
            self.wire.send(self.sent)
        tell("replayed", count=int(count))

    def do_renew(self, now):
        self.session.renew(now)

    def do_move(self, now, prefix):
        self.session.move(template_of(prefix), now)

    def do_teardown(self, now):
        self.session.teardown(now)


Peer(arguments()).run()
