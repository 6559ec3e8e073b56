#!/usr/bin/env python3
"""Staging a model from one directory of a disk to another, from cold, against cp and rsync, in one interleaved run.

usage: staged.py COLDLOAD [--directory MODEL] [--rounds N] [--scratch DIR]

Every copy ends durable: `coldload stage` syncs by itself, the others are followed by sync(1). Copies are removed, and
that is synced, before the next one begins; the source is evicted. Ours digests every byte, the others do not.
"""
import argparse
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import time


def evict(files):
    for file in files:
        descriptor = os.open(file, os.O_RDONLY)
        os.fdatasync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def timed(commands):
    usage = os.times()
    began = time.monotonic()
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    seconds = time.monotonic() - began
    after = os.times()
    return seconds, after.children_user + after.children_system - usage.children_user - usage.children_system


def interval(values, draws=2000):
    generator = random.Random(1)
    medians = sorted(statistics.median(generator.choices(values, k=len(values))) for _ in range(draws))
    return medians[int(0.025 * draws)], medians[int(0.975 * draws)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("coldload")
    parser.add_argument("--directory", default="build/benchmark/model")
    parser.add_argument("--scratch", default="build/benchmark/copies")
    parser.add_argument("--rounds", type=int, default=10)
    arguments = parser.parse_args()
    model = os.path.abspath(arguments.directory)
    if not os.path.isdir(model):
        os.makedirs(os.path.dirname(model), exist_ok=True)
        subprocess.run([arguments.coldload, "gen-model", model, "--like", "llama-3.1-8b", "--scale", "0.1"], check=True)
    files = [str(path) for path in pathlib.Path(model).rglob("*") if path.is_file()]
    size = sum(os.path.getsize(path) for path in files)
    scratch = os.path.abspath(arguments.scratch)
    os.makedirs(scratch, exist_ok=True)
    copy = os.path.join(scratch, "copy")
    ways = {
        "coldload stage": [[arguments.coldload, "stage", model, copy]],
        "cp --reflink=never, sync": [["cp", "-r", "--reflink=never", model, copy], ["sync"]],
        "rsync -a --whole-file, sync": [["rsync", "-a", "--whole-file", model + "/", copy], ["sync"]],
    }
    results = {way: [] for way in ways}
    for number in range(arguments.rounds):
        order = list(ways)
        for way in order[number % len(order):] + order[:number % len(order)]:
            shutil.rmtree(copy, ignore_errors=True)
            os.sync()
            evict(files)
            results[way].append(timed(ways[way]))
    shutil.rmtree(scratch)
    print(f"{size / 1e9:.2f} GB in {len(files)} files, {arguments.rounds} interleaved rounds, medians")
    print(f"{'':<30} {'s':>7}  {'smallest to largest':<20} {'CPU s per GB':>12}   ours / it")
    ours = [seconds for seconds, _ in results["coldload stage"]]
    for way, runs in results.items():
        seconds = [run[0] for run in runs]
        cpu = statistics.median(run[1] for run in runs) / size * 1e9
        ratios = [mine / its for mine, its in zip(ours, seconds)]
        low, high = interval(ratios)
        print(f"{way:<30} {statistics.median(seconds):7.2f}  {min(seconds):7.2f} to {max(seconds):7.2f}   {cpu:12.3f}   "
              f"{statistics.median(ratios):4.2f} ({low:4.2f} to {high:4.2f})")


if __name__ == "__main__":
    main()
