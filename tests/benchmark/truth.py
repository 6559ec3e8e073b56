#!/usr/bin/env python3
"""Does a known difference come out, and no other? `null` slowed by 10 %, and the same strategy under two names.

usage: truth.py COLDLOAD [--repeats N] [--runs N]
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

# 256 MiB at 4 GB/s take 67 ms: long against what the machine does in between.
SCENARIO = """schema = 1
name = "truth"
[model]
path = ""
[backend.fast]
plugin = "null"
size = "256 MiB"
rate = "4 GB/s"
[backend.slow]
plugin = "null"
size = "256 MiB"
rate = "3.6363636 GB/s"
[strategy.sequential]
chunk = "1 MiB"
[strategy.other-name]
plugin = "sequential"
chunk = "1 MiB"
[[compare]]
backend = ["fast", "slow"]
strategy = "sequential"
baseline = "fast/sequential/*"
[[compare]]
backend = "fast"
strategy = "other-name"
baseline = "fast/sequential/*"
[run]
repetitions = {runs}
verify = "off"
probe = false
quiet = false
seed = {seed}
"""


def verdicts(coldload, scratch, repeat, runs):
    out = os.path.join(scratch, str(repeat))
    scenario = SCENARIO.replace("{runs}", str(runs)).replace("{seed}", str(repeat + 1))
    done = subprocess.run([coldload, "run", "-", "--out", out], input=scenario, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stdout + done.stderr)
    rows = {line.split("/")[0] + "/" + line.split("/")[1]: line for line in done.stdout.splitlines() if "/" in line}
    slow = next(line for name, line in rows.items() if name.startswith("slow/"))
    same = next(line for name, line in rows.items() if name.startswith("fast/other-name"))
    return "slower" in slow, "no difference shown" in same


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("coldload")
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--runs", type=int, default=20)
    arguments = parser.parse_args()
    called = same = 0
    with tempfile.TemporaryDirectory() as scratch:
        for repeat in range(arguments.repeats):
            slower, no_difference = verdicts(arguments.coldload, scratch, repeat, arguments.runs)
            called += slower
            same += no_difference
    print(f"slowed by 10 %: called slower in {called} of {arguments.repeats} repeats of {arguments.runs} rounds")
    print(f"the same strategy under two names: no difference shown in {same} of {arguments.repeats}")
    sys.exit(0 if called >= 0.9 * arguments.repeats else 1)


if __name__ == "__main__":
    main()
