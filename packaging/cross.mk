# Agents for other machines, and their tests under emulation. Included by packaging/targets.mk.
#
# `make HOST=aarch64-linux-gnu all` builds one; `make cross` builds both and tries them: the
# unit tests of every layer below the hub, then the agent against a native hub. dunlin-hub
# is native only.

CROSS_HOSTS  := aarch64-linux-gnu x86_64-w64-mingw32
CROSS_LAYERS := platform crypto sync agent keys
# What runs a program of this HOST here.
CROSS_RUN_aarch64-linux-gnu  := qemu-aarch64 -L /usr/aarch64-linux-gnu
CROSS_RUN_x86_64-w64-mingw32 := tests/cross/wine
# The TLS server of this test speaks POSIX sockets; 020-wine-agent.sh does TLS for real.
CROSS_NOT_x86_64-w64-mingw32 := tests/unit/sync/test_uplink_curl.c

CROSS_SRC   := $(foreach l,$(CROSS_LAYERS),$(wildcard tests/unit/$(l)/test_*.c))
CROSS_BIN   := $(patsubst %.c,$(B)/%$(EXE),$(filter-out $(CROSS_NOT_$(HOST)),$(CROSS_SRC)))
CROSS_TESTS := $(sort $(wildcard tests/cross/[0-9]*.sh))

.PHONY: cross cross-build cross-unit
cross-build: all $(CROSS_BIN)
cross-unit:
	@for t in $(CROSS_NOT_$(HOST)); do echo "  left out on $(HOST): $$t"; done
	@DUNLIN_RUN="$(CROSS_RUN_$(HOST))" tests/run $(HOST) $(CROSS_BIN)
cross: ## agents for 64-bit Arm and Windows, their tests under qemu and Wine
	@packaging/install-packages build test cross
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@for h in $(CROSS_HOSTS); do $(MAKE) --no-print-directory -j$(JOBS) HOST=$$h cross-build || exit 1; done
	@tests/run start; code=0; \
	 for h in $(CROSS_HOSTS); do $(MAKE) -s HOST=$$h cross-unit || code=1; done; \
	 DUNLIN_BUILD=$(abspath $(BUILD)) DUNLIN_BIN=$(abspath $(BIN)) tests/run cross $(CROSS_TESTS) || code=1; \
	 tests/run total && exit $$code
