# What people and CI run. Everything is installed into this folder; nothing needs root.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo faults bad-candidates drills mlflow test check new-model check-model validate-data synth deploy destroy doctor mutants lock

ENV ?= dev
MODEL ?= churn
NAME ?=
TASK ?=
NOTIFY ?=
ARGS ?=

python := .venv/bin/python
export JSII_NODE := $(CURDIR)/.perennial/cdk/node
export JSII_RUNTIME_PACKAGE_CACHE_ROOT := $(CURDIR)/.perennial/cdk/jsii
export JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION := 1
export CDK_DISABLE_CLI_TELEMETRY := 1
export CDK_DISABLE_VERSION_CHECK := 1
cdk := PATH="$(CURDIR)/.venv/bin:$(CURDIR)/.perennial/cdk:$$PATH" .perennial/cdk/node_modules/.bin/cdk
context = -c env=$(ENV) -c notify=$(NOTIFY)

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /make \1\t/' | column -t -s $$'\t'

demo: ## Run the whole loop of MODEL on this machine (ARGS="--keep" leaves the account running)
	@tools/setup all
	@$(python) -m demo --model $(MODEL) $(ARGS)

test: ## Everything: lint, types, unit, infra and system tests
	@tools/setup test
	@tools/test all

check: ## The fast part of the tests, in less than a minute
	@tools/setup dev ml cdk
	@tools/test fast

faults: ## Kill every handler at every one of its AWS calls, then redrive (see tests/system/faults)
	@tools/setup test
	@$(python) -m pytest -q -rP --durations 5 tests/system/faults

bad-candidates: ## Promote every kind of bad candidate while clients ask (see tests/system/promotion)
	@tools/setup test
	@$(python) -m pytest -q --durations 5 tests/system/promotion/test_bad_candidates.py

drills: ## Trip every alarm by its cause, follow its runbook, and tell how long both took
	@tools/setup dev ml emulator lambda cdk awscli
	@$(python) -m pytest -q tests/drills $(ARGS)

mlflow: ## Start a tracking server on this machine; Ctrl-C ends it (see docs/guides/tracking.md)
	@tools/setup mlflow
	@tools/mlflow $(ARGS)

new-model: ## Write the folder of a new model: NAME=… TASK=binary_classification|regression
	@tools/setup dev
	@$(python) -m tools.new_model "$(NAME)" "$(TASK)"

check-model: ## Check a model's folder: its card, its protocol, its golden examples (NAME=…)
	@tools/setup ml
	@.perennial/env/ml/bin/python -m ml.workload_check "ml/workloads/$(subst -,_,$(NAME))"

validate-data: ## Judge MODEL's samples, or a folder of <dataset>/<file>.csv (ARGS="folder"), by its card
	@tools/setup ml
	@.perennial/env/ml/bin/python -m ml.validation.local --model $(MODEL) $(ARGS)

synth: ## Synthesize both environments into cdk.out/<env>; needs no network and no credentials
	@tools/setup cdk
	@$(cdk) synth --quiet -c env=dev --output cdk.out/dev
	@$(cdk) synth --quiet -c env=prod -c notify=$(or $(NOTIFY),nobody@example.invalid) --output cdk.out/prod

deploy: ## Deploy ENV=dev|prod (NOTIFY=address) to the account of the shell's AWS credentials
	@tools/setup cdk
	@$(cdk) deploy --all $(context) $(if $(CI),--require-approval never)

destroy: ## Delete ENV=dev|prod from that account
	@tools/setup cdk
	@$(cdk) destroy --all $(context) $(if $(CI),--force)

doctor: ## Say what this machine has, and what would not work
	@tools/doctor

mutants: ## Change what decides, one small thing at a time, and see that tests notice (minutes; ARGS="gate")
	@tools/setup mutation
	@tools/mutants $(or $(ARGS),gate admission validation)

lock: ## Resolve requirements/*.in again, with hashes
	@tools/lock
