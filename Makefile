# The project's own commands. `make run` and `make test` need nothing but Python 3.11+, pip and make.
PYTHON ?= python3
VENV := .venv
# Where it is set, each process compiles all it runs anew: a third of its start.
unexport PYTHONDONTWRITEBYTECODE
BIN := $(VENV)/bin

.PHONY: run demo cluster secrets test test-cluster lint bench bench-cluster bench-units bench-updater prove screenshots \
	pins wheel clean

run: $(VENV)/.run
	@$(BIN)/evantr serve

demo: $(VENV)/.run
	@$(BIN)/evantr demo

# The services of docker-compose.yml as processes on this machine.
cluster: $(VENV)/.test
	@$(BIN)/python -m tests.cluster

# The secrets of docker-compose.yml, where there are none yet.
secrets:
	@deploy/make-secrets

test: $(VENV)/.test
ifdef ARGS
	$(BIN)/python -m pytest $(ARGS)
else
	$(BIN)/python -m tests.run
endif

test-cluster: $(VENV)/.test
	EVANTR_TEST_TARGET=cluster $(BIN)/python -m pytest $(or $(ARGS),tests/browser)

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.test
	$(BIN)/python -m benchmarks

bench-updater: $(VENV)/.test
	$(BIN)/python -m benchmarks.updater $(if $(SEED),--seed $(SEED)) $(if $(EACH),--each $(EACH)) $(if $(WRITE),--write)
	$(if $(WRITE),$(BIN)/python -m benchmarks.scaling --write)

bench-cluster: $(VENV)/.test
	$(BIN)/python -m benchmarks.cluster $(if $(WRITE),--write)
	$(if $(WRITE),$(BIN)/python -m benchmarks.scaling --write)

# What one of each costs; with WRITE, also what systems of some size take by that.
bench-units: $(VENV)/.test
	$(BIN)/python -m benchmarks.units $(if $(PART),--part $(PART)) $(if $(WRITE),--write)
	$(if $(WRITE),$(BIN)/python -m benchmarks.scaling --write)

prove: $(VENV)/.test
	$(BIN)/python -m tests.prove $(if $(ONLY),--only $(ONLY)) $(if $(SEED),--seed $(SEED)) $(if $(SHORT),--short)

screenshots: $(VENV)/.test
	$(BIN)/python -m tests.browser.screenshots

wheel: $(VENV)/.test
	$(BIN)/python -m build --wheel --no-isolation

# Pins with hashes; run after a change of pyproject.toml.
PIN := pip-compile -q --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-options --no-header \
	--strip-extras --allow-unsafe
pins: $(VENV)/.test
	$(BIN)/$(PIN) -o requirements.txt pyproject.toml
	$(BIN)/$(PIN) --extra test -c requirements.txt -o requirements-test.txt pyproject.toml
	$(BIN)/$(PIN) --only-build-deps --build-deps-for wheel --build-deps-for editable -o requirements-build.txt pyproject.toml

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Evantr needs Python 3.11 or newer; this is $$($(PYTHON) --version)."; exit 1; }
	@echo "Making $(VENV) …"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing …"
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.txt -r requirements-build.txt
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.test: requirements.txt requirements-test.txt pyproject.toml | $(VENV)/bin/python
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-test.txt -r requirements-build.txt
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.run

clean:
	rm -rf build dist *.egg-info $(VENV)
