#!/usr/bin/env bash
# Installs the tools that make a release, of pinned versions, into bin/tools: tools.sh [TOOL...]
#
# They are built from their own modules, so that what they need is not in this module's go.mod.
set -euo pipefail
cd "$(dirname "$0")/.."

declare -A tools=(
  [goreleaser]=github.com/goreleaser/goreleaser/v2@v2.16.0
  [cyclonedx-gomod]=github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
  [cosign]=github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3
  [docker-buildx]=github.com/docker/buildx/cmd/buildx@v0.36.1
  [govulncheck]=golang.org/x/vuln/cmd/govulncheck@v1.9.0
)
here=$PWD/bin/tools
(($#)) || set -- "${!tools[@]}"
for tool in "$@"; do
  module=${tools[$tool]}
  kept=$here/.${module//\//_}
  if [[ -x $kept ]]; then ln -sf "$kept" "$here/$tool"; continue; fi
  echo "Compiling ${module} (a few minutes)"
  made=$(mktemp -d)
  GOBIN=$made GOFLAGS=-mod=mod CGO_ENABLED=0 GOOS='' GOARCH='' go install "$module"
  mkdir -p "$here"
  mv "$made"/* "$kept"
  rmdir "$made"
  ln -sf "$kept" "$here/$tool"
done
