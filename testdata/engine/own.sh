# shellcheck shell=bash
# What the scripts share that run engines of their own: a root folder with the engine of Debian's sid, a folder for a run,
# and namespaces that end with the script, however it ends. Sourced; the script sets program to its name.

# shellcheck disable=SC2154 # program
fail() { # WHAT [LOG]
  if [[ -s ${2:-} ]]; then tail -n 20 "$2" >&2; fi
  echo "$program: $1" >&2
  exit 1
}

root=${BLUEGATE_ENGINE_ROOT:-/var/cache/bluegate/engine-28}

# The suite never ends, so the age of its index says nothing.
install_root() {
  if [[ -x $root/engine/dockerd ]]; then return; fi
  mkdir -p "${root%/*}"
  local lock log missing=()
  exec {lock}>"$root.lock"
  flock "$lock" # two at once would make it in the same place
  if [[ -x $root/engine/dockerd ]]; then return; fi
  log=$(mktemp)
  command -v mmdebstrap >/dev/null || missing+=(mmdebstrap debian-archive-keyring)
  command -v patchelf >/dev/null || missing+=(patchelf)
  if ((${#missing[@]} > 0)); then
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 ||
      fail "cannot install ${missing[*]}" "$log"
  fi
  echo "$program: making $root of Debian's sid" >&2
  rm -rf "$root.new"
  mmdebstrap --variant=minbase --include=docker.io,docker-compose \
    --aptopt='Acquire::Check-Valid-Until "false"' --dpkgopt='path-exclude=/usr/share/doc/*' \
    sid "$root.new" >"$log" 2>&1 || fail "mmdebstrap failed" "$log"
  rm -rf "$root"
  mv "$root.new" "$root"
  take_executables >"$log" 2>&1 || fail "the engine's executables cannot be made to run here" "$log"
  rm -f "$log"
  exec {lock}>&-
}

# They are started by name from a folder of their own, and find their libraries where the suite has them.
take_executables() {
  local name exe loader
  loader=$(echo "$root"/usr/lib64/ld-linux-*.so.*)
  mkdir "$root/engine.new"
  for name in dockerd docker-init docker-proxy containerd containerd-shim-runc-v2 runc; do
    exe=$(PATH=$root/usr/sbin:$root/usr/bin command -v "$name")
    cp -L "$exe" "$root/engine.new/$name"
    if patchelf --print-interpreter "$exe" >/dev/null 2>&1; then
      patchelf --set-interpreter "$loader" --force-rpath --set-rpath "$(dirname "$(echo "$root"/usr/lib/*/libc.so.6)")" "$root/engine.new/$name"
    fi
  done
  mv "$root/engine.new" "$root/engine"
}

# remove_run removes what a run leaves once all of its processes have ended: its folder, and the groups of its containers.
# Its mounts, networks and processes ended with its namespaces.
remove_run() { # FOLDER
  local groups
  groups=$(find /sys/fs/cgroup -depth -type d -path "*/${1##*/}*" 2>/dev/null || true)
  if [[ $groups ]]; then xargs -d '\n' rmdir <<<"$groups" || true; fi
  rm -rf "$1"
}

# own_run makes a folder for a run of the script, in the variable work. The run's processes hold the folder's lock, all of
# them; whoever gets it knows that they have ended. Folders whose lock is free are of runs that were killed together with
# what was to remove them. Only this function makes folders of these names, so all of them have a lock.
own_run() { # PREFIX
  local all left lock
  exec {all}>"/var/tmp/$1.lock"
  flock "$all"
  for left in "/var/tmp/$1".??????; do
    exec {lock}<"$left"
    if flock -n "$lock"; then remove_run "$left"; fi
    exec {lock}>&-
  done
  work=$(mktemp -d "/var/tmp/$1.XXXXXX")
  exec {held}<"$work"
  flock "$held"
  exec {all}>&-
  # It is not one of the run's processes, and so outlives a kill of all of them.
  setsid "$BASH" -c 'exec {lock}<"$1"; flock "$lock"; remove_run "$1"' "$program" "$work" {held}>&- &
  remover=$!
}

# in_namespaces runs a command in mount, network and process namespaces that end with this process, and waits until
# nothing of the run is left.
in_namespaces() {
  local code=0
  setpriv --pdeathsig KILL unshare --mount --net --pid --fork --kill-child --mount-proc --propagation private "$@" || code=$?
  exec {held}>&-
  wait "$remover"
  return "$code"
}

export -f remove_run
shopt -s nullglob
