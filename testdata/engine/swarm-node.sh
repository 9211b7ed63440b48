#!/usr/bin/env bash
# Does to nodes of the Swarm of swarm.sh what happens to machines; the commands that swarm.sh runs can call it.
#
#   swarm-node.sh kill 2      the machine is gone, with its containers, and without a word to anyone
#   swarm-node.sh start 2     it is switched on again, with the disk that it had
#   swarm-node.sh cut 2       its network is cut; all that it runs continues
#   swarm-node.sh mend 2      its network is back
#   swarm-node.sh crash 2     its engine is killed; its containers continue
#   swarm-node.sh revive 2    its engine is started again, and ends the containers that it finds
#
# `start` and `revive` return when the engine answers. Node 1 cannot be killed: the command of swarm.sh is in its network.
set -euo pipefail
shopt -s inherit_errexit

program=swarm-node.sh
# shellcheck source=testdata/engine/own.sh
source "$(dirname "$0")/own.sh"
work=${BLUEGATE_SWARM_WORK:?is set by swarm.sh, which has to run this}

hub() { nsenter --target 1 --net -- "$@"; } # the namespaces of swarm.sh itself have the bridge

# wire gives a node a network namespace that lasts until the node is killed.
wire() { # NODE
  ip netns add "node$1"
  hub ip link add "node$1" type veth peer name eth0 netns "node$1"
  hub ip link set "node$1" master swarm up
  ip -n "node$1" link set lo up
  ip -n "node$1" addr add "198.18.0.$1/24" dev eth0
  ip -n "node$1" link set eth0 up
}

begin() { # NODE
  local folder=$work/node$1
  [[ -e $folder/control ]] || { mkdir -p "$folder" && mkfifo "$folder/control"; }
  [[ -e /run/netns/node$1 ]] || wire "$1"
  setsid nsenter --net="/run/netns/node$1" -- unshare --mount --uts --pid --fork --kill-child --mount-proc --propagation private \
    "$0" machine "$1" >>"$folder/log" 2>&1 </dev/null &
  echo $! >"$folder/pid"
}

answers() { # NODE
  local folder=$work/node$1
  for _ in {1..240}; do
    if timeout 10 docker --host "unix://$folder/docker.sock" info >/dev/null 2>&1; then return; fi
    kill -0 "$(<"$folder/pid")" 2>/dev/null || fail "the machine of node $1 ended" "$folder/log"
    sleep 0.25
  done
  fail "the engine of node $1 does not answer" "$folder/log"
}

# machine is the first process of a node's namespaces: it starts its engine, and kills and starts it as it is told. It ends
# with an engine that ends by itself.
machine() { # NODE
  local folder=$work/node$1 engine space said word=start
  for space in /run/netns/*; do umount "$space" 2>/dev/null || true; done # another node would last as long as this one
  hostname "node$1"
  mount -t tmpfs tmpfs /run
  mount -o remount,rw /sys
  exec 3<>"$folder/control"
  engine
  while [[ $word == crash ]] || kill -0 "$engine" 2>/dev/null; do
    read -r -t 1 said <&3 || continue
    word=$said
    case $word in
      crash) kill -KILL "$engine"; wait "$engine" || true; rm -f "$folder/docker.sock" /run/docker.pid ;;
      revive) engine ;;
    esac
  done
}

# This machine's own engine may have a configuration that is not for these.
engine() {
  echo "{\"storage-driver\": \"${BLUEGATE_ENGINE_DRIVER:-overlay2}\", \"insecure-registries\": [\"198.18.0.0/24\"]}" >"$folder/daemon.json"
  PATH=$root/engine:$PATH dockerd --config-file "$folder/daemon.json" --host "unix://$folder/docker.sock" --data-root "$folder/data" \
    --exec-root /run/docker --pidfile /run/docker.pid --cgroup-parent "/${folder#/var/tmp/}" --exec-opt native.cgroupdriver=cgroupfs &
  engine=$!
}

kill_machine() { # NODE
  (($1 > 1)) || fail "node 1 cannot be killed: the command of swarm.sh is in its network; crash it, or cut it off"
  local pid
  pid=$(<"$work/node$1/pid")
  kill -KILL "$pid"
  while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
  rm -f "$work/node$1/docker.sock"
  hub ip link del "node$1"
  ip netns del "node$1"
}

does=${1:?what to do}
shift
(($# > 0)) || fail "usage: swarm-node.sh start|kill|cut|mend|crash|revive NODE..."
for n in "$@"; do
  [[ $n == [123] ]] || fail "there is no node $n"
  case $does in
    start) begin "$n" ;;
    kill) kill_machine "$n" ;;
    cut) hub ip link set "node$n" down ;;
    mend) hub ip link set "node$n" up ;;
    crash | revive) echo "$does" >"$work/node$n/control" ;;
    machine) machine "$n" ;;
    *) fail "cannot $does a node" ;;
  esac
done
for n in "$@"; do
  case $does in start | revive) answers "$n" ;; esac
done
