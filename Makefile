# make run | book | test | test-fast | test-slow | test-gpu | test-lowest | lab | bench   Each first makes .venv when it is missing or older than pyproject.toml.
# Without make (Windows, say): python -m venv .venv, then pip install -e .[all] in it, then the `itlm` command.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready

# Two BLAS threads make small least-squares fits several times slower than one.
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: run book test test-fast test-slow test-gpu test-lowest lab bench

run: $(READY)
	$(BIN)/itlm run

book: $(READY)
	$(BIN)/python -c 'import furo, myst_nb, sphinx_codeautolink' 2>/dev/null || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[book]'
	$(BIN)/itlm run --resume --out runs/book/notebooks
	$(BIN)/itlm book runs/book/notebooks

# In the order of the files, which begins with the longest: browser and notebooks.
SIDE_BY_SIDE := -n 2 --dist loadfile --no-loadscope-reorder
PYTEST := $(BIN)/python -m pytest $(SIDE_BY_SIDE)

FAST := -m "not slow and not notebook and not browser"

test: $(READY)
	$(PYTEST) -m "not slow"

test-fast: $(READY)
	$(PYTEST) $(FAST)

test-slow: $(READY)
	$(PYTEST) -m slow

# Notebooks on CUDA, what only a GPU can show, and how fast it trains.
test-gpu: $(READY)
	@if $(BIN)/python -c 'import sys, torch; sys.exit(not torch.cuda.is_available())'; \
	then $(BIN)/python -m pytest -m gpu && $(BIN)/python -m tests.benchmarks vision; \
	else echo "test-gpu: skipped, torch finds no CUDA device"; fi

# The fast tests with each package as old as pyproject.toml admits, in .venv-lowest. The bounds hold for Python 3.11.
test-lowest:
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install --quiet --disable-pip-version-check uv
	.venv-lowest/bin/uv pip install --quiet --python .venv-lowest/bin/python --resolution lowest-direct -e '.[all]'
	.venv-lowest/bin/python -m pytest $(SIDE_BY_SIDE) $(FAST)

lab: $(READY)
	$(BIN)/python -m jupyter lab notebooks/00_start_here.ipynb

bench: $(READY)
	$(BIN)/python -m tests.benchmarks $(BENCH) $(if $(CHECK),--check)

# The mark is written last, so that a set-up that was stopped half-way is begun anew.
$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "Python 3.11 or newer is needed; '$(PYTHON)' is not. Name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "Setting up .venv (once; downloads torch and JupyterLab, a few minutes) ..."
	@test -e $@ || rm -rf .venv
	@rm -f $@
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[all]'
	@touch $@
