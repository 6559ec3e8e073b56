#!/usr/bin/env bash
# coldload against fio and cat on local storage: `./dev bench local [--pairs N] [--only NAME]`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
exec /usr/bin/python3 tests/benchmark/local.py build/release/bin/coldload "$@"
