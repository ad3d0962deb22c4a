# SPDX-License-Identifier: GPL-2.0-only
"""Sections of a page that a tool of their own writes: whoever writes the rest of the page keeps them.

    <!-- kept: NAME -->
    ...
    <!-- end: NAME -->
"""
import os
import re

SECTION = re.compile(r"^<!-- kept: (\S+) -->\n.*?^<!-- end: \1 -->\n", re.MULTILINE | re.DOTALL)


def kept_sections(path):
    """All of the file at `path`, by name, in their order; none if there is no such file."""
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        return {found[1]: found[0] for found in SECTION.finditer(file.read())}


def with_sections(text, sections):
    """`text`, which has none, with these at its end."""
    return text.rstrip("\n") + "\n" + "".join("\n" + section for section in sections.values())


def replace_section(path, name, body):
    """Writes `body` as the section `name` of the page: where it was, or at the end."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    section = f"<!-- kept: {name} -->\n{body.strip()}\n<!-- end: {name} -->\n"
    before = kept_sections(path).get(name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(before, section) if before else with_sections(text, {name: section}))
