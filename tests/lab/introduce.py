#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Introductions at a loader, by its control socket (loader/control.h), until mayflyctl makes them itself.

    introduce.py SOCKET listen NAME KEYFILE SEED PREFIX ROTATION_MS
    introduce.py SOCKET roam   NAME KEYFILE SEED PREFIX ROTATION_MS CLIENT_SEED INNER_HERE INNER_THERE
    introduce.py SOCKET delete NAME

Prints what the loader answers: "accepted", or the number of its refusal; 1: refused.
"""
import base64
import ipaddress
import socket
import struct
import sys

VERSION, MESSAGE_BYTES = 1, 1024
ADD, DELETE = 4, 6
ENCAP, LISTENS, ROAMS = 1, 1 << 5, 1 << 6
HEADER = struct.Struct("=HHIHHi")
TEMPLATE = struct.Struct("16sBB6x")
PREFIX = struct.Struct("16sB3x")


def address(text):
    return ipaddress.IPv6Address(text).packed


def template(text):
    prefix = ipaddress.IPv6Network(text)
    return TEMPLATE.pack(prefix.network_address.packed, prefix.prefixlen, 128 - prefix.prefixlen)


def hosts(*texts):
    return b"".join(PREFIX.pack(address(text), 128) for text in texts).ljust(8 * PREFIX.size, b"\0")


def key(path):
    with open(path) as file:
        return base64.b64decode(file.read().split()[-1])[:16]


def config(flags, name, keyfile, seed, prefix, rotation_ms, client_seed="00" * 8, here=None, there=None):
    remote = TEMPLATE.pack(bytes(16), 64, 64) if flags == ROAMS else bytes(TEMPLATE.size)
    body = struct.pack("32s16s8s8s", name.encode(), key(keyfile), bytes.fromhex(seed), bytes.fromhex(client_seed))
    body += template(prefix) + remote
    body += struct.pack("=IBBHHBB2x", int(rotation_ms), ENCAP, flags, 0, 0, here is not None, there is not None)
    return body + (hosts(here) + hosts(there) if here else hosts() + hosts())


def ask(path, kind, body):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as control:
        control.connect(path)
        control.send((HEADER.pack(VERSION, kind, 1, 0, 0, 0) + body).ljust(MESSAGE_BYTES, b"\0"))
        _, _, _, refusal, field, error = HEADER.unpack_from(control.recv(MESSAGE_BYTES))
    print("accepted" if not refusal else f"{refusal} {field} {error}")
    return 1 if refusal else 0


def main():
    path, verb, *rest = sys.argv[1:]
    if verb == "delete":
        return ask(path, DELETE, rest[0].encode())
    return ask(path, ADD, config({"listen": LISTENS, "roam": ROAMS}[verb], *rest))


if __name__ == "__main__":
    sys.exit(main())
