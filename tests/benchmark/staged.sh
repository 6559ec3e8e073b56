#!/usr/bin/env bash
# What the staged costs per chunk: `./dev bench staged [--pairs N]`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
exec /usr/bin/python3 tests/benchmark/staged.py build/release/bin/coldload "$@"
