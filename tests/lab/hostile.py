#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
r"""Bad manners towards an HTTP server: hostile.py ADDRESS PORT WHAT

    junk FILE     its bytes, in pieces of all sizes, a connection each
    slow COUNT    so many connections that say a byte now and then; ends well when all of them have been closed from the other side
    raw TEXT      TEXT with \r, \n and \0 in it; prints the number of the answer
    brief COUNT PID  so many that are there when PID stops, say a byte and are gone when it goes on, which sees both at once
    many COUNT    so many connections, one after the other and as many at once as may be, each with half a request
"""
import os
import resource
import select
import signal
import socket
import sys
import time

ADDRESS, PORT, WHAT = sys.argv[1], int(sys.argv[2]), sys.argv[3]
PATIENCE_S = 40


def connect(blocking=True):
    one = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    one.setblocking(blocking)
    if blocking:
        one.settimeout(5)
    one.connect_ex((ADDRESS, PORT))
    return one


def say(one, data):
    try:
        one.sendall(data)
        return True
    except OSError:
        return False


def junk(path):
    with open(path, "rb") as file:
        data = file.read()
    for size in (1, 2, 3, 17, 255, 1023, len(data)):
        one = connect()
        say(one, data[:size])
        one.close()
        one = connect()
        say(one, b"GET / HTTP/1.1\r\nHost: " + data[:size].replace(b"\r", b"").replace(b"\n", b"") + b"\r\n\r\n")
        one.close()


def slow(count):
    request = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: " + b"x" * 1000
    left = [connect() for _ in range(count)]
    end = time.monotonic() + PATIENCE_S
    at = 0
    while left and time.monotonic() < end:
        left = [one for one in left if say(one, request[at:at + 1])]
        at += 1
        time.sleep(0.5)
    sys.exit(1 if left else 0)


def raw(text):
    one = connect()
    say(one, text.encode("latin-1").decode("unicode_escape").encode("latin-1"))
    answer = one.recv(4096).split(b" ", 2)
    print(answer[1].decode() if len(answer) == 3 else "none")


def brief(count, pid):
    kept = [connect() for _ in range(count)]
    time.sleep(0.3)
    os.kill(pid, signal.SIGSTOP)
    for one in kept:
        say(one, b"G")
        one.close()
    os.kill(pid, signal.SIGCONT)


def many(count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    most = min(hard - 50, count)
    began, kept = time.monotonic(), []
    for _ in range(count):
        one = connect(False)
        kept.append(one)
        if len(kept) == most:
            kept.pop(0).close()
    select.select([], [], [], 0.2)
    for one in kept:
        try:
            one.send(b"GET / HTTP/1.1\r\nHost: loc")
        except OSError:
            pass
    print(f"{count} connections, {len(kept)} at once, in {time.monotonic() - began:.1f} s")


if WHAT == "junk":
    junk(sys.argv[4])
elif WHAT == "slow":
    slow(int(sys.argv[4]))
elif WHAT == "raw":
    raw(sys.argv[4])
elif WHAT == "brief":
    brief(int(sys.argv[4]), int(sys.argv[5]))
else:
    many(int(sys.argv[4]))
