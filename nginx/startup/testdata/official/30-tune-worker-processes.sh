#!/bin/sh
# Does what the official image's script of this name does: it writes the number of CPUs into nginx.conf.
set -eu
[ "${NGINX_ENTRYPOINT_WORKER_PROCESSES_AUTOTUNE:-}" ] || exit 0
touch /etc/nginx/nginx.conf 2>/dev/null || exit 0
cpus=$(getconf _NPROCESSORS_ONLN)
sed -i.bak -r 's/^(worker_processes)(.*)$/# \1\2\n\1 '"$cpus"';/' /etc/nginx/nginx.conf
