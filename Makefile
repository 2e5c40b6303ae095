# The two commands of the project are `make run` and `make test`; the others are for developers.

SHELL := /bin/bash
.DEFAULT_GOAL := help

# What a Swift toolchain for Linux needs of Debian, and the libraries that the product links.
BUILD_PACKAGES := binutils ca-certificates git libc6-dev libcrypt-dev libcurl4 libgcc-12-dev \
    libncurses6 libpcre2-dev libsqlite3-0 libssl-dev libstdc++-12-dev libxml2
# What tests compare with or are driven by.
TEST_PACKAGES := curl haproxy iproute2 iputils-ping keepalived libnginx-mod-stream nftables \
    nghttp2-client nginx-light procps socat strace tcpdump util-linux valgrind varnish wrk

RELEASE := -c release --static-swift-stdlib
BIN := .build/release

.PHONY: help run test bench build release format lint clean

help:
	@echo "make run      build, and serve the demo on http://127.0.0.1:8080/"
	@echo "make test     build (for release too, whose cost is counted), and run all tests"
	@echo "make bench    measure beside haproxy and nginx (ARGS='--scenario small --rounds 3')"
	@echo "make release  build both daemons, with the Swift library linked in, and martlet-load"
	@echo "make format   format all sources;  make lint checks them"

# The demo: three origins and the proxy, all of which end when this ends.
run: release
	@.ci/need-packages "The demo" curl socat
	@LoadTests/run-demo $(BIN)

release:
	@.ci/need-packages "Building" $(BUILD_PACKAGES)
	swift build $(RELEASE) --product martlet
	swift build $(RELEASE) --product martlet-vrrp
	swift build -c release --product martlet-load

build:
	swift build --build-tests

test:
	@.ci/need-packages "Building" $(BUILD_PACKAGES)
	@.ci/need-packages "Testing" $(TEST_PACKAGES)
	swift build $(RELEASE) --product martlet
	swift build $(RELEASE) --product martlet-vrrp
	swift build --build-tests
	@log=$$(mktemp); trap 'rm -f "$$log"' EXIT; \
	swift test --skip-build 2>&1 | tee "$$log"; \
	.ci/count-tests $${PIPESTATUS[0]} "$$log"

bench: release
	@.ci/need-packages "The bench" haproxy libnginx-mod-stream nginx-light valgrind wrk
	$(BIN)/martlet-load bench $(ARGS)

format:
	swift format --in-place --recursive Package.swift Sources Tests LoadTests

lint:
	swift format lint --strict --recursive Package.swift Sources Tests LoadTests

clean:
	rm -rf .build
