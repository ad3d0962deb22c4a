# SPDX-License-Identifier: GPL-2.0-only
"""What both ends of a session do alike (sections 8 and 9). Pure: time and packets come in, packets and words go out."""

import os
import random
from dataclasses import dataclass

from . import messages, packet, sealed
from .derive import Association, End, Refused, key_address, public_of
from .messages import PING, PONG, REASONS, TEARDOWN

FIRST_WAIT_MS = 400
TIMES = 5
UNCONFIRMED_MS = 40_000
HEARD_ON_MS = 3000  # and three rotations
HEARD_LAST_MS = 120_000  # where a client was heard is where it is, for so long


@dataclass
class Introduction:
    """The association that carries a request, and nothing but session messages (8)."""

    number: int  # T
    association: Association
    hosts: packet.Hosts  # as packets leave
    listens: bool = False  # this end is the introduction's: the other's prefix is open, and learned
    learned: bytes = None
    learned_at: int = 0

    def find(self, now, outer):
        if not self.listens:
            return find_slot(self.association, now, outer)
        found = find_slot(self.association, now, outer, any_prefix=True)
        if found and no_host_in(outer.source):
            raise Refused("prefix that no host can have")
        return found

    def learn(self, outer, now):
        self.learned, self.learned_at = outer.source[:8], now

    def packet(self, now, inner):
        """None: nobody knows where to."""
        association = self.association
        if self.listens:
            if not self.learned or now > self.learned_at + HEARD_LAST_MS:
                return None
            remote = End(self.learned + bytes(8), 64, association.remote.seed)
            association = Association(association.key, association.rotation_ms, association.local, remote)
        return packet.encapsulate(association.now(now), inner, self.hosts)


class Repeated:
    """Something that is said again until it is answered: said(now)."""

    def __init__(self, say):
        self.say, self.due, self.wait, self.times = say, 0, FIRST_WAIT_MS, 0

    def tick(self, now):
        """False: it has been said often enough, and waited for."""
        if now < self.due:
            return True
        if self.times == TIMES:
            return False
        self.times += 1
        self.due = now + int(self.wait * random.uniform(0.75, 1.25))
        self.wait *= 2
        self.say(now)
        return True


@dataclass
class Generation:
    """An association that a handshake has agreed on."""

    association: Association
    hosts: packet.Hosts
    notices: messages.NoticeKeys
    sealer: object  # None: encap
    opener: object
    began: int
    lifetime_ms: int
    until: int  # heard no longer than this; 0: no end
    silent_since: int = 0  # when something was sent, and nothing heard since; 0: not so

    def packet(self, now, inner, padding=None):
        slot = self.association.now(now)
        if not self.sealer:
            return packet.encapsulate(slot, inner, self.hosts)
        size = self._size(inner, padding) if padding else None
        return self.sealer.packet(slot, inner, self.hosts, size)

    def _size(self, inner, padding):
        most = packet.LINK_MTU - 48 - sealed.COUNTER - sealed.TAG
        return sealed.padded_size(len(packet.carry(inner, self.hosts)), padding, most)

    def open(self, slot, datagram, ecn):
        hosts = packet.Hosts(self.hosts.destination, self.hosts.source)
        if not self.opener:
            return packet.carried(datagram.payload, hosts, ecn)[0]
        return self.opener.inner(slot.index, datagram.payload, hosts, ecn)


def no_host_in(address):
    """Multicast, fe80::/10, zero."""
    return address[0] == 0xFF or address[0] == 0xFE and address[1] & 0xC0 == 0x80 or not any(address[:8])


def find_slot(association, now, outer, any_prefix=False):
    """The slot of an outer packet to this end, and its datagram; None: it is of no slot that is heard."""
    for slot in association.heard(now):
        if outer.destination != slot.local.address:
            continue
        if outer.source != slot.remote.address and not (any_prefix and outer.source[8:] == slot.remote.identifier):
            continue
        datagram = packet.Datagram.parse(outer, zero_allowed=True)
        if (datagram.source_port, datagram.destination_port) == (slot.remote.port, slot.local.port):
            return slot, datagram
    return None


@dataclass
class Hooks:
    """What a session does to the world: send(outer packet), deliver(inner packet, slot), tell(event, **words)."""

    send: object
    deliver: object
    tell: object


class Session:
    """Of this end, which has a private key and hops in a prefix, with a peer by its public key."""

    initiator = None  # which of the two a subclass is

    def __init__(self, private, peer, prefix, hooks, encap=False, padding=None):
        self.private, self.public, self.peer = private, public_of(private), peer
        self.prefix, self.hooks, self.padding = prefix, hooks, padding
        self.flags = messages.ENCAP_WILL_DO if encap else 0
        self.inner = packet.Hosts(key_address("inner", self.public), key_address("inner", peer))
        self.introductions = []
        self.present, self.coming, self.before = None, None, []
        self.ended = None
        self.refused = {}

    def generations(self):
        return [one for one in (self.coming, self.present, *self.before) if one]

    def begin_generation(self, handshake, key, rotation_ms, seeds, remote_prefix, other_flags, lifetime_s, now):
        """What a handshake has agreed on, heard from now on. seeds: own, the other's."""
        local = End(self.prefix.base, self.prefix.hop_bits, seeds[0])
        remote = End(remote_prefix.base, remote_prefix.hop_bits, seeds[1])
        to_responder, to_initiator = handshake.split()
        own, other = (to_responder, to_initiator) if self.initiator else (to_initiator, to_responder)
        sealer = opener = None
        if not self.flags & other_flags & messages.ENCAP_WILL_DO:
            number = 0 if self.initiator else 1
            sealer = sealed.Sealer(*sealed.keys_of(own, handshake.hash), number)
            opener = sealed.Opener(*sealed.keys_of(other, handshake.hash), 1 - number)
        self.coming = Generation(
            Association(key, rotation_ms, local, remote), self.inner,
            messages.NoticeKeys(own, other, handshake.hash[:4]), sealer, opener, now, 1000 * lifetime_s, now + UNCONFIRMED_MS,
        )

    def take_into_use(self, now):
        if self.present:
            self.present.until = now + HEARD_ON_MS + 3 * self.present.association.rotation_ms
            self.before.append(self.present)
        self.present, self.coming = self.coming, None
        self.present.until = 0
        self.hooks.tell("session", rotation_ms=self.present.association.rotation_ms)

    # --- what comes (8, 9.3) ---

    def hear(self, outer_bytes, now):
        """Any packet of the wire. What is not for this session leaves no trace but a count."""
        try:
            outer = packet.Ipv6.parse(outer_bytes)
            for generation in self.generations():
                found = find_slot(generation.association, now, outer)
                if found:
                    return self._heard_in(generation, *found, outer, now)
            for introduction in self.introductions:
                found = introduction.find(now, outer)
                if found:
                    return self._heard_by(introduction, *found, outer, now)
        except Refused as why:
            self.refused[str(why)] = self.refused.get(str(why), 0) + 1

    def _heard_by(self, introduction, slot, datagram, outer, now):
        hosts = packet.Hosts(introduction.hosts.destination, introduction.hosts.source)
        inner, _ = packet.carried(datagram.payload, hosts, outer.traffic_class & 3)
        message = message_of(inner, hosts)
        if inner is not None and message is None:
            raise Refused("an introduction carries session messages only")
        introduction.learn(outer, now)
        if message is not None:
            self.hear_message(message, introduction, outer, now)

    def _heard_in(self, generation, slot, datagram, outer, now):
        inner = generation.open(slot, datagram, outer.traffic_class & 3)
        generation.silent_since = 0
        if inner is None:
            return
        hosts = packet.Hosts(self.inner.destination, self.inner.source)
        message = message_of(inner, hosts)
        if message is not None:
            return self.hear_message(message, generation, outer, now)
        header = packet.Ipv6.parse(inner)
        if (header.source, header.destination) != (hosts.source, hosts.destination):
            raise Refused("inner address")
        self.hooks.deliver(inner, slot)

    def hear_message(self, message, way, outer, now):
        """way: the introduction or the generation that it came by."""
        kind, number, body = messages.parse_header(message)
        by_introduction = isinstance(way, Introduction)
        if kind == messages.NOTICE:
            if by_introduction or number != int.from_bytes(way.notices.index, "big"):
                raise Refused("notice of another session")
            notice = way.notices.open(body)
            self.heard_authentic(way, now)
            return self._hear_notice(notice, way, now)
        if number != (way.number if by_introduction else 0):
            raise Refused("number of another introduction")
        self.hear_handshake(kind, message, way, outer, now)

    def _hear_notice(self, notice, generation, now):
        if notice.id == PING:
            self.say(generation, messages.Notice(PONG, echo=notice.echo), now)
        elif notice.id == TEARDOWN:
            self._end(REASONS[notice.reason])
        else:
            self.hear_notice(notice, generation, now)

    # --- what goes ---

    def sending(self):
        """The generation that packets go out in."""
        return self.present

    def send(self, inner, now):
        """An inner packet of this end; the slot that it went in, None where there is no session."""
        generation = self.sending()
        if not generation:
            return None
        self.hooks.send(generation.packet(now, inner, self.padding))
        generation.silent_since = generation.silent_since or now
        return generation.association.index(now)

    def say(self, generation, notice, now):
        inner = between(self.inner, generation.notices.seal(notice))
        self.hooks.send(generation.packet(now, inner, self.padding))

    def teardown(self, now):
        if self.present:
            self.say(self.present, messages.Notice(TEARDOWN, reason=REASONS.index("closed")), now)
        self._end("by this end")

    def _end(self, why):
        self.present, self.coming, self.before = None, None, []
        self.ended = why
        self.hooks.tell("ended", reason=why)

    def tick(self, now):
        """What time brings. Called some ten times a second."""
        self.before = [one for one in self.before if one.until > now]


def between(hosts, message):
    """The inner packet that carries a message."""
    return packet.Ipv6(hosts.source, hosts.destination, messages.NEXT_HEADER, message).pack()


def message_of(inner, hosts):
    """The session message that an inner packet is between these two; None: it is something else."""
    if not inner or inner[0] >> 4 != 6:
        return None
    header = packet.Ipv6.parse(inner)
    same = (header.source, header.destination) == (hosts.source, hosts.destination)
    return header.payload if same and header.next_header == messages.NEXT_HEADER else None


def fresh_seed():
    return os.urandom(8)
