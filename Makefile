# Two commands matter: `make demo` and `make test`. Both set themselves up.
VENV ?= .venv
PY := $(VENV)/bin/python
UV := $(VENV)/bin/uv
UV_VERSION := 0.13.9
ARGS ?=
# A hundred processes are started here; without bytecode each of them would compile every library again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo up test test-rt check oracle bench kill-helpdesk format lock clean

help: ## Show what can be done
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.stamp ## Install everything into .venv from the hash-pinned lock

$(VENV)/.stamp: requirements-dev.lock pyproject.toml
	@test -x $(UV) || (python3 -m venv $(VENV) && $(VENV)/bin/pip install -q --disable-pip-version-check uv==$(UV_VERSION))
	@$(UV) pip sync -q --python $(PY) --require-hashes requirements-dev.lock
	@$(UV) pip install -q --python $(PY) --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## Watch a rollout being held and resumed by real events (ARGS=--once to check and exit)
	@$(VENV)/bin/glidepath demo $(ARGS)

up: setup ## Run all of Glidepath in one process, data in ./data
	@$(VENV)/bin/glidepath up $(ARGS)

# Three on two cores: a third of the time a test waits for other processes.
test: setup ## Run unit, contract, integration and e2e tests (real PostgreSQL and NATS from wheels)
	@$(VENV)/bin/pytest -n 3 --dist loadgroup $(ARGS)

test-rt: setup ## Synchronise with a real Request Tracker 5 from Debian, which it installs when it is missing (as root)
	@$(PY) -m tests.rt.packages
	@$(VENV)/bin/pytest tests/rt $(ARGS)

check: setup ## Format, lint, types, import contracts, sizes, generated files
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/lint-imports
	@$(VENV)/bin/mypy
	@$(PY) -m shared.events.document --check docs/events.md
	@$(PY) tests/support/sizes.py

oracle: setup ## Compare SLA clocks with a slow minute-by-minute walk (ARGS="--cases 100000 --seed 7")
	@$(PY) -m tests.oracle $(ARGS)

bench: setup ## Measure speed as ratios in one run; prints a table, writes bench.json (ARGS="--clocks 1000000")
	@$(PY) -m tests.bench $(ARGS)

kill-helpdesk: setup ## Kill the service while it tells a helpdesk 5,000 things: nothing twice, nothing missing (ARGS="--writes 5000")
	@$(PY) -m tests.bench.helpdesk_kills $(ARGS)

format: setup ## Format the code and regenerate what is made from the events
	@$(VENV)/bin/ruff format .
	@$(VENV)/bin/ruff check --fix .
	@$(PY) -m shared.events.document docs/events.md
	@$(PY) -m tests.support.event_schemas

lock: ## Resolve pyproject.toml into the hash-pinned locks
	@test -x $(UV) || (python3 -m venv $(VENV) && $(VENV)/bin/pip install -q uv==$(UV_VERSION))
	@$(UV) pip compile -q --universal --generate-hashes --no-header --no-emit-index-url --extra gateway --extra survey --extra tickets --extra rollout pyproject.toml -o requirements.lock
	@$(UV) pip compile -q --universal --generate-hashes --no-header --no-emit-index-url --all-extras --group dev pyproject.toml -o requirements-dev.lock

clean: ## Remove the virtual environment and caches (never ./data)
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
