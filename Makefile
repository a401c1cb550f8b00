# Every verb of the house. `make help` explains them.
PYTHON ?= python3
DATA ?= ./var
WORKERS_OF_TESTS ?= 2
export PYTHON
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help setup run check test soak bench docs lock clean

help: ## what each verb does
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## .venv with the locked dependencies, for serving and for developing
	@scripts/setup dev

run: ## start the server with demo data on http://localhost:9031 (data in ./var)
	@scripts/setup run
	@OSTIARY_ISSUER=$${OSTIARY_ISSUER-http://localhost:9031} exec $(BIN)/ostiary serve --demo --data $(DATA)

check: ## lint, strict types, the leanings of the house, unused dependencies
	@scripts/setup dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/deptry src

test: ## set up what the tests need and run all of them
	@scripts/setup dev
	@scripts/test-setup
	$(BIN)/python -m pytest -n $(WORKERS_OF_TESTS) --dist loadfile --durations 10 tests

soak: ## the same tests with the big counts of races, fuzz cases and rows
	@scripts/setup dev
	@scripts/test-setup
	OSTIARY_TEST_SCALE=soak $(BIN)/python -m pytest -n $(WORKERS_OF_TESTS) --dist loadfile --durations 10 --timeout 3600 tests

bench: ## measure against node-oidc-provider and print ratios (needs Node 20 or newer)
	@scripts/setup dev
	$(BIN)/python -m bench

docs: ## build the manual into docs/_build/html
	@scripts/setup docs
	$(BIN)/python docs/generate.py
	$(BIN)/sphinx-build -q -W -b html docs docs/_build/html
	@echo "Open docs/_build/html/index.html"

lock: ## resolve the dependencies anew into requirements/*.txt (needs uv)
	uv pip compile -q --generate-hashes --no-header --python-version 3.11 --universal -o requirements/run.txt pyproject.toml
	for set in build dev docs; do uv pip compile -q --generate-hashes --no-header --python-version 3.11 --universal -o requirements/$$set.txt requirements/$$set.in; done

clean: ## remove what the verbs made, but never ./var
	rm -rf .venv docs/_build bench/node_modules
