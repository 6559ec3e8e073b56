#!/usr/bin/env python3
"""Runs clang-tidy over every file of this tree that a build directory compiles.

A file that was clean is not looked at again until it, a header it includes, its compile command, .clang-tidy or
clang-tidy itself changes. What it includes is known from the build's own dependency log, so files that were not built
there yet are looked at each time.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import subprocess
import sys

CLANG_TIDY = "clang-tidy-19"
FOLDERS = ("core", "plugins", "sdk", "tests")


def compiled_files(root, build):
    """Of each file of the tree the first compile command: {path: (object, command)}."""
    found = {}
    for entry in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
        path = pathlib.Path(entry["directory"], entry["file"]).resolve()
        if path.is_relative_to(root) and path.relative_to(root).parts[0] in FOLDERS:
            found.setdefault(path, (entry["output"], entry["command"]))
    return found


def dependencies(build):
    """{object: [files]} as ninja recorded them; empty where nothing was built."""
    listing = subprocess.run(["ninja", "-C", str(build), "-t", "deps"], capture_output=True, text=True, check=False)
    found, current = {}, None
    for line in listing.stdout.splitlines():
        if line.startswith("    "):
            current.append(line.strip())
        elif ": #deps" in line and line.endswith("(VALID)"):
            current = found.setdefault(line.split(": #deps")[0], [])
        else:
            current = []
    return found


def fingerprint(root, build, command, includes, common):
    """What the verdict on one file depends on. Headers of the system count by name and time, ours by content."""
    digest = hashlib.sha256(common)
    digest.update(command.encode())
    for include in sorted(includes):
        path = pathlib.Path(build, include).resolve()
        if path.is_relative_to(root):
            digest.update(include.encode() + path.read_bytes())
        else:
            digest.update(f"{include} {path.stat().st_mtime_ns}".encode())
    return digest.hexdigest()


def tidy(build, path):
    return subprocess.run(
        [CLANG_TIDY, "-p", str(build), "--quiet", str(path)], capture_output=True, text=True, check=False
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()

    root, build = pathlib.Path.cwd(), arguments.build.resolve()
    clean = build / "tidy-clean"
    clean.mkdir(exist_ok=True)
    version = subprocess.run([CLANG_TIDY, "--version"], capture_output=True, check=True).stdout
    common = version + (root / ".clang-tidy").read_bytes()
    recorded = dependencies(build)

    waiting = {}
    for path, (output, command) in compiled_files(root, build).items():
        output = os.path.relpath(pathlib.Path(build, output), build)
        mark = None
        if output in recorded:
            mark = clean / fingerprint(root, build, command, recorded[output], common)
        if mark is None or not mark.exists():
            waiting[path] = mark

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        running = {pool.submit(tidy, build, path): path for path in waiting}
        for done in concurrent.futures.as_completed(running):
            path, result = running[done], done.result()
            if result.returncode == 0:
                if waiting[path] is not None:
                    waiting[path].touch()
                continue
            failed += 1
            print(result.stdout.rstrip() or result.stderr.rstrip(), flush=True)
    print(f"clang-tidy: {len(waiting)} files looked at, {failed} with findings", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
