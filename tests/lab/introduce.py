#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Associations of introductions and sessions at a loader, and lent addresses, by its control socket (loader/control.h), one by one.

    introduce.py SOCKET listen NAME KEYFILE SEED PREFIX ROTATION_MS
    introduce.py SOCKET roam   NAME KEYFILE SEED PREFIX ROTATION_MS CLIENT_SEED INNER_HERE INNER_THERE
    introduce.py SOCKET share  NAME KEYFILE SEED PREFIX ROTATION_MS PEER_SEED INNER_HERE INNER_THERE PEER_PREFIX
    introduce.py SOCKET alone  ... like share: the only one with its peer
    introduce.py SOCKET lead   NAME
    introduce.py SOCKET find   INNER_THERE
    introduce.py SOCKET delete NAME
    introduce.py SOCKET socket
    introduce.py SOCKET lend   ADDRESS PORT MILLISECONDS [PAD]

Prints what the loader answers: "accepted", or the number of its refusal; 1: refused. `find` prints the name of what it
finds, and where its peer was last heard; `socket` what it is given.
"""
import base64
import ipaddress
import socket
import struct
import sys

VERSION, MESSAGE_BYTES = 2, 1024
ADD, DELETE, LEND, LEAD, FIND, SOCKET_GET = 4, 6, 11, 12, 13, 14
ENCAP, LISTENS, ROAMS = 1, 1 << 5, 1 << 6
HEADER = struct.Struct("=HHIHHi")
TEMPLATE = struct.Struct("16sBB6x")
PREFIX = struct.Struct("16sB3x")
AT_NAME, AT_REMOTE_PREFIX, AT_PEER_PREFIX = HEADER.size + 8, 286, HEADER.size + 712


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


def config(flags, name, keyfile, seed, prefix, rotation_ms, client_seed="00" * 8, here=None, there=None, remote=None,
           shares=0):
    body = struct.pack("32s16s8s8s", name.encode(), key(keyfile), bytes.fromhex(seed), bytes.fromhex(client_seed))
    body += template(prefix)
    if remote:
        body += template(remote)
    else:
        body += TEMPLATE.pack(bytes(16), 64, 64) if flags == ROAMS else bytes(TEMPLATE.size)
    body += struct.pack("=IBBHHBBBx", int(rotation_ms), ENCAP, flags, 0, 0, here is not None, there is not None, shares)
    return body + (hosts(here) + hosts(there) if here else hosts() + hosts())


def ask(path, kind, body):
    """The answer if it was accepted, else what it was refused for."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as control:
        control.connect(path)
        control.send((HEADER.pack(VERSION, kind, 1, 0, 0, 0) + body).ljust(MESSAGE_BYTES, b"\0"))
        answer, given, _, _ = socket.recv_fds(control, MESSAGE_BYTES, 1)
    _, _, _, refusal, field, error = HEADER.unpack_from(answer)
    if kind == SOCKET_GET and given:
        answer = socket.socket(fileno=given[0])
    return answer, f"{refusal} {field} {error}" if refusal else None


def found(answer):
    name = answer[AT_NAME:AT_NAME + 32].rstrip(b"\0").decode()
    prefix = answer[AT_PEER_PREFIX:AT_PEER_PREFIX + 8]
    return f"{name} {ipaddress.IPv6Address(prefix + bytes(8))}" if any(prefix) else name


def given(raw):
    return f"family {raw.family} type {raw.type} protocol {raw.proto}"


def request(verb, rest):
    if verb == "socket":
        return SOCKET_GET, b""
    if verb == "lend":
        return LEND, address(rest[0]) + struct.pack("!HH", int(rest[1]), int((rest[3:] or [0])[0])) + struct.pack("=I", int(rest[2]))
    if verb in ("delete", "lead"):
        return {"delete": DELETE, "lead": LEAD}[verb], rest[0].encode()
    if verb == "find":
        return FIND, bytes(AT_REMOTE_PREFIX) + hosts(rest[0])
    shares = 1 if verb == "share" else 0
    return ADD, config({"listen": LISTENS, "roam": ROAMS}.get(verb, 0), *rest, shares=shares)


def main():
    path, verb, *rest = sys.argv[1:]
    answer, refused = ask(path, *request(verb, rest))
    say = {"find": found, "socket": given}.get(verb, lambda _: "accepted")
    print(refused or say(answer))
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
