#!/usr/bin/env bash
# Formatting, vet, staticcheck, shellcheck of what is shell, who may import whom, and how large a package may be.
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/../.."

# Packages below testdata are not part of "./...".
mapfile -t below < <(find testdata -name '*.go' -printf './%h\n' | sort -u)
packages=(./... "${below[@]}")

unformatted=$(git ls-files -co --exclude-standard '*.go' | xargs gofmt -l)
if [[ -n $unformatted ]]; then
  echo "not formatted (run gofmt -w):" >&2
  echo "$unformatted" >&2
  exit 1
fi
echo "formatting: ok"

go vet "${packages[@]}"
echo "vet: ok"

go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 "${packages[@]}"
echo "staticcheck: ok"

# The domain knows its adapters by its own interfaces only, and adapters do not know each other.
module=$(go list -m)
forbid() { # FROM... -- WHAT: no package of FROM may depend on a package whose whole path matches WHAT
  local what=${*: -1} from=("${@:1:$#-2}") found
  found=$(go list -deps "${from[@]}" | grep -xE "$what" || true)
  if [[ -n $found ]]; then
    echo "import rule: ${from[*]} must not depend on:" >&2
    echo "$found" >&2
    exit 1
  fi
}
forbid ./deploy/... -- "$module/(compose|nginx|watch|cmd|testdata)(/.*)?|github.com/docker/.*"
forbid ./compose/... -- "$module/(nginx|watch|cmd|testdata)(/.*)?"
forbid ./compose/engine -- "$module/compose/(connect|load|names|state|swarm)|$module/compose"
forbid ./compose/connect ./compose/names -- "$module/compose/(load|state|swarm)|$module/compose"
forbid ./nginx/... -- "$module/(compose|compose/(state|load|swarm)|deploy|deploy/plan|(watch|cmd|testdata)(/.*)?)"
forbid ./nginx/conf -- 'github.com/.*'
forbid ./nginx/mode ./nginx/lint ./nginx/fsys -- 'github.com/docker/.*'
forbid ./deploy/gate ./deploy/check -- 'github.com/.*'
forbid ./deploy/drill/... -- "$module/deploy|$module/deploy/plan|github.com/.*" # they switch nothing
forbid ./nginx/entrance -- 'github.com/docker/.*'
below=(asking await baking hooks judging lease observing pulling stage unchanged) # what deploy does without the run
forbid ./deploy/plan -- "$module/deploy|$module/deploy/($(IFS='|'; echo "${below[*]}"))|github.com/.*" # it asks nobody
forbid "${below[@]/#/./deploy/}" -- "$module/deploy|github.com/.*" # the story is above them
forbid ./cmd/bluegate/ui/progress ./cmd/bluegate/ui/style -- "$module/(compose|nginx|watch|cmd/bluegate/(config|adopt))(/.*)?|$module/deploy|github.com/docker/.*" # they know the domain's words only
forbid ./watch/... -- "$module/(compose|nginx|cmd|testdata)(/.*)?|github.com/docker/.*"
forbid ./watch/notify ./watch/page -- "$module/watch/history" # they know it by interfaces of watch
forbid ./watch/verdict -- "$module/(deploy|watch/history)(/.*)?|$module/watch|github.com/.*" # a rule, and nothing else
forbid ./testdata/oracle -- "$module/(deploy|compose|nginx|watch|cmd)(/.*)?" # it must not believe what they believe
forbid ./compose/load ./cmd/bluegate/adopt -- 'github.com/docker/docker/client' # they ask no engine
forbid ./deploy/... ./nginx/... ./watch ./watch/history ./watch/verdict ./compose/load ./cmd/bluegate/config/... ./cmd/bluegate/adopt -- 'golang.org/x/term|charm.land/.*|github.com/charmbracelet/.*' # cmd/bluegate/ui does; shoutrrr, below watch/notify, has a log of its own
echo "import rule: ok"

# What one sits down to read: at most 3,000 lines of code in a package, without tests, blank lines and lines of comment.
while IFS=$'\t' read -r dir list; do
  read -ra files <<<"$list"
  lines=$(cd "$dir" && awk '!/^[ \t]*(\/\/.*)?$/ {n++} END {print n+0}' /dev/null "${files[@]}")
  if ((lines > 3000)); then
    echo "package size: $dir has $lines lines of code, and may have 3000: cut what can be understood alone" >&2
    exit 1
  fi
done < <(go list -f $'{{.Dir}}\t{{join .GoFiles " "}}' ./...)
echo "package size: ok"

if command -v shellcheck >/dev/null; then
  # Not the scripts of the layouts and of nginx images: they are as people have them.
  git ls-files -co --exclude-standard '*.sh' .ci/run ':!testdata/layouts' ':!nginx/startup/testdata' | xargs shellcheck
  echo "shellcheck: ok"
fi

# One workflow uses the action of this repository: its inputs and outputs are checked, too.
go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12 .github/workflows/*.yml testdata/ci/deploy.yml
echo "workflows: ok"

go mod tidy -diff
echo "go.mod: ok"
