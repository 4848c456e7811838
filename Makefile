# make run    set up, train the three networks, check them against Python
# make test   set up, run every test
#
# PYTHON=...  the Python (3.10 or newer) that makes the environment
# REUSE=...   a Python that already has PyTorch 2.13.0: used instead of a copy

PYTHON  ?= python3
REUSE   ?=
TORCH   := 2.13.0
PY      := .venv/bin/python
READY   := .venv/ready
CARGO   := cargo
BIN     := $(CARGO) run --release --quiet --

.PHONY: pitfalls-table run test setup build check lint format golden golden-check clean
.DELETE_ON_ERROR:

run: build
	@mkdir -p results
	@$(BIN) train --csv results/losses.csv --history results/history.csv --plot results/losses.svg
	@echo
	@$(BIN) check

test: setup
	$(CARGO) test --release

check: build
	@$(BIN) check

build: setup
	@$(CARGO) build --release

setup: $(READY)

$(READY): python_ref/requirements.txt python_ref/constraints.txt python_ref/setup.sh
	@PYTHON='$(PYTHON)' REUSE='$(REUSE)' TORCH='$(TORCH)' sh python_ref/setup.sh
	@touch $@

# Puts the table of `tanh-parity pitfalls --markdown` between its markers.
README ?= README.md
pitfalls-table: build
	@mkdir -p results
	@$(BIN) pitfalls --markdown > results/pitfalls.md
	@sed -i -e '/^<!-- pitfalls:/,/^<!-- end of pitfalls/{//!d;}' \
		-e '/^<!-- pitfalls:/r results/pitfalls.md' $(README)
