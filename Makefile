# Every target is one command; what a line does is said by `make help`.

.PHONY: help demo test build lint format record bench clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

demo: ## Build, then record, show and replay a built-in session, and verify the server with it
	@scripts/install-dependencies
	swift build -c release --product reprise
	@.build/release/reprise demo

# Swift Testing alone: the run for XCTest would end the output with "Executed 0 tests".
# Its tests run in parallel by themselves; --parallel is for XCTest.
test: ## Set up what the tests need, and run them all
	@scripts/install-dependencies --tests
	@if [ -x scripts/setup-test-environments ]; then scripts/setup-test-environments; fi
	swift test --disable-xctest

build: ## Build everything for release
	@scripts/install-dependencies
	swift build -c release

lint: ## Check the formatting, as the tests do
	swift format lint --strict -r -p Sources Tests Package.swift

format: ## Put the formatting right
	swift format -i -r -p Sources Tests Package.swift

record: ## Record the sessions in recordings/ anew
	scripts/record-sessions

bench: ## Measure; docs/PERFORMANCE.md says what
	Benchmarks/run

clean: ## Remove what was built, test environments included
	rm -rf .build
