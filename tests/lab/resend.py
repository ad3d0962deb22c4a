#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Sends the frames of a capture out of a device as they stand, and prints how many: resend.py PCAP DEVICE"""
import socket
import sys

from wire import frames

sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
sock.bind((sys.argv[2], 0))
print(sum(1 for _, frame in frames(sys.argv[1]) if sock.send(frame)))
