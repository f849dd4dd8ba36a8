# The two commands: `make up` and `make test`. Everything else is in the README.
PY := .venv/bin/python
STACK := dev
LAB := $(PY) -m lab
SHELL_FILES := $(shell git ls-files '*.sh' lab/rootfs lab/scripts lab/plugins/bin .ci | xargs -r grep -lE '^\#!/bin/(sh|bash)|shellcheck shell=' 2>/dev/null)

.PHONY: up test down bench lint setup lab cluster

up: cluster
	@echo
	@echo "==> The cluster's nodes, by the kubeconfig that pulumi stack output gave"
	@$(PY) -m lab.look $(STACK)

# The virtual environment, then Pulumi: from PATH, the official download, or built from Go modules.
setup: .venv/complete
	@$(PY) -m tools.pulumi

.venv/complete: requirements.txt requirements-dev.txt
	@echo "==> virtual environment .venv"
	@python3 -c 'import ensurepip, venv' 2>/dev/null || apt-get install -q -y python3-venv
	@python3 -m venv .venv
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

lab: setup
	@$(LAB) up
	@ln -sfn "$$($(PY) -m lab.wheelhouse | tail -n 1)" .lab/wheelhouse

cluster: lab
	@echo "==> pulumi up, stack $(STACK), from the operator's place in the lab"
	@$(LAB) run pulumi stack select --create $(STACK)
	@$(LAB) run pulumi up --yes --skip-preview --suppress-outputs --stack $(STACK)

test: setup
	@$(PY) -m pytest

down:
	@if [ -e .venv/complete ]; then $(LAB) down; fi
	@rm -rf .stretched

bench: setup
	@$(PY) -m tests.bench

lint: .venv/complete
	@$(PY) -m tools.debian shellcheck
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@shellcheck $(SHELL_FILES)
	@.venv/bin/yamllint --strict .
