#!/usr/bin/env python3
"""Scans at one gate, through its socket, and what the gate said.

    gate_load.py SOCKET GATE TICKETS RATE SECONDS SEED >>answers.ndjson

Each scan is of a ticket drawn from the lines of TICKETS, so that gates with other seeds
meet the same ones. A line of the answer: {"gate","ticket","status","ms","scan_id",
"verdict","reason"}.
"""
import http.client
import json
import random
import socket
import sys
import time


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(60)
        self.sock.connect(self.path)


path, gate, tickets, rate, seconds, seed = sys.argv[1:]
draw = random.Random(int(seed))
codes = open(tickets, encoding="ascii").read().split()
connection = UnixConnection(path)
begin = time.monotonic()
for i in range(int(float(rate) * float(seconds))):
    time.sleep(max(0.0, begin + i / float(rate) - time.monotonic()))
    code = draw.choice(codes)
    body = {"event": "fair", "list": "main", "ticket": code, "type": draw.choice(["entry", "entry", "exit"]),
            "gate": gate, "nonce": f"{gate}-{seed}-{i}"}
    asked = time.monotonic()
    connection.request("POST", "/v1/checkins", json.dumps(body), {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer = json.loads(response.read())
    print(json.dumps({"gate": gate, "ticket": code, "status": response.status,
                      "ms": round((time.monotonic() - asked) * 1000, 1),
                      "scan_id": answer.get("scan_id"), "verdict": answer.get("verdict"),
                      "reason": answer.get("reason")}), flush=True)
