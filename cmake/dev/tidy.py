#!/usr/bin/env python3
"""Runs clang-tidy over every file of this tree that a build directory compiles.

A file that was clean is not looked at again until it, a header it includes, its compile command, a .clang-tidy or
clang-tidy itself changes. As with the compiler's cache, that counts for every clone on this machine. What a file
includes is known from the build's own dependency log, so one that was not built there yet is looked at each time.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import time

CLANG_TIDY = "clang-tidy-19"
FOLDERS = ("core", "plugins", "sdk", "tests")
MARK_DAYS_MAX = 30
COMPILER_ARGUMENTS = (
    # The commands are g++'s: they switch off warnings that clang does not have.
    "-Wno-unknown-warning-option",
    # Cheaper as warnings than as checks.
    "-Wreserved-identifier", "-Wzero-as-null-pointer-constant",
    # States of one function that the analyzer follows. With its default, 225000, plugins/local/local.cpp alone takes three times as
    # long, and nothing more was found in the tree.
    "-Xclang", "-analyzer-config", "-Xclang", "max-nodes=50000",
)


def compiled_files(root, build):
    """Of each file of the tree the first entry of the compilation database: {path: entry}."""
    found = {}
    for entry in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
        path = pathlib.Path(entry["directory"], entry["file"]).resolve()
        if path.is_relative_to(root) and path.relative_to(root).parts[0] in FOLDERS:
            found.setdefault(path, entry)
    return found


def object_of(entry):
    words = shlex.split(entry["command"])
    return words[words.index("-o") + 1]


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
    digest.update(command.replace(str(root), ".").encode())
    for include in sorted(includes):
        path = pathlib.Path(build, include).resolve()
        if path.is_relative_to(root):
            digest.update(include.encode() + path.read_bytes())
        else:
            digest.update(f"{include} {path.stat().st_mtime_ns}".encode())
    return digest.hexdigest()


def marks_directory():
    """One empty file for each fingerprint that was clean; those unused for long are dropped."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    directory = cache / "coldload" / "tidy"
    directory.mkdir(parents=True, exist_ok=True)
    for mark in directory.iterdir():
        if time.time() - mark.stat().st_mtime > MARK_DAYS_MAX * 86400:
            mark.unlink(missing_ok=True)
    return directory


def tidy(database, path):
    command = [CLANG_TIDY, "-p", database, "--quiet", *(f"--extra-arg={word}" for word in COMPILER_ARGUMENTS), str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()

    root, build = pathlib.Path.cwd(), arguments.build.resolve()
    clean = marks_directory()
    version = subprocess.run([CLANG_TIDY, "--version"], capture_output=True, check=True).stdout
    configurations = [root / ".clang-tidy", *sorted(f for top in FOLDERS for f in (root / top).rglob(".clang-tidy"))]
    common = version + " ".join(COMPILER_ARGUMENTS).encode() + b"".join(f.read_bytes() for f in configurations)
    recorded = dependencies(build)

    entries = compiled_files(root, build)
    waiting = {}
    for path, entry in entries.items():
        mark, output = None, object_of(entry)
        if output in recorded:
            mark = clean / fingerprint(root, build, entry["command"], recorded[output], common)
        if mark is not None and mark.exists():
            mark.touch()
        else:
            waiting[path] = mark

    failed = 0
    with (tempfile.TemporaryDirectory(prefix="coldload-tidy-") as database,
          concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool):
        # clang-tidy looks at a file once for each of its entries: `local` is also compiled over headers that are wrong on purpose.
        pathlib.Path(database, "compile_commands.json").write_text(json.dumps(list(entries.values())), encoding="utf-8")
        running = {pool.submit(tidy, database, path): path for path in waiting}
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
