# SPDX-License-Identifier: GPL-2.0-only
"""The end that is asked: it listens at its introductions, and answers (sections 8, 9.2 and 9.3)."""

import os

from . import messages
from .derive import Association, End, Refused, key_address
from .messages import CONFIRM, CONFIRMED, REASONS, RENEW
from .noise import Handshake, prologue
from .packet import Hosts
from .session import Introduction, Session, between, fresh_seed

ROTATION_MS = 1000
LIFETIME_S = 140
REMEMBERED = 64


class Responder(Session):
    initiator = False

    def __init__(self, *arguments, period_s, **named):
        super().__init__(*arguments, **named)
        self.period_s = period_s
        self.answered = {}  # request: response

    def listen(self, offered, number, client_seed):
        """The introduction of an Offer, for this client."""
        local = End(offered.base, offered.hop_bits, offered.seed)
        remote = End(bytes(16), 64, client_seed)
        hosts = Hosts(key_address("introduction", self.public), key_address("visitor", self.peer))
        association = Association(offered.key, offered.rotation_ms, local, remote)
        self.introductions.append(Introduction(number, association, hosts, listens=True))

    def hear_handshake(self, kind, message, way, outer, now):
        if kind != messages.REQUEST:
            raise Refused("responders ask nothing")
        if message not in self.answered:
            response = self._answer(message, way, outer, now)
            self.answered[message] = response
            if len(self.answered) > REMEMBERED:
                del self.answered[next(iter(self.answered))]
        hosts = way.hosts if isinstance(way, Introduction) else self.inner
        self.hooks.send(way.packet(now, between(hosts, self.answered[message])))

    def _answer(self, message, way, outer, now):
        said = prologue(way.association.key, self.peer, self.public)
        handshake = Handshake(False, self.private, self.peer, said, os.urandom(32))
        request = messages.Request.parse(handshake.read_request(message[8:]))
        request.check(self.peer, self.inner.destination)
        if isinstance(way, Introduction):
            self._check_prefix(request.prefix, way, outer)
        key, seed = os.urandom(16), fresh_seed()
        made = messages.Response(ROTATION_MS, self.prefix, seed, key, LIFETIME_S, self.period_s, self.flags)
        number = int.from_bytes(message[4:8], "big")
        response = messages.header(messages.RESPONSE, number) + handshake.write_response(made.pack())
        self.begin_generation(
            handshake, key, ROTATION_MS, (seed, request.seed), request.prefix, request.flags, LIFETIME_S, now
        )
        self.hooks.tell("asked", inside=number == 0, sealed=self.coming.sealer is not None)
        return response

    @staticmethod
    def _check_prefix(prefix, way, outer):
        """By an introduction a request names where it comes from; a file knows that beforehand."""
        wanted = outer.source if way.listens else way.association.remote.base
        if prefix.base[:8] != wanted[:8]:
            raise Refused("request from elsewhere")

    def heard_authentic(self, generation, now):
        """The first message in a generation takes it into use."""
        if generation is self.coming:
            self.take_into_use(now)

    def hear_notice(self, notice, generation, now):
        if notice.id == CONFIRM:
            self.say(generation, messages.Notice(CONFIRMED), now)

    def renew(self, now):
        self.say(self.present, messages.Notice(RENEW, REASONS.index("level"), self.period_s), now)

    def tick(self, now):
        super().tick(now)
        if self.coming and now > self.coming.until:
            self.coming = None
