#!/usr/bin/env python3
"""Prints the test classes of a script, one a line: those that hold tests, their own or a base's, and derive from CliTest.

    list_classes.py SCRIPT

Read from the text, so that nothing has to be built. Exit status 1 where there is none, or where a test stands in a class
that would never be run.
"""

import ast
import sys


def main(script):
    with open(script, encoding="utf-8") as file:
        tree = ast.parse(file.read(), script)
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}

    def bases(node):
        return [base.id for base in node.bases if isinstance(base, ast.Name)]

    def is_test(name):
        return name.endswith("CliTest") or any(is_test(base) for base in bases(classes[name])) if name in classes else \
            name.endswith("CliTest")

    def holds_tests(name):
        if name not in classes:
            return False
        own = any(isinstance(item, ast.FunctionDef) and item.name.startswith("test") for item in classes[name].body)
        return own or any(holds_tests(base) for base in bases(classes[name]))

    found = [name for name in classes if holds_tests(name) and is_test(name)]
    derived = {base for name in classes for base in bases(classes[name])}
    lost = [name for name in classes if holds_tests(name) and not is_test(name) and name not in derived]
    if lost or not found:
        print(f"{script}: no test class, or one that is never run: {lost}", file=sys.stderr)
        return 1
    print("\n".join(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
