#!/usr/bin/env bash
# Makes sure that a Docker engine answers: says nothing when one does, installs and starts one where that is allowed,
# and otherwise says what a person has to do.
set -euo pipefail

answers() { timeout 10 docker info >/dev/null 2>&1; }

fail() { # WHAT REMEDY
  echo "ensure.sh: no Docker engine: $1" >&2
  echo "ensure.sh: $2" >&2
  exit 1
}

if answers; then exit; fi

# An engine that the docker CLI does not ask would be of no use.
ours=unix:///var/run/docker.sock
endpoint=${DOCKER_HOST:-$(docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null || echo "$ours")}
if [[ $endpoint != "$ours" ]]; then
  fail "none answers at $endpoint" "start it there, or use this machine's: export DOCKER_HOST=$ours"
fi
if ((EUID != 0)); then
  if [[ -S ${ours#unix://} ]]; then
    fail "$(docker version 2>&1 >/dev/null | tail -n 1)" "run: sudo usermod -aG docker $(id -un), then log in again"
  fi
  fail "only root can install and start it" "run: sudo $0"
fi

work=$(mktemp -d -t ensure-engine.XXXXXX)
log=$work/log
if ! command -v dockerd >/dev/null || ! command -v docker >/dev/null; then
  if ! command -v apt-get >/dev/null; then
    fail "dockerd is not installed, nor is apt-get" "install Docker: https://docs.docker.com/engine/install/"
  fi
  echo "ensure.sh: installing docker.io" >&2
  if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y docker.io; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    fail "apt-get cannot install docker.io" "the whole output is in $log"
  fi
fi

# The package may have started it already; where there is no init system, nobody has.
for _ in 1 2 3; do
  if answers; then exit; fi
  sleep 1
done
echo "ensure.sh: starting dockerd, its log is $log" >&2
setsid dockerd >"$log" 2>&1 </dev/null &
daemon=$!
for _ in {1..60}; do
  if answers; then exit; fi
  # Its start-up errors are final: waiting longer would only hide them.
  if ! kill -0 "$daemon" 2>/dev/null; then break; fi
  sleep 0.5
done
tail -n 20 "$log" >&2
fail "dockerd did not start" "its whole log is $log"
