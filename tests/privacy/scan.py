#!/usr/bin/env python3
"""Searches files and the memory of processes for canary customers.

    scan.py CANARIES.txt [--pid PID]... PATH...

CANARIES.txt holds one raw value a line. Looked for: the value as written, folded
(lower case, no spaces), its digits alone where it is a phone number, and of each of
these the SHA-256, SHA-1 and MD5 as bytes, hex and base64, and the hex and base64 of
the value itself. Prints every find as `WHERE: which form of canary N`, never the value;
exit 1 when anything was found.
"""
import base64
import hashlib
import os
import re
import sys


def forms(value):
    spoken = {"raw": value, "folded": re.sub(r"\s", "", value.lower()), "upper": value.upper()}
    digits = re.sub(r"\D", "", value)
    if len(digits) >= 9 and "@" not in value:
        spoken["digits"] = digits
    out = {}
    for name, text in spoken.items():
        data = text.encode()
        out[name] = data
        out[name + " UTF-16"] = text.encode("utf-16-le")
        out[name + " hex"] = data.hex().encode()
        out[name + " HEX"] = data.hex().upper().encode()
        out[name + " base64"] = base64.b64encode(data).rstrip(b"=")
        for algo in ("sha256", "sha1", "md5"):
            digest = hashlib.new(algo, data).digest()
            out[f"{name} {algo}"] = digest
            out[f"{name} {algo} hex"] = digest.hex().encode()
            out[f"{name} {algo} HEX"] = digest.hex().upper().encode()
            out[f"{name} {algo} base64"] = base64.b64encode(digest).rstrip(b"=")
    return out


def memory(pid):
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            m = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+)", line)
            start, end = int(m[1], 16), int(m[2], 16)
            if m[3][0] != "r" or "[v" in line:
                continue
            try:
                mem.seek(start)
                yield f"memory of {pid}, {line.split()[-1] if '/' in line or '[' in line else 'anonymous'}", mem.read(end - start)
            except (OSError, ValueError, OverflowError):
                continue


def files(path):
    if os.path.isfile(path):
        yield path
    for top, _, names in os.walk(path):
        for name in names:
            full = os.path.join(top, name)
            if os.path.isfile(full) and not os.path.islink(full):
                yield full


def main(argv):
    pids, paths = [], []
    canary_file = argv[1]
    rest = argv[2:]
    while rest:
        arg = rest.pop(0)
        if arg == "--pid":
            pids.append(rest.pop(0))
        else:
            paths.append(arg)
    needles = []
    with open(canary_file, encoding="utf-8") as lines:
        for n, line in enumerate(lines, 1):
            for name, data in forms(line.rstrip("\n")).items():
                if len(data) >= 6:
                    needles.append((n, name, data))
    found = looked = 0

    def look(where, data):
        nonlocal found, looked
        looked += len(data)
        for n, name, needle in needles:
            at = data.find(needle)
            if at >= 0:
                found += 1
                print(f"{where}: {name} of canary {n} at {at}")

    for path in paths:
        for name in files(path):
            look("name of " + name, os.fsencode(name))
            with open(name, "rb") as f:
                look(name, f.read())
    for pid in pids:
        for where, data in memory(pid):
            look(where, data)
        for part in ("environ", "cmdline"):
            with open(f"/proc/{pid}/{part}", "rb") as f:
                look(f"{part} of {pid}", f.read())
    print(f"{looked} bytes searched for {len(needles)} forms: {found} found")
    return 1 if found else 0


sys.exit(main(sys.argv))
