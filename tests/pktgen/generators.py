# SPDX-License-Identifier: GPL-2.0-only
"""
Two ways to send a flow: the kernel's pktgen, and tests/pktgen/live (frames of our own through XDP). What has to be made takes
its time; `seconds_left` then tells for how long addresses and ports are still heard.
"""
import os
import re
import subprocess
import tempfile
import time

PROC = "/proc/net/pktgen"
HEADERS = 14 + 40 + 8


class Refused(Exception):
    """The kernel will not, or it is too late."""


class Sent:
    def __init__(self, packets, seconds, burst):
        self.packets, self.seconds, self.burst = packets, seconds, burst


# --- pktgen ---------------------------------------------------------------------------

class Pktgen:
    """A kernel thread a CPU, and on each a queue of the device of its own."""
    name = "pktgen"

    def __init__(self, device, threads, burst):
        self.device, self.threads, self.burst = device, threads, burst

    @staticmethod
    def stands():
        """Has this kernel one?"""
        if not os.path.isdir(PROC):
            subprocess.run(["modprobe", "-q", "pktgen"], check=False)
        return os.path.isdir(PROC)

    @staticmethod
    def can(flow):
        return flow.is_udp()

    def tell(self, file, line):
        try:
            with open(f"{PROC}/{file}", "w", encoding="ascii") as control:
                control.write(line + "\n")
        except OSError as error:
            raise Refused(f"pktgen refuses `{line}`: {error.strerror}") from error

    def devices(self):
        """One for each thread, all of the same NIC: NIC@0, NIC@1 ..."""
        return [f"{self.device}@{thread}" for thread in range(self.threads)]

    def clear(self):
        for file in os.listdir(PROC):
            if file.startswith("kpktgend_"):
                self.tell(file, "rem_device_all")

    def set_up(self, flow, situation, rate):
        queues = len([name for name in os.listdir(f"/sys/class/net/{self.device}/queues") if name.startswith("tx-")])
        self.clear()
        burst = self.burst
        for thread, name in enumerate(self.devices()):
            self.tell(f"kpktgend_{thread}", f"add_device {name}")
            for line in self.lines(flow, situation, rate, thread % queues):
                self.tell(name, line)
            burst = self.set_burst(name, burst)
        return burst

    def lines(self, flow, situation, rate, queue):
        lines = ["count 0", f"pkt_size {HEADERS + situation.size}", "delay 0", "flag UDPCSUM",
                 f"queue_map_min {queue}", f"queue_map_max {queue}", f"dst_mac {situation.link[:6].hex(':')}",
                 f"src_mac {situation.link[6:].hex(':')}", f"src6 {flow.source}", f"udp_src_min {flow.source_port}",
                 f"udp_src_max {flow.source_port}", f"udp_dst_min {flow.port}", f"udp_dst_max {flow.port}"]
        if flow.prefix:
            lines += [f"dst6_min {flow.prefix[0]}", f"dst6_max {flow.prefix[-1]}"]
        else:
            lines += [f"dst6 {flow.destination}"]
        return lines + ([f"ratep {max(1, rate // self.threads)}"] if rate else [])

    def set_burst(self, name, burst):
        """Several frames a turn to the driver; those that change frames on their way (veth) bear none."""
        if burst > 1:
            try:
                self.tell(name, f"burst {burst}")
            except Refused:
                return 1
        return burst

    def send(self, flow, situation, rate, seconds_left):
        burst, seconds = self.set_up(flow, situation, rate), seconds_left()
        # "start" is written, and returns, when all is done or somebody says "stop".
        starter = subprocess.Popen(["sh", "-c", f"echo start >{PROC}/pgctrl"])
        time.sleep(seconds)
        self.tell("pgctrl", "stop")
        starter.wait()
        results = [self.result(name) for name in self.devices()]
        self.clear()
        return Sent(sum(packets for packets, _ in results), max(took for _, took in results), burst)

    def result(self, name):
        with open(f"{PROC}/{name}", encoding="ascii") as file:
            found = re.search(r"OK: (\d+)\(.*\) usec, (\d+) ", file.read())
        if not found:
            raise Refused(f"pktgen says nothing of {name}")
        return int(found[2]), int(found[1]) / 1e6


# --- live -----------------------------------------------------------------------------

class Live:
    name = "live"

    def __init__(self, device, threads, program, frames_of):
        self.device, self.threads, self.program, self.frames_of = device, threads, program, frames_of

    @staticmethod
    def can(_flow):
        return True

    def send(self, flow, situation, rate, seconds_left):
        frames = self.frames_of(flow, situation)
        cpus = [str(cpu) for cpu in sorted(os.sched_getaffinity(0))[:self.threads]]
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"".join(frames))
            file.flush()
            command = [self.program, self.device, file.name, str(len(frames[0])), str(seconds_left()), str(rate)] + cpus
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Refused(done.stderr.strip())
        packets, took = done.stdout.split()
        return Sent(int(packets), float(took), 64)
