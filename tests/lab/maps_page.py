#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Holds docs/MAPS.md to what is there.

    maps_page.py names PAGE OBJECT DIRECTORY      every map and program is named, every field in the section of its map
    maps_page.py run PAGE [--write]               every command line works and prints the field names of the page

A command line is an indented line that begins with "# "; what follows it, indented, is its output. --write puts there
what it prints now, without keys and in lines of a readable length.
"""
import json
import os
import re
import subprocess
import sys

INDENT, PROMPT = "    ", "    # "
LINE_MOST = 128
ARRAY_MOST = 70
MORE = object()
WITHOUT_BTF = {"ringbuf", "prog_array"}  # the kernel takes none
SECRETS = {"key", "mask", "seed_local", "seed_remote"}
SECRET_SECTIONS = ("`mf_seed`", "`mf_seal`")


def bpftool(*words):
    return json.loads(subprocess.run(["bpftool", "-j", *words], capture_output=True, text=True, check=True).stdout)


# --- names ----------------------------------------------------------------------------

class Types:
    """A BTF by its id."""

    def __init__(self, number):
        self.by_id = {one["id"]: one for one in bpftool("btf", "dump", "id", str(number))["types"]}

    def fields(self, number):
        """Names of a type's members, and of theirs."""
        one = self.by_id.get(number, {})
        if one.get("kind") in ("STRUCT", "UNION") and one["name"] != "bpf_timer":
            for member in one["members"]:
                if member["name"] != "(anon)":
                    yield member["name"]
                yield from self.fields(member["type_id"])
        elif "type_id" in one:
            yield from self.fields(one["type_id"])


def sections(text):
    """Of each map: all that the page says under a heading that names it."""
    found = {}
    for part in re.split(r"^## ", text, flags=re.M)[1:]:
        for name in re.findall(r"`([\w.]+)`", part.partition("\n")[0]):
            found[name] = part
    return found


def map_faults(path, section):
    name = os.path.basename(path)
    shown = bpftool("map", "show", "pinned", path)
    if section is None:
        yield f"{name} has no section"
    elif "btf_id" not in shown:
        if shown["type"] not in WITHOUT_BTF:
            yield f"{name} has no BTF"
    else:
        types = Types(shown["btf_id"])
        for half in ("key", "value"):
            root = bpftool("btf", "dump", "map", "pinned", path, half)["types"][0]
            for field in sorted(set(types.fields(root["id"]))):
                if f"`{field}`" not in section:
                    yield f"{name}: the {half}'s field {field} is not named"


def programs_of(path):
    """Global functions in sections that are programs'."""
    table = subprocess.run(["readelf", "-SsW", path], capture_output=True, text=True, check=True).stdout
    places = {number for number, name in re.findall(r"\[ *(\d+)\] (\S+) +PROGBITS", table) if name in ("xdp", "tc")}
    return [words[7] for words in map(str.split, table.splitlines())
            if len(words) == 8 and words[3:5] == ["FUNC", "GLOBAL"] and words[6] in places]


def maps_of(path):
    """Names in the section .maps of the object's BTF."""
    types = bpftool("btf", "dump", "file", path)["types"]
    by_id = {one["id"]: one for one in types}
    return [by_id[entry["type_id"]]["name"] for one in types if one["kind"] == "DATASEC" and one["name"] == ".maps"
            for entry in one["vars"]]


def names(page, path, directory):
    with open(page, encoding="utf-8") as file:
        text = file.read()
    found, faults = sections(text), []
    pinned = [name for name in sorted(os.listdir(directory)) if re.fullmatch(r"mf_\w+", name)]
    programs = programs_of(path)
    faults += [f"{name} is not pinned" for name in maps_of(path) if name not in pinned]
    for name in pinned:
        faults += map_faults(os.path.join(directory, name), found.get(name))
    faults += [f"{name} has a section, and is not there" for name in found if name.startswith("mf_") and name not in pinned]
    faults += [f"program {name} is not named" for name in programs if f"`{name}`" not in text]
    print(f"{len(pinned)} maps, {len(programs)} programs")
    return faults if pinned and programs else ["nothing to look at"]


# --- command lines --------------------------------------------------------------------

def field_names(text):
    """Of JSON, what stands before a colon; of anything else, words that are no value."""
    keys = set(re.findall(r'"([\w.]+)":', text))
    if keys:
        return keys
    words = set()
    for line in text.splitlines():
        before = ""
        for word in line.split():
            if re.fullmatch(r"[a-z][a-z_]{2,}", word) and before != "tag":
                words.add(word)
            before = word
    return words


def blocks(lines):
    """(number of the command's line, number behind its output) of each."""
    at = 0
    while at < len(lines):
        if not lines[at].startswith(PROMPT):
            at += 1
            continue
        end = at + 1
        while end < len(lines) and lines[end].startswith(INDENT) and not lines[end].startswith(PROMPT):
            end += 1
        yield at, end
        at = end


def without_repeats(values):
    """Elements that are the same as the one before, and those of other CPUs, are left out: ..."""
    kept = []
    for value in values:
        if kept and (value == kept[-1] or isinstance(value, dict) and "cpu" in value):
            return kept + [MORE]
        kept.append(value)
    return kept


def in_one_line(value):
    if value is MORE:
        return "..."
    if isinstance(value, dict):
        return "{ " + ", ".join(f'"{key}": {in_one_line(one)}' for key, one in value.items()) + " }"
    if isinstance(value, list):
        numbers = all(isinstance(one, int) for one in value)
        text = "[" + ",".join(map(in_one_line, value if numbers else without_repeats(value))) + "]"
        return text if not numbers or len(text) <= ARRAY_MOST else text[:text.rindex(",", 0, ARRAY_MOST)] + ",...]"
    return json.dumps(value)


def laid_out(value, head, indent):
    """JSON with what fits in a line in one line."""
    line = " " * indent + head + in_one_line(value)
    if len(line) <= LINE_MOST or not isinstance(value, (dict, list)):
        return [line]
    if isinstance(value, dict):
        ends, parts = "{}", [laid_out(one, f'"{key}": ', indent + 4) for key, one in value.items()]
    else:
        ends, parts = "[]", [laid_out(one, "", indent + 4) for one in without_repeats(value)]
    for part in parts[:-1]:
        part[-1] += ","
    return [" " * indent + head + ends[0]] + [line for part in parts for line in part] + [" " * indent + ends[1]]


def hidden(value, secret):
    """The same without keys."""
    if isinstance(value, dict):
        return {key: [MORE] if secret and key in SECRETS and isinstance(one, list) else hidden(one, secret)
                for key, one in value.items()}
    return [hidden(one, secret) for one in value] if isinstance(value, list) else value


def cut(line):
    line = line.expandtabs(8).rstrip()
    return line if len(line) <= LINE_MOST else line[:LINE_MOST - 4] + " ..."


def shortened(text, secret):
    """What the page shows of an output."""
    try:
        return laid_out(hidden(json.loads(text), secret), "", 0)
    except ValueError:
        return [cut(line) for line in text.splitlines() if line.strip()]


def run_one(command):
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    return done.stdout, done.returncode, done.stderr.strip()


def run(page, write):
    with open(page, encoding="utf-8") as file:
        lines = file.read().splitlines()
    fresh, faults, done, count = [], [], 0, 0
    for at, end in blocks(lines):
        command = lines[at][len(PROMPT):]
        output, status, error = run_one(command)
        count += 1
        if status and not (write and "profile" in command):
            faults.append(f"{command}: {error or status}")
        wanted, found = field_names("\n".join(lines[at + 1:end])), field_names(output)
        if not write and wanted != found:
            faults.append(f"{command}: the page has {sorted(wanted - found)} more, {sorted(found - wanted)} less")
        heading = next((line for line in reversed(lines[:at]) if line.startswith("## ")), "")
        secret = any(name in heading for name in SECRET_SECTIONS)
        fresh += lines[done:at + 1] + [INDENT + line for line in shortened(output, secret)]
        done = end
    if write:
        with open(page, "w", encoding="utf-8") as file:
            file.write("\n".join(fresh + lines[done:]) + "\n")
    print(f"{count} command lines")
    return faults if count else ["no command line"]


def main():
    what, page, *rest = sys.argv[1:]
    faults = names(page, *rest) if what == "names" else run(page, "--write" in rest)
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
