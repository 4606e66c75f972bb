# make run      set up .venv and show what Leftfold does, on SQLite
# make test     set up the rest, PostgreSQL included, and run all tests
# make check    format, lint, strict types, import contracts, architecture, docs
# make bench    measure against the peers            (make bench BENCH="append --quick --json")
#                 or snapshots, other times, upcasts (make bench BENCH=time)
#                 or what follows the log          (make bench BENCH=follow)
#                 or sagas                         (make bench BENCH=sagas)
#                 or a catalog of 1,000 contexts   (make bench BENCH=contexts)
# make faults   plant each named fault and watch a named test go red
# make test-long  the guarantees, tried for minutes
# make crash    kill sagas at every call of the database driver     (make crash CRASH="10 sqlite Linear": every tenth of these)
# make docs     build the pages in docs/_build
# make pins     write constraints.txt anew from what the extras resolve to today
# make clean    forget .venv and everything built

PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13 python3.14; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
TOUR  ?= --store sqlite:///var/tour.db
BENCH ?= append
TESTS ?= tests
CRASH ?= 1
JOBS  ?= 4

VENV := .venv
BIN  := $(VENV)/bin
DONE := $(VENV)/installed

# Pins hold for what is installed and for what builds it, in every pip; no question is ever asked.
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_BUILD_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
export DEBIAN_FRONTEND := noninteractive
# Tests start hundreds of programs, and each would compile what it imports anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := run
.PHONY: run test test-long crash check bench faults docs pins programs clean

run: $(DONE)/base
	@mkdir -p var
	$(BIN)/python -m examples.tour $(TOUR)

test: $(DONE)/test programs
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal -m "not faults and not long" $(TESTS)

test-long: $(DONE)/test programs
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal -m long -o faulthandler_timeout=3600 $(TESTS)

crash: $(DONE)/test
	$(BIN)/python -m tests.guarantees.crash_matrix $(CRASH)

faults: $(DONE)/test programs
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal -m faults $(TESTS)

check: $(DONE)/lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/basedpyright
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/basedpyright --ignoreexternal --verifytypes leftfold
	$(BIN)/lint-imports --no-logo
	$(BIN)/leftfold context check --app examples.shop.context_map:MAP
	$(BIN)/python -m pytest -q tests/architecture
	$(BIN)/python -m sphinx -n -W --keep-going -q -b html docs docs/_build

bench: $(DONE)/bench
	$(BIN)/python -m benchmarks $(BENCH)

docs: $(DONE)/docs
	$(BIN)/python -m sphinx -n -W --keep-going -b html docs docs/_build

pins:
	rm -rf build/pins
	$(PYTHON) -m venv build/pins
	env -u PIP_CONSTRAINT -u PIP_BUILD_CONSTRAINT build/pins/bin/pip install --quiet editables hatchling ".[bench,docs,lint,postgres,test]"
	build/pins/bin/pip freeze --exclude leftfold > constraints.txt
	rm -rf build/pins

clean:
	rm -rf $(VENV) build dist docs/_build var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# ---- set-up: one stamp an extra, made again when pyproject.toml or the pins change ----------------------------------

$(DONE)/venv:
	@test -n "$(PYTHON)" || { echo "Leftfold needs Python 3.11 or newer; none was found. Set PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@mkdir -p $(DONE) && touch $@

$(DONE)/base: $(DONE)/venv pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --editable ".[check]"
	@touch $@

$(DONE)/test $(DONE)/bench $(DONE)/docs: $(DONE)/%: $(DONE)/base
	$(BIN)/python -m pip install --quiet --editable ".[$*]"
	@touch $@

$(DONE)/lint: $(DONE)/base
	$(BIN)/python -m pip install --quiet --editable ".[bench,docs,lint,postgres,test]"
	@touch $@ $(DONE)/test $(DONE)/bench $(DONE)/docs

# Programs that no Python package brings. Where they cannot be had, the tests that need them say that they were left out.
programs:
	@if command -v chromium >/dev/null && command -v pgbouncer >/dev/null && command -v strace >/dev/null; then :; \
	elif command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	  { apt-get update -qq && RUNLEVEL=1 apt-get install -y -qq --no-install-recommends chromium pgbouncer strace; } \
	    </dev/null >$(VENV)/programs.log 2>&1 || { echo "chromium, pgbouncer and strace could not be installed:"; tail -n 3 $(VENV)/programs.log; }; \
	else echo "chromium, pgbouncer and strace are not all here, and only root with apt-get can install them: their tests are left out."; fi
