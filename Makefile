# Entourage: `make help` lists what there is.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PEOPLE ?= 10000
DAYS ?= 14
DEMO := demo
# Spark plans on one core: two processes, each with a Spark of its own, keep two busy.
PYTEST := $(BIN)/python -m pytest -q -p no:cacheprovider -n 2 --dist loadgroup --no-loadscope-reorder --durations=15

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-full check fix dist clean

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.ready ## Make the virtual environment and fetch the locked packages and jars.
	@$(BIN)/python -m entourage.jars

$(VENV)/.ready: conf/requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; v == (3, 11) or sys.exit(f"Entourage needs Python 3.11, this is {v[0]}.{v[1]}: make setup PYTHON=/path/to/python3.11")'
	@command -v java >/dev/null || { echo "Entourage needs Java 17, and no java is on PATH. Debian: apt-get install openjdk-17-jre-headless"; exit 1; }
	@echo "setup: virtual environment and locked packages (some minutes the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r conf/requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## Simulate a world, run the main job on it, and write the report with a scorecard.
	@rm -rf $(DEMO)/world $(DEMO)/lake
	$(BIN)/entourage simulate --people $(PEOPLE) --days $(DAYS) --layers people,graph,posts,consent --to $(DEMO)/world
	$(BIN)/entourage --lake $(DEMO)/lake run all --input $(DEMO)/world/landing --truth $(DEMO)/world/truth --to $(DEMO)/report.html
	@$(BIN)/python -m webbrowser -t "file://$(abspath $(DEMO)/report.html)" >/dev/null 2>&1 || true
	@echo "The report: $(abspath $(DEMO)/report.html)"

test: setup dist ## Run the tests: units, jobs on small tables, run all on a small world, one YARN run.
	$(PYTEST) -m "not slow" tests

test-full: setup dist ## Run all tests, the long ones too: kills of run all, both YARN modes, PostgreSQL.
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || { echo "make test-full needs PostgreSQL, and no initdb was found. Debian: apt-get update && apt-get install postgresql"; exit 1; }
	$(PYTEST) tests

check: setup ## Say whether the code is clean: format, lint, types, layers.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: setup ## Format, repair what the linter can, write the catalogue of tables.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/python -m entourage.catalogue

dist: setup ## Build dist/entourage.zip, what spark-submit takes as --py-files.
	@$(BIN)/python -m entourage.archive

clean: ## Remove what the other targets made, but for the jar cache; a ./lake of yours stays.
	rm -rf $(VENV) dist build $(DEMO) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
