#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
A DHT of libtorrent's own nodes, one for each argument:

    dht_nodes.py ADDRESS:PORT[,[ADDRESS6]:PORT] ...

Prints READY when all know each other; ends on SIGTERM or SIGINT. The interpreter is Debian's,
because python3-libtorrent belongs to it. `--limits` keeps libtorrent's limits on what a node sends.
"""
import argparse
import signal
import sys
import time

import libtorrent


def endpoints(listen):
    for one in listen.split(","):
        host, port = one.rsplit(":", 1)
        yield host.strip("[]"), int(port)


def start(listen, limits):
    settings = {
        "listen_interfaces": listen,
        "enable_dht": True,
        "dht_bootstrap_nodes": "",
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        "alert_mask": 0,
        "dht_restrict_routing_ips": False,
        "dht_restrict_search_ips": False,
        "dht_max_fail_count": 1,
    }
    if not limits:
        settings["dht_upload_rate_limit"] = 200000
    return libtorrent.session(settings)


def introduce(sessions, listens, others):
    """Everybody hears of everybody; libtorrent pings whom it is told of."""
    for session in sessions:
        for other in others:
            for endpoint in endpoints(other):
                session.add_dht_node(endpoint)
    for i, session in enumerate(sessions):
        for j, listen in enumerate(listens):
            if i == j:
                continue
            for endpoint in endpoints(listen):
                session.add_dht_node(endpoint)


def known(session):
    session.post_dht_stats()
    return session.status().dht_nodes


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("listen", nargs="+", metavar="ADDRESS:PORT[,...]")
    parser.add_argument("--node", action="append", default=[], metavar="ADDRESS:PORT", help="a node of somebody else's")
    parser.add_argument("--limits", action="store_true", help="keep libtorrent's limits on what a node sends")
    parser.add_argument("--seconds", type=float, default=20, help="give up when they do not meet (default %(default)s)")
    options = parser.parse_args()
    ends = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ends.append(True))

    sessions = [start(listen, options.limits) for listen in options.listen]
    time.sleep(0.3)
    wanted = min(len(sessions) - 1, 16) * len(options.listen[0].split(","))
    deadline = time.monotonic() + options.seconds
    while not ends:
        introduce(sessions, options.listen, options.node)
        time.sleep(0.5)
        fewest = min(known(session) for session in sessions)
        if fewest >= wanted:
            break
        if time.monotonic() > deadline:
            print(f"a node knows only {fewest} of {wanted}", file=sys.stderr)
            return 1
    print("READY", flush=True)
    again = time.monotonic()
    while not ends:
        time.sleep(0.1)
        # Who starts more slowly than libtorrent is missed by the first introduction.
        if options.node and time.monotonic() > again + 5:
            introduce(sessions, [], options.node)
            again = time.monotonic()
    for session in sessions:
        session.apply_settings({"enable_dht": False})
    return 0


if __name__ == "__main__":
    sys.exit(main())
