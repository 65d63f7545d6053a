# Dunlin's build. `make help` lists what there is; `make demo` and `make test`
# need nothing but a fresh Debian 12 and root (or sudo) the first time.
#
# Layers are static archives, linked in the order of who may know whom:
# platform <- crypto <- sync <- agent, and hub and keys above the first three.

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DEFAULT_GOAL := all

BUILD   ?= build
HOST    ?= native
SAN     ?=
PREFIX  ?= /usr/local
DESTDIR ?=
VERSION := $(shell sed -n 's/^## \[\{0,1\}\([0-9][0-9.]*\).*/\1/p' CHANGELOG.md 2>/dev/null | head -n 1)
VERSION := $(or $(VERSION),0.1.0)
# SOURCE_DATE_EPOCH pins it; else the commit's own time, so that a rebuild is the same.
BUILD_TIME := $(or $(SOURCE_DATE_EPOCH),$(shell git log -1 --format=%ct 2>/dev/null),$(shell date +%s))

ifeq ($(origin CC),default)
CC := $(if $(filter x86_64-w64-mingw32,$(HOST)),x86_64-w64-mingw32-gcc-posix,$(if $(filter native,$(HOST)),gcc,$(HOST)-gcc))
endif
AR    := $(if $(filter native,$(HOST)),ar,$(HOST)-ar)
STRIP := $(if $(filter native,$(HOST)),strip,$(HOST)-strip)
EXE   := $(if $(filter x86_64-w64-mingw32,$(HOST)),.exe)
OS    := $(if $(filter x86_64-w64-mingw32,$(HOST)),win,posix)

# Programs of the plain build live in build/bin; each variant has a folder of its own.
VARIANT := $(strip $(if $(filter-out native,$(HOST)),$(HOST)) $(if $(filter clang%,$(notdir $(CC))),clang) $(SAN))
empty   :=
, := ,
B       := $(BUILD)$(if $(VARIANT),/$(subst $(empty) $(empty),-,$(VARIANT)))
BIN     := $(B)/bin
DEPS    := $(or $(DEPS_DIR),build/deps)/$(HOST)

# Libraries built from source, once: make finds deps.mk lacking, makes it, and starts over.
ifneq ($(filter-out help clean distclean dist layers format lint-sh packages,$(or $(MAKECMDGOALS),all)),)
include $(DEPS)/deps.mk
endif
# A new line in the list of packages is no reason to build them all again.
$(DEPS)/deps.mk: packaging/deps | packaging/debian-packages.txt
	@packaging/install-packages build $(if $(filter-out native,$(HOST)),cross)
	@packaging/deps $(HOST)
	@touch $@

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
        -Wvla -Werror
SAN_FLAGS_asan := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
SAN_FLAGS_tsan := -fsanitize=thread -fno-omit-frame-pointer
SAN_FLAGS_fuzz := -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all
SAN_FLAGS := $(SAN_FLAGS_$(SAN))
HARDEN := $(if $(SAN),,-fstack-protector-strong -D_FORTIFY_SOURCE=2)

CPPFLAGS := -I. -I$(B)/gen $(DEPS_CFLAGS) -D_POSIX_C_SOURCE=200809L \
            $(if $(filter win,$(OS)),-D__USE_MINGW_ANSI_STDIO=1 -D_WIN32_WINNT=0x0A00) \
            -DDUNLIN_VERSION='"$(VERSION)"'
# With sections of data, MinGW's GCC writes zeroed statics into the file.
SECTIONS := -ffunction-sections $(if $(filter posix,$(OS)),-fdata-sections)
# A debugger has its own tables; these would only make the agent larger. Sanitizers read them.
UNWIND := $(if $(SAN),,$(if $(filter posix,$(OS)),-fno-asynchronous-unwind-tables))
CFLAGS   := -std=c17 -O2 -g -fPIE $(UNWIND) $(SECTIONS) $(HARDEN) $(WARN) $(SAN_FLAGS) $(EXTRA_CFLAGS)
LDFLAGS  := $(SAN_FLAGS) -Wl,--gc-sections \
            $(if $(filter posix,$(OS)),-pie $(if $(filter native,$(HOST)),-Wl$(,)-z$(,)pack-relative-relocs) -Wl$(,)-z$(,)relro$(,)-z$(,)now)

# ---- sources: every .c of a layer's folder belongs to it -----------------------------
LAYERS := platform crypto sync agent hub keys
SRC_platform := $(wildcard platform/*.c platform/$(OS)/*.c)
SRC_crypto   := $(wildcard crypto/*.c)
SRC_sync     := $(wildcard sync/*.c)
SRC_agent    := $(filter-out agent/main.c,$(wildcard agent/*.c agent/*/*.c))
SRC_hub      := $(filter-out hub/main.c,$(wildcard hub/*.c))
SRC_keys     := $(filter-out keys/main.c,$(wildcard keys/*.c))
obj = $(patsubst %.c,$(B)/obj/%.o,$(1))
lib = $(B)/lib/$(1).a
below_platform := platform
below_crypto   := crypto platform
below_sync     := sync crypto platform
below_agent    := agent sync crypto platform
below_hub      := hub sync crypto platform
below_keys     := keys sync crypto platform
libs_of = $(foreach l,$(below_$(1)),$(call lib,$(l)))
deps_platform := $(DEPS_KEYS_LIBS)
deps_crypto   := $(DEPS_KEYS_LIBS)
deps_sync     := $(DEPS_KEYS_LIBS)
deps_agent    := $(DEPS_AGENT_MHD_LIBS) $(DEPS_AGENT_LIBS)
# libpq is Debian's: the hub alone speaks PostgreSQL.
deps_hub      := $(DEPS_HUB_LIBS) -lpq
deps_keys     := $(DEPS_KEYS_LIBS)
$(B)/obj/agent/%.o: CPPFLAGS := $(DEPS_AGENT_MHD_CFLAGS) $(CPPFLAGS)
PQ_CFLAGS := -isystem $(or $(shell pg_config --includedir 2>/dev/null),/usr/include/postgresql)
$(B)/obj/hub/%.o $(B)/obj/tests/unit/hub/%.o $(B)/obj/tests/fuzz/%.o $(B)/obj/bench/%.o: CPPFLAGS += $(PQ_CFLAGS)
$(B)/obj/platform/%.o: CPPFLAGS += -DDUNLIN_BUILD_TIME=$(BUILD_TIME)LL

PROGRAMS := $(BIN)/dunlin$(EXE) $(if $(filter native,$(HOST)),$(BIN)/dunlin-hub) $(BIN)/dunlin-keys$(EXE)

.PHONY: all
all: $(PROGRAMS) ## the three programs, in build/bin

define layer
$(call lib,$(1)): $(call obj,$(SRC_$(1)))
	@mkdir -p $$(@D) && rm -f $$@ && $(AR) qcs $$@ $$^
endef
$(foreach l,$(LAYERS),$(eval $(call layer,$(l))))

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

link = @mkdir -p $(@D) && echo "  LINK  $@" && $(CC) $(LDFLAGS) -o $@ $(1) -Wl,--start-group $(2) -Wl,--end-group
$(BIN)/dunlin$(EXE): $(call obj,agent/main.c) $(call libs_of,agent)
	$(call link,$^,$(deps_agent))
$(BIN)/dunlin-hub: $(call obj,hub/main.c) $(call libs_of,hub)
	$(call link,$^,$(deps_hub))
$(BIN)/dunlin-keys$(EXE): $(call obj,keys/main.c) $(call libs_of,keys)
	$(call link,$^,$(deps_keys))

# ---- SQL beside its module becomes a header: gen/sync_sql.h, agent_sql.h, hub_sql.h ----
$(B)/gen/hub_pg_sql.h: packaging/embed-sql $(wildcard hub/sql/pg/*.sql)
	@mkdir -p $(@D)
	@packaging/embed-sql hub_pg $(sort $(wildcard hub/sql/pg/*.sql)) > $@.tmp && mv $@.tmp $@
$(B)/gen/%_sql.h: packaging/embed-sql $(wildcard sync/sql/*.sql agent/sql/*.sql hub/sql/*.sql)
	@mkdir -p $(@D)
	@packaging/embed-sql $* $(sort $(wildcard $*/sql/*.sql)) > $@.tmp && mv $@.tmp $@
$(call obj,$(SRC_sync)): $(B)/gen/sync_sql.h
$(call obj,$(SRC_agent)): $(B)/gen/agent_sql.h
$(call obj,$(SRC_hub)): $(B)/gen/hub_sql.h $(B)/gen/hub_pg_sql.h

# ---- the gate's page becomes a header: gen/agent_web.h ----------------------------------
$(B)/gen/agent_web.h: packaging/embed-web $(shell find agent/web -type f)
	@mkdir -p $(@D)
	@packaging/embed-web agent/web > $@.tmp && mv $@.tmp $@
$(B)/obj/agent/gate_page.o: $(B)/gen/agent_web.h

# The camera's decoder lies beside the agent: 0.4 MB that most of them never need.
DECODER := $(BUILD)/share/dunlin/gate
.PHONY: decoder
decoder: $(DECODER)/zxing_reader.wasm.gz ## what lets the gate screen read codes by camera; from npm
$(DECODER)/zxing_reader.wasm.gz: packaging/npm-deps packaging/npm/package-lock.json
	@packaging/npm-deps
	@mkdir -p $(@D)
	@from=build/npm/node_modules/zxing-wasm; for f in es/reader/index.js:reader.js es/share.js:share.js \
	   reader/zxing_reader.wasm:zxing_reader.wasm; do gzip -9nc $$from/dist/$${f%:*} > $(@D)/$${f#*:}.gz || exit 1; done
	@cp build/npm/node_modules/zxing-wasm/LICENSE $(@D)/zxing-wasm.LICENSE
	@touch $@

include packaging/targets.mk

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
