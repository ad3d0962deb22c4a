# SPDX-License-Identifier: GPL-2.0-only
"""Vectors of keys and slots (sections 1, 2, 9.5), handshake and session messages (section 9)."""

from . import messages, sealed
from .derive import Association, Refused, key_address, key_seed, phase_of, public_of, read_digest, static_private, told
from .noise import Handshake, prologue
from .vector import end_of, kind, prefix_in, raw


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
    assert messages.Request.parse(made.pack()) == made
    made.check(initiator, tunnel)
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


@kind
def sealed_keys(given):
    key, mask_key = sealed.keys_of(raw(given["k"]), raw(given["handshake_hash"]))
    return {"key": key.hex(), "mask_key": mask_key.hex()}


PARSERS = {
    "header": messages.parse_header,
    "request": messages.Request.parse,
    "response": messages.Response.parse,
    "notice": messages.Notice.parse,
}


@kind
def message(given):
    """Whether a receiver takes it, as far as its bounds go. of: which payload, or the header with what is behind it."""
    try:
        PARSERS[given["of"]](raw(given["bytes"]))
        return {"taken": True}
    except Refused:
        return {"taken": False}
