#!/usr/bin/env bash
# Runs a command with an engine 28.5 of its own, from Debian's sid:
#
#   28.sh make e2e
#
# BLUEGATE_ENGINE_STORE says where it keeps its images: graphdriver (the default), or containerd, as a fresh engine 29 does.
# BLUEGATE_ENGINE_PS=busybox gives its host BusyBox's ps, as Alpine and docker:dind have it.
# What answers must be of that version, store and ps, else nothing is run.
#
# The engine and the command live in mount, network and process namespaces that end with the command. The command finds
# this engine at the usual socket, with the demo's images, and has no network but loopback and the engine's own;
# the engine that this machine has is not touched. Both see this machine's files, as an engine that is installed does: only
# the executables are sid's, with sid's libraries.
set -euo pipefail
shopt -s inherit_errexit

store=${BLUEGATE_ENGINE_STORE:-graphdriver}
ps=${BLUEGATE_ENGINE_PS:-procps}
program=28.sh
# shellcheck source=testdata/engine/own.sh
source "$(dirname "$0")/own.sh"

# The engine executes the ps that it finds first in its PATH.
install_busybox() {
  if [[ -x $root/busybox/ps ]]; then return; fi
  local log
  log=$(mktemp)
  if ! command -v busybox >/dev/null; then
    { apt-get update && apt-get install -y --no-install-recommends busybox; } >"$log" 2>&1 || fail "cannot install busybox" "$log"
  fi
  rm -rf "$root/busybox.new"
  mkdir "$root/busybox.new"
  cp -L "$(command -v busybox)" "$root/busybox.new/ps"
  mv "$root/busybox.new" "$root/busybox"
  rm -f "$log"
}

# Outside: what needs the network or this machine's engine.
outside() {
  ((EUID == 0)) || fail "only root can make the namespaces for an engine of one's own"
  (($# > 0)) || fail "usage: 28.sh COMMAND [ARGUMENT...]"
  [[ $store == graphdriver || $store == containerd ]] || fail "BLUEGATE_ENGINE_STORE is $store, and must be graphdriver or containerd"
  [[ $ps == procps || $ps == busybox ]] || fail "BLUEGATE_ENGINE_PS is $ps, and must be procps or busybox"
  install_root
  if [[ $ps == busybox ]]; then install_busybox; fi
  own_run bluegate-run-28
  docker save -o "$work/images.tar" bluegate-nginx:1.22 bluegate-nginx:1.30 bluegate-shop:v1 bluegate-shop:v2 bluegate-shop:v3
  BLUEGATE_ENGINE_WORK=$work in_namespaces "$0" "$@"
}

# as_wanted prints which engine answers, and fails if it is another one than was asked for.
as_wanted() {
  local version api kept=graphdriver
  version=$(docker version --format '{{.Server.Version}}')
  api=$(docker version --format '{{.Server.APIVersion}}')
  if [[ $(docker info --format '{{.DriverStatus}}') == *io.containerd.snapshotter.* ]]; then kept=containerd; fi
  echo "28.sh: engine $version, API $api, image store $kept ($(docker info --format '{{.Driver}}'))" >&2
  [[ $version == 28.5.* ]] || fail "engine 28.5 was asked for, and $version answers"
  [[ $kept == "$store" ]] || fail "the image store $store was asked for, and the engine has $kept"
  [[ $ps == procps ]] || has_busybox
}

# has_busybox wants the engine's host to refuse a column that BusyBox does not know.
has_busybox() {
  local said
  docker run -d --name bluegate-ps bluegate-shop:v1 >/dev/null
  said=$(docker top bluegate-ps -eo pid,etimes 2>&1) && fail "BusyBox's ps was asked for, and the engine's host has another one"
  docker rm -f bluegate-ps >/dev/null
  [[ $said == *"bad -o argument"* ]] || fail "BusyBox's ps was asked for, and the engine's host says: $said"
  echo "28.sh: the host's ps is BusyBox's" >&2
}

# Inside: the engine gets a root of its own, which shares with ours what both must see under the same names.
inside() {
  local work=$BLUEGATE_ENGINE_WORK
  unset BLUEGATE_ENGINE_WORK DOCKER_HOST DOCKER_CONTEXT
  ip link set lo up
  mount -t tmpfs tmpfs /run
  mkdir -p "$work/data" "$work/config/cli-plugins"
  ln -s "$(find "$root/usr" -path '*/cli-plugins/docker-compose')" "$work/config/cli-plugins/"
  if [[ -x ~/.docker/cli-plugins/docker-rollout ]]; then cp ~/.docker/cli-plugins/docker-rollout "$work/config/cli-plugins/"; fi
  export DOCKER_CONFIG=$work/config
  if [[ $store == containerd ]]; then
    echo '{"features": {"containerd-snapshotter": true}, "storage-driver": "native"}' >"$work/daemon.json"
  else
    echo "{\"storage-driver\": \"${BLUEGATE_ENGINE_DRIVER:-overlay2}\"}" >"$work/daemon.json"
  fi
  local path=$root/engine:$PATH
  if [[ $ps == busybox ]]; then path=$root/busybox:$path; fi
  PATH=$path dockerd --config-file "$work/daemon.json" --data-root "$work/data" --cgroup-parent "/${work##*/}" >"$work/log" 2>&1 &
  local engine=$!
  for _ in {1..120}; do
    if timeout 10 docker info >/dev/null 2>&1; then break; fi
    kill -0 "$engine" 2>/dev/null || fail "the engine ended" "$work/log"
    sleep 0.5
  done
  docker load -q -i "$work/images.tar" >/dev/null || fail "the engine does not answer" "$work/log"
  as_wanted
  local code=0
  "$@" || code=$?
  kill "$engine"
  wait "$engine" || true # by our signal
  return "$code"
}

if [[ ${BLUEGATE_ENGINE_WORK:-} ]]; then
  inside "$@"
else
  outside "$@"
fi
