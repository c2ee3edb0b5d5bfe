# Desktop RAG. "make" or "make help" lists what there is to do.

SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

# The first Python that is new enough; name another with "make PYTHON=/path/to/python3.12".
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python3.14; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" && break; done)
VENV := .venv/bin
SETUP := pyproject.toml constraints.txt packaging/bootstrap.py desktop_rag/__init__.py

.PHONY: help run test check format coverage bench soak screenshots reader api-docs wheel constraints clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

run: .venv/installed ## Set up, and show the sample library: in the window, or without a screen in the terminal
	@$(VENV)/desktop-rag demo --window

test: .venv/installed-dev ## Everything: linter, formatter, spelling, types, all tests
	@$(PYTHON) packaging/system_packages.py
	$(style)
	$(VENV)/pytest -n auto

check: .venv/installed-dev ## The fast loop: the same without the slow tests
	$(style)
	$(VENV)/pytest -n auto -m "not slow"

# Not a part of "test", which it would slow down: every branch is counted, in child processes too.
coverage: .venv/installed-dev ## Which branches the quick tests run; fails below the floor in pyproject.toml
	$(VENV)/pytest -n auto -m "not slow" --cov --cov-report=term --cov-report=html:build/coverage/html

format: .venv/installed-dev ## Sort imports, mend what the linter can mend, lay out the code
	$(VENV)/ruff check --fix
	$(VENV)/ruff format

soak: .venv/installed-dev ## What takes long: 200 kills, 10,000 mutated files, random sequences, an hour of changes
	$(VENV)/python -m tests.benchmarks.soak

bench: .venv/installed-dev ## Measure: retrieval, answers, indexing, queries, freshness, memory, rest, other frameworks
	$(VENV)/python -m tests.benchmarks

screenshots: .venv/installed-dev ## Make a picture of every view of the window, in both themes
	$(VENV)/python -m tests.gui.screenshots

reader: .venv/installed-dev ## Train the bundled reader anew; a run that was stopped goes on (see packaging/reader)
	PYTHONPATH=packaging $(VENV)/python -m reader.train

api-docs: .venv/installed-dev ## Write docs/api.md from the declarations of the engine's calls
	PYTHONPATH=packaging $(VENV)/python -m api_docs

wheel: .venv/installed-dev ## Build the wheel into dist/
	$(VENV)/python packaging/bootstrap.py --uv build --no-build-isolation --python $(VENV)/python --wheel

# Versions for every Python from 3.11 on and every system. "vision" is left out: which build of torch fits
# depends on the graphics card.
constraints: .venv/installed-dev ## Pin the newest versions of everything in constraints.txt
	$(VENV)/python packaging/bootstrap.py --uv pip compile --upgrade --universal --no-emit-index-url --no-header --no-annotate \
		--extra llm --extra speech --group dev pyproject.toml --output-file constraints.txt

clean: ## Remove what was built and every cache; .venv stays
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
	find . -path ./.venv -prune -o -name __pycache__ -type d -exec rm -rf {} +

.venv/installed: $(SETUP)
	@$(call bootstrap)
	@touch $@

.venv/installed-dev: $(SETUP) packaging/debian-packages.txt
	@$(PYTHON) packaging/system_packages.py
	@$(call bootstrap,--dev)
	@touch $@ .venv/installed

define style
	$(VENV)/ruff check
	$(VENV)/ruff format --check
	$(VENV)/codespell
	$(VENV)/mypy
endef

define bootstrap
	test -n "$(PYTHON)" || { \
		echo "Desktop RAG needs Python 3.11 or newer; $$(python3 --version 2>&1 || true) is too old."; \
		echo "Install one and name it, for example: make $(MAKECMDGOALS) PYTHON=/usr/bin/python3.12"; exit 1; }; \
	"$(PYTHON)" packaging/bootstrap.py $(1)
endef
