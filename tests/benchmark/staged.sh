#!/usr/bin/env bash
# Staging against cp and rsync, with --s3 against aws and rclone: `./dev bench staged [--s3] [--rounds N]`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
exec /usr/bin/python3 tests/benchmark/staged.py build/release/bin/coldload "$@"
