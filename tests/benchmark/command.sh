#!/usr/bin/env bash
# How near the time to ready of strategy `command` is to the truth: `./dev bench command [--runs N] [--realtime]`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
exec /usr/bin/python3 tests/benchmark/command.py build/release/bin/coldload "$@"
