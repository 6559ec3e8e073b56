#!/usr/bin/env python3
"""Backend s3 against parallel curl processes: the same ranges of the same objects, from nginx, in interleaved pairs.

usage: s3.py COLDLOAD [--directory DIR] [--pairs N] [--only NAME] [--link RATE]

Both sides run beside the server in a network namespace of their own, whose congestion control is reno (BBR paces even
loopback). nginx stands in for the ceiling of plain HTTP: it lists one prefix from a file and checks no signature. Times are
each side's own clock: coldload's load, and of curl the longest of its processes' sums of time_total, so that neither's
start-up counts. CPU is user and system seconds per GB of the client, of coldload for its load, of curl for its processes
minus as many that fetch one byte. --link 1gbit puts a token bucket (tc tbf) on the namespace's loopback. Needs root, for
the namespace.
"""
import argparse
import json
import os
import pathlib
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import link  # noqa: E402

CHUNK = 8 << 20
NGINX = """worker_processes 2; pid {scratch}/nginx.pid; error_log {scratch}/error.log; daemon off; user root;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; sendfile_max_chunk 2m; tcp_nopush on; tcp_nodelay on; keepalive_requests 1000000;
  client_body_temp_path {scratch}; proxy_temp_path {scratch}; fastcgi_temp_path {scratch}; uwsgi_temp_path {scratch};
  scgi_temp_path {scratch};
  server {{ listen 127.0.0.1:{port}; root {scratch}/root; default_type application/octet-stream;
    location = /models {{ default_type application/xml; alias {scratch}/list.xml; }} }}
}}
"""


def bootstrap_interval(values, draws=2000, seed=1):
    generator = random.Random(seed)
    medians = sorted(statistics.median(generator.choices(values, k=len(values))) for _ in range(draws))
    return medians[int(0.025 * draws)], medians[int(0.975 * draws)]


class Server:
    """nginx over the model, with a listing of it."""

    def __init__(self, model, scratch):
        self.scratch, self.port = scratch, 18080
        os.makedirs(f"{scratch}/root/models")
        os.symlink(model, f"{scratch}/root/models/m")
        contents = "".join(self.listed(file) for file in sorted(pathlib.Path(model).iterdir()))
        pathlib.Path(f"{scratch}/list.xml").write_text(
            f"<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>")
        pathlib.Path(f"{scratch}/nginx.conf").write_text(NGINX.format(scratch=scratch, port=self.port))

    @staticmethod
    def listed(file):
        """With the ETag that nginx answers with."""
        status = file.stat()
        changed = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(status.st_mtime))
        return (f"<Contents><Key>m/{urllib.parse.quote(file.name)}</Key><LastModified>{changed}</LastModified>"
                f"<ETag>&quot;{int(status.st_mtime):x}-{status.st_size:x}&quot;</ETag><Size>{status.st_size}</Size></Contents>")

    def __enter__(self):
        self.process = subprocess.Popen(["nginx", "-c", f"{self.scratch}/nginx.conf", "-e", f"{self.scratch}/error.log"])
        end = time.monotonic() + 10
        while subprocess.run(["curl", "-sf", "-o", "/dev/null", f"http://127.0.0.1:{self.port}/models"], check=False).returncode != 0:
            if time.monotonic() > end or self.process.poll() is not None:
                self.__exit__()
                sys.exit("nginx does not answer: " + pathlib.Path(f"{self.scratch}/error.log").read_text())
            time.sleep(0.05)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


class Bench:
    def __init__(self, coldload, model, server, scratch):
        self.coldload, self.server, self.scratch = coldload, server, scratch
        self.files = sorted(pathlib.Path(model).glob("*.safetensors"))
        self.bytes = sum(file.stat().st_size for file in self.files)
        self.count = 0

    def run_coldload(self, threads, options):
        lines = ["schema = 1", 'name = "bench"', "[model]", 'path = "m"', "[backend.s3]", 'url = "s3://models"',
                 f'endpoint = "http://127.0.0.1:{self.server.port}"', "anonymous = true", "[strategy.parallel]",
                 f"threads = {threads}", f'chunk = "{CHUNK}"', *options, "[run]", "repetitions = 1", 'verify = "off"',
                 "probe = false", "quiet = false"]
        self.count += 1
        out = os.path.join(self.scratch, f"run-{self.count}")
        done = subprocess.run([self.coldload, "run", "-", "--out", out], input="\n".join(lines),
                              capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"coldload failed:\n{done.stdout}{done.stderr}")
        with open(os.path.join(out, "result.json")) as document:
            run = json.load(document)["runs"][0]
        told = [reason for reason in run["disturbed"] if reason.startswith("s3: ")]
        if run["status"] != "ok" or told:
            sys.exit(f"coldload's run does not count: {run['status']} {run['reason']} {told}")
        metrics = {metric["tag"]: metric["value"] for metric in run["metrics"]}
        return run["load_ns"] / 1e9, (metrics["cpu_user_ns"] + metrics["cpu_system_ns"]) / 1e9

    def ranges(self):
        for file in self.files:
            size = file.stat().st_size
            for first in range(0, size, CHUNK):
                yield file.name, first, min(first + CHUNK, size) - 1

    def run_curl(self, connections, ranges=None):
        """One process per connection, each reusing its own for all of its ranges."""
        configurations = [[] for _ in range(connections)]
        for number, (name, first, last) in enumerate(ranges or self.ranges()):
            configurations[number % connections].append(
                f'url = "http://127.0.0.1:{self.server.port}/models/m/{name}"\nrange = "{first}-{last}"\n'
                'output = "/dev/null"\nsilent\nhttp1.1\nwrite-out = "%{http_code} %{size_download} %{time_total}\\n"\n')
        processes = []
        before = os.times()
        for number, parts in enumerate(configurations):
            path = os.path.join(self.scratch, f"curl-{number}")
            pathlib.Path(path).write_text("next\n".join(parts))
            processes.append(subprocess.Popen(["curl", "-K", path], stdout=subprocess.PIPE, text=True))
        outputs = [process.communicate()[0] for process in processes]
        after = os.times()
        lines = [[line.split() for line in output.splitlines()] for output in outputs]
        if any(code != "206" for process in lines for code, _, _ in process):
            sys.exit(f"curl failed: {outputs}")
        seconds = max(sum(float(total) for _, _, total in process) for process in lines)
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        return seconds, cpu, sum(int(size) for process in lines for _, size, _ in process)

    def start_up_cpu(self, connections):
        """What curl costs without the bytes."""
        ones = [(self.files[0].name, 0, 0)] * connections
        return statistics.median(self.run_curl(connections, ones)[1] for _ in range(5))


def compare(bench, name, threads, options, connections, pairs):
    start_up = bench.start_up_cpu(connections)
    ours, peers = [], []
    for pair in range(pairs):
        peer = None if pair % 2 == 0 else bench.run_curl(connections)
        ours.append(bench.run_coldload(threads, options))
        peer = peer or bench.run_curl(connections)
        if peer[2] != bench.bytes:
            sys.exit(f"curl brought {peer[2]} of {bench.bytes} bytes")
        peers.append((peer[0], max(peer[1] - start_up, 0.001)))
    gigabytes = bench.bytes / 1e9
    rates = [gigabytes / seconds for seconds, _ in ours]
    peer_rates = [gigabytes / seconds for seconds, _ in peers]
    ratios = [a / b for a, b in zip(rates, peer_rates)]
    low, high = bootstrap_interval(ratios)
    cpu = statistics.median(used for _, used in ours) / gigabytes
    peer_cpu = statistics.median(used for _, used in peers) / gigabytes
    print(f"{name:<28} {statistics.median(rates):6.3f} {statistics.median(peer_rates):6.3f}   {statistics.median(ratios):5.2f} "
          f"({low:4.2f} to {high:4.2f})   {cpu:6.3f} {peer_cpu:6.3f} {cpu / peer_cpu:5.2f}", flush=True)


COMPARISONS = {
    # name: (threads, more options of the strategy, curl processes)
    "1 thread": (1, [], 1),
    "4 threads": (4, [], 4),
    "8 threads": (8, [], 8),
    "2 threads, 4 in flight each": (2, ["in_flight = 4"], 8),
}


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started ends with it
    parser = argparse.ArgumentParser()
    parser.add_argument("coldload")
    parser.add_argument("--directory", default="build/benchmark/model")
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--only", default="")
    parser.add_argument("--link", default="")
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("this benchmark needs root, for a network namespace")
    model = os.path.abspath(arguments.directory)
    if not os.path.isdir(model):
        os.makedirs(os.path.dirname(model), exist_ok=True)
        subprocess.run([arguments.coldload, "gen-model", model, "--like", "llama-3.1-8b", "--scale", "0.1"], check=True)
    coldload = os.path.abspath(arguments.coldload)
    with link.Namespace() as namespace, namespace.entered(), tempfile.TemporaryDirectory() as scratch, Server(model, scratch) as server:
        if arguments.link:
            link.limit("lo", arguments.link)
        bench = Bench(coldload, model, server, scratch)
        bench.run_curl(4)  # The server's page cache is warm from here on.
        print(f"{bench.bytes / 1e9:.2f} GB in {len(bench.files)} objects, ranges of 8 MiB, {arguments.pairs} interleaved "
              "pairs, medians")
        print(f"{'':<28} {'ours':>6} {'curl':>6}   {'ratio of rates':<20}   {'CPU s per GB':<13} ratio")
        print(f"{'':<28} {'GB/s':>6} {'GB/s':>6}")
        for name, (threads, options, connections) in COMPARISONS.items():
            if arguments.only in name:
                compare(bench, name, threads, options, connections, arguments.pairs)


if __name__ == "__main__":
    main()
