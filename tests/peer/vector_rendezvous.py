# SPDX-License-Identifier: GPL-2.0-only
"""Vectors of rendezvous (section 7)."""

from . import dht, offer, stuffing, twostage
from .derive import Refused, agree, public_of
from .vector import kind, prefix_in, raw


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
    prefix = prefix_in(given)
    rotation_ms = given["rotation_ms"]
    return offer.Offer(raw(given["K"]), prefix.base, prefix.length, prefix.hop_bits, raw(given["seed"]), rotation_ms)


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
def boxed(given):
    """Whether a reader takes what a publisher has boxed for it. It looks for an offer of n and T."""
    key = offer.box_key(raw(given["private_key"]), raw(given["reader"]))
    plain = offer.unbox(offer.box(raw(given["plain"]), bytes(offer.NONCE), key), key)
    try:
        if len(plain) == offer.PLAIN:
            offer.parse_offer(plain, context_of(given))
        else:
            offer.parse_foreign(plain)
        return {"taken": True}
    except Refused:
        return {"taken": False}


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
