# swiftprov: everything a person or a CI machine does. `make` alone says what there is.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help system build debug format lint test unit modules integration conformance oracle bench fuzz sanitize demo manual check clean down

# The direction of imports between the rooms is part of the build (see Package.swift).
SWIFT_FLAGS := --explicit-target-dependency-import-check error
RELEASE     := .build/release/swiftprov
SCRIPTS     := $(wildcard Tests/Testbed/*.sh Tests/Integration/*.sh Tests/Benchmarks/*.sh Tests/Fuzz/*.sh Tests/Oracle/*.sh Tests/Document/*.sh Tests/Sanitizers/*.sh Examples/*/*.sh) .ci/run

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

system: ## install the system packages that are missing (Debian, Ubuntu)
	@Tests/Testbed/system-packages.sh

build: system ## the release binary: .build/release/swiftprov
	swift build -c release --product swiftprov --static-swift-stdlib $(SWIFT_FLAGS)

debug: system ## the debug build with all tests
	swift build --build-tests $(SWIFT_FLAGS)

format: ## format all Swift sources in place
	swift format format --in-place --recursive Sources Tests Package.swift

lint: system ## the style of Swift sources and shell scripts
	swift format lint --strict --recursive Sources Tests Package.swift
	shellcheck $(SCRIPTS)
	Tests/Document/claims.sh
	Tests/Document/texts.sh

unit: system ## the unit tests
	# One after the other: several start machines and daemons of their own, and some wait for time to pass.
	swift test --no-parallel $(SWIFT_FLAGS)

modules: system ## the modules' cases on a real host (needs root or sudo)
	SWIFT_FLAGS="$(SWIFT_FLAGS)" Tests/Integration/modules.sh

# The build that the unit tests are made of, with all its checks of overflow and exclusive access; it is there already
# when `make test` comes here. BINARY=.build/release/swiftprov tries another.
integration: BINARY ?= .build/debug/swiftprov
integration: debug ## the site and its troubles on real hosts (needs root or sudo); CASES="name…" picks some
	SWIFTPROV=$(CURDIR)/$(BINARY) Tests/Integration/run.sh $(CASES)

test: unit modules integration ## every test

conformance: build ## what ansible-playbook answers beside what swiftprov answers
	SWIFTPROV=$(CURDIR)/$(RELEASE) Tests/Integration/conformance.sh

oracle: ## record anew what ansible-core answers, the data that unit tests hold us to; SETS="jinja …" picks some
	Tests/Oracle/record.sh $(SETS)

bench: build ## swiftprov beside the real tools, as ratios; CASES="render expressions chains inventory plan start play hosts latency site"
	swift build -c release --product TemplateBenchmark --static-swift-stdlib $(SWIFT_FLAGS)
	SWIFTPROV=$(CURDIR)/$(RELEASE) Tests/Benchmarks/run.sh $(CASES)

fuzz: ## hostile inputs; FUZZ="template inventory yaml vault" picks, SECONDS_EACH=60, SEED=N
	swift build -c release --product FuzzDriver $(SWIFT_FLAGS)
	FUZZ_DRIVER=$(CURDIR)/.build/release/FuzzDriver Tests/Fuzz/run.sh $(FUZZ)

# In builds of their own: code made for one sanitizer does not go with other code.
sanitize: system ## the thread and the address sanitizer over what talks to hosts and runs tasks; SANITIZERS="thread address"
	Tests/Sanitizers/run.sh $(SANITIZERS)

demo: build ## a small playbook on a real sshd on the loopback address, twice
	@SWIFTPROV=$(CURDIR)/$(RELEASE) Examples/demo/run.sh

check: lint test ## what a change passes before review

manual: build ## docs/modules.md, from the modules' own manuals and their cases
	@mkdir -p docs
	@{ printf '# The modules\n\nMade by `make manual`; `swiftprov doc NAME` tells all about one.\n\n'; \
	  $(RELEASE) doc --table --tests Tests/ModulesTests; } >docs/modules.md

down: ## stop what the tests may have left running
	Tests/Testbed/registry.sh down
	Tests/Testbed/hosts.sh down

clean: ## remove the build
	rm -rf .build
