#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""page.html as a C array, and the hashes by which its Content-Security-Policy knows its own style and script.

    embed.py page.html > page_html.h
"""
import base64
import hashlib
import re
import sys


def digest(html, tag):
    found = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.S)
    if len(found) != 1:
        sys.exit(f"embed.py: expected one <{tag}> without attributes, found {len(found)}")
    if "{{" in found[0]:
        sys.exit(f"embed.py: {{{{ in <{tag}>, whose hash has to stay")
    return "'sha256-" + base64.b64encode(hashlib.sha256(found[0].encode()).digest()).decode() + "'"


with open(sys.argv[1], encoding="ascii") as file:
    page = file.read()
print(f"/* Made by page/embed.py of {sys.argv[1]}. */")
print(f'#define PAGE_STYLE_HASH "{digest(page, "style")}"')
print(f'#define PAGE_SCRIPT_HASH "{digest(page, "script")}"')
print("static const unsigned char page_html[] = {")
data = page.encode()
for at in range(0, len(data), 16):
    print("\t" + " ".join(f"0x{byte:02x}," for byte in data[at:at + 16]))
print("};")
