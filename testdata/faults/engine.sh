#!/usr/bin/env bash
# Runs a command where an engine of its own can be started, stopped, killed and filled up without touching any other:
# in mount, network and process namespaces of its own, all of which end with it.
#
#   engine.sh COMMAND [ARGUMENT...]
set -euo pipefail

if [[ ${FAULTS_INSIDE:-} != 1 ]]; then
  if ((EUID != 0)); then
    echo "engine.sh: only root can make the namespaces for an engine of one's own" >&2
    exit 1
  fi
  FAULTS_INSIDE=1 exec unshare --mount --net --pid --fork --kill-child --mount-proc --propagation private "$0" "$@"
fi

ip link set lo up
# An engine finds another's containerd, and its shims find each other, by paths in here.
mount -t tmpfs tmpfs /run
# Not by exec: the first process of a namespace has to bury what others leave behind.
"$@"
