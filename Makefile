# make run            set up, train the three networks, check them against Python
# make test           set up, run every test
# make test-kernels   the runs against Python again, by the kernels of older CPUs
# make test-torch24   the scripts of the tests under PyTorch 2.4.1, in .venv-2.4 (5 GB)
# make lesson         run every experiment: CSVs, pictures and pages in results/
# make sweep, bench   measure what docs/sweeps.md and docs/speed.md report
# make record.pyz     pack the recorder of scripts: target/record.pyz, one file
# make fuzz           damage all that is read, FUZZ=60 seconds for each kind of file
# make mutants        small mistakes in the lines that differ from SINCE=HEAD~1
# make recorder-mutants  likewise in the recorder of scripts, or FILES=batch.py of it
# make lint, format   check or mend the style of Rust and Python
# make golden         make the golden files again; golden-check: and compare
# make pictures       draw the pages' pictures again; pitfalls-table: that table
#
# PYTHON=...  the Python (3.10 or newer) that makes the environment: python3
# REUSE=...   a Python that already has PyTorch 2.13.0: used instead of a copy
# Either given later makes the environment anew, if it was made otherwise.

PYTHON  ?=
REUSE   ?=
TORCH   := 2.13.0
PY      := .venv/bin/python
CARGO   ?= cargo
# Cargo knows where the binary is (CARGO_TARGET_DIR, CARGO_BUILD_TARGET, its own
# configuration may say so), and that it is up to date.
BIN     := $(CARGO) run --release --quiet --
FRESH   := target/golden
# Not the scripts that are written as people write.
RECORDER := crates/parity/src/recorder
PYTHON_FILES := python_ref $(RECORDER) $(filter-out tests/lesson.py,$(wildcard tests/*.py crates/*/tests/*.py crates/*/tests/*/*.py crates/torch-parity/examples/*.py))

# Two targets at once would write the same files; cargo is parallel by itself.
.NOTPARALLEL:
# Left by an earlier shell, they would lead .venv's Python elsewhere.
unexport PYTHONHOME PYTHONPATH

.PHONY: run lesson sweep test test-kernels test-torch24 why-all setup build check bench lint format
.PHONY: golden golden-check pictures pitfalls-table python-to-rust record.pyz fuzz mutants clean
.PHONY: recorder-mutants
.DELETE_ON_ERROR:

run: build
	@mkdir -p results
	@$(BIN) train --csv results/losses.csv --history results/history.csv \
	    --plot results/losses.svg
	@echo
	@$(BIN) check

lesson: build
	@$(BIN) lesson results
	@echo
	@$(BIN) check all --html results/check.html

RATES := 0.0001 0.001 0.01 0.1

sweep: build
	@mkdir -p results
	@$(BIN) sweep --seeds 0..1000 --csv results/sweep.csv \
	    --plot docs/sweep_spread.svg --curves docs/sweep_curves.svg
	@for lr in $(RATES); do \
	    $(BIN) sweep --seeds 0..200 --epochs 500 --lr $$lr --csv results/sweep_lr_$$lr.csv \
	        >results/sweep_lr_$$lr.txt || exit; \
	done
	@$(BIN) sweep --summary results/sweep_lr_0.001.csv --curves docs/sweep_500.svg >/dev/null
	@echo
	@$(BIN) sweep --summary $(RATES:%=results/sweep_lr_%.csv) | tail -6

# Two more tests at once than there are cores: many wait, for each other or for a process.
test test-kernels: export RUST_TEST_THREADS ?= $(shell expr $$(nproc) + 2)

test: setup
	$(CARGO) test --release --workspace

# For libtorch, for MKL, and the flag of a CPU that has newer ones: `make test` runs by
# the newest. Beyond AVX-512 MKL has newer ones on Intel alone.
KERNELS := default:SSE4_2:avx2 avx2:AVX2:avx512f avx512:AVX512:avx512_vnni

test-kernels: setup
	@for kernels in $(KERNELS); do \
	    set -- $$(echo $$kernels | tr : ' '); \
	    grep -qw $$3 /proc/cpuinfo || continue; \
	    [ $$1 != avx512 ] || grep -q GenuineIntel /proc/cpuinfo || continue; \
	    echo "ATEN_CPU_CAPABILITY=$$1 MKL_ENABLE_INSTRUCTIONS=$$2"; \
	    ATEN_CPU_CAPABILITY=$$1 MKL_ENABLE_INSTRUCTIONS=$$2 $(CARGO) test --release \
	        --workspace --test suite -- ladder:: runs_at_the_edges --skip randomly_drawn || exit; \
	done

# What records, under a PyTorch two years older: docs/two-versions.md.
OLD_TORCH := 2.4.1
OLD       := .venv-2.4
OLD_READY := $(OLD)/ready-$(OLD_TORCH)

# Those that need no libtorch of the same version beside it.
OLD_TESTS := the_recorder record_runs two_records with_several_models random_numbers

test-torch24: export TANH_PARITY_PYTHON := $(CURDIR)/$(OLD)/bin/python
test-torch24: export TORCH_PARITY_PYTHON := $(CURDIR)/$(OLD)/bin/python
test-torch24: setup $(OLD_READY)
	$(CARGO) test --release --workspace --test suite -- $(OLD_TESTS)
	$(CARGO) test --release --workspace --test tool --test two_versions

$(OLD_READY):
	$(or $(PYTHON),python3) -m venv --clear $(OLD)
	$(OLD)/bin/python -m pip install --quiet --disable-pip-version-check \
	    torch==$(OLD_TORCH) 'numpy<2'
	@touch $@

# Ten times as many altered results, and more scripts, of `parity why`.
why-all: setup
	PARITY_WHY_ALL=1 $(CARGO) test --release --workspace --test why -- --nocapture

FUZZ := 60

fuzz: setup
	TORCH_PARITY_FUZZ_SECONDS=$(FUZZ) $(CARGO) test --release --workspace --test fuzz -- --nocapture
	TORCH_PARITY_FUZZ_SECONDS=$(FUZZ) $(CARGO) test --release --workspace --test suite -- --nocapture sweep::damaged

SINCE := HEAD~1

# In place: commit first. The tool: cargo install cargo-mutants
mutants: build
	@git diff --quiet HEAD || { echo "error: commit first, the sources are changed in place" >&2; exit 2; }
	@git diff $(SINCE) >target/mutants.diff
	$(CARGO) mutants --workspace --in-place --in-diff target/mutants.diff --output target $(MUTANTS)

recorder-mutants: setup
	nice $(PY) tests/mutants.py $(FILES)

check: build
	@$(BIN) check

# Prints docs/speed.md's table, draws its plot.
bench: build
	@mkdir -p results
	$(BIN) bench --records 5000 --large --csv results/bench.csv --plot docs/bench.svg

# The first build takes four to five minutes on two idle cores.
build: setup
	@$(CARGO) build --release

# A PYTHONPATH may be where the PyTorch of REUSE is.
setup: export PYTHONPATH := $(PYTHONPATH)
setup: export PYTHON := $(PYTHON)
setup: export REUSE := $(REUSE)
setup: export TORCH := $(TORCH)
setup:
	@sh python_ref/setup.sh

# It runs in any Python that has PyTorch, and needs nothing else.
record.pyz: setup
	@mkdir -p target
	@find $(RECORDER) -name __pycache__ -exec rm -r {} +
	$(PY) -m zipapp $(RECORDER) --output target/record.pyz

lint: setup
	$(CARGO) fmt --all --check
	$(CARGO) clippy --release --workspace --all-targets --quiet -- -D warnings
	$(PY) -m ruff format --check $(PYTHON_FILES)
	$(PY) -m ruff check $(PYTHON_FILES)

format: setup
	$(CARGO) fmt --all
	$(PY) -m ruff format $(PYTHON_FILES)

# The golden files, made by Python alone.
golden: setup
	$(PY) -m python_ref.golden tests/golden

# Makes them again elsewhere and compares.
golden-check: build
	@rm -rf $(FRESH)
	$(PY) -m python_ref.golden $(FRESH)
	@for file in $(notdir $(wildcard tests/golden/*.csv tests/golden/*.safetensors)); do \
	    echo; echo "$$file"; \
	    $(BIN) compare $(FRESH)/$$file tests/golden/$$file --rtol 1.3e-6 --atol 1e-5 || exit; \
	done

# The pictures that the pages show.
pictures: build
	@$(BIN) train --plot docs/losses.svg >/dev/null
	@$(BIN) curve --activations tanh,sigmoid,relu --plot docs/curve.svg >/dev/null
	@$(BIN) signal --plot docs/signal.svg >/dev/null
	@$(BIN) recurrent --plot docs/recurrent.svg >/dev/null
	@$(BIN) generator --plot docs/generator.svg --image docs/generator.png >/dev/null

# Puts the table of `tanh-parity pitfalls --markdown` between its markers.
PAGE ?= docs/pitfalls.md
python-to-rust:
	TORCH_PARITY_WRITE_PAGE=1 $(CARGO) test --release --workspace --test library -- python_to_rust

pitfalls-table: build
	@mkdir -p results
	@$(BIN) pitfalls --markdown > results/pitfalls.md
	@sed -i -e '/^<!-- pitfalls:/,/^<!-- end of pitfalls/{//!d;}' \
		-e '/^<!-- pitfalls:/r results/pitfalls.md' $(PAGE)

clean:
	rm -rf target results .venv $(OLD)
