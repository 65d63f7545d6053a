#!/usr/bin/env python3
"""A switch between network namespaces that does what bad cables and worse radio do.

    badlink.py PORT...          makes a tap interface for each, says `ready`, and switches

The caller moves the interfaces into namespaces. Lines on standard input:

    delay MS JITTER_MS    each frame takes so long, more or less: some overtake others
    drop PERCENT
    cut A[,B...] C[,D...] no frame goes between the one side and the other
    heal                  undoes all cuts
"""
import fcntl
import heapq
import os
import random
import select
import struct
import sys
import time

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000


def open_tap(name):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22s", name.encode(), IFF_TAP | IFF_NO_PI, b""))
    return fd


class Switch:
    def __init__(self, ports):
        self.taps = {name: open_tap(name) for name in ports}
        self.names = {fd: name for name, fd in self.taps.items()}
        self.cuts = set()
        self.delay = self.jitter = self.drop = 0.0
        self.queue = []
        self.count = 0
        self.random = random.Random(20261125)

    def obey(self, words):
        if words[0] == "delay":
            self.delay, self.jitter = float(words[1]) / 1000, float(words[2]) / 1000
        elif words[0] == "drop":
            self.drop = float(words[1]) / 100
        elif words[0] == "cut":
            for a in words[1].split(","):
                for b in words[2].split(","):
                    self.cuts |= {(a, b), (b, a)}
        elif words[0] == "heal":
            self.cuts.clear()

    def take(self, fd):
        name, frame = self.names[fd], os.read(fd, 65536)
        for other, to in self.taps.items():
            if other == name or (name, other) in self.cuts or self.random.random() < self.drop:
                continue
            wait = max(0.0, self.delay + self.random.uniform(-self.jitter, self.jitter))
            self.count += 1
            heapq.heappush(self.queue, (time.monotonic() + wait, self.count, to, frame))

    def deliver(self):
        while self.queue and self.queue[0][0] <= time.monotonic():
            _, _, to, frame = heapq.heappop(self.queue)
            try:
                os.write(to, frame)
            except OSError:
                pass  # a full or downed interface drops, as cables do

    def run(self):
        sources = list(self.names) + [sys.stdin.fileno()]
        text = b""
        while True:
            wait = max(0.0, self.queue[0][0] - time.monotonic()) if self.queue else None
            for fd in select.select(sources, [], [], wait)[0]:
                if fd != sys.stdin.fileno():
                    try:
                        self.take(fd)
                    except OSError:
                        pass  # not up yet
                    continue
                more = os.read(fd, 4096)
                if not more:
                    return
                *lines, text = (text + more).split(b"\n")
                for line in lines:
                    self.obey(line.decode().split())
            self.deliver()


switch = Switch(sys.argv[1:])
print("ready", flush=True)
switch.run()
