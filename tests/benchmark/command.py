#!/usr/bin/env python3
"""How near the time to ready of strategy `command` is to the truth.

The truth is the program's own: a small C program notes the time of its first instruction and becomes a Python program,
which sleeps and notes the time at which it became ready: at which /health begins to be answered with 200, the line is
written, or it ends. What the strategy says is longer by fork and exec before the one, and by noticing after the other.
Each way of being ready is run `--runs` times; the table gives the differences. On a busy machine every step waits for a
processor: `--realtime` shows what the strategy itself adds.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))

PROGRAM = """
import http.server, os, sys, threading, time
way, times, port = sys.argv[1], os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND), int(sys.argv[3])
class Answer(http.server.BaseHTTPRequestHandler):
    ready = False
    def do_GET(self):
        self.send_response(200 if Answer.ready else 503)
        self.end_headers()
    def log_message(self, *_):
        pass
def note():
    # One write to an open file: what comes after it is ready at once.
    os.write(times, b"%d\\n" % time.monotonic_ns())
if way == "http-status":
    server = http.server.HTTPServer(("127.0.0.1", port), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
time.sleep(0.2137)
if way == "http-listening":
    # As uvicorn does under vLLM: nobody listens before it is ready.
    Answer.ready = True
    server = http.server.HTTPServer(("127.0.0.1", port), Answer, bind_and_activate=False)
    server.server_bind()
    note()
    server.server_activate()
    server.serve_forever()
Answer.ready = True
note()
if way == "exit":
    # Not through the interpreter's own end, which takes its time.
    os._exit(0)
if way == "line":
    os.write(1, b"ready\\n")
time.sleep(1000)
"""

WAYS = {
    "exit": "",
    "line": 'ready_line = "^ready$"',
    "http-listening": 'health = "/health"',
    "http-status": 'health = "/health"',
}


def measure(coldload, directory, way, runs):
    """Differences in seconds between what the strategy said and what the program noted, of `runs` runs."""
    times = os.path.join(directory, f"times-{way}")
    argv = [os.path.join(directory, "clock"), times, sys.executable, os.path.join(directory, "program.py"), way, times, "{port}"]
    scenario = os.path.join(directory, "scenario.toml")
    with open(scenario, "w", encoding="utf-8") as file:
        file.write(f'schema = 1\nname = "command"\n[model]\npath = "model"\n[backend.disk]\nplugin = "local"\nroot = "{directory}"\n'
                   f'[strategy.program]\nplugin = "command"\nargv = {json.dumps(argv)}\nstop_grace = "0 s"\n{WAYS[way]}\n'
                   f'[[compare]]\ncache = "as-is"\n'
                   f'[run]\nverify = "off"\nprobe = false\nquiet = false\nrepetitions = {{ min = {runs}, max = {runs} }}\n')
    out = os.path.join(directory, f"out-{way}")
    subprocess.run([coldload, "run", scenario, "--allow-commands", "--out", out], check=True, stdout=subprocess.DEVNULL)
    with open(os.path.join(out, "result.json"), encoding="utf-8") as file:
        document = json.load(file)
    with open(times, encoding="ascii") as file:
        moments = [int(line) for line in file]
    said = [next(m["value"] for m in entry["metrics"] if m["tag"] == "command/ready_ns") for entry in document["runs"]]
    if len(moments) != 2 * len(said) or len(said) != runs:
        sys.exit(f"{way}: {len(said)} runs, {len(moments)} moments")
    true = [moments[2 * i + 1] - moments[2 * i] for i in range(runs)]
    return [(a - b) / 1e9 for a, b in zip(said, true)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("coldload")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--realtime", action="store_true",
                        help="before every other program of a busy machine, as if it were quiet (root)")
    options = parser.parse_args()
    if options.realtime:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(10))
    directory = tempfile.mkdtemp(prefix="coldload-bench-command-", dir="build")
    directory = os.path.abspath(directory)
    try:
        subprocess.run(["cc", "-O2", "-o", os.path.join(directory, "clock"), os.path.join(HERE, "command_clock.c")], check=True)
        with open(os.path.join(directory, "program.py"), "w", encoding="utf-8") as file:
            file.write(PROGRAM)
        subprocess.run([options.coldload, "gen-model", os.path.join(directory, "model"), "--like", "qwen2.5-0.5b", "--scale", "0.001"],
                       check=True, stdout=subprocess.DEVNULL)
        print(f"time to ready minus the program's own, {options.runs} runs each, ms")
        print(f"{'ready by':<16}{'median':>8}{'least':>8}{'most':>8}")
        worst = 0.0
        for way in WAYS:
            differences = sorted(1e3 * d for d in measure(options.coldload, directory, way, options.runs))
            middle = statistics.median(differences)
            worst = max(worst, abs(middle))
            print(f"{way:<16}{middle:>8.2f}{differences[0]:>8.2f}{differences[-1]:>8.2f}")
        print(f"largest median {worst:.2f} ms: {'within' if worst <= 10 else 'NOT within'} 10 ms")
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    return 0 if worst <= 10 else 1


if __name__ == "__main__":
    sys.exit(main())
