# Debian packages, and their life in a clean root. Included by packaging/targets.mk.

DEB_ARCH  = $(shell dpkg-architecture $(if $(filter-out native,$(HOST)),-t$(HOST)) -qDEB_HOST_ARCH 2>/dev/null)
DEB_OUT   ?= $(BUILD)/deb
DEB_TESTS := $(sort $(wildcard tests/packages/[0-9]*.sh))

.PHONY: deb test-packages-deb
deb: all ## Debian packages of the three programs, into build/deb
	@SOURCE_DATE_EPOCH=$(BUILD_TIME) packaging/deb/build $(BIN) $(BUILD)/bin $(DEPS) $(VERSION) $(DEB_ARCH) $(DEB_OUT)
test-packages-deb: deb ## install, upgrade, remove and purge them in a clean root
	@packaging/install-packages build test deb
	@DUNLIN_BUILD=$(BUILD) DUNLIN_BIN=$(abspath $(BIN)) DUNLIN_TEST_SECONDS=900 tests/run packages $(DEB_TESTS)
