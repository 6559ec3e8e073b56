#!/usr/bin/env bash
# Compiles each header on its own: headers_alone.sh ROOT c|c++ STANDARD COMPILER [FLAG…]
# ROOT is sdk/include. C takes the *.h, C++ all of them.
set -euo pipefail

root=$1 language=$2 standard=$3
shift 3
case $language in
  c) patterns=(-name '*.h') ;;
  c++) patterns=(-name '*.h' -o -name '*.hpp') ;;
  *) echo "headers_alone.sh: language \"$language\": expected c or c++" >&2; exit 2 ;;
esac

mapfile -t headers < <(cd "$root" && find coldload -type f \( "${patterns[@]}" \) | sort)
((${#headers[@]} > 0)) || { echo "no header below $root" >&2; exit 1; }
failed=0
for header in "${headers[@]}"; do
  # Twice: a header without a guard would not survive it. An object of its own: a file may not be empty in ISO C.
  printf '#include "%s"\n#include "%s"\nextern int coldload_headers_alone;\n' "$header" "$header" |
    "$@" -x "$language" "-std=$standard" -I "$root" -Wall -Wextra -Wpedantic -Werror -fsyntax-only - ||
    { echo "failed: $header" >&2; failed=1; }
done
exit "$failed"
