#!/usr/bin/env bash
# exports_one_symbol.sh PLUGIN.so: fails unless its only dynamic symbol is the plugin's table.
set -euo pipefail

symbols=$(nm -D --defined-only "$1" | awk '{ print $3 }')
[[ $symbols == coldload_plugin_v1 ]] && exit 0
printf '%s exports, where coldload_plugin_v1 alone is expected:\n%s\n' "$1" "$symbols" >&2
exit 1
