# credit-gateway. `make help` lists what can be done.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
# One database server and one share of the files for each core.
SPREAD := -n auto --dist loadfile
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo test test-clients test-all check bench lock clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/run ## install, start embedded PostgreSQL, migrate, seed, serve, print what to try
	@exec $(BIN)/gateway demo

test: check ## everything but benchmarks: lint, types, house rules, unit, flow, golden, policy, property
	$(BIN)/python -m pytest $(SPREAD) tests --ignore=tests/clients

test-clients: $(VENV)/dev ## clients and verifiers that we did not write; one whose tool is missing says so
	$(BIN)/python -m pytest -rs tests/clients

test-all: test ## that, and what takes minutes: Casbin asked about every cell, every rule line turned, processes killed
	$(BIN)/python -m pytest tests/policy/every_cell.py tests/policy/every_mutant.py tests/flow/long_*.py

check: $(VENV)/dev ## lint and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/bench ## CPU per request against hand-written SQL and against a naive gateway
	$(BIN)/python -m tests.bench

lock: $(VENV)/dev ## renew requirements*.lock from pyproject.toml
	$(PIP) uv
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header --extra dev --extra bench -c requirements.lock pyproject.toml -o requirements-dev.lock

clean: ## remove the virtual environment and caches (state in .gateway stays)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info

$(VENV)/run: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --editable .
	@touch $@

$(VENV)/dev $(VENV)/bench: requirements-dev.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r requirements-dev.lock
	$(PIP) --no-deps --editable .
	@touch $(VENV)/run $(VENV)/dev $(VENV)/bench
