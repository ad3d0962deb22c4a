# SPDX-License-Identifier: GPL-2.0-only
"""Vectors of packets (section 3)."""

from . import packet, rewrite, sealed
from .derive import Association, Refused, Slot, packed
from .noise import open_sealed
from .vector import end_of, kind, raw


def slot_of(given):
    association = Association(raw(given["K"]), given["rotation_ms"], end_of(given["from"]), end_of(given["to"]))
    return association.slot(given["index"])


def hosts_of(given):
    return packet.Hosts(packed(given["from"]["host"]), packed(given["to"]["host"]))


@kind
def encap(given):
    """inner: "" is an opener; arrives: as the other end delivers it."""
    tags = tuple((int(tag[:4], 16), int(tag[4:], 16)) for tag in given["tags"])
    inner, hosts = raw(given["inner"]) or None, hosts_of(given)
    outer = packet.encapsulate(slot_of(given), inner, hosts, tags)
    datagram = packet.Datagram.parse(packet.Ipv6.parse(outer), zero_allowed=False)
    arrives, tags_arrive = packet.carried(datagram.payload, hosts, packet.ecn_of(inner))
    assert tags_arrive == tags
    return {"outer": outer.hex(), "arrives": (arrives or b"").hex()}


@kind
def rewritten(given):
    slot = slot_of(given)
    outer = rewrite.out(raw(given["inner"]), slot)
    there = Slot(slot.index, slot.remote, slot.local)
    return {"outer": outer.hex(), "arrives": rewrite.back(outer, there, hosts_of(given)).hex()}


@kind
def ecn(given):
    try:
        return {"arrives": packet.ecn_combined(given["outer"], given["inner"])}
    except Refused:
        return {"arrives": None}


def size_of(carried, wanted, link_mtu):
    """Padded; None: not at all."""
    return sealed.padded_size(carried, wanted, link_mtu - 48 - sealed.COUNTER - sealed.TAG) if wanted else None


@kind
def sealed_packet(given):
    slot, hosts, inner = slot_of(given), hosts_of(given), raw(given["inner"]) or None
    size = size_of(len(packet.carry(inner, hosts)), given["padding"], given["link_mtu"])
    sealer = sealed.Sealer(raw(given["key"]), raw(given["mask_key"]), given["sender"])
    opener = sealed.Opener(raw(given["key"]), raw(given["mask_key"]), given["sender"])
    counter = sealer.counter = given["counter"]
    opener.newest = counter - 1
    outer = sealer.packet(slot, inner, hosts, size)
    payload = outer[48:]
    arrives = opener.inner(slot.index, payload, hosts, packet.ecn_of(inner))
    tag = payload[8:24]
    nonce, associated = sealed.nonce(given["sender"], counter), sealed.associated(slot.index, given["sender"])
    return {
        "nonce": nonce.hex(),
        "associated": associated.hex(),
        "plain": open_sealed(payload[24:] + tag, associated, nonce, sealer.key).hex(),
        "mask": sealed.masked(bytes(8), tag, sealer.mask_key).hex(),
        "outer": outer.hex(),
        "arrives": (arrives or b"").hex(),
    }


@kind
def padding(given):
    """carried: bytes from the shim on, without padding."""
    return {"behind_udp": 24 + size_of(given["carried"], given["padding"], given["link_mtu"])}


@kind
def arrival(given):
    """What becomes of a packet in its slot with these bytes from the shim on, sealed if there is a key."""
    slot, hosts, data = slot_of(given), hosts_of(given), raw(given["bytes"])
    try:
        if "key" in given:
            keys = raw(given["key"]), raw(given["mask_key"]), given["sender"]
            payload = sealed.Sealer(*keys).seal(slot.index, data)
            inner = sealed.Opener(*keys).inner(slot.index, payload, hosts, packet.NOT_ECT)
        else:
            inner = packet.carried(data, hosts, packet.NOT_ECT)[0]
        if inner is not None:
            header = packet.Ipv6.parse(inner)
            if (header.source, header.destination) != (hosts.source, hosts.destination):
                raise Refused("inner address")
    except Refused:
        return {"verdict": "dropped"}
    return {"verdict": "opener" if inner is None else "delivered"}
