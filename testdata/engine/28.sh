#!/usr/bin/env bash
# Runs a command with an engine 28.5 of its own, from Debian's sid:
#
#   28.sh make e2e
#
# The engine and the command live in mount, network and process namespaces that end with the command. The command finds
# this engine at the usual socket, with the demo's nginx images, and has no network but loopback and the engine's own;
# the engine that this machine has is not touched.
set -euo pipefail
shopt -s inherit_errexit

root=${BLUEGATE_ENGINE_ROOT:-/var/cache/bluegate/engine-28}

fail() { # WHAT [LOG]
  if [[ -s ${2:-} ]]; then tail -n 20 "$2" >&2; fi
  echo "28.sh: $1" >&2
  exit 1
}

# The suite never ends, so the age of its index says nothing.
install_root() {
  if [[ -x $root/usr/sbin/dockerd ]]; then return; fi
  local log
  log=$(mktemp)
  if ! command -v mmdebstrap >/dev/null; then
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends mmdebstrap debian-archive-keyring; } >"$log" 2>&1 ||
      fail "cannot install mmdebstrap" "$log"
  fi
  echo "28.sh: making $root of Debian's sid" >&2
  mkdir -p "${root%/*}"
  mmdebstrap --variant=minbase --include=docker.io,docker-cli,docker-compose,iptables,fuse-overlayfs,procps,ca-certificates \
    --aptopt='Acquire::Check-Valid-Until "false"' --dpkgopt='path-exclude=/usr/share/doc/*' \
    sid "$root.new" >"$log" 2>&1 || fail "mmdebstrap failed" "$log"
  mv "$root.new" "$root"
  rm -f "$log"
}

# Outside: what needs the network or this machine's engine.
outside() {
  ((EUID == 0)) || fail "only root can make the namespaces for an engine of one's own"
  (($# > 0)) || fail "usage: 28.sh COMMAND [ARGUMENT...]"
  install_root
  local work
  work=$(mktemp -d /var/tmp/bluegate-engine-28.XXXXXX)
  docker save -o "$work/images.tar" bluegate-nginx:1.22 bluegate-nginx:1.30
  local code=0
  BLUEGATE_ENGINE_WORK=$work unshare --mount --net --pid --fork --kill-child --mount-proc --propagation private "$0" "$@" || code=$?
  rm -rf "$work"
  return "$code"
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
  unshare --mount --propagation private "$0" --engine "$work" >"$work/log" 2>&1 &
  local engine=$!
  for _ in {1..120}; do
    if timeout 10 docker info >/dev/null 2>&1; then break; fi
    kill -0 "$engine" 2>/dev/null || fail "the engine ended" "$work/log"
    sleep 0.5
  done
  docker load -q -i "$work/images.tar" >/dev/null || fail "the engine does not answer" "$work/log"
  echo "28.sh: engine $(docker version --format '{{.Server.Version}}, API {{.Server.APIVersion}}')" >&2
  local code=0
  "$@" || code=$?
  kill "$engine"
  wait "$engine" || true # by our signal
  return "$code"
}

engine() { # WORK
  mount --bind "$root" "$root"
  cd "$root"
  local shared
  for shared in /dev /sys /run /tmp /var/tmp; do mount --rbind "$shared" ".$shared"; done
  mount -t proc proc proc
  mkdir -p var/lib/docker
  mount --bind "$1/data" var/lib/docker
  mkdir -p old
  pivot_root . old
  umount -l /old
  exec dockerd --storage-driver "${BLUEGATE_ENGINE_DRIVER:-overlay2}"
}

if [[ ${1:-} == --engine ]]; then
  engine "$2"
elif [[ ${BLUEGATE_ENGINE_WORK:-} ]]; then
  inside "$@"
else
  outside "$@"
fi
