# make lab   — environment, the laboratory's grid, its report   make test     — environment, lint, tests with the smoke grid
# make smoke — the small end-to-end grid                        make test-all — the slow tests too, as CI does
# make lint  — style, direction of imports, types               make docs     — the documentation, to site/index.html
# Variables: PIP_ARGS (passed to every pip install, e.g. a CPU index for torch), PYTHON, VENV, WORKERS.

VENV     ?= .venv
PIP_ARGS ?=
WORKERS  ?=
BIN      := $(VENV)/bin
GRID     ?= params/lab.yaml
# A process per core for the tests, each file in one of them, in the order of tests/conftest.py.
PARALLEL ?= --numprocesses auto --dist loadfile --no-loadscope-reorder
# One thread a process: small models lose most of their speed to threads that compete.
export OMP_NUM_THREADS ?= 1

.PHONY: lab smoke test test-all lint docs environment clean lock

lab: environment
	$(BIN)/xtl run $(GRID) $(if $(WORKERS),--workers $(WORKERS))

smoke:
	$(MAKE) lab GRID=params/smoke.yaml

test: lint
	$(BIN)/python -m pytest $(PARALLEL) -m "not slow"

test-all: lint
	$(BIN)/python -m pytest $(PARALLEL)

lint: environment
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

docs: environment
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "Documentation: site/index.html"

environment: $(VENV)/.installed

# Made anew when the lock changes.
$(VENV)/.installed: requirements.lock pyproject.toml
	@sh tools/environment.sh "$(VENV)" "$(PYTHON)" $(PIP_ARGS)

lock: environment
	$(BIN)/python tools/lock.py > requirements.lock.new && mv requirements.lock.new requirements.lock

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache site xtl.egg-info
