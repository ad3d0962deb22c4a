#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Whether JSON is what docs/schema says, and nothing else: here a field that no schema knows is an error.

    schema.py <LIST           of a line "WAY NAME FILE WHAT..." prints "ok<TAB>WHAT" or "wrong<TAB>WHAT: why"
    schema.py --words FILE    prints names in the schemas that FILE (a manual) does not have

WAY is whole: FILE is as docs/schema/NAME.json says; lines: each of its lines is; loose: changes of it are noticed.
"""
import copy
import json
import pathlib
import re
import sys

import jsonschema

SCHEMAS = pathlib.Path(__file__).resolve().parents[2] / "docs" / "schema"


def closed(schema):
    """The same, but objects have no fields besides those that are named."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: closed(value) for key, value in schema.items()}
    if "type" in schema and ("properties" in schema or "patternProperties" in schema):
        schema.setdefault("additionalProperties", False)
    return schema


def validator(name):
    schema = json.loads((SCHEMAS / (name + ".json")).read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(closed(schema))


def complaints(check, value, where):
    for error in check.iter_errors(value):
        error = jsonschema.exceptions.best_match([error])
        yield "%s: %s: %s" % (where, "/".join(map(str, error.absolute_path)) or "all of it", error.message[:300])


def objects(value, path=()):
    """Every object in it, by the way to it."""
    if isinstance(value, dict):
        yield path, value
    for key, below in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from objects(below, path + (key,))


def at(value, path):
    for key in path:
        value = value[key]
    return value


def first_of(value):
    """The same, of every list the first element alone."""
    if isinstance(value, dict):
        return {key: first_of(one) for key, one in value.items()}
    return [first_of(one) for one in value[:1]] if isinstance(value, list) else value


def unnoticed(check, value):
    """In every object a field that nobody knows, and in place of every known one something that none may be."""
    value = first_of(value)
    for path, found in list(objects(value)):
        for key in ["Unknown", *found]:
            changed = copy.deepcopy(value)
            at(changed, path)[key] = [[]]
            if check.is_valid(changed):
                yield "/".join(map(str, (*path, key)))


def names(schema):
    if isinstance(schema, list):
        for one in schema:
            yield from names(one)
    elif isinstance(schema, dict):
        yield from schema.get("properties", {})
        for one in schema.values():
            yield from names(one)


def untold(manual):
    told = set(re.findall(r"[a-z0-9_]+", manual))
    for path in sorted(SCHEMAS.glob("*.json")):
        for name in sorted(set(names(json.loads(path.read_text())))):
            # last_publication_took_ms and the like are told of by their beginning
            if name not in told and not name.startswith("last_"):
                yield "%s: %s" % (path.stem, name)


def judge(way, name, path):
    """Complaints about one file."""
    text = pathlib.Path(path).read_text()
    check = validator(name)
    if way == "loose":
        return ["nobody would notice a change of %s" % one for one in unnoticed(check, json.loads(text))]
    values = text.splitlines() if way == "lines" else [text]
    if not values:
        return ["nothing is there"]
    try:
        return [line for number, one in enumerate(values, 1) for line in complaints(check, json.loads(one), "line %d" % number)]
    except ValueError as error:
        return ["no JSON: %s" % error]


def main():
    if sys.argv[1:2] == ["--words"]:
        print("\n".join(untold(pathlib.Path(sys.argv[2]).read_text())))
        return
    for line in sys.stdin:
        way, name, path, what = line.rstrip("\n").split(" ", 3)
        wrong = judge(way, name, path)
        print("wrong\t%s: %s" % (what, "; ".join(wrong[:3])) if wrong else "ok\t" + what)


if __name__ == "__main__":
    main()
