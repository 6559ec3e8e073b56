#!/usr/bin/env python3
"""scenarios/vllm-loaders.toml on a FUSE mount over a link with delay: what lazy loading costs there, and of what.

usage: vllm_loaders.py COLDLOAD DELAYED_LINK [--rounds N] [--delay-us N] [--mbit N] [--scale F] [--directory DIR]

The same model twice: in the layout of the reference serializer, where reading by name is reading in file order, and in
order of definition, where it jumps. Each round executes every strategy of the scenario by itself, the order turning, so
that the reads the server was asked for meanwhile are its own. No kernel counter proves a FUSE mount cold: coldload says
unprovable and tries three times. Here the server's log is the proof: less fetched than the model in every run ends this.

Lazy against prefetch is split in two: what the jumps cost (lazy against lazy in file order, definition layout) and what one
page after the other costs (lazy in file order against prefetch). Needs root.
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
from typing import NamedTuple

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
sys.path[:0] = [str(HERE), str(SOURCE / "tests/support")]
from link import DelayedLink  # noqa: E402
from local import bootstrap_interval  # noqa: E402
from sshfs import Sshfs  # noqa: E402

SCENARIO = SOURCE / "scenarios/vllm-loaders.toml"
SCENARIOS_ROOT, MODEL = "/mnt/models", "qwen2.5-7b"
STRATEGIES = ("lazy", "lazy-in-file-order", "eager", "prefetch", "parallel")
LAYOUTS = ("reference", "definition")
TARGET = 3


def make_models(coldload, directory, scale):
    """Below a name that says the scale: another scale is another model. The server has them in memory from here on."""
    for layout in LAYOUTS:
        model = directory / f"{scale:g}-{layout}" / MODEL
        if not model.exists():
            model.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run([coldload, "gen-model", str(model), "--like", "qwen2.5-0.5b", "--scale", str(scale),
                            "--layout", layout], check=True)
        for path in model.iterdir():
            with open(path, "rb", buffering=0) as file:
                while file.read(8 << 20):
                    pass


def adapted_scenario(root, scratch):
    text = SCENARIO.read_text(encoding="utf-8")
    if SCENARIOS_ROOT not in text or f'"{MODEL}"' not in text:
        sys.exit(f"{SCENARIO} has changed: adapt this program")
    text = text.replace(SCENARIOS_ROOT, str(root)).replace("[run]", "[run]\nprobe = false\nverify = \"off\"")
    path = pathlib.Path(scratch, "vllm-loaders.toml")
    path.write_text(text, encoding="utf-8")
    return path


class Load(NamedTuple):
    seconds: float
    major_faults: float
    reads: float
    fetched_bytes: float


class Bench:
    def __init__(self, coldload, mount, scratch, directory, scale):
        self.coldload, self.mount, self.scratch, self.count = coldload, mount, scratch, 0
        self.roots = {layout: pathlib.Path(mount.mountpoint, f"{scale:g}-{layout}") for layout in LAYOUTS}
        model = directory / f"{scale:g}-reference" / MODEL
        self.bytes = sum(path.stat().st_size for path in model.glob("*.safetensors"))

    def run(self, layout, strategy):
        """Of the cold loads of one execution: seconds and major faults of the middle one, reads and bytes of one on average."""
        self.count += 1
        out = os.path.join(self.scratch, f"run-{self.count}")
        scenario = adapted_scenario(self.roots[layout], self.scratch)
        mark = self.mount.mark()
        command = [self.coldload, "run", str(scenario), "--only", f"storage/{strategy}/*", "--runs", "1", "--out", out]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        reads = self.mount.reads(mark)
        try:
            with open(os.path.join(out, "result.json"), encoding="utf-8") as file:
                runs = json.load(file)["runs"]
        except OSError:
            sys.exit(f"coldload failed:\n{done.stdout}{done.stderr}")
        if not runs or any(run["status"] != "ok" for run in runs) or sum(reads) < 0.98 * self.bytes * len(runs):
            sys.exit(f"{layout} {strategy}: {[run['status'] + run['reason'] for run in runs]}, {sum(reads)} bytes fetched of "
                     f"{self.bytes} in each")
        faults = [metric["value"] for run in runs for metric in run["metrics"] if metric["tag"] == "faults_major"]
        return Load(statistics.median(run["cold_load_ns"] for run in runs) / 1e9, statistics.median(faults),
                    len(reads) / len(runs), sum(reads) / len(runs))


def print_table(bench, layout, results):
    print(f"\n{layout} layout, medians\n{'':<20} {'s':>7}  {'smallest to largest':<20} {'MB/s':>6} {'major faults':>13} "
          f"{'reads':>7} {'mean KiB':>9} {'of model':>9}")
    for strategy in STRATEGIES:
        runs = results[layout, strategy]
        seconds = [run.seconds for run in runs]
        middle = statistics.median(seconds)
        count = statistics.median(run.reads for run in runs)
        fetched = statistics.median(run.fetched_bytes for run in runs)
        print(f"{strategy:<20} {middle:7.2f}  {min(seconds):7.2f} to {max(seconds):7.2f}   {bench.bytes / middle / 1e6:6.0f} "
              f"{statistics.median(run.major_faults for run in runs):13.0f} {count:7.0f} {fetched / count / 1024:9.1f} "
              f"{fetched / bench.bytes:9.2f}")


def print_ratio(results, what, layout, slow, fast):
    ratios = [a.seconds / b.seconds for a, b in zip(results[layout, slow], results[layout, fast])]
    low, high = bootstrap_interval(ratios)
    print(f"{what:<62} {statistics.median(ratios):5.2f} ({low:4.2f} to {high:4.2f})")
    return statistics.median(ratios)


def print_split(results):
    print("\nratios of times in the same round, median (interval)")
    for layout in LAYOUTS:
        print_ratio(results, f"lazy / prefetch, {layout} layout (looked for: {TARGET})", layout, "lazy", "prefetch")
    print_ratio(results, "  order: lazy / lazy in file order, definition layout", "definition", "lazy", "lazy-in-file-order")
    for layout in LAYOUTS:
        print_ratio(results, f"  page after page: lazy in file order / prefetch, {layout} layout", layout, "lazy-in-file-order",
                    "prefetch")


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started ends with it
    parser = argparse.ArgumentParser()
    parser.add_argument("coldload")
    parser.add_argument("delayed_link")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--delay-us", type=int, default=1000)
    parser.add_argument("--mbit", type=int, default=0)
    parser.add_argument("--scale", type=float, default=0.125)
    parser.add_argument("--directory", default="build/benchmark/vllm")
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("this benchmark needs root, for network namespaces and the mount")
    coldload, directory = os.path.abspath(arguments.coldload), pathlib.Path(arguments.directory).resolve()
    make_models(coldload, directory, arguments.scale)
    results = {(layout, strategy): [] for layout in LAYOUTS for strategy in STRATEGIES}
    with (tempfile.TemporaryDirectory() as scratch,
          DelayedLink(os.path.abspath(arguments.delayed_link), arguments.delay_us, arguments.mbit) as link,
          Sshfs(str(directory), os.path.join(scratch, "mount"), os.path.join(scratch, "sftp.log"), link) as mount):
        bench = Bench(coldload, mount, scratch, directory, arguments.scale)
        print(f"{bench.bytes / 1e6:.0f} MB over sshfs, {arguments.delay_us / 1000:g} ms each way, {arguments.rounds} interleaved "
              "rounds", flush=True)
        keys = list(results)
        for number in range(arguments.rounds):
            turn = number * 3 % len(keys)
            for key in keys[turn:] + keys[:turn]:
                results[key].append(bench.run(*key))
        for layout in LAYOUTS:
            print_table(bench, layout, results)
        print_split(results)


if __name__ == "__main__":
    main()
