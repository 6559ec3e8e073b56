#!/usr/bin/env bash
# How closely `shaped` keeps to its numbers: `./dev bench shaped [--runs N]`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
exec /usr/bin/python3 tests/benchmark/shaped.py build/release/bin/coldload "$@"
