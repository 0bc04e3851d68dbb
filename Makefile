# Tools come from .venv where there is one, else from the PATH.
BIN ?= $(if $(wildcard .venv/bin/python),.venv/bin/,)

.DEFAULT_GOAL := help
.PHONY: help check fix test docs bench

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

check: ## Lint, format check, types (ruff, mypy, pyright)
	$(BIN)ruff check .
	$(BIN)ruff format --check .
	$(BIN)mypy
	$(BIN)pyright --pythonpath "$$($(BIN)python -c 'import sys; print(sys.executable)')"

fix: ## Mend what ruff can mend, and format
	$(BIN)ruff check --fix .
	$(BIN)ruff format .

test: ## Run the tests (options: make test ARGS="-n 0 -k paths")
	$(BIN)pytest $(ARGS)

docs: ## Build the documentation, warnings as errors
	$(BIN)sphinx-build -W --keep-going -b html docs docs/_build/html

bench: ## Measure against raw redis-py (options: make bench ARGS=--short)
	$(BIN)python -m benchmarks $(ARGS)
