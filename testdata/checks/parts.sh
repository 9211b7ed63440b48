#!/usr/bin/env bash
# Makes several targets one after the other, says which one is under way, and at the end how long each took. It ends at
# the first one that fails.
#
#   parts.sh lint unit e2e
set -euo pipefail

times=() code=0
for target in "$@"; do
  printf '\n==> make %s\n' "$target"
  began=$SECONDS
  make --no-print-directory "$target" || code=$?
  times+=("$(printf '%-22s %3d min %02d s' "make $target" $(((SECONDS - began) / 60)) $(((SECONDS - began) % 60)))")
  if ((code)); then times[-1]+="   failed"; break; fi
done
printf '\nHow long each part took:\n'
printf '  %s\n' "${times[@]}"
printf '  %-22s %3d min %02d s\n' "in all" $((SECONDS / 60)) $((SECONDS % 60))
exit "$code"
