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
STAND := ./testdata/shop/... ./testdata/stand ./testdata/demo
# The end-to-end tests run real deployments; more at once than the machine has cores for make each other late.
E2E_PARALLEL ?= 3

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
unit: engine images
	go test -race ./... $(STAND)

.PHONY: e2e
e2e: engine images
	go test -count=1 -timeout 30m -parallel $(E2E_PARALLEL) ./testdata/e2e

.PHONY: engine
engine:
	testdata/engine/ensure.sh

.PHONY: images
images: engine
	testdata/shop/images.sh
	testdata/nginx/image.sh bookworm
	testdata/nginx/image.sh sid

.PHONY: fuzz
fuzz:
	go test -run '^$$' -fuzz FuzzParse -fuzztime 1m ./nginx/conf
