# Mingtang 明堂: `make run` starts the platform, `make test` passes all tests. `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: run test help env assets walkthrough replay nightly bench clean

run: env assets ## install everything, make the demonstration once, start all processes
	@$(BIN)/mingtang demo
	@exec $(BIN)/mingtang up

test: $(VENV)/.tested assets ## install everything and pass all tests, browser included
	@$(BIN)/python tests/requirements.py
	@$(BIN)/python -m pytest -n 2 --dist loadfile

env: $(STAMP)

$(STAMP): requirements.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.tested: $(STAMP) requirements-test.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.txt
	@touch $@

assets: env ## front-end packages and styles
	@$(BIN)/mingtang assets install

walkthrough: env ## one complete tender in the terminal
	@$(BIN)/mingtang walkthrough

replay: env ## replay recorded tenders: make replay DATA=../shared/data/tsuchiura/tsuchiura-ocds.jsonl.gz
	@$(BIN)/mingtang replay $(DATA) --jobs 2

nightly: replay $(VENV)/.tested ## what is too long for every change
	@MINGTANG_AUDIT_ALL=1 $(BIN)/python -m pytest tests/services/test_database_audit.py
	@MINGTANG_LOOKS=all $(BIN)/python -m pytest tests/browser/test_pages_look.py
	@MINGTANG_CRASH_SECONDS=600 $(BIN)/python -m pytest tests/journeys/test_live_crashes.py

bench: $(VENV)/.tested ## every benchmark beside its reference
	@for file in bench/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

clean: ## remove what was built, keep the instance
	@rm -rf $(VENV) frontend/node_modules frontend/dist build *.egg-info
