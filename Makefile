# Everything starts here: `make` lists what there is.
AIRFLOW ?= 2.11
ARGS ?=
PART ?=
export AIRFLOW

# The first Python that really starts: a pyenv shim of an inactive version exists, but does not.
PYTHON ?= $(firstword $(foreach name,python3.11 python3,$(shell $(name) -c 'print("$(name)")' 2>/dev/null)))
VENV := .local/venv
INSTALL := $(PYTHON) local/bootstrap.py
STACK := $(VENV)/tools/bin/python -m local.stack
AIRFLOW_PYTHON := $(VENV)/airflow-$(AIRFLOW)/bin/python
STACK_ENVS := tools bigquery receiver airflow-$(AIRFLOW)
COMPILE := $(VENV)/uv/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help demo test bench-latency bench-import bench-backfill up down status logs lint types lock clean install

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "AIRFLOW=2.11 (default) or 3 chooses the Airflow of demo, test and up."

demo: install ## start the stack, send 20 sales through it, show what came out, stop it
	@PYTHONPATH=plugins $(AIRFLOW_PYTHON) -m local.demo $(ARGS)

test: install ## run the tests on the chosen Airflow; ARGS="-k name" goes to pytest
	@$(AIRFLOW_PYTHON) -m pytest $(ARGS)

up: install ## start the stack in the background; then: . .local/env
	@$(STACK) up $(ARGS)

down: ## stop what make up started
	@if [ -x $(VENV)/tools/bin/python ]; then $(STACK) down; fi

status: ## show the parts of the stack and their health
	@$(STACK) status

logs: ## show the end of the logs; PART=scheduler for one part, ARGS=-f to follow
	@$(STACK) logs $(PART) $(ARGS)

bench-latency: install ## measure the way from a webhook to its row against an empty DAG
	@PYTHONPATH=plugins:. $(AIRFLOW_PYTHON) -m benchmarks.latency $(ARGS)

bench-backfill: install ## backfill a month, once more, and rebuild it: rows, calls, pace
	@PYTHONPATH=plugins:. $(AIRFLOW_PYTHON) -m benchmarks.history.backfill $(ARGS)

bench-import: ## measure what importing each DAG file costs beyond Airflow itself
	@$(INSTALL) airflow-$(AIRFLOW)
	@$(AIRFLOW_PYTHON) -m benchmarks.imports

lint: ## check style: ruff
	@$(INSTALL) quality
	@$(VENV)/quality/bin/ruff check .
	@$(VENV)/quality/bin/ruff format --check .

types: ## check types: mypy, against Airflow 3, whose types are real
	@$(INSTALL) quality airflow-3
	@$(VENV)/quality/bin/mypy --python-executable $(VENV)/airflow-3/bin/python \
	  plugins dags webhook local benchmarks tests $(ARGS)

lock: ## resolve the locks anew; ARGS=--upgrade for newer versions
	@$(INSTALL) uv
	@set -e; for name in uv airflow-2.11 airflow-3 tools quality; do \
	  echo "[lock] $$name"; $(COMPILE) --python-version 3.11 $(ARGS) requirements/$$name.in -o requirements/$$name.txt; done
	@echo "[lock] bigquery"; $(COMPILE) --python-version 3.13 --override requirements/bigquery.override $(ARGS) \
	  requirements/bigquery.in -o requirements/bigquery.txt
	@echo "[lock] receiver"; $(COMPILE) --python-version 3.11 $(ARGS) \
	  webhook/requirements.txt -o webhook/requirements.lock.txt

clean: down ## stop the stack and remove its data; environments stay
	@rm -rf .local/run .local/logs .local/gcs .local/bigquery .local/airflow-* .local/postgres-* .local/keys.json .local/google-credentials.json

install:
	@if [ -z "$(PYTHON)" ]; then echo "Python 3.11 is needed: no python3.11 or python3 that starts is in PATH" >&2; exit 1; fi
	@$(INSTALL) $(STACK_ENVS)
