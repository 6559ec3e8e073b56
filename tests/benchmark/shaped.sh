#!/usr/bin/env bash
# What the shaped costs per chunk: `./dev bench shaped [--pairs N]`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
exec /usr/bin/python3 tests/benchmark/shaped.py build/release/bin/coldload "$@"
