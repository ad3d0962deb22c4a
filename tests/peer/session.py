# SPDX-License-Identifier: GPL-2.0-only
"""A session as its initiator keeps it (sections 8 and 9). Pure: time and packets come in, packets and words go out."""

import os
import random
from dataclasses import dataclass

from . import messages, packet, sealed
from .derive import Association, End, Refused, key_address, public_of, told
from .messages import CONFIRM, CONFIRMED, PING, PONG, REASONS, RENEW, TEARDOWN
from .noise import Handshake, prologue

FIRST_WAIT_MS = 400
TIMES = 5
UNCONFIRMED_MS = 40_000
HEARD_ON_MS = 3000  # and three rotations
SILENCE_MS = 10_000


@dataclass
class Introduction:
    """The association that carries a request, and nothing but session messages (8)."""

    number: int  # T
    association: Association
    hosts: packet.Hosts  # as packets leave


@dataclass
class Repeated:
    """Something that is said again until it is answered."""

    say: object  # called with the time
    due: int = 0
    wait: int = FIRST_WAIT_MS
    times: int = 0

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
    association: Association
    hosts: packet.Hosts
    notices: messages.NoticeKeys
    sealer: object  # None: encap
    opener: object
    began: int
    lifetime_ms: int
    confirmed: bool = False
    until: int = 0  # heard no longer than this, 0: no end
    last_heard: int = 0
    said_since: int = 0  # when something was sent that nothing has been heard after

    def packet(self, now, inner, padding=None):
        slot = self.association.now(now)
        if not self.sealer:
            return packet.encapsulate(slot, inner, self.hosts)
        return self.sealer.packet(slot, inner, self.hosts, padding)

    def open(self, slot, datagram, ecn):
        hosts = packet.Hosts(self.hosts.destination, self.hosts.source)
        if not self.opener:
            return packet.carried(datagram.payload, hosts, ecn)[0]
        return self.opener.inner(slot.index, datagram.payload, hosts, ecn)


def find_slot(association, now, outer):
    """The slot of an outer packet to this end, and its datagram; None: it is of no slot that is heard."""
    for slot in association.heard(now):
        if (outer.destination, outer.source) != (slot.local.address, slot.remote.address):
            continue
        datagram = packet.Datagram.parse(outer, zero_allowed=True)
        if (datagram.source_port, datagram.destination_port) == (slot.remote.port, slot.local.port):
            return slot, datagram
    return None


class Session:
    """send(outer packet), deliver(inner packet, slot), tell(event, **words): what it does."""

    def __init__(self, private, peer, prefix, send, deliver, tell, encap=False, padding=None):
        self.private, self.public, self.peer = private, public_of(private), peer
        self.prefix = prefix
        self.send_outer, self.deliver, self.tell = send, deliver, tell
        self.flags = messages.ENCAP_WILL_DO if encap else 0
        self.padding = padding
        self.inner = packet.Hosts(key_address("inner", self.public), key_address("inner", peer))
        self.introduction = None
        self.present, self.coming, self.before = None, None, []
        self.asking = self.repeated = None
        self.ended = None
        self.refused = {}

    # --- asking (9.2) ---

    def ask_by_introduction(self, offered, number, secret_seed, now):
        """offered: an Offer; secret_seed: C_IID."""
        local = End(self.prefix.base, self.prefix.hop_bits, secret_seed)
        remote = End(offered.base, offered.hop_bits, offered.seed)
        association = Association(offered.key, offered.rotation_ms, local, remote)
        hosts = packet.Hosts(key_address("visitor", self.public), key_address("introduction", self.peer))
        self.introduction = Introduction(number, association, hosts)
        self._ask(now, number, association, hosts, lambda at, inner: packet.encapsulate(association.now(at), inner, hosts))

    def ask_inside(self, now):
        """Another generation, by the present one."""
        present = self.present
        self._ask(now, 0, present.association, self.inner, present.packet)

    def _ask(self, now, number, association, hosts, wrap):
        if self.asking:
            return
        seed = os.urandom(8)
        said = prologue(association.key, self.public, self.peer)
        handshake = Handshake(True, self.private, self.peer, said, os.urandom(32))
        request = messages.Request(messages.client_id(self.public), self.prefix, seed, self.inner.source, self.flags)
        message = messages.header(messages.REQUEST, number) + handshake.write_request(request.pack())
        inner = packet.Ipv6(hosts.source, hosts.destination, messages.NEXT_HEADER, message).pack()
        self.asking = handshake, number, seed
        self.repeated = Repeated(lambda at: self.send_outer(wrap(at, inner)))
        self.repeated.tick(now)
        self.tell("asking", inside=number == 0)

    # --- what comes (8, 9.3) ---

    def hear(self, outer_bytes, now):
        """Any packet of the wire. What is not for this session leaves no trace but a count."""
        try:
            outer = packet.Ipv6.parse(outer_bytes)
            for generation in self.generations():
                found = find_slot(generation.association, now, outer)
                if found:
                    return self._heard_in(generation, *found, outer.traffic_class & 3, now)
            found = self.introduction and find_slot(self.introduction.association, now, outer)
            if found:
                self._heard_by_introduction(*found, outer.traffic_class & 3, now)
        except Refused as why:
            self.refused[str(why)] = self.refused.get(str(why), 0) + 1

    def generations(self):
        return [one for one in (self.coming, self.present, *self.before) if one]

    def _heard_by_introduction(self, slot, datagram, ecn, now):
        hosts = packet.Hosts(self.introduction.hosts.destination, self.introduction.hosts.source)
        inner, _ = packet.carried(datagram.payload, hosts, ecn)
        message = self._message_of(inner, hosts)
        if message is None:
            raise Refused("introduction carries session messages only")
        self._hear_message(message, None, self.introduction.number, now)

    def _heard_in(self, generation, slot, datagram, ecn, now):
        inner = generation.open(slot, datagram, ecn)
        generation.last_heard, generation.said_since = now, 0
        if inner is None:
            return
        hosts = packet.Hosts(self.inner.destination, self.inner.source)
        message = self._message_of(inner, hosts)
        if message is not None:
            return self._hear_message(message, generation, 0, now)
        header = packet.Ipv6.parse(inner)
        if (header.source, header.destination) != (hosts.source, hosts.destination):
            raise Refused("inner address")
        self.deliver(inner, slot, now)

    @staticmethod
    def _message_of(inner, hosts):
        """The session message that an inner packet is between these two; None: it is something else."""
        if not inner or inner[0] >> 4 != 6:
            return None
        header = packet.Ipv6.parse(inner)
        same = (header.source, header.destination) == (hosts.source, hosts.destination)
        return header.payload if same and header.next_header == messages.NEXT_HEADER else None

    def _hear_message(self, message, generation, number, now):
        kind, said, body = messages.parse_header(message)
        if kind == messages.RESPONSE:
            if not self.asking or said != number or said != self.asking[1]:
                raise Refused("response to nothing")
            return self._take_response(body, now)
        if kind != messages.NOTICE or not generation or said != int.from_bytes(generation.notices.index, "big"):
            raise Refused("message that is not expected")
        self._take_notice(generation.notices.open(body), generation, now)

    def _take_response(self, body, now):
        handshake, _, seed = self.asking
        response = messages.Response.parse(handshake.read_response(body))
        to_peer, to_us = handshake.split()
        local = End(self.prefix.base, self.prefix.hop_bits, seed)
        remote = End(response.prefix.base, response.prefix.hop_bits, response.seed)
        association = Association(response.key, response.rotation_ms, local, remote)
        sealer = opener = None
        if not self.flags & response.flags & messages.ENCAP_WILL_DO:
            sealer = sealed.Sealer(*sealed.keys_of(to_peer, handshake.hash), 0)
            opener = sealed.Opener(*sealed.keys_of(to_us, handshake.hash), 1)
        notices = messages.NoticeKeys(to_peer, to_us, handshake.hash[:4])
        self.asking = self.introduction = None
        self.coming = Generation(
            association, self.inner, notices, sealer, opener, now, 1000 * response.lifetime_s, until=now + UNCONFIRMED_MS
        )
        self.repeated = Repeated(lambda at: self._notice(self.coming, messages.Notice(CONFIRM), at))
        self.repeated.tick(now)
        self.tell(
            "response", rotation_ms=response.rotation_ms, lifetime_s=response.lifetime_s, period_s=response.period_s,
            prefix=f"{told(response.prefix.base)}/{response.prefix.length}", sealed=sealer is not None,
        )

    def _take_notice(self, notice, generation, now):
        if notice.id == CONFIRMED and generation is self.coming:
            self._take_into_use(now)
        elif notice.id == RENEW and generation is self.present:
            self.tell("renew", reason=REASONS[notice.reason], period_s=notice.period_s)
            self.ask_inside(now)
        elif notice.id == PING:
            self._notice(generation, messages.Notice(PONG, echo=notice.echo), now)
        elif notice.id == TEARDOWN:
            self._end(REASONS[notice.reason])

    def _take_into_use(self, now):
        if self.present:
            self.present.until = now + HEARD_ON_MS + 3 * self.present.association.rotation_ms
            self.before.append(self.present)
        self.present, self.coming, self.repeated = self.coming, None, None
        self.present.confirmed, self.present.until = True, 0
        self.tell("session", rotation_ms=self.present.association.rotation_ms, peer=told(self.inner.destination))

    # --- what goes (9.3) ---

    def send(self, inner, now):
        """An inner packet of this end; the slot that it went in, None where there is no session."""
        generation = self.coming or self.present
        if not generation:
            return None
        self.send_outer(generation.packet(now, inner, self._size_of(inner, generation)))
        generation.said_since = generation.said_since or now
        return generation.association.index(now)

    def _size_of(self, inner, generation):
        if not self.padding or not generation.sealer:
            return None
        most = 1500 - 48 - sealed.COUNTER - sealed.TAG
        return sealed.padded_size(len(packet.carry(inner, self.inner)), self.padding, most)

    def _notice(self, generation, notice, now):
        message = generation.notices.seal(notice)
        inner = packet.Ipv6(self.inner.source, self.inner.destination, messages.NEXT_HEADER, message).pack()
        self.send_outer(generation.packet(now, inner, self._size_of(inner, generation)))

    def ping(self, now):
        self._notice(self.present, messages.Notice(PING, echo=os.urandom(8)), now)

    def teardown(self, now):
        if self.present:
            self._notice(self.present, messages.Notice(TEARDOWN, reason=REASONS.index("closed")), now)
        self._end("closed by this end")

    def _end(self, why):
        self.tell("ended", reason=why)
        self.ended, self.present, self.coming, self.before, self.asking = why, None, None, [], None

    def tick(self, now):
        """What time brings. Called some ten times a second."""
        self.before = [one for one in self.before if one.until > now]
        if self.repeated and not self.repeated.tick(now):
            self.repeated = self.asking = None
            self.tell("unanswered")
            if self.coming:
                # The generation before goes on; this one is heard as long as the other end may use it.
                self.before.append(self.coming)
                self.coming = None
        if self.present and not self.repeated and now - self.present.began > self._renew_after():
            self.ask_inside(now)
        if self.present and self.present.said_since and now - self.present.said_since > SILENCE_MS:
            self.present.said_since = now
            self.ping(now)

    def _renew_after(self):
        return 0.87 * self.present.lifetime_ms
