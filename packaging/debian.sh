#!/usr/bin/env bash
# Makes the image bluegate-debian:check, in which the packages are tried, of Debian's own packages, unless it is there.
set -euo pipefail

image=bluegate-debian:check
if docker image inspect "$image" >/dev/null 2>&1; then exit; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mmdebstrap --variant=essential --include=rpm,cpio --aptopt='Acquire::Check-Valid-Until "false"' bookworm "$work/root.tar" >"$work/log" 2>&1 ||
  { tail -n 20 "$work/log" >&2; exit 1; }
docker import "$work/root.tar" "$image" >/dev/null
