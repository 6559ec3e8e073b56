#!/usr/bin/env python3
"""Holds README.md, CONTRIBUTING.md and everything below docs/ to what can be checked of them.

    check_docs.py ROOT COLDLOAD
    check_docs.py --self-test COLDLOAD

Every block fenced as ```toml is a whole scenario that `COLDLOAD check -` accepts; one that is not whole is fenced as
```toml fragment. A block fenced as ```cpp PATH stands in that file of the tree, and all such blocks of one page and file
are the whole file, in its order; one fenced as ```cpp part PATH need only stand in it. Every relative link leads to
something that is there, and `[file](PATH), N lines` to a file of that many. docs/options.md is what `COLDLOAD describe --markdown` prints. --self-test plants a mistake of
each kind in a scratch tree and fails unless each is found.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

FENCE = re.compile(r"^(?P<indent> *)(?P<marks>```+|~~~+)(?P<info>.*)$")
LINK = re.compile(r"\]\(\s*<?([^)\s>]+)")
LINES = re.compile(r"\]\(([^)\s]+)\), (\d+) lines")
CHECK_SECONDS = 60
LANGUAGES = ("c", "cpp", "cmake")
OPTIONS = "docs/options.md"


def documents(root):
    found = [root / "README.md", root / "CONTRIBUTING.md", root / "scenarios/README.md", root / "results/README.md"]
    found += sorted((root / "docs").rglob("*.md"))
    return [path for path in found if path.is_file()]


def split(text):
    """The fenced blocks as (line, info, body), and the lines outside of them as (line, text)."""
    blocks, prose, fence = [], [], None
    for number, line in enumerate(text.splitlines(), start=1):
        match = FENCE.match(line)
        if fence is None and match:
            fence = (number, match["marks"], match["info"].split(), [])
        elif fence is not None and match and not match["info"].strip() and match["marks"].startswith(fence[1]):
            blocks.append((fence[0], fence[2], "\n".join(fence[3]) + "\n"))
            fence = None
        elif fence is not None:
            fence[3].append(line)
        else:
            prose.append((number, line))
    return blocks, prose, None if fence is None else fence[0]


def why_scenario_is_wrong(body, coldload):
    done = subprocess.run([coldload, "check", "-"], input=body, capture_output=True, text=True, timeout=CHECK_SECONDS)
    if done.returncode == 0:
        return None
    return f"coldload check says (exit status {done.returncode}): {done.stderr.strip()}"


def code_blocks(blocks):
    """Of the fenced blocks those that are taken from a file: (line, part, path, body)."""
    for line, info, body in blocks:
        if len(info) == 2 and info[0] in LANGUAGES:
            yield line, False, info[1], body
        elif len(info) == 3 and info[0] in LANGUAGES and info[1] == "part":
            yield line, True, info[2], body


def without_blank_lines(text):
    return [line for line in text.splitlines() if line.strip()]


def mistakes_in_code(root, blocks):
    left, last = {}, {}
    for line, part, name, body in code_blocks(blocks):
        if not (root / name).is_file():
            yield line, f"code of {name}, which is not there"
            continue
        whole = (root / name).read_text(encoding="utf-8")
        if part:
            if body not in whole:
                yield line, f"{name} does not hold this"
            continue
        # Where one block ends and the next begins blank lines are lost.
        rest = left.setdefault(name, without_blank_lines(whole))
        lines, last[name] = without_blank_lines(body), line
        if rest[:len(lines)] != lines:
            differ = next((i for i, (a, b) in enumerate(zip(rest, lines)) if a != b), min(len(rest), len(lines)))
            expected = rest[differ] if differ < len(rest) else "the file's end"
            yield line, f'{name} goes on differently: "{expected.strip()}"'
            return
        left[name] = rest[len(lines):]
    for name, rest in left.items():
        if rest:
            yield last[name], f'{name} is not shown to its end: next would be "{rest[0].strip()}"'


def mistakes_of(root, path, coldload):
    blocks, prose, unclosed = split(path.read_text(encoding="utf-8"))
    if unclosed is not None:
        yield unclosed, "the block that begins here is never closed"
    yield from mistakes_in_code(root, blocks)
    for line, info, body in blocks:
        if info[:1] != ["toml"] or info[1:] == ["fragment"]:
            continue
        if info[1:]:
            yield line, f'"{" ".join(info)}": expected toml or toml fragment'
            continue
        why = why_scenario_is_wrong(body, coldload)
        if why is not None:
            yield line, why
    for line, text in prose:
        # What stands between backquotes is shown, not linked.
        for target in LINK.findall(re.sub(r"`[^`]*`", "", text)):
            if re.match(r"[a-z]+:", target) or target.startswith("#"):
                continue
            if not (path.parent / target.split("#")[0]).exists():
                yield line, f"link to {target}, which is not there"
        for target, told in LINES.findall(text):
            lines = len((path.parent / target).read_text(encoding="utf-8").splitlines())
            if lines != int(told):
                yield line, f"{target} has {lines} lines, not {told}"


def why_options_are_old(root, coldload):
    done = subprocess.run([coldload, "describe", "--markdown"], capture_output=True, text=True, timeout=CHECK_SECONDS)
    if done.returncode != 0:
        return f"coldload describe --markdown says (exit status {done.returncode}): {done.stderr.strip()}"
    if done.stdout == (root / OPTIONS).read_text(encoding="utf-8"):
        return None
    return f"is not what coldload describe --markdown prints: build/dev/bin/coldload describe --markdown > {OPTIONS}"


def all_mistakes(root, coldload):
    mistakes = []
    if (root / OPTIONS).is_file():
        why = why_options_are_old(root, coldload)
        if why is not None:
            mistakes.append(f"{OPTIONS}:1: {why}")
    for path in documents(root):
        for line, what in mistakes_of(root, path, coldload):
            mistakes.append(f"{path.relative_to(root)}:{line}: {what}")
    return mistakes


SCENARIO = 'schema = 1\n[model]\npath = ""\n[backend.null]\n[strategy.sequential]\n'


def self_test(coldload):
    planted = {
        "good.md": (f"[a](good.md#top) `[b](gone.md)`\n```toml\n{SCENARIO}```\n```toml fragment\nx = [\n```\n", None),
        "scenario.md": (f"```toml\n{SCENARIO.replace('sequential', 'sequentail')}```\n", "scenario.md:1: coldload check"),
        "info.md": (f"```toml part\n{SCENARIO}```\n", 'info.md:1: "toml part"'),
        "link.md": ("\nsee [there](nowhere.md)\n", "link.md:2: link to nowhere.md"),
        "lines.md": ("[a](../a.cpp), 3 lines, or [a](../a.cpp), 4 lines\n", "lines.md:1: ../a.cpp has 3 lines, not 4"),
        "open.md": ("```text\n", "open.md:1: the block"),
        "code.md": ("```cpp a.cpp\nint a;\n```\n```cpp a.cpp\nint b;\n```\n```cpp part a.cpp\nint b;\n```\n", None),
        "other.md": ("```cpp a.cpp\nint a;\n```\n```cpp a.cpp\nint c;\n```\n", "other.md:4: a.cpp goes on differently"),
        "cut.md": ("```cpp a.cpp\nint a;\n```\n", "cut.md:1: a.cpp is not shown to its end"),
        "part.md": ("```cpp part a.cpp\nint c;\n```\n", "part.md:1: a.cpp does not hold this"),
        "options.md": ("old\n", "options.md:1: is not what"),
    }
    with tempfile.TemporaryDirectory() as scratch:
        root = pathlib.Path(scratch)
        (root / "docs").mkdir()
        (root / "a.cpp").write_text("int a;\n\nint b;\n", encoding="utf-8")
        for name, (text, _) in planted.items():
            (root / "docs" / name).write_text(text, encoding="utf-8")
        found = all_mistakes(root, coldload)
    for name, (_, expected) in planted.items():
        here = [mistake for mistake in found if mistake.startswith(f"docs/{name}:")]
        wanted = 0 if expected is None else 1
        if len(here) != wanted or (expected and expected not in here[0]):
            return [f"{name}: expected {expected or 'no mistake'}, found {here}"]
    return []


def main(arguments):
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    root, coldload = arguments
    if root == "--self-test":
        mistakes = self_test(coldload)
    else:
        mistakes = all_mistakes(pathlib.Path(root).resolve(), coldload)
        if not documents(pathlib.Path(root)):
            mistakes.append(f"{root}: no document found")
    for mistake in mistakes:
        print(mistake)
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
