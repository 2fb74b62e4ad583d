# Every target is one command; what a line does is said by `make help`.

.PHONY: help demo test coverage mutants determinism build lint format record clients bench clean test-environments

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

demo: ## Build, then record, show and replay a built-in session, and verify the server with it
	@scripts/install-dependencies
	swift build -c release --product reprise
	@.build/release/reprise demo

# Swift Testing alone: the run for XCTest would end the output with "Executed 0 tests".
# Its tests run in parallel by themselves; --parallel is for XCTest. Both options of the event stream are hidden ones.
# What needs its time goes first, without the simulations, which keep every thread of the pool busy: what is held
# against a tolerance by itself, and then what talks to live servers.
timed := SameVerdictTests|RunClientTests
live := ^MCPTransportsTests\.
events := $(foreach part,timed live other,.build/$(part)-events.jsonl)
run-tests = swift test --disable-xctest $(2) --event-stream-output-path .build/$(1)-events.jsonl --event-stream-version 0

test: test-environments ## Set up what the tests need, run them all, and hold docs/COVERAGE.md against the run
	@scripts/test-example
	@rm -f $(events)
	$(call run-tests,timed,--filter '$(timed)')
	$(call run-tests,live,--filter '$(live)')
	$(call run-tests,other,--skip '$(timed)|$(live)')
	@if command -v python3 >/dev/null; then scripts/coverage check $(events); fi

coverage: test-environments ## Run all tests, and write down in docs/COVERAGE.md what they prove
	@rm -f $(events)
	-$(call run-tests,timed,--filter '$(timed)')
	-$(call run-tests,live,--filter '$(live)')
	-$(call run-tests,other,--skip '$(timed)|$(live)')
	@scripts/coverage write $(events)

test-environments:
	@scripts/install-dependencies --tests
	@if [ -x scripts/setup-test-environments ]; then scripts/setup-test-environments; fi

determinism: ## Run scenarios a thousand times, in two processes and two builds, and compare
	@scripts/install-dependencies
	swift build --product reprise
	swift build -c release --product reprise
	scripts/check-determinism

mutants: ## Break the rule of each scenario in a copy, line by line, and see the scenario fail
	scripts/mutants

build: ## Build everything for release
	@scripts/install-dependencies
	swift build -c release

lint: ## Check the formatting, as the tests do
	swift format lint --strict -r -p Sources Tests Package.swift

format: ## Put the formatting right
	swift format -i -r -p Sources Tests Package.swift

record: ## Record the sessions in recordings/ anew
	scripts/record-sessions

clients: ## Play all scenarios to the clients of the official SDK, and write down in docs/CLIENTS.md what they do
	@scripts/install-dependencies
	swift build -c release --product reprise
	@scripts/setup-test-environments
	scripts/clients

bench: ## Measure; docs/PERFORMANCE.md says what
	Benchmarks/run

clean: ## Remove what was built, test environments included
	rm -rf .build
