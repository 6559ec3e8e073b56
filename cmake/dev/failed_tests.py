#!/usr/bin/env python3
"""failed_tests.py [--lines N] FILE...: what failed, of the reports that ctest --output-junit wrote.

For each failed test its name and the last N lines (25) of what it printed. Prints nothing where nothing failed; a
file that is missing or no report is named. Exits with 0 whatever it found: it tells, and does not judge.
"""

import argparse
import pathlib
import sys
import xml.etree.ElementTree


def failed_tests(path):
    """(name, output) of each failed test. Raises OSError or ParseError."""
    root = xml.etree.ElementTree.parse(path).getroot()
    return [(case.get("name"), case.findtext("system-out") or "")
            for case in root.iter("testcase") if case.get("status") == "fail"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=25)
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()
    for path in arguments.files:
        try:
            tests = failed_tests(path)
        except (OSError, xml.etree.ElementTree.ParseError) as error:
            print(f"{path}: {error}", file=sys.stderr)
            continue
        for name, output in tests:
            print(f"-- {path.stem}: {name} failed; the end of its output:")
            print("\n".join(line[:200] for line in output.rstrip().splitlines()[-arguments.lines:]))


if __name__ == "__main__":
    main()
