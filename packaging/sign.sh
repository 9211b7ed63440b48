#!/usr/bin/env bash
# Signs a file, and writes what verifies the signature next to it: sign.sh FILE BUNDLE
#
# With COSIGN_KEY it signs with that key, and nothing leaves this machine. Without it, cosign takes the identity of the
# workflow that runs, and the signature is in the public log.
set -euo pipefail

options=(--yes --bundle "$2")
if [[ ${COSIGN_KEY-} ]]; then
  options+=(--key "$COSIGN_KEY" --tlog-upload=false --use-signing-config=false)
fi
exec cosign sign-blob "${options[@]}" "$1"
