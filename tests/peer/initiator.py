# SPDX-License-Identifier: GPL-2.0-only
"""The end that asks: by the introduction, or inside the session (sections 9.2, 9.3 and 9.5)."""

import os
from dataclasses import replace

from . import messages
from .derive import Association, End, Refused, key_address, told
from .messages import CONFIRM, CONFIRMED, PING, REASONS, RENEW
from .noise import Handshake, prologue
from .packet import Hosts
from .session import Introduction, Repeated, Session, between, fresh_seed

SILENCE_MS = 10_000
RENEW_AT = 0.87  # of the lifetime


class Initiator(Session):
    initiator = True

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.asking = None  # handshake, way, own seed
        self.repeated = None

    def ask_by_offer(self, offered, number, client_seed, now):
        """By the introduction of an Offer."""
        local = End(self.prefix.base, 64, client_seed)
        remote = End(offered.base, offered.hop_bits, offered.seed)
        hosts = Hosts(key_address("visitor", self.public), key_address("introduction", self.peer))
        self.ask_by(Introduction(number, Association(offered.key, offered.rotation_ms, local, remote), hosts), now)

    def ask_by(self, introduction, now):
        self.introductions = [introduction]
        self._ask(introduction, introduction.number, introduction.hosts, introduction.packet, now)

    def renew(self, now):
        self.ask_inside(now)

    def ask_inside(self, now):
        """For another generation, in the present one."""
        self._ask(self.present, 0, self.inner, self.present.packet, now)

    def move(self, prefix, now):
        """To another network: on in the present association from there, and another generation asked for."""
        self.prefix = prefix
        was = self.present.association
        self.present.association = replace(was, local=End(prefix.base, prefix.hop_bits, was.local.seed))
        self.ask_inside(now)

    def _ask(self, way, number, hosts, wrap, now):
        if self.asking:
            return
        seed = fresh_seed()
        said = prologue(way.association.key, self.public, self.peer)
        handshake = Handshake(True, self.private, self.peer, said, os.urandom(32))
        request = messages.Request(messages.client_id(self.public), self.prefix, seed, self.inner.source, self.flags)
        message = messages.header(messages.REQUEST, number) + handshake.write_request(request.pack())
        self.asking = handshake, way, seed
        self.repeated = Repeated(lambda at: self.hooks.send(wrap(at, between(hosts, message))))
        self.hooks.tell("asking", inside=number == 0)
        self.repeated.tick(now)

    def hear_handshake(self, kind, message, way, outer, now):
        if kind != messages.RESPONSE or not self.asking or self.asking[1] is not way:
            raise Refused("response to nothing")
        handshake, _, seed = self.asking
        response = messages.Response.parse(handshake.read_response(message[8:]))
        self.begin_generation(
            handshake, response.key, response.rotation_ms, (seed, response.seed), response.prefix, response.flags,
            response.lifetime_s, now,
        )
        self.asking, self.introductions = None, []
        self.hooks.tell(
            "response", rotation_ms=response.rotation_ms, lifetime_s=response.lifetime_s, period_s=response.period_s,
            prefix=f"{told(response.prefix.base)}/{response.prefix.length}", sealed=self.coming.sealer is not None,
        )
        self.repeated = Repeated(lambda at: self.say(self.coming, messages.Notice(CONFIRM), at))
        self.repeated.tick(now)

    def heard_authentic(self, generation, now):
        """It waits for CONFIRMED."""

    def hear_notice(self, notice, generation, now):
        if notice.id == CONFIRMED and generation is self.coming:
            self.repeated = None
            self.take_into_use(now)
        elif notice.id == RENEW and generation is self.present:
            self.hooks.tell("renew", reason=REASONS[notice.reason], period_s=notice.period_s)
            self.ask_inside(now)

    def sending(self):
        return self.coming or self.present

    def tick(self, now):
        super().tick(now)
        if self.repeated and not self.repeated.tick(now):
            self._give_up()
        present = self.present
        if not present or self.repeated:
            return
        if now - present.began > RENEW_AT * present.lifetime_ms:
            self.ask_inside(now)
        elif present.silent_since and now - present.silent_since > SILENCE_MS:
            present.silent_since = now
            self.say(present, messages.Notice(PING, echo=os.urandom(8)), now)

    def _give_up(self):
        """The generation before goes on; one that is not confirmed is heard as long as the other end may use it."""
        self.hooks.tell("unanswered")
        if self.coming:
            self.before.append(self.coming)
        self.repeated = self.asking = self.coming = None
