#!/usr/bin/env bash
# Backend nfs against the least libnfs reader, on a server of its own on loopback: `./dev bench nfs [--pairs N]`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mkdir -p build/benchmark
cc -O2 -Wall -Wextra tests/benchmark/nfs_reader.c -o build/benchmark/nfs_reader -lnfs -lpthread
exec /usr/bin/python3 tests/benchmark/nfs.py build/release/bin/coldload build/benchmark/nfs_reader "$@"
