#!/usr/bin/env bash
# Installs those of Debian's packages that are missing:
#
#   packages.sh openssh-server docker-registry
#
# No service of theirs is started. Tests that run side by side wait for one another.
set -euo pipefail

exec 9>"${TMPDIR:-/tmp}/bluegate-tests-apt.lock"
flock 9
missing=()
for package in "$@"; do
  if [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) != installed ]]; then missing+=("$package"); fi
done
if ((${#missing[@]} == 0)); then exit; fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive
if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  echo "packages.sh: cannot install ${missing[*]}" >&2
  exit 1
fi
