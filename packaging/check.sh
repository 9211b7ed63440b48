#!/usr/bin/env bash
# Builds the release of the current commit as the workflow does, with a key that is thrown away, and tries what came out:
#
#   checksums and signatures, also that altered files are found out
#   the workflows and the action, by actionlint
#   the packages: installed in a container of Debian's, run, and removed
#   the image: its labels, and a run with the engine's socket
#   a second build in another folder, compared byte by byte; one executable also with an empty cache
#
# It needs Docker's engine and mmdebstrap, and no network once the tools, the Go modules and the Debian image are here. What
# needs one is said at the end: known vulnerabilities, signatures without a key, provenance.
set -euo pipefail
shopt -s inherit_errexit nullglob
cd "$(dirname "$0")/.."

source=$PWD work=$(mktemp -d)
image=bluegate-release-check
trap 'cd /; rm -rf "$work"; docker image rm -f $(docker image ls -q "$image") >/dev/null 2>&1 || true' EXIT
say() { printf '%s\n' "release-check: $*"; }
fail() { say "$*" >&2; exit 1; }
expect_failure() { # WHAT COMMAND...
  local what=$1; shift
  if "$@" >"$work/log" 2>&1; then fail "$what was not found out"; fi
}

packaging/tools.sh goreleaser cyclonedx-gomod cosign docker-buildx
export PATH=$PWD/bin/tools:$PATH IMAGE=$image
COMPOSE=$(go list -m -f '{{.Version}}' github.com/docker/compose/v5)
export COMPOSE DOCKER_CONFIG=$work/docker
mkdir -p "$DOCKER_CONFIG/cli-plugins"
ln -s "$PWD/bin/tools/docker-buildx" "$DOCKER_CONFIG/cli-plugins/docker-buildx"

# A key that lives as long as this script.
export COSIGN_PASSWORD='' COSIGN_KEY=$work/cosign.key
(cd "$work" && cosign generate-key-pair >/dev/null 2>&1)

release() { # FOLDER: builds the current commit in a clone of its own
  git clone --quiet --no-local "$source" "$1"
  (cd "$1" && goreleaser release --snapshot --clean --parallelism "${PARALLEL:-2}" >"$work/goreleaser.log" 2>&1) || { tail -n 40 "$work/goreleaser.log" >&2; fail "goreleaser failed"; }
}

say "workflows and the action"
go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12 .github/workflows/*.yml testdata/ci/deploy.yml

[[ -z $(git status --porcelain) ]] || say "note: what is not committed is not in it"
say "building $(git rev-parse --short HEAD)"
release "$work/one"
cd "$work/one/dist"

say "checksums and signatures"
cp ../.vex/bluegate.openvex.json . # which a release has next to them
sha256sum --quiet --check SHA256SUMS
verify() { cosign verify-blob --key "$work/cosign.pub" --insecure-ignore-tlog --bundle SHA256SUMS.sigstore.json "$1"; }
verify SHA256SUMS >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "the signature does not verify"; }
sed 's/^./f/;1q' SHA256SUMS >"$work/altered"
expect_failure "an altered list of checksums" verify "$work/altered"
cp SHA256SUMS bluegate_*_linux_amd64.tar.gz "$work/log" "$work" 2>/dev/null || true
for archive in "$work"/bluegate_*_linux_amd64.tar.gz; do printf x >>"$archive"; done
altered() { (cd "$work" && sha256sum --quiet --check --ignore-missing SHA256SUMS); }
expect_failure "an altered archive" altered
for f in bluegate_*.{tar.gz,zip} *.deb *.rpm *.apk *.cdx.json; do
  grep -q " $f\$" SHA256SUMS || fail "$f is not in SHA256SUMS"
done

say "the bill of materials names the modules that are linked"
for bom in bluegate_*_linux_amd64.cdx.json; do
  grep -q '"purl": "pkg:golang/github.com/docker/docker@' "$bom" || fail "$bom does not name docker/docker"
done

arch=$(go env GOARCH)
say "packages in a container"
"$work/one/packaging/debian.sh"
docker run --rm --network none -v "$PWD:/dist:ro" -v "$work/one/packaging:/packaging:ro" bluegate-debian:check /packaging/try-packages.sh "$arch"

say "image"
tag=$(docker image ls --format '{{.Repository}}:{{.Tag}}' "$image" | grep -E "$arch\$" | head -1)
[[ $tag ]] || fail "no image for $arch among: $(docker image ls --format '{{.Repository}}:{{.Tag}}' "$image")"
label() { docker image inspect --format "{{index .Config.Labels \"org.opencontainers.image.$1\"}}" "$tag"; }
[[ $(label title) == bluegate && $(label licenses) == Apache-2.0 && $(label revision) == $(git rev-parse HEAD) ]] || fail "$tag has other labels"
docker run --rm --network none "$tag" --version
docker run --rm --network none --entrypoint /healthcheck "$tag" --help >/dev/null
mkdir "$work/empty"
docker run --rm --network none -v "$work/empty:/work" -w /work "$tag" healthcheck --copy-to /work
"$work/empty/bluegate-healthcheck" --help >/dev/null
docker run --rm --network none -v /var/run/docker.sock:/var/run/docker.sock -v "$work/one:/work:ro" -w /work "$tag" status --format json >"$work/status" || (($? == 7)) || { cat "$work/status" >&2; fail "status in the image"; }
grep -q '"command": *"status"' "$work/status" || { cat "$work/status" >&2; fail "status in the image printed no report"; }

say "a second build, in another folder"
release "$work/somewhere/else"
cd "$work/somewhere/else/dist"
cmp SHA256SUMS "$work/one/dist/SHA256SUMS" || { diff SHA256SUMS "$work/one/dist/SHA256SUMS" >&2; fail "two builds differ"; }
say "the executable for linux/$arch compiled again without a cache"
mkdir "$work/cache"
cd "$work/somewhere/else" # --clean removes the folder dist, and makes another one
(GOCACHE=$work/cache goreleaser build --snapshot --clean --single-target --id bluegate >"$work/goreleaser.log" 2>&1) || { tail -n 40 "$work/goreleaser.log" >&2; fail "goreleaser failed"; }
made=(dist/bluegate_linux_"$arch"_*/bluegate) one=("$work"/one/dist/bluegate_linux_"$arch"_*/bluegate)
cmp "${made[0]}" "${one[0]}" || fail "two compilations differ"

say "not tried without a network: govulncheck (it asks vuln.go.dev), signatures without a key and provenance (they ask the workflow's host)"
say "all of it is as it should be: $(wc -l <"$work/one/dist/SHA256SUMS") files in SHA256SUMS"
