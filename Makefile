# make demo    the main job, visibly: a shop behind nginx under load, a good release, a bad one
# make test    everything that is checked
#
# Both set up what they need: Go modules, Docker's engine, nginx's and the shop's images.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# Static, so that the executables run in any container; the Compose library wants to be told its own version.
COMPOSE := $(shell go list -m -f '{{.Version}}' github.com/docker/compose/v5 2>/dev/null)
LDFLAGS := -s -w -X main.version=$(VERSION) -X github.com/docker/compose/v5/internal.Version=$(COMPOSE)
PREFIX ?= /usr/local
# Packages below testdata are not part of "./...".
STAND := $(shell find testdata -name "*.go" -printf "./%h\n" | sort -u | grep -v testdata/e2e)
# The end-to-end tests run real deployments; more at once than the machine has cores for make each other late.
E2E_PARALLEL ?= 3
# Those beside a real nginx mostly wait.
UNIT_PARALLEL ?= 4

# The engine under the tests: this machine's, or with ENGINE=28 one of Debian's sid in namespaces of its own.
ENGINE ?=
WITH_ENGINE := $(if $(ENGINE),testdata/engine/$(ENGINE).sh)

# A test that fails is run once more, and is said to have been: these tests share an engine with whatever else runs on
# the machine. One that fails twice has failed.
GOTESTSUM := bin/gotestsum-v1.13.0/gotestsum
TEST := $(GOTESTSUM) --rerun-fails=1 --rerun-fails-max-failures=12

.PHONY: build
build:
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/ ./cmd/bluegate ./cmd/healthcheck

.PHONY: install
install: build
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 0755 bin/bluegate bin/healthcheck $(DESTDIR)$(PREFIX)/bin

.PHONY: demo
demo: engine build
	go run ./testdata/demo --bluegate bin/bluegate $(if $(KEEP),--keep)

.PHONY: test
test: lint unit e2e
	@echo
	@echo "All passed: formatting, vet, staticcheck, the import rule, unit tests with the race detector, end-to-end tests."

.PHONY: lint
lint:
	testdata/checks/lint.sh

.PHONY: unit
unit: engine images $(if $(ENGINE),downloads) $(GOTESTSUM)
	$(WITH_ENGINE) $(TEST) --format pkgname --packages "./... $(STAND)" -- -race -timeout 50m -parallel $(UNIT_PARALLEL)

.PHONY: e2e
e2e: engine images $(if $(ENGINE),downloads) $(GOTESTSUM)
	$(WITH_ENGINE) $(TEST) --format testname --hide-summary skipped --packages ./testdata/e2e -- -count=1 -timeout 60m -parallel $(E2E_PARALLEL)

# FAULTS are flags of the suite: make faults FAULTS='-rows B -every 5'
.PHONY: faults
faults: build
	go run ./testdata/faults -bluegate bin/bluegate -out docs/faults.md $(FAULTS)

# A few of the points at which a deployment can be killed, and two deployments at once.
.PHONY: faults-sample
faults-sample: build
	go run ./testdata/faults -bluegate bin/bluegate -rows 'A1–14 before,A1–14 after,B8,G1 waits' -every 15

# Measures what a switch loses, for each version of nginx and each mode, and writes the table of docs/switching.md.
# ONLY='1.22/flag; 1.30/edit' measures these rows and leaves the others; a quiet machine gives true figures.
.PHONY: losses
losses: images build
	go run ./testdata/losses -bluegate bin/bluegate $(if $(ONLY),-only '$(ONLY)') $(if $(SWITCHES),-switches $(SWITCHES))

.PHONY: engine
engine:
	testdata/engine/ensure.sh
	testdata/engine/sweep.sh

# What tests fetch when they need it; beside an engine of one's own there is no network.
.PHONY: downloads
downloads:
	go mod download
	testdata/e2e/packages.sh openssh-server docker-registry
	testdata/nginx/host.sh
	go test ./nginx/conf

bin/gotestsum-%/gotestsum:
	GOBIN=$(CURDIR)/$(@D) go install gotest.tools/gotestsum@$*

.PHONY: images
images: engine
	testdata/shop/images.sh
	testdata/nginx/image.sh bookworm
	testdata/nginx/image.sh sid

# What a deployment costs, beside what people use instead; needs a quiet machine. ENGINE=28 brings the Compose plugin.
BENCH ?=
.PHONY: bench
bench: engine images build
	go mod download
	$(WITH_ENGINE) go run ./testdata/bench --bluegate bin/bluegate --out docs/benchmarks.md $(BENCH)

.PHONY: fuzz
fuzz:
	go test -run '^$$' -fuzz FuzzParse -fuzztime 1m ./nginx/conf
