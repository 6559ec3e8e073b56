#!/usr/bin/env python3
"""Measures the reference result set: scenarios/reference.toml, with an NFS and an S3 server behind a link of known speed.

usage: reference.py COLDLOAD [--scale F | --model DIR] [--link RATE] [--out DIR] [--root DIR] [--runs N]

Makes the model, two network namespaces joined by a link, and the servers in one of them; runs the scenario in the other,
renders what came of it and puts it all into --out. Everything it makes is below --root and in the namespaces, and is gone
at the end, whatever ended it. What is published names no host, no credential and no directory but those below --root.
Needs root.
"""
import argparse
import fcntl
import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from contextlib import ExitStack

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
sys.path[:0] = [str(HERE), str(SOURCE / "tests/support")]
import chromium  # noqa: E402
import reference_set  # noqa: E402
from ganesha import Ganesha  # noqa: E402
from link import Link, bits_per_second, burst_bytes  # noqa: E402
from radosgw import RadosGateway  # noqa: E402
from servers import die_with_parent  # noqa: E402

SCENARIO = SOURCE / "scenarios/reference.toml"
SCENARIOS_ROOT = "/srv/coldload-reference"
MODEL = "qwen2.5-7b"
S3_PORT = 8080
NFS_PORT = 2049
GIB = 1 << 30
PICTURE_WIDTH = 1280  # CSS pixels


def say(text):
    print(f"reference: {text}", flush=True)


def fail(text, code=1):
    print(f"reference: {text}", file=sys.stderr, flush=True)
    sys.exit(code)


def end_tidily_when_told():
    """The first signal unwinds everything that was begun; further ones do not disturb that."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def stop(number, _):
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        say(f"{signal.Signals(number).name}: ending what was begun")
        raise SystemExit(128 + number)

    # Set even where it was inherited as ignored, as a background job's is.
    for each in numbers:
        signal.signal(each, stop)


def clean_environment(**more):
    """Ours, without what would change which plugins coldload finds, what it reads or where it connects to."""
    unwanted = ("COLDLOAD_PLUGIN", "AWS_", "XDG_")
    kept = {key: value for key, value in os.environ.items()
            if not key.startswith(unwanted) and not key.lower().endswith("_proxy")}
    nowhere = {"AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"}
    return {**kept, **nowhere, **more}


class Place:
    """The directory that holds everything this makes. One that a killed run left is taken over; any other is refused."""

    def __init__(self, path):
        self.path = pathlib.Path(os.path.abspath(path))
        self.marker = self.path / ".coldload-reference"
        # Its name is the run's in note and table.
        self.run = self.path / "reference"

    def __enter__(self):
        if self.path.exists() and not self.marker.is_file():
            fail(f"{self.path} is there and not ours: remove it or name another with --root", 2)
        existed = self.path.exists()
        self.path.mkdir(parents=True, exist_ok=True)
        self.lock = open(self.marker, "w", encoding="ascii")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fail(f"{self.path} is in use by another ./dev reference", 3)
        if existed:
            for entry in self.path.iterdir():
                if entry != self.marker:
                    shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path)
        self.lock.close()

    def make(self, name):
        (self.path / name).mkdir(parents=True)
        return self.path / name

    def install(self, binary):
        """Copies coldload and its plugins, as plugins are recorded with the path they were loaded from."""
        prefix = pathlib.Path(binary).resolve().parents[1]
        shutil.copy2(binary, self.make("program/bin"))
        shutil.copytree(prefix / "lib/coldload/plugins", self.path / "program/lib/coldload/plugins")
        return str(self.path / "program/bin" / pathlib.Path(binary).name)


def files_of(directory):
    return sorted(path for path in directory.rglob("*") if path.is_file())


def make_model(coldload, place, arguments):
    """On the disk, and once more as what the NFS server serves: evicting the one leaves the other's pages alone."""
    own = place.make("disk") / MODEL
    if arguments.model:
        shutil.copytree(arguments.model, own)
    else:
        done = subprocess.run([coldload, "gen-model", str(own), "--like", MODEL, "--scale", str(arguments.scale)], check=False,
                              stdout=subprocess.DEVNULL)
        if done.returncode != 0:
            fail(f"coldload gen-model ended with {done.returncode}; nothing was published", done.returncode)
    size = sum(path.stat().st_size for path in files_of(own))
    require_room(place.path, size)
    served = place.make("share") / MODEL
    shutil.copytree(own, served)
    os.sync()
    for path in files_of(served):
        with open(path, "rb", buffering=0) as file:
            while file.read(8 << 20):
                pass
    return own, size


def require_room(path, size):
    """Of the disk: what is served, two staged copies, and one being made beside them. Of memory: the gateway's store takes
    nearly twice the model, the pages of what is served and of a warm model once each."""
    free = shutil.disk_usage(path).free
    if free < 4 * size + 3 * GIB:
        fail(f"{path}: {free / 1e9:.1f} GB are free, {(4 * size + 3 * GIB) / 1e9:.1f} GB are needed: take a smaller --scale", 3)
    with open("/proc/meminfo", encoding="ascii") as file:
        available = next(int(line.split()[1]) * 1024 for line in file if line.startswith("MemAvailable:"))
    if available < 4.5 * size + GIB:
        fail(f"{available / 1e9:.1f} GB of memory are available, {(4.5 * size + GIB) / 1e9:.1f} GB are needed: the servers keep "
             "the model in memory; take a smaller --scale", 3)


def start_servers(stack, link, place, model, size):
    """In the server's namespace. The gateway has keys of its own, so that they are found wherever they should not be."""
    address = link.server_address
    with link.server.entered():
        nfs = Ganesha(str(place.path / "share"), str(place.make("servers/nfs")), address=address, fixed_port=NFS_PORT)
        stack.callback(nfs.stop)
        nfs.start()
        s3 = RadosGateway(str(place.make("servers/s3")), address=address, fixed_port=S3_PORT,
                          store_bytes=max(4 * GIB, 2 * size))
        s3.access_key, s3.secret_key = "reference" + secrets.token_hex(8), secrets.token_hex(20)
        stack.callback(s3.stop)
        s3.start()
        client = s3.client()
        try:
            client.create_bucket(Bucket="models")
            for path in files_of(model):
                with open(path, "rb") as body:
                    client.put_object(Bucket="models", Key=f"{MODEL}/{path.relative_to(model)}", Body=body)
        finally:
            client.close()
    return nfs, s3


def measure(coldload, link, place, s3, runs):
    """Runs the scenario in the client's namespace, and returns what it printed. It ends with us, however we end."""
    text = SCENARIO.read_text(encoding="utf-8")
    if SCENARIOS_ROOT not in text:
        fail(f"{SCENARIO} no longer names {SCENARIOS_ROOT}: adapt this program")
    scenario = place.path / "reference.toml"
    scenario.write_text(text.replace(SCENARIOS_ROOT, str(place.path)), encoding="utf-8")
    command = [coldload, "run", str(scenario), "--out", str(place.run), "--yes"]
    command += ["--runs", str(runs)] if runs else []
    environment = clean_environment(AWS_ACCESS_KEY_ID=s3.access_key, AWS_SECRET_ACCESS_KEY=s3.secret_key)
    with link.client.entered():
        # In a session of its own: a Ctrl-C at the terminal reaches it once, from us.
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                                   cwd=place.path, start_new_session=True, preexec_fn=die_with_parent)
    try:
        printed = process.communicate()[0]
    finally:
        if process.poll() is None:
            end(process)
    print(printed, end="", flush=True)
    if process.returncode != 0:
        fail(f"coldload run ended with {process.returncode}; nothing was published")
    return printed


def end(process):
    """coldload ends its workers and removes its copies when asked; one that does not is killed, and they with it."""
    process.send_signal(signal.SIGINT)
    try:
        process.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def render(coldload, run):
    """The note and the report beside the document, and whether the folder is whole."""
    commands = [["check", str(run)]]
    # Asked of the list: --help after a command that is not there ends well, too.
    if re.search(r"^\s+report\b", subprocess.run([coldload, "--help"], capture_output=True, text=True, check=True).stdout, re.M):
        commands.append(["report", str(run), "-o", str(run)])
    else:
        say("this coldload has no `report`: the set is published without note and report")
    for command in commands:
        done = subprocess.run([coldload, *command], capture_output=True, text=True, env=clean_environment(), check=False)
        if done.returncode != 0:
            fail(f"coldload {' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def picture(run):
    """What the report shows first: the answer, the recommendation and the medians."""
    with chromium.Chromium() as browser:
        browser.show(run / "report.html", width=PICTURE_WIDTH)
        end = browser.evaluate("document.querySelectorAll('h2')[2].getBoundingClientRect().top + window.scrollY")
        browser.screenshot(run / "report.png", clip=(0, 0, PICTURE_WIDTH, int(end)))


def arguments_of(command_line):
    parser = argparse.ArgumentParser(prog="./dev reference")
    parser.add_argument("coldload", help=argparse.SUPPRESS)
    parser.add_argument("--scale", type=float, default=0.036, help=f"share of {MODEL}'s layers to make (0.036: one)")
    parser.add_argument("--model", help="a model of yours instead of a made-up one")
    parser.add_argument("--link", default="2gbit", help="what the servers can send, as tc(8) writes it (2gbit)")
    parser.add_argument("--out", default=str(SOURCE / "results/reference"), help="where the set goes (results/reference)")
    parser.add_argument("--root", default=SCENARIOS_ROOT, help=f"what is made lies below it meanwhile ({SCENARIOS_ROOT})")
    parser.add_argument("--runs", type=int, default=0, help="valid runs of each case, instead of the scenario's")
    arguments = parser.parse_args(command_line)
    try:
        bits_per_second(arguments.link)
    except ValueError as error:
        parser.error(f"--link: {error}")
    if os.geteuid() != 0:
        parser.error("needs root, for network namespaces and the NFS server")
    return arguments


def refuse_mounts_below(directory):
    """A result lists the file systems of its machine, and no path of the tree is published: told before, not after."""
    with open("/proc/self/mounts", "rb") as mounts:
        # A space is "\040" there.
        points = [line.split()[1].decode("unicode_escape") for line in mounts]
    for point in points:
        if pathlib.Path(point).is_relative_to(directory):
            fail(f"{point} is a mount below {directory}, and its path would be in the result: unmount it first", 2)


def main():
    arguments = arguments_of(sys.argv[1:])
    refuse_mounts_below(SOURCE)
    out = reference_set.Target(arguments.out)
    end_tidily_when_told()
    began = time.monotonic()
    with ExitStack() as stack:
        place = stack.enter_context(Place(arguments.root))
        coldload = place.install(arguments.coldload)
        model, size = make_model(coldload, place, arguments)
        say(f"model of {size / 1e9:.2f} GB made; starting the servers")
        link = stack.enter_context(Link(arguments.link))
        nfs, s3 = start_servers(stack, link, place, model, size)
        goodput = link.measured_bits_per_second()
        say(f"servers are ready; one connection brings {goodput / 1e9:.2f} Gbit/s over the link of {arguments.link}; measuring")
        before = nfs.device_bytes_read()
        printed = measure(coldload, link, place, s3, arguments.runs)
        facts = {"nfs_device_bytes": nfs.device_bytes_read() - before, "goodput": goodput, "link": arguments.link,
                 "burst_bytes": burst_bytes(arguments.link), "made": not arguments.model, "scale": arguments.scale,
                 "runs": arguments.runs, "printed": printed}
        run = place.run
        render(coldload, run)
        picture(run)
        document = json.loads((run / "result.json").read_text(encoding="utf-8"))
        facts["seconds"] = time.monotonic() - began
        (run / "README.md").write_text(reference_set.readme(document, facts, run), encoding="utf-8")
        mistakes = reference_set.mistakes_of(run, document, [s3.access_key, s3.secret_key], [str(SOURCE)])
        if mistakes:
            fail("not published:\n  " + "\n  ".join(mistakes))
        out.publish(run)
    say(f"{arguments.out} holds the set; it took {(time.monotonic() - began) / 60:.1f} min")


if __name__ == "__main__":
    main()
