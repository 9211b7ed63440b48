#!/usr/bin/env bash
# Calls bluegate with the inputs of the action, which are in the environment: COMMAND, COLOUR, SET, ARGUMENTS, EXECUTABLE.
# Nothing of them is read as shell code.
set -euo pipefail

args=("$COMMAND")
if [[ -n ${COLOUR:-} ]]; then args+=("$COLOUR"); fi
while IFS= read -r line; do
  if [[ -n $line ]]; then args+=(--set "$line"); fi
done <<<"${SET:-}"
while IFS= read -r line; do
  if [[ -n $line ]]; then args+=("$line"); fi
done <<<"${ARGUMENTS:-}"

# exec: the signal of a job that is cancelled is for bluegate, which undoes what it began.
exec "${EXECUTABLE:-bluegate}" "${args[@]}"
