#!/usr/bin/env bash
# Staging against cp and rsync: `./dev bench staged [--rounds N]`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
exec /usr/bin/python3 tests/benchmark/staged.py build/release/bin/coldload "$@"
