"""tree.py - what the rules look at: our C files under a root, as text without comments and strings.

A rule is a program that takes the root as its only argument (default: this repository), prints
one line per breach, `PATH:LINE: sentence`, and exits 1 when there was one.
"""

import re
import sys
from pathlib import Path

FOLDERS = ("cli", "download", "hash", "tests")

TOKEN = re.compile(
    r"""//[^\n]* | /\*.*?\*/ | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'""", re.DOTALL | re.VERBOSE
)


def root():
    return Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]


def files(top, suffixes=(".c", ".h")):
    """Paths relative to `top`, sorted, as strings with slashes."""
    found = []
    for folder in FOLDERS:
        found += [p for p in (top / folder).rglob("*") if p.suffix in suffixes and p.is_file()]
    return sorted(p.relative_to(top).as_posix() for p in found)


def blank(match):
    """The same number of lines, nothing in them; a string stays a pair of quotes."""
    text = match.group(0)
    return ("" if text[0] == "/" else text[0] * 2) + "\n" * text.count("\n")


def code(text):
    return TOKEN.sub(blank, text)


def report(breaches):
    for breach in breaches:
        print(breach)
    sys.exit(1 if breaches else 0)
