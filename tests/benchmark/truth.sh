#!/usr/bin/env bash
# Does a known difference come out, and no other? `./dev bench truth [--repeats N]`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
exec /usr/bin/python3 tests/benchmark/truth.py build/release/bin/coldload "$@"
