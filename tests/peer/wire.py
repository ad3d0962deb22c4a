# SPDX-License-Identifier: GPL-2.0-only
"""The wire: whole IPv6 packets out by a raw socket, in by a packet socket; and a tun, for programs of this host."""

import fcntl
import os
import socket
import struct
import subprocess
import time

ETH_P_IPV6 = 0x86DD
PACKET_OUTGOING = 4
IPV6_HDRINCL = 36
TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 1, 0x1000


def now_ms():
    return time.time_ns() // 1_000_000


class Wire:
    """The host routes what is sent here, and has no address of what is heard here: it drops that by itself."""

    def __init__(self, interface):
        self.out = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
        self.out.setsockopt(socket.IPPROTO_IPV6, IPV6_HDRINCL, 1)
        self.incoming = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IPV6))
        self.incoming.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.incoming.bind((interface, ETH_P_IPV6))
        self.incoming.setblocking(False)

    def fileno(self):
        return self.incoming.fileno()

    def send(self, packet):
        self.out.sendto(packet, (socket.inet_ntop(socket.AF_INET6, packet[24:40]), 0))

    def receive(self):
        """Packets that have come, as long as there are any."""
        while True:
            try:
                packet, address = self.incoming.recvfrom(65536)
            except BlockingIOError:
                return
            if address[2] != PACKET_OUTGOING:
                yield packet


class Tun:
    """A device with the inner address of this end, and a route to that of the other."""

    def __init__(self, name, address, peer, mtu):
        self.file = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(self.file, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
        for words in (
            f"link set {name} mtu {mtu} up",
            f"addr add {address}/128 dev {name} nodad",
            f"route add {peer}/128 dev {name} src {address}",
        ):
            subprocess.run(["ip", "-6", *words.split()], check=True)

    def fileno(self):
        return self.file

    def send(self, packet):
        os.write(self.file, packet)

    def receive(self):
        while True:
            try:
                yield os.read(self.file, 65536)
            except BlockingIOError:
                return
