#!/usr/bin/env bash
# Backend s3 against curl on the same ranges: `./dev bench s3 [--pairs N] [--only NAME]`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
exec /usr/bin/python3 tests/benchmark/s3.py build/release/bin/coldload "$@"
