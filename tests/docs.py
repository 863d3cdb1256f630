# SPDX-License-Identifier: Apache-2.0
"""Checks the pages of the project: links lead somewhere, files that are named exist, generated pages are up to date."""

import os
import re
import subprocess
import sys
from pathlib import Path

# Pages that the program writes: page -> its command line. Renew one with: build/release/heddle COMMAND > PAGE
GENERATED = {}

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
NAMED = re.compile(r"`((?:src|docs|tests|python|bench|models|overlays|devices|cmake)/[\w./-]*\w)/?`")
HEADING = re.compile(r"^#+\s+(.*)$", re.MULTILINE)


def pages():
    """All Markdown files that git knows."""
    listed = subprocess.run(["git", "ls-files", "*.md"], capture_output=True, text=True, check=True).stdout
    return [Path(line) for line in listed.splitlines() if Path(line).is_file()]


def anchors(text):
    """Link targets within a page, as GitHub names them."""
    slugs = (
        re.sub(r"[^\w\- ]", "", h.replace("`", "").lower()).strip().replace(" ", "-") for h in HEADING.findall(text)
    )
    return set(slugs)


def findings(page):
    """What is wrong with a page."""
    text = page.read_text()
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    for target in LINK.findall(prose):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        other = page.parent / path if path else page
        if not other.exists():
            yield f"{page}: link to {target}, which does not exist"
        elif anchor and other.suffix == ".md" and anchor not in anchors(other.read_text()):
            yield f"{page}: link to {target}, but {other} has no such heading"
    for name in NAMED.findall(prose):
        if "NAME" in name or "/x/" in name:
            continue  # an example
        if not Path(name).exists() and not (page.parent / name).exists():
            yield f"{page}: names {name}, which does not exist"


def stale(heddle):
    """Generated pages that are not what the program writes now."""
    for page, words in GENERATED.items():
        made = subprocess.run([heddle, *words], capture_output=True, text=True)
        if made.returncode or made.stdout != Path(page).read_text():
            yield f"{page} is out of date; renew it with: build/release/heddle {' '.join(words)} > {page}"


def main():
    """Prints all findings; returns the exit code."""
    found = [f for page in pages() for f in findings(page)]
    found += stale(os.environ.get("HEDDLE", "build/release/heddle"))
    print("\n".join(found) or f"{len(pages())} pages, {len(GENERATED)} of them generated: fine")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
