# make up          the example: set-up, a lab of seven hosts, pulumi up, the cluster's nodes    make down removes it
# make test        the tests that one waits for, minutes; test-all: all of them; ONLY=CHOICE: some, see CONTRIBUTING.md
# make lint, bench ruff, mypy, shellcheck, yamllint; speed beside a floor and a peer            make setup is the set-up alone
PY := .venv/bin/python
STACK := dev
LAB := $(PY) -m lab
SHELL_FILES := $(shell git ls-files '*.sh' lab/rootfs lab/scripts lab/emulated/scripts lab/plugins/bin .ci | xargs -r grep -lE '^\#!/bin/(sh|bash)|shellcheck shell=' 2>/dev/null)

# make up KUBESPRAY=CHECKOUT MIRROR_EXTRA=DIR: by real Kubespray instead of the stand-in, see docs/lab.md.
# (KUBESPRAY in the environment, or for `make test`, only has Kubespray check the inventory.)
REAL := $(and $(filter command line,$(origin KUBESPRAY)),$(filter up cluster kubespray,$(or $(MAKECMDGOALS),up)))
ifneq ($(REAL),)
ifeq ($(MIRROR_EXTRA),)
$(error KUBESPRAY=$(KUBESPRAY) needs MIRROR_EXTRA=DIR too: a directory with what no package registry has, \
	crictl, nerdctl, images of the CNI plug-in, and SHA256SUMS over them. docs/lab.md, "Real Kubespray", lists them)
endif
endif
KUBESPRAY_CONFIGURATION := .lab/kubespray/Pulumi.$(STACK).yaml

.PHONY: up test test-all down bench lint setup lab kubespray stand-in cluster

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

# Serves the lab's hosts what Kubespray downloads, and writes the stack's configuration for it.
kubespray: lab
	@$(LAB) kubespray "$(KUBESPRAY)" "$(MIRROR_EXTRA)" $(if $(VERSIONS),--versions "$(VERSIONS)")

cluster: $(if $(REAL),kubespray,stand-in)
	@echo "==> pulumi up, stack $(STACK), from the operator's place in the lab"
	@$(LAB) run pulumi stack select --create $(STACK)
	@$(LAB) run pulumi up --yes --skip-preview --suppress-outputs --stack $(STACK) \
		$(if $(REAL),--config-file $(KUBESPRAY_CONFIGURATION))

stand-in: lab
	@if [ -e $(KUBESPRAY_CONFIGURATION) ]; then \
		echo "error: this lab is for real Kubespray: give KUBESPRAY and MIRROR_EXTRA again, or \`make down\` first" >&2; \
		exit 1; \
	fi
	@echo "==> Kubespray: its stand-in, lab/standin (the real one: make up KUBESPRAY=CHECKOUT MIRROR_EXTRA=DIR, see docs/lab.md)"

# Some of the tests: make test ONLY=wireguard (a part of the names of tests or files), or ONLY=tests/model/mesh (a path).
# The tests' own `make up` must not be given this one's variables.
SUITES := env -u MAKEFLAGS -u MAKELEVEL $(PY) -m tests.suites $(if $(ONLY),--only "$(ONLY)")

test: setup
	@$(SUITES) short

test-all: setup
	@$(SUITES) short long

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
