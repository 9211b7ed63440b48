#!/bin/sh
# Does what the entrypoint of nginx's official image does: for nginx itself it runs or sources what its folder holds, in
# the order of the names, and then becomes the command.
set -e
say() { [ -n "$NGINX_ENTRYPOINT_QUIET_LOGS" ] || echo "$0: $*"; }

case $1 in
nginx | nginx-debug)
  find /docker-entrypoint.d/ -follow -type f -print | sort -V | while read -r step; do
    if [ ! -x "$step" ]; then
      say "$step cannot be run"
      continue
    fi
    case $step in
    *.envsh) . "$step" ;;
    *.sh) "$step" ;;
    *) say "$step is left out" ;;
    esac
  done
  ;;
esac
exec "$@"
