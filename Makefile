# Two commands do everything on a fresh machine: `make demo` and `make test`.
# Root (or sudo) is needed only where a Debian package is missing.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: demo test check lint types soak fuzz bench lock clean debian

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Calanque needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 2; }
	@echo "Setting up $(VENV) (once; a minute or two)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q calanque config readers results simulators timing
	@touch $@

demo: $(STAMP)
	@$(BIN)/calanque demo $(DEMO)

debian:
	@tests/debian_packages.sh mosquitto chromium

test: $(STAMP) debian
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -m "not bench and not soak" -n 2 --dist loadfile $(TESTS)

check: lint types

lint: $(STAMP)
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

types: $(STAMP)
	@$(BIN)/mypy

bench: $(STAMP)
	@$(BIN)/python -m pytest tests/benchmarks -m bench -s

soak: $(STAMP) debian
	@$(BIN)/python -m pytest -m soak -s

fuzz: $(STAMP)
	@$(BIN)/python -m tests.fuzz

lock:
	@$(PYTHON) -m venv .stamps/locker && .stamps/locker/bin/pip install --quiet pip-tools
	@.stamps/locker/bin/pip-compile --quiet --extra dev --build-deps-for wheel --build-deps-for editable \
	  --output-file requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) .stamps .mypy_cache .ruff_cache
