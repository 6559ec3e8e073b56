#!/usr/bin/env bash
# What the harness costs per chunk: `./dev bench harness [--pairs N]`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
exec /usr/bin/python3 tests/benchmark/harness.py build/release/bin/coldload "$@"
