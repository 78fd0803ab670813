.DEFAULT_GOAL := help
.PHONY: help up demo traces drill long test fuzz check bench curves scale pressure soak fmt lock tools sbom

venv := .venv
bin := $(venv)/bin
installed := $(venv)/.installed

help: ## say what each target does
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 17

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

traces: $(installed) ## the demonstration with Zipkin, opened on the demo learner's trace: make traces [TRACES=<options>]; Ctrl-C ends it
	@echo "Starting a trace viewer and the demonstration"
	@$(bin)/python -m deploy.demo.traces $(TRACES)

drill: $(installed) ## load and faults at random, then the verdict: make drill [MINUTES=10] [SEED=…] [OULAD=<folder>] [ONLY="kill awarding"]
	@echo "Holding a drill"
	@$(bin)/python -m deploy.drill $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED)) \
		$(if $(OULAD),--oulad $(OULAD)) $(if $(ONLY),--only "$(ONLY)") $(DRILL)

test: $(installed) ## all tests, on a real broker and database: make test [TESTS=<paths and options>]
	@echo "Running the tests"
	@$(bin)/python -m pytest -m "not bench and not long" --numprocesses 3 $(TESTS)

long: $(installed) ## tests that take minutes each, and have a short form among the others
	@echo "Running the long tests"
	@$(bin)/python -m pytest -m long $(TESTS)

fuzz: $(installed) ## ask the doors for longer, and spoil 100,000 messages: make fuzz [FUZZ=<requests of each kind>] [MESSAGES=<number>]
	@echo "Fuzzing the doors, the APIs and the topics"
	@CAIRN_FUZZ=$(or $(FUZZ),200) CAIRN_FUZZ_MESSAGES=$(or $(MESSAGES),100000) \
		$(bin)/python -m pytest tests/fuzz tests/security -v --capture=no --timeout 14400

check: $(installed) ## format, lint, types, the rules about who imports whom, and known holes in what is locked
	@echo "Checking format, lint, types, imports and advisories"
	@$(bin)/ruff format --check .
	@$(bin)/ruff check .
	@$(bin)/mypy services shared deploy tests
	@$(bin)/lint-imports
	@$(bin)/python -m deploy.advisories

bench: $(installed) ## measure the chain beside bare loops, latency, costs: make bench [BENCH=<options>]
	@echo "Measuring: the tables come in a quarter of an hour"
	@$(bin)/python -m deploy.bench $(BENCH)

curves: $(installed) ## what 1,000 completions cost as catalog, stacks, history and awards grow: make curves [CURVES=<options>]
	@echo "Measuring curves: some 40 minutes on two quiet cores"
	@$(bin)/python -m deploy.bench.curves $(CURVES)

scale: $(installed) ## what 1, 10 and 100 million learners need, from what was measured: make scale [SCALE=<options>]
	@echo "Computing and simulating: half a minute"
	@$(bin)/python -m deploy.scale $(SCALE)

pressure: $(installed) ## measure what a database at a tenth of its speed does: make pressure [PRESSURE=<options>]
	@echo "Measuring with a slow database: some five minutes"
	@$(bin)/python -m deploy.bench.pressure $(PRESSURE)

soak: $(installed) ## memory over a million completions, for hours: make soak [SOAK=<options>]
	@echo "Soaking: a line a minute says how far it has come"
	@$(bin)/python -m deploy.bench.soak $(SOAK)

fmt: $(installed) ## format, and mend what can be mended
	@echo "Formatting"
	@$(bin)/ruff format .
	@$(bin)/ruff check --fix .

lock: $(installed) ## resolve pyproject.toml anew into requirements.lock
	@echo "Resolving requirements.lock"
	@$(bin)/uv pip compile pyproject.toml --all-extras --universal --generate-hashes --upgrade \
		--no-annotate --no-header --no-emit-index-url --output-file requirements.lock --quiet
	@$(bin)/uv pip compile pyproject.toml --universal --generate-hashes --constraints requirements.lock \
		--no-annotate --no-header --no-emit-index-url --output-file requirements-runtime.lock --quiet

# Helm as a module doesn't know for which Kubernetes it was made; its releases do.
helm := helm.sh/helm/v3
var/tools/bin/helm:
	@GOBIN=$(CURDIR)/var/tools/bin go install -trimpath \
		-ldflags "-X $(helm)/pkg/chartutil.k8sVersionMajor=1 -X $(helm)/pkg/chartutil.k8sVersionMinor=36" $(helm)/cmd/helm@v3.22.0

tools: ## build what tests of the chart need, with Go: helm
	@echo "Building helm into var/tools/bin, unless it is there"
	@$(MAKE) --no-print-directory var/tools/bin/helm

sbom: $(installed) ## write var/sbom.json: the packages of the image, as CycloneDX
	@mkdir -p var
	@$(bin)/uv tool run --quiet --from cyclonedx-bom==7.5.0 cyclonedx-py requirements requirements-runtime.lock \
		--pyproject pyproject.toml --mc-type application --output-reproducible --output-format JSON --output-file var/sbom.json
	@echo "Written var/sbom.json"
