# SPDX-License-Identifier: GPL-2.0-only
"""What is sent at an association's other end, and how that is to end there.

A case is a function of a Situation (the association as `mayflyctl show --json` tells it at the end that sends) and gives a
Flow: which frames, and which verdicts of the receiver are right for them.
"""
import ipaddress
import os
import random
import struct
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

from forge import NEXT_ICMP6, NEXT_UDP, ipv6, with_sum  # noqa: E402
from sealed import seals, siphash  # noqa: E402

DIFFERENT = 1024  # frames of one case, where they differ
ETHERTYPE_IPV6 = 0x86DD
COUNTER_FAR = 1 << 31  # ahead of what was sent, and less than a receiver believes (2^32)
MASK_AT, MASK_BYTES, SENT_AT = 32, 16, 128  # in struct mf_seal, bpf/seal_key.h
SHIM_WITHOUT_ADDRESSES, PORT_DISCARD = 1, 9
ND_SOLICIT, ND_HOP_LIMIT, OPTION_SOURCE = 135, 255, 1


class Situation:
    """The association at this moment, and what frames need beside it."""

    def __init__(self, receiver, association, link, size, seal=None):
        self.receiver = receiver  # its node
        self.association = association
        self.carriage = association["carriage"]
        self.prefix = ipaddress.ip_network(association["remote_prefix"])
        self.link = link          # bytes: link-layer addresses, destination first
        self.size = size          # bytes behind the UDP header
        self.seal = seal          # bytes of the association's entry of mf_seal; None: not to be had
        self.old = None           # of two slots ago

    def ends(self):
        """Source, its port, destination, its port."""
        return ends_of(self.association)


def ends_of(association):
    local, remote = association["local"], association["remote"]
    return local["address"], local["port"], remote["address"], remote["port"]


class Flow:
    """UDP from one address and port to one, or to any of a prefix; or frames that pktgen cannot make."""

    def __init__(self, ends, expected, prefix=None, frames=None):
        self.source, self.source_port, self.destination, self.port = ends
        self.expected = expected  # names of verdicts
        self.prefix = prefix      # ip_network: destinations are drawn from it
        self.frames = frames      # list of bytes; None: UDP with noise behind it

    def is_udp(self):
        return self.frames is None


class Missing(Exception):
    """This association is not of the kind that the case is about."""


def packed(address):
    return ipaddress.IPv6Address(address).packed


def udp_frame(link, ends, payload):
    source, source_port, destination, port = ends
    body = struct.pack("!HHHH", source_port, port, 8 + len(payload), 0) + payload
    body = with_sum(packed(source), packed(destination), NEXT_UDP, body, 6)
    return link + struct.pack("!H", ETHERTYPE_IPV6) + ipv6(packed(source), packed(destination), NEXT_UDP, body)


def drawn_from(prefix):
    return str(prefix.network_address + random.getrandbits(128 - prefix.prefixlen))


def frames_of(flow, situation):
    """What `live` sends."""
    if flow.frames is not None:
        return flow.frames
    ends = [flow.source, flow.source_port, flow.destination, flow.port]
    frames = []
    for _ in range(DIFFERENT if flow.prefix or situation.carriage == "sealed" else 1):
        if flow.prefix:
            ends[2] = drawn_from(flow.prefix)
        frames.append(udp_frame(situation.link, ends, noise(situation.size)))
    return frames


def noise(size):
    """No kind of carried packet begins with these four bits."""
    return bytes([0xBE]) + random.randbytes(size - 1)


# --- the cases ------------------------------------------------------------------------

NOISE_ENDS_AS = {"encap": ["drop_shim", "drop_malformed"], "rewrite": ["in_delivered"], "sealed": ["drop_counter"]}


def right_port(situation):
    """Addresses and ports of the slot; behind them noise."""
    return Flow(situation.ends(), NOISE_ENDS_AS[situation.carriage])


def carried(situation):
    """As the peer sends it: a datagram to the discard port."""
    if situation.carriage != "encap" or situation.association["zero_checksum"]:
        raise Missing("encap with a checksum")
    local, remote = (situation.association[name][0].split("/") for name in ("local_addresses", "remote_addresses"))
    if (local[1], remote[1]) != ("128", "128"):
        raise Missing("encap between two hosts")
    body = struct.pack("!HHHH", PORT_DISCARD, PORT_DISCARD, situation.size - 4, 0) + bytes(situation.size - 12)
    body = with_sum(packed(local[0]), packed(remote[0]), NEXT_UDP, body, 6)
    shim = struct.pack("!BBBB", SHIM_WITHOUT_ADDRESSES, NEXT_UDP, 64, 0)
    return Flow(situation.ends(), ["in_delivered"], frames=[udp_frame(situation.link, situation.ends(), shim + body)])


def seal_of(situation):
    """Key of the counter's mask, and the counter of the next packet, of what this end sends."""
    if situation.carriage != "sealed" or situation.seal is None:
        raise Missing("sealed, and its mf_seal")
    return situation.seal[MASK_AT:MASK_AT + MASK_BYTES], struct.unpack_from("<Q", situation.seal, SENT_AT)[0]


def masked_frame(situation, counter, mask_key):
    """Sealed to look at, with this counter: its tag and all behind it are noise."""
    tag = random.randbytes(16)
    hidden = bytes(a ^ b for a, b in zip(struct.pack("!Q", counter), siphash(mask_key, tag)))
    return udp_frame(situation.link, situation.ends(), hidden + tag + random.randbytes(situation.size - 24))


def wrong_tag(situation):
    """Counters that the peer may have reached, so that every tag is checked: the dearest of what can be sent."""
    mask_key, sent = seal_of(situation)
    frames = [masked_frame(situation, sent + COUNTER_FAR + i, mask_key) for i in range(DIFFERENT)]
    return Flow(situation.ends(), ["drop_tag"], frames=frames)


def replayed(situation):
    """The counter of a packet that has arrived. It is looked at before the tag, so the rest may be anything."""
    mask_key, sent = seal_of(situation)
    if not sent:
        raise Missing("sealed, and something sent by it")
    frames = [masked_frame(situation, sent - 1, mask_key) for _ in range(DIFFERENT)]
    return Flow(situation.ends(), ["drop_replay"], frames=frames)


def wrong_port(situation):
    source, source_port, destination, port = situation.ends()
    return Flow((source, source_port, destination, port ^ 1), ["drop_port"])


def wrong_source(situation):
    """An identifier beside that of the peer."""
    source, source_port, destination, port = situation.ends()
    other = str(ipaddress.IPv6Address(int(ipaddress.IPv6Address(source)) ^ 1))
    return Flow((other, source_port, destination, port), ["drop_source"])


def dead_slot(situation):
    """The slot before the last, by who is not the peer of that slot."""
    source, source_port, destination, port = ends_of(situation.old)
    other = str(ipaddress.IPv6Address(int(ipaddress.IPv6Address(source)) ^ 1))
    return Flow((other, source_port, destination, port), ["drop_expired"])


def random_addresses(situation):
    """Any address of the hopping prefix."""
    dead = "drop_dead" if situation.receiver["dark"] else "pass_other"
    return Flow(situation.ends(), [dead], prefix=situation.prefix)


def solicitation(situation, target):
    """RFC 4861 section 4.3, to the solicited-node group of the target."""
    source = packed(situation.association["local"]["address"])
    group = bytes.fromhex("ff0200000000000000000001ff") + packed(target)[13:]
    body = struct.pack("!BBHI", ND_SOLICIT, 0, 0, 0) + packed(target) + bytes([OPTION_SOURCE, 1]) + situation.link[6:]
    body = with_sum(source, group, NEXT_ICMP6, body, 2)
    header = ipv6(source, group, NEXT_ICMP6, body)
    header = header[:7] + bytes([ND_HOP_LIMIT]) + header[8:]
    return b"\x33\x33" + group[12:] + situation.link[6:] + struct.pack("!H", ETHERTYPE_IPV6) + header


def solicit_dead(situation):
    """Who has an address of the prefix, drawn at random?"""
    frames = [solicitation(situation, drawn_from(situation.prefix)) for _ in range(DIFFERENT)]
    return Flow(situation.ends(), ["pass_other"], frames=frames)


def solicit_live(situation):
    """Who has the address of the slot? Asked by one who is no router."""
    ends, answer = situation.ends(), "pass_other"
    if situation.receiver["mode"] == "on-link":
        answer = "nd_answered" if situation.receiver["on_link_peers"] else "drop_nd"
    return Flow(ends, [answer], frames=[solicitation(situation, ends[2])])


CASES = {
    "right-port": right_port, "carried": carried, "wrong-tag": wrong_tag, "replayed": replayed, "wrong-port": wrong_port,
    "wrong-source": wrong_source, "dead-slot": dead_slot, "random": random_addresses, "solicit-dead": solicit_dead,
    "solicit-live": solicit_live,
}
