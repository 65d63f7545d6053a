#!/usr/bin/env bash
# The agent for 64-bit Arm, under qemu, against a native hub.
. "$(dirname "$0")/ceremony.sh"
use_agent qemu-aarch64 -L /usr/aarch64-linux-gnu "$BUILD/aarch64-linux-gnu/bin/dunlin"
agent_ceremony till-arm
is "its folder and keys are private" \
    "$(stat -c %a till-arm till-arm/token.key till-arm/device.key | paste -sd' ')" "700 600 600"
kill "$TILL_PID"
timeout 15 tail --pid="$TILL_PID" -f /dev/null
check_not "asked to stop it leaves no socket" test -e till-arm/dunlin.sock
