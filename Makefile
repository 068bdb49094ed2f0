# The commands of this project; `make help` lists them.
#
# One environment, .venv, serves them all.  Stamp files inside it remember what is installed, so a
# second call reuses it; a change of pyproject.toml installs again.

.DEFAULT_GOAL := help

# The first Python of these that is 3.11 or later; `make test PYTHON=/path/to/python` names another.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13 python3.14; do \
    $$p -c '$(NEW_ENOUGH)' 2>/dev/null && { echo $$p; break; }; done)

VENV := .venv
BIN := $(VENV)/bin
PACKAGES := pynn_hx firmware_protocol emulator calibration simulator
SOURCES := $(PACKAGES) tests examples benchmarks

.PHONY: help venv demo test check lint types pytest coverage gpu-check bench fuzz clean

help:            ## list the commands
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

venv: $(VENV)/.dev    ## only make the environment .venv, with everything for development

demo: $(VENV)/.plot    ## run the introduction on the emulator: prints spikes, writes membrane.png
	$(BIN)/pynn-hx demo

# What CI runs is what you run: lint and types come first because they fail first.
test: lint types pytest    ## everything CI runs: lint, types, import arrows, tests, docs examples

check: test    ## the same as `make test`

lint: $(VENV)/.dev    ## ruff
	$(BIN)/ruff check $(wildcard $(SOURCES))
	$(BIN)/ruff format --check $(wildcard $(SOURCES))

types: $(VENV)/.dev    ## mypy
	$(BIN)/mypy

# Each process takes some 2.5 GB; PROCESSES=0 runs the tests in this one (with a board, say).
PROCESSES ?= 2
pytest: $(VENV)/.dev    ## only the tests; `make pytest ARGS="-k madc"` passes arguments on
	$(BIN)/pytest -n $(PROCESSES) --dist loadfile $(ARGS)

coverage: $(VENV)/.dev    ## the tests with branch coverage (compiled kernels are not counted)
	$(BIN)/pytest --cov --cov-report=term-missing $(ARGS)

# Where a Python with Numba, numba-cuda and pytest is there already: make gpu-check GPU_PYTHON=python3
GPU_PYTHON ?= $(BIN)/python
gpu-check: $(if $(filter $(BIN)/python,$(GPU_PYTHON)),$(VENV)/.cuda)    ## tests and benchmarks that need a CUDA device
	$(GPU_PYTHON) -m pytest --gpu -m gpu tests/unit/simulator
	$(GPU_PYTHON) benchmarks/bench_cuda.py $(ARGS)

bench: $(VENV)/.dev    ## the benchmarks: ratios measured in this run
	$(BIN)/python benchmarks/bench_foundation.py $(ARGS)
	$(BIN)/python benchmarks/bench_protocol.py
	$(BIN)/python benchmarks/bench_link.py
	$(BIN)/python benchmarks/bench_backend.py
	$(BIN)/python benchmarks/bench_emulator.py
	$(BIN)/python benchmarks/bench_simulator.py

fuzz: $(VENV)/.dev    ## guided fuzzing, `make fuzz TARGET=framing ARGS=-max_total_time=60`
	$(BIN)/python -m pip install --quiet --editable '.[fuzz]'
	$(BIN)/python tests/fuzz/fuzz.py $(TARGET) $(ARGS)

clean:           ## remove the environment and everything generated
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	rm -rf .coverage htmlcov membrane.png
	find $(wildcard $(SOURCES)) -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.created:
	@"$(or $(PYTHON),python3)" -c '$(NEW_ENOUGH)' 2>/dev/null || { \
	    echo "make: '$(or $(PYTHON),python3)' is not Python 3.11 or later, which pynn-hx needs;" \
	         "install one, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.plot: pyproject.toml | $(VENV)/.created
	$(BIN)/python -m pip install --quiet --editable '.[plot]'
	@touch $@

# The dev extra contains the plot extra.
$(VENV)/.dev: pyproject.toml | $(VENV)/.created
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $(VENV)/.plot $@

$(VENV)/.cuda: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --editable '.[cuda]'
	@touch $@
