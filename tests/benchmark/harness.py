#!/usr/bin/env python3
"""What the harness itself costs: `null` in 4 KiB chunks, minus filling the same bytes in 1 MiB chunks.

usage: harness.py COLDLOAD [--pairs N]

A 4 KiB chunk and a 1 MiB chunk are filled at the same rate per byte (both lie in a core's cache), so the difference, over
the number of chunks, is acquire + deliver + the loop around them.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile


def run(coldload, chunk, scratch, count):
    scenario = f"""schema = 1
name = "harness"
[model]
path = ""
[backend.null]
size = "1 GiB"
[strategy.sequential]
chunk = "{chunk}"
[[compare]]
[run]
repetitions = 1
verify = "off"
probe = false
quiet = false
"""
    out = os.path.join(scratch, str(count))
    done = subprocess.run([coldload, "run", "-", "--out", out], input=scenario, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stdout + done.stderr)
    with open(os.path.join(out, "result.json")) as document:
        return json.load(document)["runs"][0]["load_ns"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("coldload")
    parser.add_argument("--pairs", type=int, default=10)
    arguments = parser.parse_args()
    chunks = (1 << 30) // 4096
    costs = []
    with tempfile.TemporaryDirectory() as scratch:
        for pair in range(arguments.pairs):
            small = run(arguments.coldload, "4 KiB", scratch, 2 * pair)
            large = run(arguments.coldload, "1 MiB", scratch, 2 * pair + 1)
            costs.append((small - large) / chunks)
    print(f"harness per chunk: median {statistics.median(costs):.0f} ns, {min(costs):.0f} to {max(costs):.0f} ns "
          f"in {len(costs)} pairs of {chunks} chunks")


if __name__ == "__main__":
    main()
