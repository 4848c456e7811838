#!/bin/sh
# Makes .venv, with what python_ref/requirements.txt pins, and .venv/libtorch,
# where .cargo/config.toml looks for libtorch. Called by `make setup`.
#   PYTHON  the interpreter that makes the environment
#   REUSE   an interpreter that already has PyTorch: its packages are used
#   TORCH   the PyTorch version that tch is made for
set -eu

say() { printf '%s\n' "$*" >&2; }
fail() { say "error: $*"; exit 2; }

maker=${REUSE:-$PYTHON}
command -v "$maker" >/dev/null 2>&1 ||
    fail "no interpreter $maker: install Python 3.10 or newer, or name one: make setup PYTHON=..."
"$maker" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    fail "$maker is $("$maker" --version 2>&1): Python 3.10 or newer is needed: make setup PYTHON=..."
"$maker" -c 'import venv, ensurepip' 2>/dev/null ||
    fail "$maker cannot make environments: install its venv module (Debian: apt install python3-venv)"
command -v "${CXX:-c++}" >/dev/null 2>&1 ||
    fail "no C++ compiler ${CXX:-c++}: install one (Debian: apt install g++), or name it: CXX=..."
command -v cargo >/dev/null 2>&1 ||
    fail "no cargo: install Rust 1.89 or newer (rustup)"

torch_of() { "$1" -c 'import torch; print(torch.__version__.split("+")[0])' 2>/dev/null || echo none; }

if [ -n "${REUSE:-}" ]; then
    found=$(torch_of "$REUSE")
    [ "$found" = "$TORCH" ] ||
        fail "$REUSE has PyTorch $found, $TORCH is needed: $REUSE -m pip install torch==$TORCH"
fi

# An environment of another interpreter, or half made, is made anew.
"$maker" -m venv --clear .venv
py=.venv/bin/python
if [ -n "${REUSE:-}" ]; then
    site=$("$py" -c 'import site; print(site.getsitepackages()[0])')
    "$REUSE" -c 'import site, sys; print("\n".join(p for p in sys.path if p.endswith("-packages")))' \
        >"$site/reused.pth"
fi
say "installing python_ref/requirements.txt into .venv (about a minute; PyTorch is large)"
"$py" -m pip install --quiet --disable-pip-version-check -r python_ref/requirements.txt ||
    fail "pip could not install python_ref/requirements.txt: see its message above"

found=$(torch_of "$py")
[ "$found" = "$TORCH" ] ||
    fail "PyTorch $TORCH is needed, .venv has $found: remove .venv and run make setup again"
torch=$("$py" -c 'import torch; print(torch.__path__[0])')
[ -e "$torch/lib/libtorch_cpu.so" ] || [ -e "$torch/lib/libtorch_cpu.dylib" ] ||
    fail "$torch has no lib/libtorch_cpu: install torch==$TORCH from a wheel"
ln -sfn "$torch" .venv/libtorch
