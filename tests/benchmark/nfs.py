#!/usr/bin/env python3
"""Backend nfs against the least libnfs reader: interleaved pairs on one nfs-ganesha on loopback, its cache warm.

usage: nfs.py COLDLOAD READER [--pairs N] [--directory DIR] [--mib N]

Both read one file with 4 contexts and 4 requests of 1 MiB in flight on each, copy every byte once into recycled
buffers, and have connected and opened before their clock; coldload's threads open their queues within it. Judged by
the paired ratio of throughputs (bootstrap interval of its median); the peer's own spread is the noise to compare it with.
"""
import argparse
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from ganesha import Ganesha  # noqa: E402
from local import bootstrap_interval  # noqa: E402

CONTEXTS, IN_FLIGHT, TARGET = 4, 4, 0.95


def make_model(directory, mib):
    """One shard with a whole safetensors header and bytes that do not repeat."""
    path = pathlib.Path(directory, "model.safetensors")
    size = mib << 20
    header = json.dumps({"t": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
    if not path.exists() or path.stat().st_size != 8 + len(header) + size:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "wb") as file:
            file.write(len(header).to_bytes(8, "little") + header)
            for _ in range(mib):
                file.write(os.urandom(1 << 20))
    return path


def run_coldload(coldload, port, scratch, number):
    scenario = f"""schema = 1
name = "bench"
[model]
path = ""
[backend.nfs]
url = "nfs://127.0.0.1/models"
nfsport = {port}
connections = {CONTEXTS}
[strategy.parallel]
threads = {CONTEXTS}
in_flight = {IN_FLIGHT}
chunk = "1 MiB"
[[compare]]
[run]
repetitions = 1
verify = "off"
probe = false
quiet = false
"""
    out = os.path.join(scratch, f"run-{number}")
    done = subprocess.run([coldload, "run", "-", "--out", out], input=scenario, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"coldload failed:\n{done.stdout}{done.stderr}")
    with open(os.path.join(out, "result.json")) as document:
        run = json.load(document)["runs"][0]
    metrics = {metric["tag"]: metric["value"] for metric in run["metrics"]}
    return run["load_ns"] / 1e9, (metrics["cpu_user_ns"] + metrics["cpu_system_ns"]) / 1e9


def run_reader(reader, port):
    done = subprocess.run([reader, "127.0.0.1", "/models", "/model.safetensors", str(port), str(CONTEXTS),
                           str(IN_FLIGHT)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"the reader failed:\n{done.stdout}{done.stderr}")
    seconds, cpu = map(float, done.stdout.split())
    return seconds, cpu


def spread(values):
    return (max(values) - min(values)) / statistics.median(values)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started ends with it
    parser = argparse.ArgumentParser()
    parser.add_argument("coldload")
    parser.add_argument("reader")
    parser.add_argument("--pairs", type=int, default=12)
    parser.add_argument("--directory", default="build/benchmark/nfs")
    parser.add_argument("--mib", type=int, default=512)
    arguments = parser.parse_args()
    path = make_model(os.path.abspath(arguments.directory), arguments.mib)
    size = path.stat().st_size
    ours, peers = [], []
    with tempfile.TemporaryDirectory() as scratch, Ganesha(str(path.parent), scratch) as server:
        # Once each, uncounted: the server's cache is warm from then on.
        run_reader(arguments.reader, server.port)
        run_coldload(arguments.coldload, server.port, scratch, "warm")
        for pair in range(arguments.pairs):
            if pair % 2:
                peers.append(run_reader(arguments.reader, server.port))
            ours.append(run_coldload(arguments.coldload, server.port, scratch, pair))
            if pair % 2 == 0:
                peers.append(run_reader(arguments.reader, server.port))
    our_rates = [size / seconds / 1e6 for seconds, _ in ours]
    peer_rates = [size / seconds / 1e6 for seconds, _ in peers]
    ratios = [our / peer for our, peer in zip(our_rates, peer_rates)]
    low, high = bootstrap_interval(ratios)
    cpu = [statistics.median(seconds for _, seconds in side) / (size / 1e9) for side in (ours, peers)]
    print(f"{size / 1e6:.0f} MB, {CONTEXTS} contexts x {IN_FLIGHT} in flight, {len(ours)} interleaved pairs, medians")
    print(f"MB/s: ours {statistics.median(our_rates):.0f} (range {spread(our_rates):.0%}), "
          f"reader {statistics.median(peer_rates):.0f} (range {spread(peer_rates):.0%})")
    print(f"ratio of throughputs {statistics.median(ratios):.2f} ({low:.2f} to {high:.2f}), target {TARGET}")
    print(f"client CPU s per GB: ours {cpu[0]:.3f}, reader {cpu[1]:.3f}")


if __name__ == "__main__":
    main()
