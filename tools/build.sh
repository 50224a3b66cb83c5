#!/bin/bash
# Builds the page and the binary: tools/build.sh [TARGET…]; without targets, the release binary alone. Quiet on success.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.toolchain/node-bin:$PATH"

if [ -f web/package.json ]; then
  stamp=web/node_modules/.querist-installed
  if [ ! -f "$stamp" ] || ! cmp -s web/package-lock.json "$stamp"; then
    echo "installing the page's packages (npm ci)"
    (cd web && npm ci --silent --no-audit --no-fund)
    cp web/package-lock.json "$stamp"
  fi
  newest=$(find web/src web/index.html web/vite.config.* web/package-lock.json -newer web/dist/index.html 2>/dev/null | head -n 1 || true)
  if [ ! -f web/dist/index.html ] || [ -n "$newest" ]; then
    echo "building the page"
    (cd web && npm run --silent build >/dev/null)
  fi
fi

[ -f build/build.ninja ] || cmake --preset release >/dev/null
[ $# -gt 0 ] || set -- querist
if [ -t 1 ]; then
  ninja -C build "$@"
else
  ninja -C build --quiet "$@" | grep -v 'no work to do' || [ "${PIPESTATUS[0]}" = 0 ]
fi
