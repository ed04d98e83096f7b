# swiftprov: everything a person or a CI machine does. `make` alone says what there is.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help system build debug format lint test unit integration conformance oracle bench demo check clean down

# The direction of imports between the rooms is part of the build (see Package.swift).
SWIFT_FLAGS := --explicit-target-dependency-import-check error
RELEASE     := .build/release/swiftprov
SCRIPTS     := $(wildcard Tests/Testbed/*.sh Tests/Integration/*.sh Tests/Oracle/*.sh Examples/*/*.sh) .ci/run

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

unit: system ## the unit tests
	# One after the other: several start machines and daemons of their own, and some wait for time to pass.
	swift test --no-parallel $(SWIFT_FLAGS)

integration: build ## the site and its troubles on real hosts (needs root or sudo); CASES="name…" picks some
	SWIFTPROV=$(CURDIR)/$(RELEASE) Tests/Integration/run.sh $(CASES)

test: unit integration ## every test

conformance: build ## what ansible-playbook answers beside what swiftprov answers
	SWIFTPROV=$(CURDIR)/$(RELEASE) Tests/Integration/conformance.sh

oracle: ## record anew what ansible-core answers, the data that unit tests hold us to; SETS="jinja …" picks some
	Tests/Oracle/record.sh $(SETS)

bench: build ## time and memory of the site's first and second run
	SWIFTPROV=$(CURDIR)/$(RELEASE) Tests/Integration/bench.sh

demo: build ## a small playbook on a real sshd on the loopback address, twice
	@SWIFTPROV=$(CURDIR)/$(RELEASE) Examples/demo/run.sh

check: lint test ## what a change passes before review

down: ## stop what the tests may have left running
	Tests/Testbed/registry.sh down
	Tests/Testbed/hosts.sh down

clean: ## remove the build
	rm -rf .build
