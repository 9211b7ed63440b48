#!/usr/bin/env bash
# Runs a command with an engine 28.5 of its own on a host with BusyBox's ps; see 28.sh.
set -euo pipefail
BLUEGATE_ENGINE_PS=busybox exec "$(dirname "$0")/28.sh" "$@"
