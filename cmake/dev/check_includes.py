#!/usr/bin/env python3
"""Checks the direction of every #include in the tree, and that each third-party library stays in its one place.

    check_includes.py ROOT        exit status 1 and one line per wrong include
    check_includes.py --self-test plants wrong includes in a scratch tree and fails unless each is found
"""

import pathlib
import re
import sys
import tempfile

# What a folder of core/ may include besides itself. A folder that is not named here may not exist.
BELOW_SCENARIO = ["base", "statistics", "record", "model", "plugin"]
CORE = {
    "base": [],
    "statistics": ["base"],
    "record": ["base"],
    "model": ["base"],
    "plugin": ["base"],
    "scenario": BELOW_SCENARIO,
    "plan": BELOW_SCENARIO + ["scenario"],
    "run": BELOW_SCENARIO + ["scenario", "plan"],
    "conformance": BELOW_SCENARIO + ["scenario", "plan", "run"],
    "scaffold": ["base", "plugin"],
    "analyse": ["base", "statistics", "record"],
    "report": ["base", "statistics", "record", "analyse"],
    "cli": BELOW_SCENARIO + ["scenario", "plan", "run", "conformance", "scaffold", "analyse", "report"],
}

# Third-party headers by the beginning of their name, and the beginnings of the paths that may include them.
# The first entry that fits decides. tests/ may use any of them.
THIRD_PARTY = [
    ("boost/dll", ["core/plugin/library."]),
    ("boost/json", ["core/base/json.", "core/model/"]),
    ("boost/", []),
    ("toml++/", ["core/scenario/parse.cpp"]),
    ("CLI/", ["core/cli/"]),
    ("fmt/", ["core/"]),
    ("xxhash.h", ["core/model/"]),
    ("liburing", ["plugins/io_uring/"]),
    ("curl/", ["plugins/s3/", "plugins/http/"]),
    ("pugixml", ["plugins/s3/"]),
    ("openssl/", ["plugins/s3/", "plugins/http/"]),
    ("nfsc/", ["plugins/nfs/"]),
    ("gtest/", []),
    ("gmock/", []),
]

# Headers of C and the system that carry no folder; those of C++ are known by having no extension.
SYSTEM_FOLDERS = ("sys/", "linux/", "asm/", "net/", "netinet/", "arpa/")
SYSTEM_HEADERS = set(
    "aio alloca assert complex cpuid ctype dirent dlfcn elf endian err errno execinfo fcntl features fenv float "
    "fnmatch ftw getopt glob grp ifaddrs immintrin inttypes iso646 langinfo libgen limits link locale malloc math mntent netdb "
    "poll pthread pwd sched search semaphore setjmp signal spawn stdalign stdarg stdatomic stdbool stddef stdint "
    "stdio stdlib stdnoreturn string strings syscall sysexits syslog tar termios tgmath threads time uchar ucontext "
    "unistd utime wait wchar wctype x86intrin".split()
)

SOURCES = ("sdk", "core", "plugins", "tests")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def is_system(header):
    if header.startswith(SYSTEM_FOLDERS):
        return True
    if header.endswith(".h"):
        return header[:-2] in SYSTEM_HEADERS
    return "/" not in header and "." not in header


def resolve(root, source, header):
    """The path from the root of a header of this tree, or None."""
    for base in (source.parent, root, root / "sdk" / "include", root / "sdk"):
        found = (base / header).resolve()
        if found.is_file() and found.is_relative_to(root):
            return found.relative_to(root).as_posix()
    return None


def core_folder(path):
    """core/base/file.cpp is of base; core/main.cpp stands on top as cli does."""
    parts = path.split("/")
    return parts[1] if len(parts) > 2 else "cli"


def why_own_is_wrong(source, target):
    """The reason why `source` may not include `target`, both paths from the root; None if it may."""
    of, to = source.split("/")[0], target.split("/")[0]
    if of == "tests" or to == "sdk":
        return None
    if of == "sdk":
        return "sdk sees nothing but itself"
    if of == "plugins":
        same = to == "plugins" and source.split("/")[1] == target.split("/")[1]
        return None if same else "a plugin sees the sdk and its own folder only"
    if to != "core":
        return f"core sees core and sdk, never {to}"
    folder, other = core_folder(source), core_folder(target)
    if folder not in CORE:
        return f"core/{folder} has no place in the order yet: give it one in cmake/dev/check_includes.py"
    if other == folder or other in CORE[folder]:
        return None
    return f"core/{folder} sees {', '.join(CORE[folder]) or 'no other folder of core'}"


def why_foreign_is_wrong(source, header):
    for beginning, places in THIRD_PARTY:
        if header.startswith(beginning):
            if source.startswith("tests/") or source.startswith(tuple(places)):
                return None
            return f"{beginning} is known to {', '.join(places) or 'tests/'} only"
    if is_system(header):
        return None
    return "no header of this tree, of C++ or of the system: give the library its place in cmake/dev/check_includes.py"


def check_file(root, path):
    source = path.relative_to(root).as_posix()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        match = INCLUDE.match(line)
        if not match:
            continue
        header = match.group(2)
        target = resolve(root, path, header) if match.group(1) == '"' or header.startswith("coldload/") else None
        reason = why_own_is_wrong(source, target) if target else why_foreign_is_wrong(source, header)
        if reason:
            yield f'{source}:{number}: includes "{header}": {reason}'


def check_tree(root):
    root = root.resolve()
    files = (f for top in SOURCES for f in (root / top).rglob("*") if f.suffix in (".h", ".hpp", ".c", ".cpp"))
    return [finding for path in sorted(files) for finding in check_file(root, path)]


# source, its include, whether that is right
SELF_TEST = [
    ("core/plan/plan.cpp", '"core/scenario/scenario.hpp"', True),
    ("core/plan/plan.cpp", '"coldload/abi.h"', True),
    ("core/plan/plan.cpp", "<fmt/format.h>", True),
    ("core/plan/plan.cpp", "<vector>", True),
    ("core/plan/plan.cpp", "<sys/stat.h>", True),
    ("core/main.cpp", '"core/run/run.hpp"', True),
    ("core/scenario/parse.cpp", "<toml++/toml.h>", True),
    ("plugins/local/local.cpp", '"local_object.hpp"', True),
    ("plugins/local/local.cpp", '"coldload/abi.h"', True),
    ("tests/unit/plan/plan_test.cpp", '"core/run/run.hpp"', True),
    ("tests/unit/plan/plan_test.cpp", "<gtest/gtest.h>", True),
    ("core/scenario/scenario.hpp", '"core/run/run.hpp"', False),
    ("core/scenario/scenario.hpp", '"../run/run.hpp"', False),
    ("core/record/record.cpp", '"core/scenario/scenario.hpp"', False),
    ("core/plan/plan.cpp", '"plugins/local/local_object.hpp"', False),
    ("core/plan/plan.cpp", '"tests/support/server.hpp"', False),
    ("core/plan/plan.cpp", "<boost/json.hpp>", False),
    ("core/scenario/other.cpp", "<toml++/toml.h>", False),
    ("core/newcomer/new.cpp", '"core/run/run.hpp"', False),
    ("core/plan/plan.cpp", "<strange/library.hpp>", False),
    ("core/plan/plan.cpp", "<strange.h>", False),
    ("plugins/local/local.cpp", '"core/run/run.hpp"', False),
    ("plugins/local/local.cpp", '"../null/null.h"', False),
    ("plugins/local/local.cpp", "<liburing.h>", False),
    ("sdk/include/coldload/abi.h", '"core/run/run.hpp"', False),
    ("sdk/include/coldload/abi.h", "<fmt/format.h>", False),
]


def self_test():
    wrong = []
    for source, header, right in SELF_TEST:
        with tempfile.TemporaryDirectory() as scratch:
            root = pathlib.Path(scratch)
            for path in [
                "core/run/run.hpp",
                "core/scenario/scenario.hpp",
                "plugins/local/local_object.hpp",
                "plugins/null/null.h",
                "sdk/include/coldload/abi.h",
                "tests/support/server.hpp",
                source,
            ]:
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).touch()
            (root / source).write_text(f"#include {header}\n", encoding="utf-8")
            found = check_tree(root)
            if len(found) != (0 if right else 1):
                wrong.append(f"{source} including {header}: found {found}, expected {'nothing' if right else 'one line'}")
    return wrong


def main(arguments):
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    findings = self_test() if arguments[0] == "--self-test" else check_tree(pathlib.Path(arguments[0]))
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
