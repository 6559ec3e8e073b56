#!/usr/bin/env python3
"""How closely `shaped` keeps to its numbers, over `null`, which costs nothing itself.

usage: shaped.py COLDLOAD [--runs N]

Bandwidth: a load of four seconds and more, by its rate over the bandwidth asked for. Latency: reads of 4 KiB one after
the other, by the time of all over their number; the record's own median is the upper bound of a bucket 3 % wide.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile


def load(coldload, scratch, number, size, shape, strategy):
    lines = ["schema = 1", 'name = "shaped"', "[model]", 'path = ""', "[backend.zeros]", 'plugin = "null"',
             f'size = "{size}"', "[backend.network]", 'plugin = "shaped"', 'source = "zeros"']
    lines += [f'{key} = "{value}"' for key, value in shape.items()]
    name, options = strategy
    lines += [f"[strategy.{name}]"] + [f"{key} = {value}" for key, value in options.items()]
    lines += ["[run]", "repetitions = 1", 'verify = "off"', "probe = false", "quiet = false"]
    out = os.path.join(scratch, str(number))
    done = subprocess.run([coldload, "run", "-", "--out", out], input="\n".join(lines), capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stdout + done.stderr)
    with open(os.path.join(out, "result.json")) as document:
        run = json.load(document)["runs"][0]
    if run["disturbed"]:
        print(f"  disturbed: {run['disturbed']}")
    metrics = {metric["tag"]: metric["value"] for metric in run["metrics"]}
    return run["load_ns"] / 1e9, metrics


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("coldload")
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    number = 0
    with tempfile.TemporaryDirectory() as scratch:
        print(f"{'bandwidth':<44} rate / bandwidth (smallest to largest of {arguments.runs})")
        for bandwidth, rate, size, size_bytes in (("2 Gbit/s", 250e6, "1100 MB", 1100e6), ("500 Mbit/s", 62.5e6, "260 MB", 260e6)):
            for name, options in (("sequential", {"chunk": '"1 MiB"'}), ("sequential", {"chunk": '"8 MiB"'}),
                                  ("parallel", {"chunk": '"1 MiB"', "threads": 4}),
                                  ("parallel", {"chunk": '"8 MiB"', "threads": 16})):
                ratios = []
                for _ in range(arguments.runs):
                    number += 1
                    seconds, _ = load(arguments.coldload, scratch, number, size, {"bandwidth": bandwidth}, (name, options))
                    ratios.append(size_bytes / seconds / rate)
                label = f"{bandwidth}, {name} {' '.join(f'{k} {v}' for k, v in options.items())}"
                print(f"{label:<44} {statistics.median(ratios):6.4f} ({min(ratios):6.4f} to {max(ratios):6.4f})", flush=True)
        print(f"{'latency':<44} of a read, ms; record's median")
        for latency, count in (("0.5 ms", 1000), ("2 ms", 500), ("20 ms", 100)):
            means, medians = [], []
            for _ in range(arguments.runs):
                number += 1
                seconds, metrics = load(arguments.coldload, scratch, number, f"{count * 4} KiB",
                                  {"bandwidth": "10 Gbit/s", "latency": latency}, ("sequential", {"chunk": '"4 KiB"'}))
                means.append(seconds * 1e3 / count)
                medians.append(metrics["chunk_latency_p50_ns"] / 1e6)
            print(f"{latency:<44} {statistics.median(means):6.3f} ({min(means):6.3f} to {max(means):6.3f}); "
                  f"{statistics.median(medians):6.3f}", flush=True)


if __name__ == "__main__":
    main()
