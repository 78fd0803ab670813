.DEFAULT_GOAL := help
.PHONY: help up demo test check bench fmt lock

venv := .venv
bin := $(venv)/bin
installed := $(venv)/.installed

help: ## say what each target does
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 14

# The lock pins every package with its hashes; the stamp makes a repeated make instant.
$(installed): requirements.lock
	@echo "Setting up $(venv) from requirements.lock"
	@test -x $(bin)/python || python3 -m venv $(venv)
	@$(bin)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

up: $(installed) ## start broker, database, mailbox, sign-in and the four services; Ctrl-C stops them
	@echo "Starting the platform (Ctrl-C stops it)"
	@$(bin)/python -m deploy.local.up $(UP)

demo: $(installed) ## a seeded cohort through the whole platform, or real records: make demo [OULAD=<folder>] [KEEP=1]
	@echo "Running the demonstration"
	@$(bin)/python -m deploy.demo $(if $(OULAD),--oulad $(OULAD)) $(if $(KEEP),--keep)

test: $(installed) ## all tests, on a real broker and database: make test [TESTS=<paths and options>]
	@echo "Running the tests"
	@$(bin)/python -m pytest -m "not bench" $(TESTS)

check: $(installed) ## format, lint, types and the rules about who imports whom
	@echo "Checking format, lint, types and imports"
	@$(bin)/ruff format --check .
	@$(bin)/ruff check .
	@$(bin)/mypy services shared deploy tests
	@$(bin)/lint-imports

bench: $(installed) ## measure: awards per second, completion to upgrade
	@echo "Measuring: the table comes in some minutes"
	@$(bin)/python -m deploy.bench $(BENCH)

fmt: $(installed) ## format, and mend what can be mended
	@echo "Formatting"
	@$(bin)/ruff format .
	@$(bin)/ruff check --fix .

lock: $(installed) ## resolve pyproject.toml anew into requirements.lock
	@echo "Resolving requirements.lock"
	@$(bin)/uv pip compile pyproject.toml --all-extras --universal --generate-hashes --upgrade \
		--no-annotate --no-header --no-emit-index-url --output-file requirements.lock --quiet
