#!/usr/bin/env bash
# Downloads the archive URL, compares it with SHA256, and puts its executables on the path of the job's later steps.
set -euo pipefail

if [[ ! $SHA256 =~ ^[0-9a-f]{64}$ ]]; then
  echo "::error title=bluegate was not installed::the input sha256 must be the SHA-256 of $URL, as 64 hexadecimal digits"
  exit 2
fi
dir=$(mktemp -d "$RUNNER_TEMP/bluegate-XXXXXX")
curl --fail --silent --show-error --location --retry 3 --output "$dir/archive.tar.gz" "$URL"
if ! echo "$SHA256  $dir/archive.tar.gz" | sha256sum --check --status; then
  echo "::error title=bluegate was not installed::$URL does not have the SHA-256 $SHA256; it was not unpacked"
  exit 2
fi
tar --extract --gzip --file "$dir/archive.tar.gz" --directory "$dir"
found=$(find "$dir" -type f -name bluegate -perm -u+x -print -quit)
if [[ -z $found ]]; then
  echo "::error title=bluegate was not installed::$URL has no executable file bluegate"
  exit 2
fi
dirname "$found" >>"$GITHUB_PATH"
