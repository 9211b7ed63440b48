#!/usr/bin/env bash
# Removes from the engine what killed test runs left there: all whose name or label contains the id of a note
# (testdata/claim) of a process that is not there any more. What a living run made is left alone.
set -euo pipefail
shopt -s nullglob

started() { # PID: when the process started, in clock ticks since boot; empty when there is none
  [[ -r /proc/$1/stat ]] || return 0
  sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20
}

# The first field of each row that holds the id behind it.
rows() { awk -v id="$id" 'index(substr($0, length($1) + 1), id) { print $1 }' | sort -u; }

here=$(readlink /proc/self/ns/pid)
dead=()
for note in "${TMPDIR:-/tmp}"/bluegate-tests/*; do
  read -r pid start space <"$note" || continue
  if [[ $space != "$here" ]]; then continue; fi # it is of an engine that ended with its processes
  if [[ $(started "$pid") == "$start" ]]; then continue; fi
  dead+=("$note")
done

# Containers first: one of a test may be on the network of another.
for note in "${dead[@]}"; do
  id=${note##*/}
  echo "sweep.sh: removing what the test run $id left" >&2
  docker ps -a --no-trunc --format '{{.ID}} {{.Names}} {{.Labels}}' | rows | xargs -r docker rm -fv >/dev/null
done
for note in "${dead[@]}"; do
  id=${note##*/}
  docker network ls --no-trunc --format '{{.ID}} {{.Name}} {{.Labels}}' | rows | xargs -r docker network rm >/dev/null
  docker volume ls --format '{{.Name}} {{.Name}} {{.Labels}}' | rows | xargs -r docker volume rm >/dev/null
  docker images --format '{{.Repository}}:{{.Tag}} {{.Repository}}:{{.Tag}}' | rows | xargs -r docker rmi >/dev/null
  rm -f "$note"
done
