#!/usr/bin/env bash
# Builds coldload_kept.so from kept.c beside it and the SDK of an earlier commit: tests/sdk/kept/build.sh COMMIT
set -euo pipefail

commit=${1:?the commit whose SDK to build against, as tests/sdk/kept/README.md names it}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(git -C "$here" rev-parse --show-toplevel)
sdk=$(mktemp -d)
trap 'rm -rf "$sdk"' EXIT

git -C "$root" archive "$commit:" sdk/include cmake/coldload-plugin.map | tar -x -C "$sdk"
gcc -std=c11 -O2 -Wall -Wextra -Werror -fPIC -shared -fvisibility=hidden -s -I "$sdk/sdk/include" \
  -Wl,--version-script="$sdk/cmake/coldload-plugin.map" -Wl,-z,noseparate-code -Wl,--build-id=none \
  "$here/kept.c" -o "$here/coldload_kept.so"
