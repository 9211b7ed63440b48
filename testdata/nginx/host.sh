#!/usr/bin/env bash
# Prints the path of an nginx executable that runs on this machine, outside every container: the one that is installed,
# or Debian's (or Ubuntu's), unpacked into the user's cache. Nothing is installed, and no service is started.
set -euo pipefail

if command -v nginx; then exit; fi
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/bluegate-tests
exe=$cache/nginx/usr/sbin/nginx
mkdir -p "$cache"
exec 9>"${TMPDIR:-/tmp}/bluegate-tests-apt.lock" # tests that run side by side do not fetch at the same moment
flock 9
if [[ ! -x $exe ]]; then
  work=$(mktemp -d -p "$cache")
  trap 'rm -rf "$work"' EXIT
  cd "$work"
  chmod 755 . # apt downloads as a user of its own
  fetch() { for name in nginx nginx-core; do apt-get download "$name" || return 1; done; }
  if ! fetch >log 2>&1 && ! { apt-get update && fetch; } >>log 2>&1 && ! ls nginx_*.deb >/dev/null 2>&1; then
    echo "host.sh: Debian's nginx cannot be downloaded:" >&2
    tail -n 20 log >&2
    exit 1
  fi
  mkdir root
  for package in *.deb; do dpkg -x "$package" root; done # older releases have the executable in nginx-core
  if [[ ! -x root/usr/sbin/nginx ]]; then
    echo "host.sh: no package holds /usr/sbin/nginx" >&2
    exit 1
  fi
  mv -T root "$cache/nginx" 2>/dev/null || [[ -x $exe ]] # another run may have been faster
fi
"$exe" -v 2>/dev/null || { echo "host.sh: $exe does not run here: $("$exe" -v 2>&1)" >&2; exit 1; }
echo "$exe"
