# Two commands on a fresh machine with Python 3.11+ and make, and no others before them: `make demo` and `make test`.

BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help demo up storm bench test lint format ready testable kafka lock clean distclean

help: ## Show this
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

demo: ready ## Tell one dossier's story, then two weeks of a city's life in two minutes
	@$(BIN)/hoso demo

up: ready ## Run a local Kafka and every process until Ctrl-C
	@$(BIN)/hoso up

storm: ready ## Kill things while cities live, 1,000 times; stopped and called again it goes on where it was
	@$(BIN)/hoso storm --until 1000 --book .hoso/storms.json

bench: ready ## Measure all there is to measure and say which bars are met; QUICK=1 only proves that it runs
	@$(BIN)/python bench/all.py $(if $(QUICK),--quick) $(if $(JSON),--json $(JSON))

test: testable lint ## Format, lint, types, import contracts, tests (on a real Kafka and a real PostgreSQL)
	@mkdir -p .hoso && rm -f .hoso/tests-*
	@$(BIN)/python -m tests.side_by_side

lint: ready ## Format, lint, types, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: ready ## Put the code in the usual form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

ready: ## Make this machine ready: .venv from the lock file, Java, Kafka's jars
	@deploy/bootstrap.sh venv kafka

testable: ## Make this machine ready for the tests: PostgreSQL's programs and Chromium as well
	@deploy/bootstrap.sh venv kafka postgres browser

kafka: ## Fetch Kafka's jars
	@deploy/bootstrap.sh kafka

lock: ready ## Write requirements.lock from pyproject.toml
	@$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-annotate pyproject.toml --extra dev --extra archive --extra traces -o requirements.lock

clean: ## Stop the local Kafka and remove its data, the logs, the databases and the caches; keep what was fetched
	@deploy/bootstrap.sh clean

distclean: clean ## Remove what was fetched as well
	@rm -rf .venv .hoso
