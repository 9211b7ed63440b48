#!/usr/bin/env bash
# Runs a command that tests with the engine, and tells it in BLUEGATE_TEST_START what a container start costs here (the
# median of three): the tests' limits grow with it (testdata/pace).
#
#   pace.sh go test ./nginx
set -euo pipefail

if [[ -z ${BLUEGATE_TEST_START:-} ]]; then
  BLUEGATE_TEST_START=$(for _ in 1 2 3; do
    began=$(date +%s%N)
    docker run --rm --network none bluegate-nginx:1.30 nginx -v >/dev/null 2>&1
    echo $((($(date +%s%N) - began) / 1000000))
  done | sort -n | sed -n '2s/$/ms/p')
fi
export BLUEGATE_TEST_START
if [[ ${BLUEGATE_TEST_FULL:-} == 1 ]]; then
  rows="every row of the matrices"
else
  rows="a sample of the matrices, make SEED=$BLUEGATE_TEST_SEED repeats it"
fi
echo "engine $(docker version --format '{{.Server.Version}}'), a container start takes $BLUEGATE_TEST_START; $rows" >&2
exec "$@"
