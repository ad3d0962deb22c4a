#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What two ends share that have met: `seeds.py CLIENT.JSON SERVER.JSON NAME KEY_FILE`, or `seeds.py DUMP.JSON [PEER]`.

The files are dumps of mf_seed (bpftool --json map dump), which root may read. Writes K of the client's association with
NAME to KEY_FILE (0600), prints "client's seed, server's seed"; fails unless the server holds the very same K and seeds. The
short form prints "K, own seed" of every association, or "K, the peer's seed" of those with PEER.
"""
import json
import os
import sys


def number(value):
    return int(value, 0) if isinstance(value, str) else value


def octets(values):
    return bytes(number(value) for value in values)


def seeds(path):
    with open(path, encoding="ascii") as file:
        for entry in json.load(file):
            value = entry.get("formatted", entry)["value"]
            name = value["name"]
            if not isinstance(name, str):
                name = octets(name).split(b"\0")[0].decode("ascii", "replace")
            yield name, octets(value["key"]), octets(value["seed_local"]), octets(value["seed_remote"])


def own(path, peer=None):
    for name, key, local, remote in seeds(path):
        if name and peer in (None, name.split("@")[0]):
            print(key.hex(), (remote if peer else local).hex())


def main():
    if len(sys.argv) <= 3:
        own(*sys.argv[1:])
        return
    client, server, wanted, key_file = sys.argv[1:]
    mine = [one for one in seeds(client) if one[0].split("@")[0] == wanted]
    if len(mine) != 1:
        sys.exit(f"{len(mine)} associations with {wanted}")
    _, key, local, remote = mine[0]
    if not any(one[1:] == (key, remote, local) for one in seeds(server)):
        sys.exit("the server holds no such session")
    with open(os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(key.hex() + "\n")
    print(local.hex(), remote.hex())


if __name__ == "__main__":
    main()
