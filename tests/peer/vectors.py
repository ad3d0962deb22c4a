# SPDX-License-Identifier: GPL-2.0-only
"""The vectors of docs/vectors.json, computed anew from what goes in.

    python3 -m peer.vectors FILE [PAGE]         PAGE: whose vectors must be among them
    python3 -m peer.vectors FILE --write        what comes out is put into the file instead of compared

A vector is {"kind": ..., "in": {...}, "out": {...}}. Bytes are hexadecimal, addresses and prefixes as people write them.
The C tests have a function for each kind, too; either side fails at a kind or at a word of "out" that it does not know.
"""

import json
import sys

from . import dht, messages, offer, packet, page, rewrite, sealed, stuffing, twostage
from .derive import Association, End, Refused, Slot, agree, key_address, key_seed, packed
from .derive import phase_of, prefix_of, public_of, read_digest, static_private, told
from .noise import Handshake, open_sealed, prologue

KINDS = {}


def kind(function):
    KINDS[function.__name__] = function
    return function


def raw(text):
    return bytes.fromhex(text)


def end_of(one):
    base, length, hop_bits = prefix_of(one["prefix"])
    return End(base, one.get("hop_bits", hop_bits), raw(one["seed"]))


def prefix_in(one):
    base, length, hop_bits = prefix_of(one["prefix"])
    return messages.Prefix(base, length, one.get("hop_bits", hop_bits))


# --- keys, slots (1, 2, 9.5) -----------------------------------------------------------------


@kind
def public_key(given):
    public = raw(given["public_key"])
    return {
        "seed": key_seed(public).hex(),
        "inner": told(key_address("inner", public)),
        "introduction": told(key_address("introduction", public)),
        "visitor": told(key_address("visitor", public)),
        "client_id": messages.client_id(public).hex(),
    }


@kind
def static_keys(given):
    private = static_private(raw(given["K"]), raw(given["seed"]))
    public = public_of(private)
    return {
        "private_key": private.hex(),
        "public_key": public.hex(),
        "introduction": told(key_address("introduction", public)),
    }


@kind
def rotation(given):
    association = Association(raw(given["K"]), given["rotation_ms"], None, None)
    index = association.index(given["at_ms"])
    return {
        "phase_ms": phase_of(association.key, association.rotation_ms),
        "index": index,
        "start_ms": association.start(index),
    }


@kind
def place(given):
    found = end_of(given).place(raw(given["K"]), given["start_ms"])
    return {
        "identifier": found.identifier.hex(),
        "address": told(found.address),
        "port": found.port,
        "flow_label": found.flow_label,
    }


@kind
def digest(given):
    identifier, port, flow_label = read_digest(raw(given["D"]))
    return {"identifier": identifier.hex(), "port": port, "flow_label": flow_label}


# --- packets (3) -----------------------------------------------------------------------------


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


@kind
def sealed_keys(given):
    key, mask_key = sealed.keys_of(raw(given["k"]), raw(given["handshake_hash"]))
    return {"key": key.hex(), "mask_key": mask_key.hex()}


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


# --- rendezvous (7) --------------------------------------------------------------------------


@kind
def pair(given):
    private, other = raw(given["private_key"]), raw(given["other_public_key"])
    return {
        "public_key": public_of(private).hex(),
        "s": agree(private, other).hex(),
        "box_key": offer.box_key(private, other).hex(),
    }


@kind
def period(given):
    now_s, period_s, periods = given["at_s"], given["n"], given["w"]
    steps = offer.ladder(period_s)
    length, start = twostage.window(now_s, period_s, periods)
    return {"steps": steps, "T": [offer.period_start(now_s, one) for one in steps], "N": length, "L": start}


@kind
def meeting(given):
    secret = raw(given["s"])
    return {
        "d_T": offer.descriptor(secret, given["T"]).hex(),
        "C_IID": offer.client_seed(secret, raw(given["K"])).hex(),
    }


def context_of(given):
    return offer.Context(raw(given["publisher"]), raw(given["reader"]), given["n"], given["T"])


@kind
def item(given):
    seed = offer.item_seed(raw(given["s"]), context_of(given))
    public = offer.item_public(seed)
    return {"seed": seed.hex(), "public_key": public.hex(), "target": offer.item_target(public).hex()}


@kind
def item_signature(given):
    value = raw(given["value"])
    signed = dht.signed_part(given["sequence"], value)
    return {"signed": signed.hex(), "signature": dht.sign_item(raw(given["seed"]), given["sequence"], value).hex()}


def offer_of(given):
    base, length, hop_bits = prefix_of(given["prefix"])
    hop_bits = given.get("hop_bits", hop_bits)
    return offer.Offer(raw(given["K"]), base, length, hop_bits, raw(given["seed"]), given["rotation_ms"])


@kind
def value(given):
    form, offered = given["form"], offer_of(given["offer"])
    if form == "native":
        plain = offer.native_plain(offer.OFFER, context_of(given), offered.body())
    else:
        plain = {"compact": offer.compact_plain, "full": offer.full_plain}[form](offered)
    key = offer.box_key(raw(given["private_key"]), raw(given["reader"]))
    boxed = offer.box(plain, raw(given["nonce"]), key)
    opened = offer.unbox(boxed, key)
    again = offer.parse_offer(opened, context_of(given)) if form == "native" else offer.parse_foreign(opened)
    assert again == offered
    return {"plain": plain.hex(), "value": boxed.hex()}


@kind
def stuffed(given):
    wanted = raw(given["value"])
    ports = stuffing.ports_of(wanted, given["numbers"])
    assert wanted in stuffing.candidates(ports + given["foreign"], len(wanted))
    return {"ports": ports}


# --- two stages (7.5) ------------------------------------------------------------------------


def publisher_of(given):
    return twostage.Publisher.of(raw(given["private_key"]), given["n"], given["N"], given["L"], raw(given["epoch"]))


@kind
def long_window(given):
    found = publisher_of(given)
    return {
        "a": found.a.hex(),
        "A": found.point.hex(),
        "z": found.z.hex(),
        "decryption_key": found.access_key.hex(),
    }


@kind
def common_item(given):
    public = twostage.Access(raw(given["A"]), raw(given["decryption_key"]), 0).item_public(given["T"])
    return {"P_T": public.hex(), "target": offer.item_target(public).hex()}


@kind
def long_value(given):
    publisher, reader = public_of(raw(given["private_key"])), raw(given["reader"])
    context = offer.Context(publisher, reader, given["N"], given["L"])
    access = publisher_of(given).access(given["n"])
    plain = offer.native_plain(offer.ACCESS, context, access.body())
    key = offer.box_key(raw(given["private_key"]), reader)
    boxed = offer.box(plain, raw(given["nonce"]), key)
    assert twostage.Access.parse(offer.unbox(boxed, key), context) == access
    return {"value": boxed.hex()}


@kind
def common_value(given):
    publisher, offered, start = publisher_of(given), offer_of(given["offer"]), given["T"]
    access = publisher.access(given["n"])
    public = public_of(raw(given["private_key"]))
    context = offer.Context(public, access.item_public(start), given["n"], start)
    boxed = offer.secretbox(publisher.common_plain(context, offered.body()), raw(given["nonce"]), publisher.access_key)
    assert access.open_common(boxed, public, start) == offered
    return {"value": boxed.hex()}


@kind
def common_signature(given):
    return {"signature": publisher_of(given).sign(given["T"], raw(given["message"])).hex()}


# --- sessions (9) ----------------------------------------------------------------------------


@kind
def handshake(given):
    initiator, responder = raw(given["initiator_private_key"]), raw(given["responder_private_key"])
    publics = public_of(initiator), public_of(responder)
    said = prologue(raw(given["K"]), *publics)
    asks = Handshake(True, initiator, publics[1], said, raw(given["initiator_ephemeral"]))
    answers = Handshake(False, responder, publics[0], said, raw(given["responder_ephemeral"]))
    plain = raw(given["request_plain"]), raw(given["response_plain"])
    request = asks.write_request(plain[0])
    assert answers.read_request(request) == plain[0]
    response = answers.write_response(plain[1])
    assert asks.read_response(response) == plain[1]
    assert asks.hash == answers.hash and asks.split() == answers.split()
    to_responder, to_initiator = asks.split()
    return {
        "prologue": said.hex(),
        "request": (messages.header(messages.REQUEST, given["number"]) + request).hex(),
        "response": (messages.header(messages.RESPONSE, given["number"]) + response).hex(),
        "handshake_hash": asks.hash.hex(),
        "key_to_responder": to_responder.hex(),
        "key_to_initiator": to_initiator.hex(),
    }


@kind
def request(given):
    initiator = raw(given["initiator"])
    tunnel = key_address("inner", initiator)
    made = messages.Request(messages.client_id(initiator), prefix_in(given), raw(given["seed"]), tunnel, given["flags"])
    assert messages.Request.parse(made.pack(), initiator, tunnel) == made
    return {"plain": made.pack().hex()}


@kind
def response(given):
    made = messages.Response(
        given["rotation_ms"], prefix_in(given), raw(given["seed"]), raw(given["K"]), given["lifetime_s"], given["n"],
        given["flags"],
    )
    assert messages.Response.parse(made.pack()) == made
    return {"plain": made.pack().hex()}


@kind
def notice(given):
    made = messages.Notice(given["id"], given["reason"], given["n"], raw(given["echo"]))
    keys = messages.NoticeKeys(raw(given["key"]), raw(given["key"]), raw(given["index"]))
    keys.counter = given["counter"]
    message = keys.seal(made)
    assert keys.open(messages.parse_header(message)[2]) == made
    return {"plain": made.pack().hex(), "message": message.hex()}


# --- the file --------------------------------------------------------------------------------


def compare(vectors):
    """How many are wrong."""
    wrong = 0
    for number, vector in enumerate(vectors):
        found = KINDS[vector["kind"]](vector["in"])
        if found != vector["out"]:
            wrong += 1
            print(f"vector {number}, {vector['kind']}: wanted {vector['out']}, found {found}")
    untold = KINDS.keys() - {vector["kind"] for vector in vectors}
    if untold:
        print("kinds without a vector:", *sorted(untold))
    return wrong + len(untold)


def write(file, content):
    for vector in content["vectors"]:
        vector["out"] = KINDS[vector["kind"]](vector["in"])
    with open(file, "w", encoding="ascii") as opened:
        opened.write(json.dumps(content, indent=1) + "\n")


def main():
    file, *rest = sys.argv[1:]
    with open(file, encoding="ascii") as opened:
        text = opened.read()
    content = json.loads(text)
    if rest == ["--write"]:
        return write(file, content)
    wrong = compare(content["vectors"])
    for name in rest:
        with open(name, encoding="utf-8") as opened:
            absent = page.missing(opened.read(), text)
        wrong += len(absent)
        for one in absent:
            print(f"{name}: no vector has its \"{one}\"")
    print(f"{len(content['vectors'])} vectors of {len(KINDS)} kinds, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
