# Everything a newcomer types. Needs Python 3.11 or newer, make and a shell; brings the rest itself.
#   make run  [ARGS="--homes 50 --http-port 8081"]    the whole system with a simulated village
#   make test [ARGS="-k press"]                       linters, types and the suite; SLOW= for its slow part too

PYTHON ?= python3
VENV := .venv
ANJU := $(VENV)/bin/anju
# what takes long (kills of the whole system, benchmarks, every time zone) is for CI, or for SLOW= on the command line
SLOW := $(if $(CI),,-m "not slow")
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check --quiet

.PHONY: run test check format lock clean
.DEFAULT_GOAL := run

run: $(VENV)/.run
	@exec $(ANJU) up $(ARGS)

test: $(VENV)/.test check
	@sh tests/bring_needs.sh
	$(VENV)/bin/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal $(SLOW) $(ARGS)

check: $(VENV)/.test
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

format: $(VENV)/.test
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

# After a change of the dependencies in pyproject.toml; needs uv.
lock:
	uv pip compile -q --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --python-version 3.11 \
	  --extra build pyproject.toml -o requirements/run.lock
	uv pip compile -q --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --python-version 3.11 \
	  --extra build --extra test pyproject.toml -o requirements/test.lock

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "make: Anju needs Python 3.11 or newer, $(PYTHON) is $$($(PYTHON) --version 2>&1); name another: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "make: this Python has no venv; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements/run.lock pyproject.toml | $(VENV)/bin/python
	@test -e $(VENV)/.test || echo "installing what Anju needs into $(VENV) ..."
	@test -e $(VENV)/.test || $(PIP) install --require-hashes -r requirements/run.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.test: requirements/test.lock pyproject.toml | $(VENV)/bin/python
	@echo "installing what Anju and its tests need into $(VENV) ..."
	@$(PIP) install --require-hashes -r requirements/test.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.run
