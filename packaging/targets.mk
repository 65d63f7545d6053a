# Everything but compiling: tests, checks, demo, bench, packages. Included by the Makefile.

# ---- tests ---------------------------------------------------------------------------
UNIT_SRC  := $(wildcard tests/unit/*/test_*.c)
UNIT_BIN  := $(UNIT_SRC:%.c=$(B)/%$(EXE))
SUPPORT   := $(wildcard tests/support/*.c)
layer_of   = $(word 3,$(subst /, ,$(1)))
define unit
$(B)/$(1:.c=)$(EXE): $(call obj,$(1) $(SUPPORT)) $(call libs_of,$(call layer_of,$(1)))
	$$(call link,$$^,$(deps_$(call layer_of,$(1))) -lcmocka$(if $(filter bench,$(call layer_of,$(1))), -lm))
$(call obj,$(1)): $(if $(filter hub,$(call layer_of,$(1))),$(B)/gen/hub_sql.h) $(if $(filter sync,$(call layer_of,$(1))),$(B)/gen/sync_sql.h)
endef
$(foreach t,$(UNIT_SRC),$(eval $(call unit,$(t))))
$(B)/obj/tests/unit/agent/%.o: CPPFLAGS := $(DEPS_AGENT_MHD_CFLAGS) $(CPPFLAGS)

.PHONY: unit-build unit
unit-build: $(UNIT_BIN)
unit: unit-build ## unit tests of this variant (SAN=asan, SAN=tsan, CC=clang)
	@tests/run unit $(UNIT_BIN)

# One and the same suite holds for every engine behind hub/store.h. On PostgreSQL it runs
# with a server of its own, on Citus with the one that DUNLIN_CITUS_URL names.
STORE_TESTS := $(shell grep -lE 'hub/(fixture|gates).h' $(wildcard tests/unit/hub/test_*.c) /dev/null)
STORE_BIN   := $(patsubst %.c,$(B)/%,$(filter-out %/test_convert.c %/test_store_turn.c %/test_journal.c,$(STORE_TESTS)))
.PHONY: unit-postgres test-citus
unit-postgres: unit-build
	@if tests/support/postgres.sh have; then tests/support/postgres.sh with tests/run postgres $(STORE_BIN); \
	 else tests/run skip postgres "the store on PostgreSQL" "no server: apt-get install postgresql"; fi
test-citus: unit-build all ## the store's suite on the Citus cluster whose coordinator DUNLIN_CITUS_URL names
	@if [ -z "$(DUNLIN_CITUS_URL)" ]; then echo "skipped: DUNLIN_CITUS_URL names no coordinator"; else \
	   dir=$$(mktemp -d); trap 'rm -rf "$$dir"' EXIT; \
	   $(BIN)/dunlin-hub init --dir "$$dir/hub" --name hub.example.com --db '$(DUNLIN_CITUS_URL)' \
	     --tenant "$${dir##*.}" --distribute >/dev/null && \
	   DUNLIN_TEST_DB='$(DUNLIN_CITUS_URL)' DUNLIN_TEST_SECONDS=$${DUNLIN_TEST_SECONDS:-3600} \
	     tests/run citus $(STORE_BIN); fi

INTEGRATION := $(sort $(wildcard tests/integration/*.sh))
PRIVACY     := $(sort $(wildcard tests/privacy/*.sh))
FAULT       := $(sort $(wildcard tests/fault/*.sh))
# What runs threads, under ThreadSanitizer.
TSAN_TESTS  := $(wildcard tests/unit/platform/test_thread.c tests/unit/sync/test_writer.c \
                 tests/unit/sync/test_sync.c tests/unit/sync/test_peers.c tests/unit/agent/test_accept.c \
                 tests/unit/agent/test_scanner.c tests/unit/agent/test_peering.c \
                 tests/unit/hub/test_ingest.c tests/unit/hub/test_store_turn.c)

.PHONY: test test-packages integration privacy fault
test-packages:
	@packaging/install-packages build test
# The gate page in a browser: where one cannot be had, its test says that it was skipped.
.PHONY: test-packages-web
test-packages-web:
	@command -v npm >/dev/null || packaging/install-packages npm
	@packaging/install-packages web
	@packaging/npm-deps test
	@$(MAKE) -s decoder
# Faults are mostly waited for, so they run beside the integration tests.
test: test-packages ## everything that decides: layers, unit (ASan+UBSan, TSan), integration, privacy
	@$(MAKE) -s test-packages-web || echo "  the gate page is not tried in a browser"
	@tests/run start
	@$(MAKE) --no-print-directory -j$(JOBS) all $(B)/bench/linkage/people
	@$(MAKE) --no-print-directory -j$(JOBS) SAN=asan unit-build
	@$(MAKE) --no-print-directory -j$(JOBS) SAN=tsan tsan-build
	@$(MAKE) --no-print-directory -j$(JOBS) CC=clang SAN=fuzz fuzz-build
	@code=0; \
	 tests/run layout tests/layers || code=1; \
	 $(MAKE) -s SAN=asan unit || code=1; \
	 $(MAKE) -s SAN=asan unit-postgres || code=1; \
	 $(MAKE) -s SAN=tsan tsan || code=1; \
	 $(MAKE) -s plain || code=1; \
	 $(MAKE) -s CC=clang SAN=fuzz fuzz-corpus || code=1; \
	 tests/run fault $(FAULT_SHORT) >$(BUILD)/fault.log 2>&1 & fault=$$!; \
	 tests/run integration $(INTEGRATION) || code=1; \
	 wait $$fault || code=1; cat $(BUILD)/fault.log; \
	 tests/run privacy $(PRIVACY) || code=1; \
	 tests/run total && exit $$code
JOBS ?= $(shell nproc)

# What a sanitizer replaces or forbids is shown by a plain build: that every free() wipes,
# that cores are off.
PLAIN_TESTS := tests/unit/platform/test_wipe_heap.c tests/unit/platform/test_lock.c
PLAIN_BIN := $(PLAIN_TESTS:%.c=$(B)/%$(EXE))
.PHONY: plain
plain: $(PLAIN_BIN)
	@tests/run plain $(PLAIN_BIN)

.PHONY: tsan-build tsan
TSAN_TESTS += $(wildcard tests/unit/agent/test_door.c tests/unit/hub/test_readers.c)
TSAN_BIN := $(TSAN_TESTS:%.c=$(B)/%$(EXE))
tsan-build: $(TSAN_BIN)
tsan: tsan-build
	@tests/run tsan $(TSAN_BIN)

integration: all $(B)/bench/linkage/people ## whole programs against each other on loopback
	@tests/run integration $(INTEGRATION)
privacy: all ## the promises: canary customers searched in everything
	@tests/run privacy $(PRIVACY)

# A tenth of the spellings fits `make test`; this tries them all.
.PHONY: phone-oracle phone-table
phone-oracle: all ## 200,000 spellings of telephone numbers against libphonenumber
	@packaging/install-packages test
	@DUNLIN_PHONE_COUNT=200000 tests/run integration tests/integration/080-phone-oracle.sh
phone-table: ## agent/normalise/phone_table.c anew, from python3-phonenumbers
	@packaging/install-packages test
	@packaging/phone-table > $(BUILD)/phone_table.c && mv $(BUILD)/phone_table.c agent/normalise/phone_table.c

# Faults that fit a CI run decide; `make fault` runs all of them for longer.
FAULT_SHORT := $(FAULT)
fault: all ## crashes, full disks and cut power, the long way
	@tests/run start; DUNLIN_ROUNDS=20 DUNLIN_AWAY_SECONDS=600 DUNLIN_TEST_SECONDS=1200 tests/run fault $(FAULT); tests/run total

# ---- fuzzing: libFuzzer, a corpus each ------------------------------------------------
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_BIN := $(FUZZ_SRC:%.c=$(B)/%)
FUZZ_SECONDS ?= 60
fuzz_libs := $(foreach l,agent hub keys sync crypto platform,$(call lib,$(l)))
$(B)/tests/fuzz/fuzz_%: $(B)/obj/tests/fuzz/fuzz_%.o $(fuzz_libs)
	@mkdir -p $(@D) && echo "  LINK  $@" && $(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $< \
	    -Wl,--start-group $(fuzz_libs) $(deps_agent) -Wl,--end-group
# The hub's see none of the agent, whose layer has files of the same names.
fuzz_hub_libs := $(foreach l,hub sync crypto platform,$(call lib,$(l)))
$(B)/tests/fuzz/fuzz_hub_%: $(B)/obj/tests/fuzz/fuzz_hub_%.o $(fuzz_hub_libs)
	@mkdir -p $(@D) && echo "  LINK  $@" && $(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $< \
	    -Wl,--start-group $(fuzz_hub_libs) $(deps_hub) -Wl,--end-group
.PHONY: fuzz-build fuzz-corpus fuzz
fuzz-build: $(if $(filter fuzz,$(SAN)),$(FUZZ_BIN))
fuzz-corpus: fuzz-build
	@DUNLIN_FUZZERS=$(B)/tests/fuzz tests/run fuzz tests/fuzz/replay
fuzz: ## every fuzzer for FUZZ_SECONDS (60); a crash becomes a file of its corpus
	@packaging/install-packages build test
	@$(MAKE) --no-print-directory -j$(JOBS) CC=clang SAN=fuzz fuzz-build
	@for f in $(FUZZ_SRC:tests/fuzz/fuzz_%.c=%); do echo "== $$f"; \
	   mkdir -p $(BUILD)/fuzz-new/$$f; \
	   $(BUILD)/clang-fuzz/tests/fuzz/fuzz_$$f -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 \
	     -artifact_prefix=tests/fuzz/corpus/$$f/crash- $(BUILD)/fuzz-new/$$f tests/fuzz/corpus/$$f || exit 1; done

# ---- checks --------------------------------------------------------------------------
.PHONY: check layers lint format
C_FILES := $(shell git ls-files '*.c' '*.h' 2>/dev/null)
SH_FILES := $(shell git ls-files '*.sh' 2>/dev/null) packaging/deps packaging/install-packages packaging/embed-sql packaging/embed-web \
            packaging/npm-deps packaging/deb/build tests/run tests/layers tests/fuzz/replay demo/run demo/make-data bench/run bench/linkage/run
layers: ## who includes whom: prints offenders
	@tests/layers
format: ## lay out every C file
	@clang-format -i $(C_FILES)
TIDY_FILES  := $(filter-out platform/win/%,$(filter %.c,$(C_FILES)))
# One process a file: clang-tidy 14 carries what it believes of va_list from file to file.
TIDY = xargs -P $(JOBS) -I{} clang-tidy --quiet --warnings-as-errors='*' {}
TIDY_CHECKS := -*,bugprone-*,-bugprone-implicit-widening-of-multiplication-result,-bugprone-sizeof-expression,-bugprone-not-null-terminated-result,-bugprone-too-small-loop-variable,-bugprone-easily-swappable-parameters,-bugprone-reserved-identifier,clang-analyzer-*,-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling,-clang-analyzer-optin.performance.Padding,-clang-analyzer-security.insecureAPI.strcpy
lint: ## clang-tidy's bug finders, shellcheck
	@packaging/install-packages build test lint
	@shellcheck -x -S warning -e SC1091,SC2034,SC2154,SC2317 $(SH_FILES)
	@printf '%s\n' $(TIDY_FILES) | $(TIDY) --checks='$(TIDY_CHECKS)' \
	   -- $(CPPFLAGS) $(PQ_CFLAGS) $(DEPS_AGENT_MHD_CFLAGS) -std=c17
check: layers ## layout, warnings of both compilers, lint
	@packaging/install-packages build test lint
	@clang-format --dry-run -Werror $(C_FILES)
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@$(MAKE) --no-print-directory -j$(JOBS) CC=clang all
	@$(MAKE) --no-print-directory lint
.PHONY: compdb
compdb: ## compile_commands.json for editors
	@packaging/install-packages test
	@for f in $(filter-out platform/win/%,$(filter %.c,$(C_FILES))); do \
	   jq -n --arg dir '$(CURDIR)' --arg file $$f --arg flags '$(CC) $(subst ','\'',$(CPPFLAGS) $(PQ_CFLAGS)) -std=c17' \
	     '{directory: $$dir, file: $$file, command: ($$flags + " -c " + $$file)}'; \
	 done | jq -s . > compile_commands.json

# ---- what a user runs ------------------------------------------------------------------
.PHONY: demo bench
demo: ## the whole ceremony on loopback, ending in a table and a line of JSON
	@packaging/install-packages build demo
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@demo/run $(BIN)
bench: ## our figures beside the bare limit, as ratios
	@packaging/install-packages build test
	@$(MAKE) --no-print-directory -j$(JOBS) all bench-build
	@bench/run $(BIN) $(B)/bench
BENCH_SRC := $(wildcard bench/*.c)
bench-build: $(BENCH_SRC:%.c=$(B)/%)
bench_layer = $(if $(findstring hub,$(1))$(findstring query,$(1)),hub,agent)
define bench_prog
$(B)/$(1:.c=): $(call obj,$(1) $(SUPPORT)) $(call libs_of,$(call bench_layer,$(1)))
	$$(call link,$$^,$(deps_$(call bench_layer,$(1))))
$(call obj,$(1)): $(B)/gen/hub_sql.h $(B)/gen/sync_sql.h
endef
$(foreach t,$(BENCH_SRC),$(eval $(call bench_prog,$(t))))

.PHONY: soak-door
DOOR_SECONDS ?= 600
soak-door: ## 50 scans a second against 100,000 tickets, for DOOR_SECONDS (600): times and memory
	@$(MAKE) --no-print-directory -j$(JOBS) $(B)/bench/bench_door
	@$(B)/bench/bench_door $(DOOR_SECONDS) | awk -F'\t' '{printf "%-62s %14s %14s %6s\n", $$1, $$2, $$3, $$4}'

.PHONY: bench-query
bench-query: ## time to read a profile and a timeline, from 1 to 10 million events, as docs/query-latency.png
	@packaging/install-packages build bench
	@$(MAKE) --no-print-directory -j$(JOBS) $(B)/bench/bench_query
	@$(B)/bench/bench_query > $(B)/bench/query.csv
	@gnuplot -c bench/query.gnuplot $(B)/bench/query.csv docs/query-latency.png
	@column -s, -t $(B)/bench/query.csv

# The linker's own measure; links agent/ and hub/, which nothing that ships does.
.PHONY: bench-linkage
# People and errors to measure it with, made without having seen it: bench/linkage/README.md.
PEOPLE_OBJ  := $(call obj,$(filter-out bench/linkage/people_main.c bench/linkage/people_form.c,$(wildcard bench/linkage/people*.c)))
LINKAGE_OBJ := $(PEOPLE_OBJ) $(call obj,bench/linkage/people_form.c bench/linkage/linkage.c bench/linkage/clear.c $(wildcard hub/linkage*.c))
$(B)/bench/linkage/linkage: $(LINKAGE_OBJ) $(call libs_of,agent)
	$(call link,$^,$(deps_agent) -lm)
$(B)/tests/unit/bench/test_people$(EXE): $(PEOPLE_OBJ)
$(B)/bench/linkage/people: $(call obj,bench/linkage/people_main.c) $(PEOPLE_OBJ)
	$(call link,$^,-lm)
bench-linkage: $(B)/bench/linkage/linkage ## F1 of linkage by recipes, and among 1,000,000 others
	@for seed in 1 2 3 4; do $< --seed $$seed || exit 1; done
	@$< --distractors 1000000

.PHONY: bench-people
bench-people: all $(B)/bench/linkage/people ## 2,000 invented people of each profile through agent and hub
	@packaging/install-packages build test
	@bench/linkage/run $(BIN) $(B)/bench/linkage/people

# ---- installing ------------------------------------------------------------------------
.PHONY: install uninstall dist clean distclean help deps
deps: $(DEPS)/deps.mk ## fetch and build the source-built libraries into build/deps
MAN_PAGES := $(B)/man/dunlin.1 $(B)/man/dunlin-hub.1 $(B)/man/dunlin-keys.1
$(B)/man/%.1: $(BIN)/%
	@mkdir -p $(@D) && $< --man > $@
man: $(MAN_PAGES) ## man pages, from the same tables as --help
install: all man ## into PREFIX (/usr/local), DESTDIR honoured
	@install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 \
	  $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	@if [ -f $(DECODER)/zxing_reader.wasm.gz ]; then install -d $(DESTDIR)$(PREFIX)/share/dunlin/gate; \
	  install -m 644 $(DECODER)/* $(DESTDIR)$(PREFIX)/share/dunlin/gate/; fi
	@for p in dunlin dunlin-hub dunlin-keys; do \
	  install -s --strip-program=$(STRIP) -m 755 $(BIN)/$$p $(DESTDIR)$(PREFIX)/bin/; \
	  install -m 644 $(B)/man/$$p.1 $(DESTDIR)$(PREFIX)/share/man/man1/; \
	  $(BIN)/$$p --completion bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/$$p; done
uninstall: ## takes back what install put there; never state or configuration
	@rm -rf $(DESTDIR)$(PREFIX)/share/dunlin/gate
	@for p in dunlin dunlin-hub dunlin-keys; do rm -f $(DESTDIR)$(PREFIX)/bin/$$p \
	  $(DESTDIR)$(PREFIX)/share/man/man1/$$p.1 \
	  $(DESTDIR)$(PREFIX)/share/bash-completion/completions/$$p; done
dist: ## dunlin-VERSION.tar.xz of what is committed
	@mkdir -p $(BUILD) && git archive --prefix=dunlin-$(VERSION)/ HEAD | xz > $(BUILD)/dunlin-$(VERSION).tar.xz \
	  && echo $(BUILD)/dunlin-$(VERSION).tar.xz
clean: ## removes what was built, keeps the libraries
	@find $(BUILD) -mindepth 1 -maxdepth 1 ! -name deps -exec rm -rf {} + 2>/dev/null || true
distclean: ## removes all of build/
	@rm -rf $(BUILD)
help: ## this list
	@echo "Dunlin $(VERSION): make TARGET [SAN=asan|tsan] [CC=clang] [HOST=aarch64-linux-gnu|x86_64-w64-mingw32]"
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  \1\t\2/p' Makefile packaging/*.mk | sort | expand -t 18
include packaging/deb.mk
include packaging/cross.mk
