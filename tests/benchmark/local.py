#!/usr/bin/env python3
"""coldload against fio and cat on a local model, in one interleaved run.

usage: local.py COLDLOAD [--directory DIR] [--pairs N] [--only NAME]

Each comparison alternates coldload and its peer on the same files with the same block size, depth and directness. Warm
time is judged by the paired ratio (bootstrap interval of its median), CPU seconds per GB by the ratio of medians, the
device's requests by their number, size and depth. Cold times are printed with their spread, never judged: the disk's own
noise is larger than any difference. fio's own clock (`runtime`) is used, its start-up is not held against it.
"""
import argparse
import json
import mmap
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time


def device_of(path):
    device = os.stat(path).st_dev
    return f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/stat"


def device_counters(stat_file):
    fields = [int(field) for field in pathlib.Path(stat_file).read_text().split()]
    return {"reads": fields[0], "merges": fields[1], "bytes": fields[2] * 512, "weighted_ms": fields[10]}


def per_request(reads, merges, read_bytes, weighted_seconds, seconds):
    """What was asked of the device: the scheduler joins neighbours while the device is busy, by chance, so requests are
    counted before joining. In flight is weighted by bytes, for the same reason."""
    asked = reads + merges
    return {"asked": asked, "merged": merges / asked, "size": read_bytes / asked,
            "mib": read_bytes / max(reads, 1) * weighted_seconds / max(seconds, 1e-9) / (1 << 20)}


def evict(files):
    for file in files:
        descriptor = os.open(file, os.O_RDONLY)
        os.fdatasync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def warm(files):
    buffer = bytearray(1 << 20)
    for file in files:
        with open(file, "rb", buffering=0) as opened:
            while opened.readinto(buffer):
                pass


def touch_memory(size_bytes):
    """A host that takes a guest's free memory back charges the first who uses it again: seconds of CPU for a page cache of
    this size, to whichever of two happens to come first. So it is used once, and freed, before each of them."""
    with mmap.mmap(-1, size_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        memory.madvise(mmap.MADV_HUGEPAGE)
        for start in range(0, size_bytes, 1 << 12):
            memory[start] = 1


class Result:
    def __init__(self, seconds, cpu_seconds, device=None):
        self.seconds = seconds
        self.cpu_seconds = cpu_seconds
        self.device = device


def bootstrap_interval(values, draws=2000, seed=1):
    generator = random.Random(seed)
    medians = sorted(statistics.median(generator.choices(values, k=len(values))) for _ in range(draws))
    return medians[int(0.025 * draws)], medians[int(0.975 * draws)]


class Bench:
    def __init__(self, coldload, model, scratch):
        self.coldload = coldload
        self.model = model
        self.scratch = scratch
        self.files = sorted(str(file.resolve()) for file in pathlib.Path(model).glob("*.safetensors"))
        self.bytes = sum(os.path.getsize(file) for file in self.files)
        self.stat_file = device_of(self.files[0])
        self.count = 0

    def prepare(self, cache):
        if cache == "cold":
            evict(self.files)
            touch_memory(self.bytes)
        else:
            warm(self.files)

    def run_coldload(self, strategy, options, cache):
        lines = ["schema = 1", 'name = "bench"', "[model]", 'path = ""', "[backend.local]",
                 f"root = {json.dumps(self.model)}", f"[strategy.{strategy}]"]
        lines += [f"{key} = {value}" for key, value in options.items()]
        lines += ["[[compare]]", f'cache = "{cache}"', "[run]", "repetitions = 1", 'verify = "off"', "probe = false"]
        self.count += 1
        out = os.path.join(self.scratch, f"run-{self.count}")
        self.prepare(cache)
        done = subprocess.run([self.coldload, "run", "-", "--out", out, "--disturb"], input="\n".join(lines),
                              capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"coldload failed:\n{done.stdout}{done.stderr}")
        with open(os.path.join(out, "result.json")) as document:
            run = json.load(document)["runs"][0]
        if run["status"] != "ok" or not run["proof"]["valid"]:
            return None
        metrics = {metric["tag"]: metric["value"] for metric in run["metrics"]}
        device = None
        if "device_read_requests" in metrics:
            device = per_request(metrics["device_read_requests"], metrics["device_read_merges"],
                                 metrics["device_read_requests"] * metrics["device_request_bytes_mean"],
                                 metrics["device_in_flight_mean"] * run["load_ns"] / 1e9, run["load_ns"] / 1e9)
        cpu = (metrics["cpu_user_ns"] + metrics["cpu_system_ns"]) / 1e9
        return Result(run["load_ns"] / 1e9, cpu, device)

    def run_fio(self, block, depth, engine, direct, threads, cache):
        self.prepare(cache)
        same = ["--rw=read", f"--bs={block}", f"--ioengine={engine}", *self.queue(depth), f"--direct={int(direct)}",
                "--invalidate=0", *self.memory(direct), "--thread", "--group_reporting", "--readonly",
                # Else it tells the kernel that it reads in order, and the kernel reads twice as far ahead.
                "--fadvise_hint=0"]
        command = ["fio", "--output-format=json"]
        if threads == 1:
            command += ["--name=peer", *same, f"--filename={':'.join(self.files)}", "--file_service_type=sequential"]
        else:
            # One part of the files each: the same bytes once, by as many threads.
            for index, part in enumerate(self.parts(threads)):
                command += [f"--name=peer{index}", *same, f"--filename={part[0]}", f"--offset={part[1]}",
                            f"--size={part[2]}"]
        before = device_counters(self.stat_file)
        # Huge pages, touched before fio's clock runs, as our pool's are: a virtual machine may have to ask for them.
        environment = dict(os.environ, GLIBC_TUNABLES="glibc.malloc.hugetlb=1:glibc.malloc.perturb=90")
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        after = device_counters(self.stat_file)
        if done.returncode != 0:
            sys.exit(f"fio failed:\n{done.stdout}{done.stderr}")
        job = json.loads(done.stdout[done.stdout.index("{"):])["jobs"][0]
        seconds = job["read"]["runtime"] / 1e3
        cpu = (job["usr_cpu"] + job["sys_cpu"]) / 100 * job["job_runtime"] / 1e3
        reads = after["reads"] - before["reads"]
        device = None
        if reads:
            device = per_request(reads, after["merges"] - before["merges"], after["bytes"] - before["bytes"],
                                 (after["weighted_ms"] - before["weighted_ms"]) / 1e3, seconds)
        return Result(seconds, cpu, device)

    @staticmethod
    def queue(depth):
        """A ring that is kept full: whatever is free is submitted at once, whatever has ended is taken at once. Without it
        fio submits one by one, needs more CPU, and has fewer requests in flight than its depth says."""
        if depth == 1:
            return ["--iodepth=1"]
        return [f"--iodepth={depth}", f"--iodepth_batch_submit={depth}", "--iodepth_batch_complete_min=1",
                f"--iodepth_batch_complete_max={depth}"]

    @staticmethod
    def memory(direct):
        """Memory as our pool has it. Into scattered pages a 1 MiB direct read is two requests or more, by chance; fio has
        whole huge pages only where its buffer is larger than one: blocks of 4 MiB are allowed for, and none is read."""
        if not direct:
            return ["--iomem_align=4k"]
        return ["--iomem_align=2m", "--bsrange=1m-4m", "--bssplit=1m/100:4m/0"]

    def parts(self, count):
        """At least `count` pieces of about equal size that cover all files, cut at 1 MiB."""
        parts = []
        share = self.bytes / count
        for file in self.files:
            size = os.path.getsize(file)
            pieces = max(1, round(size / share))
            step = -(-size // pieces // (1 << 20)) * (1 << 20)
            for start in range(0, size, step):
                parts.append((file, start, min(step, size - start)))
        return parts

    def run_cat(self, cache):
        self.prepare(cache)
        usage = os.times()
        began = time.monotonic()
        with open(os.devnull, "wb") as nothing:
            subprocess.run(["cat", *self.files], stdout=nothing, check=True)
        after = os.times()
        return Result(time.monotonic() - began, after.children_user + after.children_system - usage.children_user -
                      usage.children_system)


def describe(name, ours, peers, gigabytes, cache):
    seconds = [our.seconds for our in ours]
    peer_seconds = [peer.seconds for peer in peers]
    ratios = [our.seconds / peer.seconds for our, peer in zip(ours, peers)]
    low, high = bootstrap_interval(ratios)
    cpu = statistics.median(our.cpu_seconds for our in ours) / gigabytes
    peer_cpu = statistics.median(peer.cpu_seconds for peer in peers) / gigabytes
    spread = (max(peer_seconds) - min(peer_seconds)) / statistics.median(peer_seconds)
    print(f"{name:<34} {statistics.median(seconds):7.3f} {statistics.median(peer_seconds):7.3f}   "
          f"{statistics.median(ratios):5.2f} ({low:4.2f} to {high:4.2f})   {cpu:6.3f} {peer_cpu:6.3f} {cpu / peer_cpu:5.2f}   {spread:4.0%}")
    if cache == "cold" and ours[0].device and peers[0].device:
        for key, unit, scale, digits in (("asked", "requests", 1, 0), ("size", "KiB each", 1024, 1),
                                         ("mib", "MiB in flight", 1, 2)):
            our = statistics.median(run.device[key] for run in ours) / scale
            peer = statistics.median(run.device[key] for run in peers) / scale
            low, high = bootstrap_interval([a.device[key] / b.device[key] for a, b in zip(ours, peers)])
            print(f"{'':<34}   device {unit:<13} {our:8.{digits}f} {peer:8.{digits}f}   ratio {our / peer:4.2f}"
                  f" ({low:4.2f} to {high:4.2f})")
        joined = [100 * statistics.median(run.device["merged"] for run in side) for side in (ours, peers)]
        print(f"{'':<34}   device {'joined, %':<13} {joined[0]:8.0f} {joined[1]:8.0f}")


COMPARISONS = {
    # name: (strategy, options, cache, fio: block, depth, engine, direct, threads)
    "sequential 1 MiB warm": ("sequential", {"chunk": '"1 MiB"'}, "warm", ("1m", 1, "psync", False, 1)),
    "parallel 4 x 1 MiB warm": ("parallel", {"chunk": '"1 MiB"', "threads": 4}, "warm", ("1m", 1, "psync", False, 4)),
    "io_uring 16 x 1 MiB warm": ("io_uring", {"chunk": '"1 MiB"', "depth": 16}, "warm", ("1m", 16, "io_uring", False, 1)),
    "sequential 1 MiB cold": ("sequential", {"chunk": '"1 MiB"'}, "cold", ("1m", 1, "psync", False, 1)),
    "sequential 1 MiB direct": ("sequential", {"chunk": '"1 MiB"', "direct": "true"}, "cold", ("1m", 1, "psync", True, 1)),
    "io_uring 16 x 1 MiB direct": ("io_uring", {"chunk": '"1 MiB"', "depth": 16, "direct": "true"}, "cold",
                                   ("1m", 16, "io_uring", True, 1)),
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("coldload")
    parser.add_argument("--directory", default="build/benchmark/model")
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    if not any(arguments.only in name for name in COMPARISONS):
        parser.error(f"no comparison has \"{arguments.only}\" in its name; there are: {', '.join(COMPARISONS)}")
    model = os.path.abspath(arguments.directory)
    if not os.path.isdir(model):
        os.makedirs(os.path.dirname(model), exist_ok=True)
        subprocess.run([arguments.coldload, "gen-model", model, "--like", "llama-3.1-8b", "--scale", "0.1"], check=True)
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(arguments.coldload, model, scratch)
        gigabytes = bench.bytes / 1e9
        print(f"{gigabytes:.2f} GB in {len(bench.files)} files, {arguments.pairs} interleaved pairs, medians")
        print(f"{'':<34} {'ours':>7} {'peer':>7}   {'ratio of times':<20}   {'CPU s per GB':<13} ratio   peer's range")
        for name, (strategy, options, cache, fio) in COMPARISONS.items():
            if arguments.only not in name:
                continue
            ours, peers, cats = [], [], []
            with_cat = strategy == "sequential" and not fio[3]
            while len(ours) < arguments.pairs:
                first_ours = len(ours) % 2 == 0
                peer = None if first_ours else bench.run_fio(*fio, cache)
                our = bench.run_coldload(strategy, options, cache)
                peer = bench.run_fio(*fio, cache) if first_ours else peer
                if our is None:
                    continue
                ours.append(our)
                peers.append(peer)
                if with_cat:
                    cats.append(bench.run_cat(cache))
            describe(name + " / fio", ours, peers, gigabytes, cache)
            if with_cat:
                describe(name + " / cat", ours, cats, gigabytes, "none")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
