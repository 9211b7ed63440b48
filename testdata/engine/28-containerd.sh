#!/usr/bin/env bash
# Runs a command with an engine 28.5 of its own that keeps its images in containerd's store; see 28.sh.
set -euo pipefail
BLUEGATE_ENGINE_STORE=containerd exec "$(dirname "$0")/28.sh" "$@"
