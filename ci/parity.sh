#!/bin/sh
# Builds all that is needed and compares a port with its script: what action.yml,
# ci/gitlab.yml and this project's own CI run.
#
#   ci/parity.sh SCRIPT PORT [FLAGS of `tanh-parity check`]
#
# PORT is the folder of the port's Cargo.toml. The report is printed, and left as
# parity.md, parity.xml (JUnit) and parity.html in the current folder; GitHub
# shows the first as the step's summary. Exit status: that of the check.
set -eu
[ $# -ge 2 ] || { sed -n 's/^# \{0,1\}//; 5,9p' "$0" >&2; exit 2; }
script=$1 port=$(CDPATH='' cd -- "$2" && pwd)
shift 2
tool=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)

# All that is built stays in the tool's folder, which is what CI caches.
unset CARGO_BUILD_TARGET
export CARGO_TARGET_DIR="$tool/target"
make -C "$tool" --no-print-directory build
export LIBTORCH="$tool/.venv/libtorch"
export TANH_PARITY_PYTHON="$tool/.venv/bin/python"

# The library was somewhere else where the port was made; here it is in this folder.
manifest=$port/Cargo.toml
library=$(sed -n 's/^torch-parity = { path = "\(.*\)" }$/\1/p' "$manifest")
if [ -n "$library" ] && ! (cd "$port" && [ -d "$library" ]); then
    echo "$manifest: $library is not here, $tool/crates/torch-parity takes its place"
    sed -i "s|^torch-parity = .*|torch-parity = { path = \"$tool/crates/torch-parity\" }|" "$manifest"
fi
cargo build --release --manifest-path "$manifest"

# In trouble there is no report, and none of an earlier run takes its place.
rm -f parity.md parity.xml parity.html
status=0
"$tool/target/release/tanh-parity" check --script "$script" \
    --port "cargo run --release --quiet --manifest-path '$manifest'" \
    --markdown parity.md --junit parity.xml --html parity.html "$@" || status=$?
if [ -n "${GITHUB_STEP_SUMMARY:-}" ] && [ -f parity.md ]; then
    cat parity.md >>"$GITHUB_STEP_SUMMARY"
fi
exit $status
