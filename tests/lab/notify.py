#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""notify.py PATH: prints what comes to a socket as systemd's (NOTIFY_SOCKET), a line a message."""
import socket
import sys

sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sock.bind(sys.argv[1])
while True:
    print(sock.recv(4096).decode().replace("\n", " "), flush=True)
