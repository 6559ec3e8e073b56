#!/usr/bin/env python3
"""Staging a model onto a disk against the tools one would take instead, in one interleaved run.

usage: staged.py COLDLOAD [--s3] [--directory MODEL] [--rounds N] [--scratch DIR]

From another directory of the disk, from cold, against cp and rsync; with --s3 from nginx, which stands for S3 as in s3.py
and has the model in its page cache, against `aws s3 cp` and `rclone copy` with their own defaults (needs root, for the
network namespace). Every copy ends durable: `coldload stage` syncs by itself, the others are followed by sync(1). Copies
are removed, and that is synced, before the next one begins. Ours digests every byte of what it copies.
"""
import argparse
import os
import pathlib
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]


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


def from_disk(_, coldload, model, copy):
    return {
        "coldload stage": [[coldload, "stage", model, copy]],
        "cp --reflink=never, sync": [["cp", "-r", "--reflink=never", model, copy], ["sync"]],
        "rsync -a --whole-file, sync": [["rsync", "-a", "--whole-file", model + "/", copy], ["sync"]],
    }


def from_s3(stack, coldload, model, copy):
    """Served in a namespace of its own, with credentials that the server does not look at."""
    import link  # noqa: E402
    import s3  # noqa: E402
    namespace = stack.enter_context(link.Namespace())
    stack.enter_context(namespace.entered())
    server = stack.enter_context(s3.Server(model, stack.enter_context(tempfile.TemporaryDirectory())))
    for name in [name for name in os.environ if name.startswith(("AWS_", "RCLONE_")) or name.lower().endswith("_proxy")]:
        del os.environ[name]
    endpoint = f"http://127.0.0.1:{server.port}"
    os.environ.update(AWS_ACCESS_KEY_ID="nobody", AWS_SECRET_ACCESS_KEY="nothing", AWS_REGION="us-east-1",
                      AWS_ENDPOINT_URL=endpoint, AWS_EC2_METADATA_DISABLED="true", RCLONE_CONFIG="/dev/null")
    return {
        "coldload stage": [[coldload, "stage", "s3://models/m", copy]],
        "aws s3 cp, sync": [["/usr/bin/aws", "--endpoint-url", endpoint, "s3", "cp", "--recursive", "--quiet", "s3://models/m", copy], ["sync"]],
        "rclone copy, sync": [["rclone", "copy", f":s3,provider=Other,env_auth=true,endpoint='{endpoint}':models/m", copy], ["sync"]],
    }


def measure(ways, files, copy, arguments):
    results = {way: [] for way in ways}
    for number in range(arguments.rounds):
        order = list(ways)
        for way in order[number % len(order):] + order[:number % len(order)]:
            shutil.rmtree(copy, ignore_errors=True)
            os.sync()
            if not arguments.s3:
                evict(files)
            results[way].append(timed(ways[way]))
            copied = sum(path.stat().st_size for path in pathlib.Path(copy).rglob("*.safetensors"))
            if copied != sum(os.path.getsize(path) for path in files if path.endswith(".safetensors")):
                sys.exit(f"{way}: copied {copied} bytes")
    return results


def show(results, size):
    print(f"{'':<30} {'s':>7}  {'smallest to largest':<20} {'CPU s per GB':>12}   ours / it")
    ours = [seconds for seconds, _ in results["coldload stage"]]
    for way, runs in results.items():
        seconds = [run[0] for run in runs]
        cpu = statistics.median(run[1] for run in runs) / size * 1e9
        ratios = [mine / its for mine, its in zip(ours, seconds)]
        low, high = interval(ratios)
        print(f"{way:<30} {statistics.median(seconds):7.2f}  {min(seconds):7.2f} to {max(seconds):7.2f}   {cpu:12.3f}   "
              f"{statistics.median(ratios):4.2f} ({low:4.2f} to {high:4.2f})")


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started ends with it
    parser = argparse.ArgumentParser()
    parser.add_argument("coldload")
    parser.add_argument("--s3", action="store_true")
    parser.add_argument("--directory", default="build/benchmark/model")
    parser.add_argument("--scratch", default="build/benchmark/copies")
    parser.add_argument("--rounds", type=int, default=10)
    arguments = parser.parse_args()
    if arguments.s3 and os.geteuid() != 0:
        parser.error("--s3 needs root, for a network namespace")
    coldload, model = os.path.abspath(arguments.coldload), os.path.abspath(arguments.directory)
    if not os.path.isdir(model):
        os.makedirs(os.path.dirname(model), exist_ok=True)
        subprocess.run([coldload, "gen-model", model, "--like", "llama-3.1-8b", "--scale", "0.1"], check=True)
    files = [str(path) for path in pathlib.Path(model).rglob("*") if path.is_file()]
    size = sum(os.path.getsize(path) for path in files)
    scratch = os.path.abspath(arguments.scratch)
    os.makedirs(scratch, exist_ok=True)
    copy = os.path.join(scratch, "copy")
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, scratch)
        ways = (from_s3 if arguments.s3 else from_disk)(stack, coldload, model, copy)
        results = measure(ways, files, copy, arguments)
    print(f"{size / 1e9:.2f} GB in {len(files)} files, {arguments.rounds} interleaved rounds, medians")
    show(results, size)


if __name__ == "__main__":
    main()
