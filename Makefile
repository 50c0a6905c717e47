# The two front doors: `make run` and `make test`. Both set up whatever is missing first.
PYTHON ?= python3
BIN := .venv/bin
TERRAFORM_CHECK ?= terraform/check
CHECKOV_VERSION := 3.3.30

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test check terraform checkov fuzz bench soak format contract requirements clean

help: ## List the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

run: .venv/.local ## Serve every group on http://localhost:8080 (HOST=, PORT=, RELOAD=1)
	@exec $(BIN)/python -m local

test: .venv/.dev ## Run all tests (ARGS= is passed to pytest)
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile $(ARGS)

check: .venv/.dev ## Lint, formatting, types, import directions and the contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	for main in functions/*/main.py; do $(BIN)/mypy $$main || exit 1; done
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec local/docker-compose.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.cloudbuild cloudbuild.yaml
	$(BIN)/hadolint local/Dockerfile functions/Dockerfile
	$(BIN)/python -m pytest tests/test_structure.py tests/test_contract.py tests/test_gateway_document.py \
	  tests/kubernetes/test_manifests.py
	@$(MAKE) --no-print-directory terraform checkov

terraform: ## Format, validity and rules of terraform/; needs terraform
	$(TERRAFORM_CHECK) terraform

checkov: .venv/.checkov ## Known mistakes in terraform/
	@test ! -e $< || .venv/checkov/bin/checkov --config-file .checkov.yaml

fuzz: .venv/.dev .venv/.fuzz ## Fuzz the API from its OpenAPI document (MINUTES=2, SEED=1)
	$(BIN)/python -m tests.fuzz --minutes $(or $(MINUTES),2) --seed $(or $(SEED),1)

bench: .venv/.dev .venv/bench/.ready ## Measure everything beside its reference; writes docs/benchmarks.md (9 minutes)
	@command -v wrk >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get install --yes --no-install-recommends wrk; } \
	  || { echo "The load comes from wrk, which is not installed: apt-get install wrk (or brew install wrk)"; exit 1; }
	$(BIN)/python -m tests.benchmarks

soak: .venv/.dev ## Run mixed traffic, and watch memory, handles and the database; writes docs/soak.md (MINUTES=20)
	$(BIN)/python -m tests.soak --minutes $(or $(MINUTES),20)

format: .venv/.dev ## Put every file into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

contract: .venv/.dev ## Write docs/openapi.json and the gateway's document anew from the endpoints
	$(BIN)/python -m local.contract

requirements: .venv/.dev ## Pin, with hashes, what each function needs (functions/*/requirements.txt)
	for given in functions/*/requirements.in functions/build-requirements.in; do \
	  $(BIN)/uv pip compile $$given --constraint constraints.txt --generate-hashes --no-annotate --upgrade --quiet \
	    --python-version 3.11 --python-platform linux --custom-compile-command 'make requirements' \
	    --output-file $${given%.in}.txt || exit 1; \
	done

clean: ## Remove the virtual environment and caches (.data stays)
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .fuzz

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name one with PYTHON=, as in: make run PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/.local: .venv/bin/python pyproject.toml constraints.txt
	@echo "Installing (once; about a minute) ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[local]'
	@touch $@

.venv/.dev: .venv/.local
	@echo "Installing the development tools (once) ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

# By itself: it brings 290 MB, and versions of its own of what the project uses.
.venv/.checkov: .venv/bin/python Makefile
	@echo "Installing checkov (once; about a minute) ..."
	@$(PYTHON) -m venv .venv/checkov \
	  && .venv/checkov/bin/python -m pip install --quiet --disable-pip-version-check checkov==$(CHECKOV_VERSION) \
	  && touch $@ \
	  || echo "Skipped checkov: it could not be installed."

# Apart from the rest: its pytest plugin would be loaded with every test.
.venv/.fuzz: .venv/bin/python constraints.txt
	@echo "Installing schemathesis (once) ..."
	@$(PYTHON) -m venv .venv/fuzz
	@.venv/fuzz/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt schemathesis
	@touch $@

# What production installs for the function that needs most, and what is measured beside it, of today: each by itself.
.venv/bench/.ready: .venv/bin/python Makefile tests/benchmarks/rivals.txt functions/auth/requirements.in constraints.txt
	@echo "Installing what is measured (once) ..."
	$(PYTHON) -m venv --clear .venv/bench/ours
	.venv/bench/ours/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
	  --requirement functions/auth/requirements.in
	$(PYTHON) -m venv --clear .venv/bench/rivals
	.venv/bench/rivals/bin/python -m pip install --quiet --disable-pip-version-check --upgrade --requirement tests/benchmarks/rivals.txt
	@touch $@
