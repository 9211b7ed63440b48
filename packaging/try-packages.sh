#!/usr/bin/env bash
# Runs in a container: installs each kind of package from /dist, tries what it installed, and removes it again.
set -euo pipefail
arch=$1

works() { # HOW: everything that the package brings is there and runs
  bluegate --version
  bluegate-healthcheck --help >/dev/null
  local folder
  folder=$(mktemp -d)
  bluegate healthcheck --copy-to "$folder" --arch amd64,arm64 >/dev/null
  "$folder/bluegate-healthcheck-linux-$arch" --help >/dev/null
  test -x "$folder/bluegate-healthcheck-linux-amd64"
  test -x "$folder/bluegate-healthcheck-linux-arm64"
  test -s /usr/share/doc/bluegate/copyright
  gunzip -c /usr/share/man/man1/bluegate.1.gz | grep -q '^.TH BLUEGATE'
  test -s /usr/share/bash-completion/completions/bluegate
  /usr/libexec/docker/cli-plugins/docker-bluegate docker-cli-plugin-metadata | grep -q '"SchemaVersion"'
  # Without an engine it says what it cannot reach, and ends with 7.
  local code=0
  bluegate status >/dev/null 2>&1 || code=$?
  ((code == 2 || code == 7)) || { echo "$1: status without an engine ended with $code" >&2; exit 1; }
}
gone() { # HOW
  if compgen -G '/usr/libexec/bluegate*' || compgen -G '/usr/bin/bluegate*' || compgen -G '/usr/share/doc/bluegate*'; then
    echo "$1: files are left" >&2
    exit 1
  fi
}

cd /dist
dpkg --install bluegate_*_"$arch".deb
dpkg --verify bluegate
works deb
dpkg --purge bluegate
gone deb

case $arch in amd64) rpmarch=x86_64 ;; arm64) rpmarch=aarch64 ;; esac
rpm --install --nodeps bluegate-*."$rpmarch".rpm
rpm --verify --nodeps bluegate
works rpm
rpm --erase bluegate
gone rpm

# An apk is a tar of its signature, its facts and its files.
tar -xzf bluegate_*_"$rpmarch".apk -C / --ignore-zeros --exclude='.*' 2>/dev/null
works apk
