#!/bin/sh
# Does what the official image's script of this name does: it writes a file for each template.
set -e
render() {
  local from="${NGINX_ENVSUBST_TEMPLATE_DIR:-/etc/nginx/templates}" to="${NGINX_ENVSUBST_OUTPUT_DIR:-/etc/nginx/conf.d}"
  local end="${NGINX_ENVSUBST_TEMPLATE_SUFFIX:-.template}" names template below
  [ -d "$from" ] || return 0
  names=$(env | sed 's/=.*//; s/.*/${&}/')
  find "$from" -follow -type f -name "*$end" -print | while read -r template; do
    below=${template#"$from/"}
    mkdir -p "$to/$(dirname "$below")"
    envsubst "$names" <"$template" >"$to/${below%"$end"}"
  done
}
render
