#!/usr/bin/env bash
# Runs a command on a machine that is made slow: the command, and the engine 28.5 that it gets (28.sh), together have half
# a core, or as many percent of one as BLUEGATE_CORE_PERCENT says.
#
#   slow.sh make unit e2e
set -euo pipefail

quota=$((${BLUEGATE_CORE_PERCENT:-50} * 1000))
if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then
  group=/sys/fs/cgroup/bluegate-slow-$$
  mkdir "$group"
  echo "$quota 100000" >"$group/cpu.max"
else
  group=/sys/fs/cgroup/cpu/bluegate-slow-$$
  mkdir "$group"
  echo 100000 >"$group/cpu.cfs_period_us"
  echo "$quota" >"$group/cpu.cfs_quota_us"
fi
code=0
(
  echo "$BASHPID" >"$group/cgroup.procs"
  exec "$(dirname "$0")/28.sh" "$@"
) || code=$?
rmdir "$group" 2>/dev/null || true # what the engine leaves behind for a moment keeps it
exit "$code"
