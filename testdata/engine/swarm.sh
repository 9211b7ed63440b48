#!/usr/bin/env bash
# Runs a command with a Docker Swarm of three engines 28.5 (own.sh) on this machine:
#
#   swarm.sh make e2e-swarm
#   BLUEGATE_SWARM_MANAGERS=1 swarm.sh docker node ls
#
# BLUEGATE_SWARM_MANAGERS says how many of the three are managers: 3 (the default) or 1; 0: there is no Swarm yet.
#
# Each node has mount, network and process namespaces of its own, with an address on a network that joins the three, and
# its own images: the demo's are loaded on each. The command runs in the network of node 1, so that what node 1 publishes
# on 127.0.0.1 is there; it finds node 1 at the usual socket, and each node at BLUEGATE_SWARM_NODE1, 2 and 3. It has no
# other network. All of them see this machine's files. swarm-node.sh switches nodes off and cuts their network.
#
# All ends with the command, also when this script is killed. The engine that this machine has is not touched.
set -euo pipefail
shopt -s inherit_errexit

managers=${BLUEGATE_SWARM_MANAGERS:-3}
program=swarm.sh
# shellcheck source=testdata/engine/own.sh
source "$(dirname "$0")/own.sh"
node=$(dirname "$0")/swarm-node.sh
images=(bluegate-nginx:1.22 bluegate-nginx:1.30 bluegate-shop:v1 bluegate-shop:v2 bluegate-shop:v3)

# Outside: what needs the network or this machine's engine.
outside() {
  ((EUID == 0)) || fail "only root can make the namespaces for engines of one's own"
  (($# > 0)) || fail "usage: swarm.sh COMMAND [ARGUMENT...]"
  [[ $managers == [013] ]] || fail "BLUEGATE_SWARM_MANAGERS is $managers, and must be 0, 1 or 3"
  install_root
  own_run bluegate-run-swarm
  docker save -o "$work/images.tar" "${images[@]}"
  BLUEGATE_SWARM_WORK=$work in_namespaces "$0" "$@"
}

# Inside: the namespaces that hold those of the nodes, and the bridge between them.
inside() {
  work=$BLUEGATE_SWARM_WORK
  unset DOCKER_HOST DOCKER_CONTEXT
  mount -t tmpfs tmpfs /run
  mkdir -p "$work/config/cli-plugins"
  ln -s "$(find "$root/usr" -path '*/cli-plugins/docker-compose')" "$work/config/cli-plugins/"
  ln -s "$work/node1/docker.sock" /run/docker.sock
  export DOCKER_CONFIG=$work/config
  local n
  for n in 1 2 3; do export "BLUEGATE_SWARM_NODE$n=unix://$work/node$n/docker.sock"; done
  ip link set lo up
  ip link add swarm type bridge
  ip link set swarm up
  "$node" start 1 2 3
  load
  if ((managers > 0)); then
    join
    as_wanted
  fi
  nsenter --net=/run/netns/node1 -- "$@"
}

on() { docker --host "unix://$work/node$1/docker.sock" "${@:2}"; } # NODE ARGUMENT...

load() {
  local n loading=()
  for n in 1 2 3; do
    on "$n" load -q -i "$work/images.tar" >/dev/null &
    loading+=($!)
  done
  for n in "${loading[@]}"; do wait "$n" || fail "the images cannot be loaded"; done
  rm "$work/images.tar"
}

# join makes the Swarm. A node that does not answer is taken for down within seconds, so that tests need not wait long.
join() {
  local n role
  on 1 swarm init --advertise-addr 198.18.0.1 --listen-addr 198.18.0.1 --dispatcher-heartbeat 4s >/dev/null
  for n in 2 3; do
    role=manager
    if ((n > managers)); then role=worker; fi
    on "$n" swarm join --advertise-addr "198.18.0.$n" --listen-addr "198.18.0.$n" \
      --token "$(on 1 swarm join-token -q "$role")" 198.18.0.1:2377 >/dev/null
  done
}

# as_wanted prints which Swarm answers, and fails if it is another one than was asked for.
as_wanted() {
  local version ready leading
  for _ in {1..60}; do
    ready=$(on 1 node ls --format '{{.Status}} {{.Availability}}' | grep -c '^Ready Active$' || true)
    if ((ready == 3)); then break; fi
    sleep 0.5
  done
  ((ready == 3)) || fail "of the three nodes $ready are ready" "$work/node1/log"
  version=$(on 1 version --format '{{.Server.Version}}')
  leading=$(on 1 node ls --format '{{.ManagerStatus}}' | grep -cE 'Leader|Reachable')
  echo "$program: a Swarm of 3 engines $version, $leading of them managers" >&2
  [[ $version == 28.5.* ]] || fail "engine 28.5 was asked for, and $version answers"
  ((leading == managers)) || fail "$managers managers were asked for, and there are $leading"
}

if [[ ${BLUEGATE_SWARM_WORK:-} ]]; then
  inside "$@"
else
  outside "$@"
fi
