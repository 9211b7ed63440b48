#!/usr/bin/env bash
# Builds the demo shop's images: v1 and v2 are good, v3 never becomes healthy. What is up to date is left alone.
#
#   images.sh                                        bluegate-shop:v1, :v2 and :v3
#   images.sh v4 CRASH_AFTER=3s EXIT_CODE=0          one more, with the faults that app/config.go lists
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/../.."

repository=${SHOP_IMAGE:-bluegate-shop}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# sources prints everything that the programs are made of: a release's image must change with the program, and only
# then. Asking Go for the files takes a quarter of the time of linking the programs to compare them.
sources() {
  go env GOVERSION GOARCH
  go list -deps -f '{{if not .Standard}}{{range .GoFiles}}{{$.Dir}}/{{.}}{{"\n"}}{{end}}{{end}}' \
    ./testdata/shop/app ./cmd/healthcheck | xargs cat
  cat testdata/shop/Dockerfile
}

# programs builds the build context, once.
programs() {
  [[ -d $work/context ]] && return
  local static=(env CGO_ENABLED=0 GOOS=linux go build -buildvcs=false -ldflags '-s -w')
  "${static[@]}" -o "$work/context/shop" ./testdata/shop/app
  "${static[@]}" -o "$work/context/healthcheck" ./cmd/healthcheck
}

image() { # TAG [NAME=VALUE...]
  local name=$repository:$1 inputs have
  local environment="ENV VERSION=$*"
  inputs=$(sha256sum <<<"$source_hash $environment" | cut -c1-16)
  have=$(docker image inspect --format '{{index .Config.Labels "shop.inputs"}}' "$name" 2>/dev/null || true)
  if [[ $have == "$inputs" ]]; then
    echo "$name is up to date"
    return
  fi
  programs
  if ! { cat testdata/shop/Dockerfile; echo "$environment"; } |
    docker build --label "shop.inputs=$inputs" --tag "$name" --file - "$work/context" >"$work/log" 2>&1; then
    cat "$work/log" >&2
    echo "images.sh: cannot build $name" >&2
    return 1
  fi
  echo "$name built"
}

source_hash=$(sources | sha256sum)
if (($# > 0)); then
  image "$@"
else
  image v1
  image v2
  image v3 NEVER_HEALTHY=1
fi
