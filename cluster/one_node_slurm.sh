#!/bin/sh
# Shows cluster/sweep.sbatch at work on a Slurm of one node: installs Debian's
# packages, starts the daemons, runs the array with one task cancelled midway
# and submitted again, merges, compares with a plain sweep, stops the daemons.
#
#   sudo cluster/one_node_slurm.sh target/release/tanh-parity
#
# Takes about a minute. Needs root: munged runs as its own user, slurmd starts
# jobs for others. All files, slurm.conf too, are in a new folder in /tmp, which
# is left there. Exit status 0: the merged bytes are those of the plain sweep.
set -eu

say() { printf '\n# %s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 2; }
# Runs a command until it succeeds, for up to 30 seconds.
wait_for() {
    for _ in $(seq 60); do "$@" >/dev/null 2>&1 && return; sleep 0.5; done
    fail "no success after 30 s: $* (logs are in $work)"
}

[ "$(id -u)" = 0 ] || fail "this needs root: sudo $0 BINARY"
[ -x "${1:-}" ] || fail "name the binary: $0 target/release/tanh-parity"
TANH_PARITY=$(realpath "$1")
batch=$(dirname "$(realpath "$0")")/sweep.sbatch
work=$(mktemp -d /tmp/one-node-slurm.XXXXXX)
export TANH_PARITY SLURM_CONF="$work/slurm.conf"

say "install"
if ! { command -v slurmctld && command -v slurmd && command -v munged; } >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq slurm-wlm munge >"$work/apt.log" 2>&1 ||
        fail "apt-get could not install slurm-wlm and munge: see $work/apt.log"
fi
slurmctld -V

say "start"
# The node must be called as this machine is; it is reached by address, since
# the name need not resolve.
name=$(hostname -s)
cat >"$SLURM_CONF" <<EOF
ClusterName=one-node
SlurmctldHost=$name(127.0.0.1)
AuthType=auth/munge
SlurmUser=root
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
NodeName=$name NodeAddr=127.0.0.1 CPUs=$(nproc)
PartitionName=all Nodes=$name Default=YES State=UP
EOF
mkdir "$work/state" "$work/spool" "$work/munge"
munged=
stop() {
    status=$?
    for pid in $munged $(cat "$work/slurmd.pid" "$work/slurmctld.pid" 2>/dev/null); do
        kill "$pid" && wait_for sh -c "! kill -0 $pid"
    done
    exit "$status"
}
trap stop EXIT
if ! munge -n >/dev/null 2>&1; then
    install -d -o munge -g munge -m 755 /run/munge
    runuser -u munge -- munged --foreground >"$work/munged.log" 2>&1 &
    munged=$!
    wait_for munge -n
fi
slurmctld
slurmd -N "$name"
wait_for sh -c 'sinfo --noheader --format=%T | grep -qx idle'
sinfo

say "run the array; cancel task 3 midway; submit it again, which goes on"
cd "$work"
sweep="--seeds 0..200 --epochs 200"
job=$(sbatch --parsable "$batch" $sweep)
wait_for grep -q relu part3.csv
squeue --array
scancel "${job}_3"
wait_for sh -c "[ -z \"\$(squeue --noheader --job=$job)\" ]"
if "$TANH_PARITY" merge all.csv part*.csv; then fail "task 3 ended before it was cancelled"; fi
SHARDS=4 sbatch --wait --array=3 "$batch" $sweep

say "merge, and compare with a sweep in one piece"
"$TANH_PARITY" merge all.csv part*.csv >merged.txt
"$TANH_PARITY" sweep $sweep --csv plain.csv >plain.txt
cmp all.csv plain.csv
cmp all.csv.json plain.csv.json
cmp merged.txt plain.txt
cat merged.txt
say "same bytes: $(wc -l <all.csv) lines, $(sha256sum <all.csv | cut -c1-16)"
