#!/usr/bin/env python3
"""Runs clang-tidy over every file of this tree that a build directory compiles.

Most of a look at one file goes into the headers that it shares with its neighbours, so files of one target with the same
compile command are looked at together, as one that includes them; the analyzer, which leaves included files out, looks at
each by itself. Where a batch has findings, or does not compile as one, each of its files is looked at alone instead.

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
BATCH_FILES_MAX = 16
# Files with a name that a neighbour has too: coldload_alone() in CMake.
ALONE = "compiled_alone.txt"
# A batch includes its files as if they were headers. What a name of one hides of another's is no fault.
TOGETHER = ("--checks=-clang-analyzer-*", "--extra-arg=-Wno-shadow", r"--header-filter=(core|plugins|sdk|tests)/.*\.(c|cpp|h|hpp)$")
# What is left when the checks of a batch are done: the analyzer, and warnings that depend on what the main file is.
EACH = ("--checks=-bugprone-*,-concurrency-*,-misc-*,-modernize-*,-performance-*,-readability-*",)
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


def tidy(database, path, *options):
    command = [CLANG_TIDY, "-p", database, "--quiet", *options,
               *(f"--extra-arg={word}" for word in COMPILER_ARGUMENTS), str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def configuration_of(path):
    return next(folder / ".clang-tidy" for folder in path.parents if (folder / ".clang-tidy").is_file())


def is_analysed(path):
    return "clang-analyzer" in configuration_of(path).read_text(encoding="utf-8").replace("-clang-analyzer", "")


def batches_of(entries, waiting, alone):
    """Lists of files that have target, folder, language and compile command in common, and no name that clashes."""
    groups = {}
    for path in waiting:
        entry = entries[path]
        target = object_of(entry).partition(".dir/")[0]
        shared = entry["command"].replace(object_of(entry), "").replace(entry["file"], "")
        key = (target, path.parent, path.suffix, shared, path if path in alone else None)
        groups.setdefault(key, []).append(path)
    for files in groups.values():
        for start in range(0, len(files), BATCH_FILES_MAX):
            yield files[start:start + BATCH_FILES_MAX]


def batch_entry(directory, number, entry, files):
    """The compilation database's entry of a new file that includes `files`."""
    path = pathlib.Path(directory, f"batch{number}{files[0].suffix}")
    path.write_text("".join(f'#include "{file}"  // NOLINT(bugprone-suspicious-include)\n' for file in files), encoding="utf-8")
    return {**entry, "file": str(path), "command": entry["command"].replace(entry["file"], str(path))}


class Look:
    """One look at all files that wait for one."""

    def __init__(self, database, entries, jobs):
        self.database = database
        self.entries = entries
        self.pool = concurrent.futures.ThreadPoolExecutor(jobs)
        self.findings = {}  # what clang-tidy printed, by file

    def at(self, batches):
        known = list(self.entries.values())
        running = {}
        for number, files in enumerate(batches):
            if len(files) > 1:
                known.append(batch_entry(self.database, number, self.entries[files[0]], files))
        # clang-tidy looks at a file once for each of its entries: `local` is also compiled over headers that are wrong on purpose.
        pathlib.Path(self.database, "compile_commands.json").write_text(json.dumps(known), encoding="utf-8")
        for number, files in enumerate(batches):
            if len(files) == 1:
                running[self.pool.submit(self.alone, files[0])] = files
                continue
            running[self.pool.submit(self.together, number, files)] = files
            for file in filter(is_analysed, files):
                running[self.pool.submit(self.alone, file, *EACH)] = [file]
        with self.pool:
            for done in concurrent.futures.as_completed(running):
                done.result()

    def together(self, number, files):
        path = pathlib.Path(self.database, f"batch{number}{files[0].suffix}")
        result = tidy(self.database, path, f"--config-file={configuration_of(files[0])}", *TOGETHER)
        if result.returncode == 0:
            return
        for file in files:
            self.alone(file)
        if not any(file in self.findings for file in files):
            print(f"clang-tidy: {files[0].parent}: looked at one by one, as they do not go together (coldload_alone in CMake):\n"
                  f"{result.stdout.strip() or result.stderr.strip()}", flush=True)

    def alone(self, file, *options):
        result = tidy(self.database, file, *options)
        if result.returncode != 0 and file not in self.findings:
            self.findings[file] = result.stdout.rstrip() or result.stderr.rstrip()
            print(self.findings[file], flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()

    root, build = pathlib.Path.cwd(), arguments.build.resolve()
    clean = marks_directory()
    version = subprocess.run([CLANG_TIDY, "--version"], capture_output=True, check=True).stdout
    configurations = [root / ".clang-tidy", *sorted(f for top in FOLDERS for f in (root / top).rglob(".clang-tidy"))]
    common = version + b"".join(f.read_bytes() for f in (pathlib.Path(__file__), *configurations))
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

    names = (build / ALONE).read_text(encoding="utf-8").splitlines()
    batches = list(batches_of(entries, waiting, {pathlib.Path(name) for name in names}))
    with tempfile.TemporaryDirectory(prefix="coldload-tidy-") as database:
        look = Look(database, entries, arguments.jobs)
        look.at(batches)
    for path, mark in waiting.items():
        if path not in look.findings and mark is not None:
            mark.touch()
    print(f"clang-tidy: {len(waiting)} files looked at, {len(look.findings)} with findings", flush=True)
    return 1 if look.findings else 0


if __name__ == "__main__":
    sys.exit(main())
