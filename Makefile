# Everything one does here. `make` alone lists it.
SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

GO        ?= go
VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
BUILD     := CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)'
TOOL      := $(GO) tool -modfile=tools/go.mod
ACTIONLINT := $(GO) tool -modfile=tools/actionlint/go.mod actionlint
GORELEASER := $(GO) tool -modfile=tools/goreleaser/go.mod goreleaser
FUZZTIME  ?= 20000x
BOUNDS    := KeepToTheCriticalPath|APlanGrows|DeployAddsLittle|TheProcessIs|TheBinaryHas

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' Makefile

.PHONY: build
build: ## bin/karmactl: stripped, static, reproducible
	$(BUILD) -o bin/karmactl ./cmd/karmactl

.PHONY: demo
demo: build ## five agents up, nothing to do, down again: in a simulated AWS, no account needed
	@scripts/demo.sh bin/karmactl

.PHONY: test
test: ## all tests, each bounded: some three minutes on two cores
	@scripts/test.sh -short ./...

.PHONY: test-race
test-race: ## all tests at full length with the race detector (needs a C compiler): some half an hour
	@CGO_ENABLED=1 TEST_TIMEOUT=$${TEST_TIMEOUT:-60m} scripts/test.sh -race ./...

.PHONY: test-wire
test-wire: ## the same scenarios over HTTP against moto and ministack (needs python3)
	@scripts/test-wire.sh

.PHONY: sweep
sweep: ## every crash, lost reply and fault, exhaustively (the other tests take a bounded part)
	@scripts/sweep.sh

.PHONY: mutants
mutants: ## plant faults one at a time and tell which ones the tests notice; FILES=state chooses, SAMPLE=3 draws so many of each file by lot (SEED=1, TESTS=own)
	$(GO) run ./scripts/mutants -sample $(or $(SAMPLE),0) -seed $(or $(SEED),1) -tests $(or $(TESTS),all) $(FILES)

.PHONY: bench
bench: ## docs/benchmarks.md: the bounds with their figures, then benchmarks; BENCHCOUNT=10 and `benchstat` compare two runs
	$(GO) test -count 1 -v -p 1 -run '$(BOUNDS)' ./internal/provision ./internal/stack ./internal/fleet/rollout ./cmd/karmactl | grep -E '_test\.go:|^(ok|FAIL|--- FAIL)'
	$(GO) test -run '^$$' -bench . -benchmem -count $(or $(BENCHCOUNT),1) -timeout 30m ./...

.PHONY: fuzz
fuzz: ## FUZZTIME inputs (20000x) for every fuzz target
	@FUZZTIME=$(FUZZTIME) scripts/fuzz.sh

.PHONY: lint
lint: ## formatting, vet, the layer rules, the workflows, the scripts (where shellcheck is installed)
	$(TOOL) golangci-lint run ./...
	$(ACTIONLINT)
	$(ACTIONLINT) docs/ci/*.yml
	@if command -v shellcheck >/dev/null; then shellcheck -S warning install.sh scripts/*.sh .ci/run; \
	else echo "left out: the scripts (shellcheck is not installed)"; fi

.PHONY: fmt
fmt: ## rewrite the sources as gofumpt wants them
	$(TOOL) golangci-lint fmt ./...

.PHONY: gen
gen: ## rewrite the generated files
	$(GO) generate ./...

.PHONY: gen-check
gen-check: ## fail when a generated file is not what its source makes
	@scripts/gen-check.sh

.PHONY: deadcode
deadcode: ## functions that no command reaches
	$(TOOL) deadcode ./cmd/...

.PHONY: cross
cross: ## dist/: Linux, macOS and Windows, amd64 and arm64
	@for p in $(PLATFORMS); do \
		os=$${p%/*} arch=$${p#*/} ext=; \
		[ $$os = windows ] && ext=.exe; \
		echo "dist/karmactl_$${os}_$$arch$$ext"; \
		GOOS=$$os GOARCH=$$arch $(BUILD) -o dist/karmactl_$${os}_$$arch$$ext ./cmd/karmactl; \
	done

.PHONY: release-snapshot
release-snapshot: ## dist/: all of a release but its publishing, and a try of it (the first time builds GoReleaser: five minutes)
	@scripts/release-snapshot.sh

.PHONY: release
release: ## publish the tag that is checked out; the release workflow does this
	$(GORELEASER) release --clean

.PHONY: acceptance
acceptance: build ## karmactl in an account of yours, under a dollar an hour, in a stack of its own, with one report; ARGS="--profile P --region R"
	@scripts/acceptance.sh $(ARGS)

.PHONY: acceptance-rehearsal
acceptance-rehearsal: build ## the same in a simulated account: half a minute
	@scripts/acceptance.sh --simulate --yes --report bin/acceptance-rehearsal.md

.PHONY: ci
ci: ## all that must hold before a change lands
	@.ci/run

.PHONY: clean
clean: ## remove what the other targets made
	rm -rf bin dist
