#!/bin/sh
# Makes .venv, with what python_ref/requirements.txt pins, and .venv/libtorch,
# where .cargo/config.toml looks for libtorch. Called by `make setup`, always:
# where .venv is whole and what was asked for, it ends at once.
#   PYTHON  the interpreter that makes the environment [default: python3]
#   REUSE   an interpreter that already has PyTorch: its packages are used
#   TORCH   the PyTorch version that tch is made for
# .venv/ready says what .venv was made from; its last line, that it was finished.
set -euf

say() { printf '%s\n' "$*" >&2; }
fail() { say "error: $*"; exit 2; }

# What an earlier shell left, and what would lead pip or Python elsewhere.
unset PYTHONHOME PIP_TARGET PIP_PREFIX PIP_ROOT PIP_REQUIRE_VIRTUALENV
export PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1
py() { .venv/bin/python -E "$@"; } # -E: whatever PYTHONPATH says
ready() { sed -n "s/^$1 //p" .venv/ready 2>/dev/null || true; }
version_of() { # of a PyTorch's folder, or of a plain libtorch's
    { cat "$1/build-version" || sed -n 's/^__version__ = //p' "$1/version.py" || echo none; } \
        2>/dev/null | tr -d "'\"" | cut -d+ -f1
}

# --- What set-up cannot mend ---

[ "$(uname)" = Linux ] || fail "this is $(uname), only Linux is supported: use a Linux machine or container"
here=$(pwd -P)
case $here in
    *:*) fail "PATH and linkers split $here at its colon: rename the folder" ;;
esac
left=$(env | sed -n 's/^\(LIBTORCH_[A-Z0-9_]*\)=.*/\1/p' | head -n 1)
[ -z "$left" ] || fail "$left is set, which .venv or LIBTORCH alone should decide: unset $left"
if [ -n "${LIBTORCH+set}" ]; then
    mend="unset LIBTORCH, or set it to the full path of libtorch $TORCH"
    case $LIBTORCH in /*) ;; *) fail "LIBTORCH=$LIBTORCH is not a full path: $mend" ;; esac
    [ -e "$LIBTORCH/lib/libtorch_cpu.so" ] ||
        fail "LIBTORCH=$LIBTORCH has no lib/libtorch_cpu.so: $mend"
    found=$(version_of "$LIBTORCH")
    [ "$found" = "$TORCH" ] || fail "LIBTORCH=$LIBTORCH is version $found, $TORCH is needed: $mend"
fi

# --- What is asked for: a Python, and what it is to be ---

[ -z "${PYTHON:-}" ] || [ -z "${REUSE:-}" ] ||
    fail "PYTHON and REUSE are both set, and each names the interpreter: unset one of them"
asked=${REUSE:-${PYTHON:-}}
if [ -z "$asked" ]; then # as the last time, if that is still there
    REUSE=$(ready REUSE) PYTHON=$(ready PYTHON)
    if [ -n "$REUSE" ] && [ ! -x "$REUSE" ]; then
        lost=$REUSE REUSE=
    fi
    [ -x "$PYTHON" ] || PYTHON=
    # A .venv of before .venv/ready said so.
    [ -n "$REUSE$PYTHON" ] || PYTHON=$(py -c 'import sys; print(sys._base_executable)' 2>/dev/null) || true
fi
if [ -n "${REUSE:-}" ]; then
    role=REUSE maker=$REUSE
    wanted="REUSE=... must name a Python that has PyTorch $TORCH"
else
    role=PYTHON maker=${PYTHON:-python3}
    unset PYTHONPATH
    wanted="install Python 3.10 or newer, or name one: make setup PYTHON=..."
fi

# `is` tells interpreters apart, whatever links lead to them.
is=
find_maker() {
    [ ! -d "$maker" ] || fail "$role=$maker is a folder: name the interpreter in it, as $maker/bin/python"
    path=$(command -v "$maker") && [ -x "$path" ] || fail "no interpreter $maker: $wanted"
    case $path in /*) maker=$path ;; *) maker=$here/$path ;; esac
    is=$("$maker" -c 'import sys; print(sys.version.split()[0], sys.prefix)' 2>/dev/null) && [ "$is" ] ||
        fail "$maker does not start as a Python does: $wanted"
    if [ "${is#* }" -ef .venv ]; then
        [ $role = PYTHON ] || fail "REUSE=$maker is what set-up makes: name another, or leave REUSE out"
        maker=$("$maker" -c 'import sys; print(sys._base_executable)')
        find_maker
    fi
}
[ -z "$asked" ] || find_maker

# --- Is it there? ---

# .venv starts and sees every package, and .venv/libtorch is its PyTorch.
whole() {
    [ "$(version_of .venv/libtorch)" = "$TORCH" ] && [ -e .venv/libtorch/lib/libtorch_cpu.so ] &&
        py -c '
import os, sys
from importlib.util import find_spec
found = [find_spec(name) for name in ("torch", "safetensors", "numpy", "ruff")]
sys.exit(None in found or not os.path.samefile(os.path.dirname(found[0].origin), ".venv/libtorch"))
' 2>/dev/null
}
pins=$(cat python_ref/requirements.txt python_ref/constraints.txt 2>/dev/null | cksum)
as_asked() { [ -z "$asked" ] || { [ "$(ready "$role")" ] && [ "$(ready is)" = "$is" ]; }; }
nothing_to_do() {
    [ "$(ready folder)$(ready pins)$(ready finished)" = "$here${pins}yes" ] && as_asked && whole
}

if [ -L .venv ]; then # somebody's own doing, perhaps shared: nothing is changed behind it
    as_asked && whole && exit 0
    fail ".venv is a link to $(readlink .venv), which is not whole or not what is asked for: remove the link"
fi
nothing_to_do && exit 0

# --- What making it takes ---

[ -n "$asked" ] || find_maker
"$maker" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    fail "$maker is $("$maker" --version 2>&1): Python 3.10 or newer is needed: make setup PYTHON=..."
"$maker" -c 'import venv, ensurepip' 2>/dev/null ||
    fail "$maker cannot make environments: install its venv module (Debian: apt install python3-venv)"
command -v "${CXX:-c++}" >/dev/null 2>&1 ||
    fail "no C++ compiler ${CXX:-c++}: install one (Debian: apt install g++), or name it: CXX=..."
command -v cargo >/dev/null 2>&1 ||
    fail "no cargo: install Rust 1.89 or newer (rustup)"
if [ $role = REUSE ]; then
    found=$("$maker" -c 'import torch; print(torch.__version__.split("+")[0])' 2>/dev/null) || found=none
    [ "$found" = "$TORCH" ] ||
        fail "$maker has PyTorch $found, $TORCH is needed: $maker -m pip install torch==$TORCH"
fi

# Another `make` in this folder may be at it; the lock ends with the process.
exec 9<.
if command -v flock >/dev/null 2>&1 && ! flock -n 9; then
    say "waiting for another set-up in this folder"
    flock 9
    nothing_to_do && exit 0
fi

# --- Make it: anew, unless it is whole and only moved, or pins changed ---

clear=yes
if as_asked && whole; then
    clear=
    say "set-up: .venv is brought up to date: it was moved, or its pins changed"
fi
[ -z "${lost:-}" ] || say "$lost, whose PyTorch .venv used, is gone: .venv gets a PyTorch of its own"
[ -z "$clear" ] || [ ! -e .venv ] || say "making .venv anew"
if [ -n "$clear" ]; then "$maker" -m venv --without-pip --clear .venv; else py -m venv --without-pip .venv; fi ||
    fail "$maker could not make .venv: see its message above"
{
    echo "folder $here"
    echo "$role $maker"
    echo "is $is"
} >.venv/ready
if [ $role = REUSE ]; then
    site=$(py -c 'import site; print(site.getsitepackages()[0])')
    "$maker" -c 'import sys; print("\n".join(p for p in sys.path if p.endswith("-packages")))' \
        >"$site/reused.pth"
fi
py -m pip --version >/dev/null 2>&1 || py -m ensurepip >/dev/null || fail "$maker could not install pip"

# GB that a folder's disk must have free before a download.
room() {
    free=$(df -Pk "$2" | awk 'END { print int($4 / 1024 / 1024) }')
    [ "$free" -ge "$1" ] ||
        fail "$1 GB are needed in $2, $free GB are free: make room$3, or use a PyTorch that is there: make setup REUSE=..."
}

# pip would ask a dead index for minutes, then take the large wheel elsewhere.
offers() {
    for package in torch safetensors; do
        PIP_EXTRA_INDEX_URL='' PIP_FIND_LINKS='' py -m pip index versions "$package" \
            --index-url "$1" --retries 0 --timeout 8 >/dev/null 2>&1 && return
    done
    return 1
}
ask() { # the name of a variable, its value
    [ -z "${PIP_NO_INDEX:-}" ] || return 0
    for url in $2; do
        offers "$url" || fail "$1: no packages at $(echo "$url" | sed 's|//[^/@]*@|//|'):" \
            "mend the address or the network, or unset $1"
    done
}

install() { py -m pip install "$@" -r python_ref/requirements.txt; }
if ! install --quiet --no-index >/dev/null 2>&1; then # not all there yet
    if [ $role = REUSE ]; then
        say "set-up: some packages into .venv, beside the PyTorch of $maker: some seconds"
    elif [ -n "${PIP_INDEX_URL:-}${PIP_EXTRA_INDEX_URL:-}" ]; then
        say "set-up: PyTorch $TORCH into .venv: a download of 0.3 GB for the CPU-only wheel, of 2.8 GB for the default one"
        room 2 "$here" ''
    else
        say "set-up: PyTorch $TORCH into .venv: a download of 2.8 GB, 4.7 GB on disk, a minute or more"
        room 6 "$here" ''
        room 3 "${TMPDIR:-/tmp}" ', or set TMPDIR'
    fi
    ask PIP_INDEX_URL "${PIP_INDEX_URL:-}"
    ask PIP_EXTRA_INDEX_URL "${PIP_EXTRA_INDEX_URL:-}"
    quiet=--quiet
    [ ! -t 1 ] || quiet= # progress is for who looks on
    install $quiet || fail "pip could not install python_ref/requirements.txt: see its message above"
fi

# --- Link libtorch, and say that all is done ---

# Relative within .venv, so that it outlives a move of the checkout.
found=$(py -c '
import os, torch
path, own = torch.__path__[0], os.path.abspath(".venv")
inside = path.startswith(own + os.sep)
print(torch.__version__.split("+")[0], os.path.relpath(path, own) if inside else path)
' 2>/dev/null) ||
    fail "PyTorch does not start ($(py -c 'import torch' 2>&1 | tail -n 1)): remove .venv and run make setup again"
torch=${found#* }
[ "${found%% *}" = "$TORCH" ] ||
    fail "PyTorch $TORCH is needed, .venv has ${found%% *}: remove .venv and run make setup again"
ln -sfn "$torch" .venv/libtorch
[ -e .venv/libtorch/lib/libtorch_cpu.so ] ||
    fail "$torch has no lib/libtorch_cpu.so: install torch==$TORCH from a wheel"
printf 'pins %s\nfinished yes\n' "$pins" >>.venv/ready
