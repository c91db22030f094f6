# rs_assets: `make demo`, `make test`. Everything lives in .venv and .rs; `make clean` removes both.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export RS_HOME ?= $(CURDIR)/.rs
ENVIRONMENT ?= $(or $(RS_ENVIRONMENT),prod)
DAGSTER_HOME ?= $(RS_HOME)/dagster$(if $(filter-out prod,$(ENVIRONMENT)),-$(ENVIRONMENT))
export DO_NOT_TRACK := 1

COMMA := ,
READY := $(VENV)/.ready
MANIFEST := $(RS_HOME)/dbt/manifest.json

.PHONY: help setup manifest demo ui test lint bench orchestration scale truth image up down docs clean

help: ## What there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

setup: $(READY) manifest ## The environment, with everything pinned

# uv resolves and installs in seconds; it is itself pinned, and lives in the environment it fills.
$(READY): requirements.lock pyproject.toml
	@echo "Setting up $(VENV) …"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "rs_assets needs Python 3.11 or newer; set PYTHON=… to one."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check uv==$$(sed -n 's/^uv==//p' requirements.lock)
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install -q -r requirements.lock
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install -q --no-deps -e .
	@touch $@

# dbt's manifest is made ahead: parsing at load would cost every step and every reload seconds.
manifest: $(MANIFEST)
$(MANIFEST): $(READY) $(shell find dbt -name '*.sql' -o -name '*.yml' | grep -v /target/)
	@echo "Preparing dbt's manifest …"
	@RS_HOME=$(RS_HOME) $(BIN)/python -m rs_assets.transform.manifest

demo: setup ## A synthetic raw log, replayed through the whole graph
	@test -d $(RS_HOME)/raw || $(BIN)/rs-assets generate
	@$(BIN)/rs-assets replay

ui: setup ## Dagster's UI on http://127.0.0.1:3000, its daemon and schedules; ENVIRONMENT=dev-anna for another one's
	@mkdir -p $(DAGSTER_HOME)
	@test -f $(DAGSTER_HOME)/dagster.yaml || cp deploy/dagster.yaml $(DAGSTER_HOME)/
	@DAGSTER_HOME=$(DAGSTER_HOME) RS_ENVIRONMENT=$(ENVIRONMENT) $(BIN)/dagster dev -w workspace.yaml -h 127.0.0.1 -p $${PORT:-3000}

test: setup ## Every test; RS_DATASETS adds those on public data sets
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

lint: setup ## ruff and mypy
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

bench: setup ## The benchmarks: ratios, each taken in one run
	@$(BIN)/python -m benchmarks.split $(if $(EVENTS),--events $(EVENTS))
	@$(BIN)/python -m benchmarks.validation $(if $(EVENTS),--events $(EVENTS))

orchestration: setup ## What Dagster itself takes of a replay of 366 log dates
	@$(BIN)/python -m benchmarks.orchestration

scale: setup ## Replays of 1 to 8 million events: time and memory; MILLIONS=36 ONLY=features for one of them
	@RS_HOME=$(RS_HOME) $(BIN)/python -m benchmarks.scale $(if $(MILLIONS),--millions $(MILLIONS)) $(if $(ONLY),--only $(ONLY))

truth: setup ## A million events with every fault planted: is each found, and nothing else?
	@$(BIN)/python -m benchmarks.truth $(if $(EVENTS),--events $(EVENTS))

# BuildKit, since certificates are handed over as a secret; older engines have to be told.
BASE_IMAGE ?= python:3.12-slim
IMAGE ?= rs_assets
DOCKER ?= docker
image: ## The image of steps in containers; BASE_IMAGE=… for another base, CA=… for your network's certificates, EXTRAS=k8s
	@DOCKER_BUILDKIT=1 $(DOCKER) build -f deploy/Dockerfile -t $(IMAGE) --build-arg BASE_IMAGE=$(BASE_IMAGE) \
		$(if $(EXTRAS),--build-arg EXTRAS="$(EXTRAS)") $(if $(CA),--secret id=ca$(COMMA)src=$(CA)) .

# The compose plugin where there is one, else Debian's docker-compose 1.29; the file is read by both.
export COMPOSE_PROJECT_NAME ?= rs_assets
PLACES = $(addprefix $(COMPOSE_PROJECT_NAME)_,raw lake)
COMPOSE = $(shell $(DOCKER) compose version >/dev/null 2>&1 && echo $(DOCKER) compose || echo docker-compose) \
	-f deploy/compose.yaml
up down: export RS_IMAGE := $(IMAGE)
up down: export RS_DOCKER_SOCKET ?= /var/run/docker.sock
up down: export RS_DOCKER_GID ?= $(shell stat -c %g $(or $(RS_DOCKER_SOCKET),/var/run/docker.sock) 2>/dev/null || echo 0)
up: image ## The compose stack, until its webserver and daemon are healthy; PORT=… for another port than 3000
	@for place in $(PLACES); do $(DOCKER) volume inspect $$place >/dev/null 2>&1 || $(DOCKER) volume create $$place >/dev/null; done
	@$(COMPOSE) up --detach --remove-orphans
	@for second in $$(seq 300); do \
		waiting=$$($(DOCKER) inspect --format '{{.Name}} {{.State.Health.Status}}' $$($(COMPOSE) ps -q) | grep -v ' healthy$$') || \
			{ echo "rs_assets is up: http://127.0.0.1:$${PORT:-3000}"; exit 0; }; \
		sleep 1; \
	done; echo "Not healthy after five minutes:"; echo "$$waiting"; $(COMPOSE) logs --tail 20; exit 1

# What launches runs goes first; then run workers and steps, which are none of Compose's; then the rest.
down: ## End the compose stack with all its runs; VOLUMES=1 removes its raw log, lake and history as well
	@$(COMPOSE) stop keeper daemon
	@{ $(DOCKER) ps -aq --filter label=rs_assets.worker --filter network=$(COMPOSE_PROJECT_NAME)_inside; \
		$(DOCKER) ps -aq --filter label=rs_assets.run --filter network=$(COMPOSE_PROJECT_NAME)_steps; \
	} | xargs -r $(DOCKER) rm -f >/dev/null
	@$(COMPOSE) down --remove-orphans $(if $(VOLUMES),--volumes)
	@$(if $(VOLUMES),$(DOCKER) volume rm --force $(PLACES) >/dev/null)

docs: setup ## These pages as a site, in site/, with every error of the code; a broken link fails
	@$(BIN)/python deploy/docs/errors.py
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build # no -q: it would hide warnings from strict mode

clean: ## Remove the environment, the raw log and the lake that demo made
	rm -rf $(VENV) $(CURDIR)/.rs site
