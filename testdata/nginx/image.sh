#!/usr/bin/env bash
# Makes the demo's nginx image, unless it is there: `image.sh bookworm` bluegate-nginx:1.22, which loses keep-alive
# requests at a reload, and `image.sh sid` (the default) bluegate-nginx:1.30, which need not.
#
# It is the official image with our nginx.conf when a registry can be reached, and otherwise one like it made of
# Debian's packages: nginx is PID 1 and logs to stdout and stderr, and there is a shell to `docker exec`.
set -euo pipefail
cd "$(dirname "$0")"

suite=${1:-sid}
case $suite in
  bookworm) version=1.22 snippet= ;;
  sid) version=1.30 snippet=keepalive.conf ;;
  *) echo "usage: image.sh [bookworm|sid]" >&2; exit 2 ;;
esac
image=bluegate-nginx:$version

work=$(mktemp -d)
mkdir "$work/context"
trap 'rm -rf "$work"' EXIT

fail() { # WHAT
  if [[ -s $work/log ]]; then tail -n 20 "$work/log" >&2; fi
  echo "image.sh: $image: $1" >&2
  exit 1
}

# quietly keeps a command's output for fail to show.
quietly() { "$@" >"$work/log" 2>&1; }

# build makes the image of the context folder and the Dockerfile's lines.
build() { # LINE...
  printf '%s\n' "$@" >"$work/Dockerfile"
  quietly docker build --tag "$image" --file "$work/Dockerfile" "$work/context" || fail "docker build failed"
}

from_registry() {
  quietly timeout 60 docker pull "nginx:$version" || return 1
  mkdir "$work/context/http.d"
  cp nginx.conf "$work/context/"
  if [[ $snippet ]]; then cp "$snippet" "$work/context/http.d/"; fi
  build "FROM nginx:$version" 'COPY . /etc/nginx/'
}

ensure_mmdebstrap() {
  if command -v mmdebstrap >/dev/null && [[ -e /usr/share/keyrings/debian-archive-keyring.gpg ]]; then return; fi
  local packages=(mmdebstrap debian-archive-keyring)
  ((EUID == 0)) || fail "no registry answers; to make it of Debian's packages: apt-get install ${packages[*]}"
  quietly apt-get update || fail "no registry answers, and apt-get update failed"
  DEBIAN_FRONTEND=noninteractive quietly apt-get install -y --no-install-recommends "${packages[@]}" || fail "cannot install ${packages[*]}"
}

from_debian() {
  ensure_mmdebstrap
  # A suite that never ends is not checked for the age of its index, so that an old mirror and a wrong clock do.
  SNIPPET=$snippet quietly mmdebstrap --variant=extract --include=nginx,busybox-static \
    --aptopt='Acquire::Check-Valid-Until "false"' \
    --dpkgopt='path-exclude=/usr/share/*' --dpkgopt='path-exclude=/usr/lib/*/gconv/*' \
    --extract-hook=./debian-root.sh "$suite" "$work/context/root.tar" || fail "mmdebstrap failed"
  build 'FROM scratch' 'ADD root.tar /' 'EXPOSE 80' 'STOPSIGNAL SIGQUIT' 'CMD ["nginx", "-g", "daemon off;"]'
}

if docker image inspect "$image" >/dev/null 2>&1; then exit; fi
from_registry || from_debian

if ! made=$(docker run --rm --network none "$image" nginx -v 2>&1); then
  docker image rm "$image" >/dev/null # the next run must not find it and be content
  fail "it does not start: $made"
fi
echo "$image made: ${made#nginx version: }"
if [[ $made != *nginx/$version.* ]]; then
  echo "image.sh: $image: $suite has moved on, the tag no longer says the version" >&2
fi
