#!/usr/bin/env bash
# How vLLM's loaders fare on a mount with round trips: `./dev bench vllm-loaders [--rounds N] [--delay-us N]`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mkdir -p build/benchmark
cc -O2 -Wall -Wextra tests/support/delayed_link.c -o build/benchmark/delayed_link
exec /usr/bin/python3 -B tests/benchmark/vllm_loaders.py build/release/bin/coldload build/benchmark/delayed_link "$@"
