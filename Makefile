# make demo       the main job, visibly: a shop behind nginx under load, a good release, a bad one
# make test       every rule, with a sample of the long matrices
# make test-all   every row of every matrix, on three engines
#
# All of them set up what they need: Go modules, Docker's engine, nginx's and the shop's images. docs/testing.md says what
# is tested where.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# Static, so that the executables run in any container; everything but the race detector is compiled like that, once.
export CGO_ENABLED := 0
# The Compose library wants to be told its own version.
COMPOSE = $(shell go list -m -f '{{.Version}}' github.com/docker/compose/v5 2>/dev/null)
COMMIT ?= $(shell git rev-parse HEAD 2>/dev/null)
LDFLAGS = -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT) -X github.com/docker/compose/v5/internal.Version=$(COMPOSE)
PREFIX ?= /usr/local
# The architectures of the engines to which this bluegate deploys: ARCH="amd64 arm64" for both.
ARCH ?= $(shell go env GOARCH)
# Packages below testdata are not part of "./...".
UNITS = $(shell find * -name "*.go" -printf "./%h\n" | sort -u | grep -v testdata/e2e)
# What is compiled with the race detector by make test: where the program's own goroutines meet. Compiling Docker's and
# Compose's libraries once more for the rest takes minutes: only make test-all does.
RACED := $(filter ./deploy ./deploy/% ./compose/engine ./compose/state ./nginx/agent ./nginx/onhost ./watch ./watch/history ./watch/notify ./watch/verdict,$(UNITS))
# The end-to-end tests run real deployments; more at once than the machine has cores for make each other late.
E2E_PARALLEL ?= 4
# Those next to a real nginx mostly wait.
UNIT_PARALLEL ?= 8

# The engine under the tests: this machine's, or with ENGINE=28 one of Debian's sid in namespaces of its own.
ENGINE ?=
WITH_ENGINE := $(if $(ENGINE),testdata/engine/$(ENGINE).sh)

# What the sample of `make test` depends on, and whether every row is executed (testdata/sample).
ifndef SEED
SEED := $(or $(GITHUB_RUN_NUMBER),$(shell od -An -N3 -tu4 /dev/urandom | tr -d ' '))
endif
export SEED FULL
export BLUEGATE_TEST_SEED := $(SEED)
export BLUEGATE_TEST_FULL = $(FULL)

# A test that fails is run once more, and is said to have been: these tests share an engine with whatever else runs on
# the machine. One that fails twice has failed.
GOTESTSUM := bin/gotestsum-v1.13.0/gotestsum
TEST := $(GOTESTSUM) --rerun-fails=1 --rerun-fails-max-failures=12

.PHONY: build
build: modules
	@echo "Compiling bluegate (a minute or two on a new machine)"
	go build -ldflags '$(LDFLAGS)' -o bin/ ./cmd/bluegate
	for arch in $(ARCH); do GOOS=linux GOARCH=$$arch go build -trimpath -ldflags '-s -w' -o bin/bluegate-healthcheck-linux-$$arch ./cmd/healthcheck; done

.PHONY: install
install: build
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/bluegate
	install -m 0755 bin/bluegate $(DESTDIR)$(PREFIX)/bin
	install -m 0755 $(ARCH:%=bin/bluegate-healthcheck-linux-%) $(DESTDIR)$(PREFIX)/libexec/bluegate
	install -d $(DESTDIR)$(PREFIX)/libexec/docker/cli-plugins
	install -d $(DESTDIR)$(PREFIX)/share/man/man1
	bin/bluegate man >$(DESTDIR)$(PREFIX)/share/man/man1/bluegate.1
	ln -sf ../../../bin/bluegate $(DESTDIR)$(PREFIX)/libexec/docker/cli-plugins/docker-bluegate

.PHONY: demo
demo:
	@testdata/checks/parts.sh build demo-images show

# The shop is watched, turned unhealthy and healed, in a real browser. KEEP=1 stays until Ctrl-C.
.PHONY: demo-watch show-watch
demo-watch:
	@testdata/checks/parts.sh build demo-images show-watch

show-watch:
	go run ./testdata/demowatch --bluegate bin/bluegate $(if $(KEEP),--keep)

# Pictures of the status page for the documents.
.PHONY: screenshots
screenshots:
	mkdir -p docs/watch
	BLUEGATE_SCREENSHOTS=$(CURDIR)/docs/watch go test ./watch/page -count=1 -run TestPictures

.PHONY: demo-images
demo-images: engine
	@echo "Building the demo's images that are not there yet: the shop and an nginx of Debian's packages (a minute)"
	testdata/shop/images.sh
	testdata/nginx/image.sh sid

.PHONY: show
show:
	go run ./testdata/demo --bluegate bin/bluegate $(if $(KEEP),--keep)

.PHONY: test
test:
	@testdata/checks/parts.sh modules images lint unit e2e
	@echo
	@echo "All passed: formatting, vet, staticcheck, the import rule, unit tests, end-to-end tests."

# Every row, on this machine's engine, on engine 28.5 and on engine 28.5 with the containerd image store.
.PHONY: test-all
test-all: export FULL = 1
test-all:
	@testdata/checks/parts.sh modules images lint systems unit e2e unit-28 e2e-28 e2e-28-containerd e2e-28-busybox e2e-swarm
	@echo
	@echo "All passed, on three engines and on a Swarm of three nodes."

.PHONY: unit-28 e2e-28 e2e-28-containerd
unit-28 e2e-28 e2e-28-containerd:
	$(MAKE) --no-print-directory $(firstword $(subst -, ,$@)) ENGINE=$(patsubst unit-%,%,$(patsubst e2e-%,%,$@))

# What depends on the engine's host is how processes are listed.
.PHONY: e2e-28-busybox
e2e-28-busybox:
	$(MAKE) --no-print-directory e2e ENGINE=28-busybox RUN='TestSwitchesInARow$$|TestRollback$$|TestNginxStoppedOrMissing$$'

# The tests make Swarms of three engines for themselves.
.PHONY: e2e-swarm
e2e-swarm:
	$(MAKE) --no-print-directory downloads e2e RUN='TestSwarm'

# Prints what it downloads.
.PHONY: modules
modules:
	@echo "Downloading Go modules that are not in the cache"
	@go list -deps ./... >/dev/null

.PHONY: lint
lint:
	@echo "Formatting, vet, staticcheck, import rule (the first time this compiles every package: a few minutes)"
	testdata/checks/lint.sh

# What it is released for, besides Linux. Everything is compiled twice more, which is minutes on a new machine.
.PHONY: systems
systems:
	for system in darwin windows; do GOOS=$$system go build -o /dev/null ./...; done

.PHONY: unit
unit: engine images $(if $(ENGINE),downloads) $(GOTESTSUM)
	@echo "Unit tests; those with a real engine and a real nginx take most of the time"
	$(WITH_ENGINE) testdata/engine/pace.sh env CGO_ENABLED=1 $(TEST) --format dots --packages "$(RACED)" -- -race -p 3 -timeout 0 -parallel $(UNIT_PARALLEL)
	$(WITH_ENGINE) testdata/engine/pace.sh env CGO_ENABLED=$(if $(FULL),1,0) $(TEST) --format dots --packages "$(filter-out $(RACED),$(UNITS))" -- $(if $(FULL),-race) -p 3 -timeout 0 -parallel $(UNIT_PARALLEL)

.PHONY: e2e
e2e: engine images $(if $(ENGINE),downloads) $(GOTESTSUM)
	@echo "End-to-end tests: the built binary deploys a shop on a real engine behind a real nginx"
	$(WITH_ENGINE) testdata/engine/pace.sh $(TEST) --format testname --hide-summary skipped --packages ./testdata/e2e -- -count=1 -timeout 0 -parallel $(E2E_PARALLEL) $(if $(RUN),-run '$(RUN)')

# FAULTS are flags of the suite: make faults FAULTS='-rows B -every 5'
.PHONY: faults
faults: build
	go run ./testdata/faults -bluegate bin/bluegate -out docs/faults.md $(FAULTS)

# The pictures in docs/ of a deployment and of a refusal.
.PHONY: screens
screens: images build
	go run ./testdata/screens --bluegate bin/bluegate --out docs

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

# What tests fetch when they need it; an engine in namespaces of its own has no network.
.PHONY: downloads
downloads:
	go mod download
	testdata/e2e/packages.sh openssh-server docker-registry tmux zsh fish chromium fonts-dejavu-core
	testdata/nginx/host.sh
	go test ./nginx/conf

bin/gotestsum-%/gotestsum:
	GOBIN=$(CURDIR)/$(@D) go install gotest.tools/gotestsum@$*

.PHONY: images
images: engine
	@echo "Building the test images that are not there yet: the shop and two nginx of Debian's packages (a minute or two)"
	testdata/shop/images.sh
	testdata/nginx/image.sh bookworm
	testdata/nginx/image.sh sid

# What a deployment costs, next to what people use instead; needs a quiet machine. ENGINE=28 brings the Compose plugin.
BENCH ?=
.PHONY: bench
bench: engine images build
	go mod download
	$(WITH_ENGINE) go run ./testdata/bench --bluegate bin/bluegate --out docs/benchmarks.md $(BENCH)

.PHONY: fuzz
fuzz:
	go test -run '^$$' -fuzz FuzzParse -fuzztime 1m ./nginx/conf

# Builds the release of the current commit as the workflow does, with a key that is thrown away, and tries what came out.
.PHONY: release-check
release-check: engine
	packaging/check.sh

# Builds and publishes the release of the tag that is checked out; the workflow runs it.
.PHONY: release
release:
	packaging/tools.sh goreleaser cyclonedx-gomod cosign
	COMPOSE=$(COMPOSE) PATH=$(CURDIR)/bin/tools:$$PATH goreleaser release --clean
