#!/usr/bin/python3
"""Validates JSON documents against a JSON Schema (2020-12), apart from the program that wrote them.

    validate_result.py SCHEMA FILE…    exit status 1 and one line per mistake

Beyond the schema: no NaN or Infinity, and no key twice in one object.
"""

import json
import sys

from jsonschema import Draft202012Validator


class Refused(Exception):
    pass


def unique(pairs):
    members = {}
    for key, value in pairs:
        if key in members:
            raise Refused(f'key "{key}" stands twice in one object')
        members[key] = value
    return members


def no_constant(name):
    raise Refused(f"{name} is no JSON number")


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file, object_pairs_hook=unique, parse_constant=no_constant)


def mistakes_of(path, validator):
    try:
        document = read(path)
    except (OSError, ValueError, Refused) as error:
        return [f"{path}: {error}"]
    errors = sorted(validator.iter_errors(document), key=lambda error: list(map(str, error.absolute_path)))
    return [f"{path}: {'/'.join(map(str, error.absolute_path)) or 'document'}: {error.message}" for error in errors]


def main(arguments):
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    schema = read(arguments[0])
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    mistakes = [mistake for path in arguments[1:] for mistake in mistakes_of(path, validator)]
    for mistake in mistakes:
        print(mistake)
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
