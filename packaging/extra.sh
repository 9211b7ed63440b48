#!/usr/bin/env bash
# Writes the manual page and the completions of the shells into bin/extra: extra.sh VERSION. The executable prints them.
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p bin/extra
GOOS='' GOARCH='' go build -trimpath -ldflags "-s -w -X main.version=$1" -o bin/extra/.bluegate ./cmd/bluegate
bin/extra/.bluegate man >bin/extra/bluegate.1
gzip -9nf <bin/extra/bluegate.1 >bin/extra/bluegate.1.gz
for shell in bash zsh fish powershell; do bin/extra/.bluegate completion "$shell" >"bin/extra/bluegate.$shell"; done
rm bin/extra/.bluegate
