"""Every command that a page shows is run, and prints what the page shows."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import analytic

ROOT = Path(__file__).parent.parent
PAGES = [
    ROOT / "README.md",
    ROOT / ".github/CONTRIBUTING.md",
    *sorted((ROOT / "notes").rglob("*.md")),
]
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def examples() -> Iterator[tuple[str, str, str]]:
    """Page, command and output of every console block."""
    for page in PAGES:
        for block in BLOCK.findall(page.read_text()):
            for example in block.removeprefix("$ ").split("\n$ "):
                command, _, output = example.partition("\n")
                yield page.name, command, output.rstrip("\n")


@pytest.mark.parametrize(("page", "command", "output"), [*examples()])
def test_console_blocks(page: str, command: str, output: str) -> None:
    del page
    # Installing, and running the tests, are what brought us here.
    command = command.removeprefix("pip install . && ")
    if command.startswith("pip install"):
        assert output == ""
        return
    words = shlex.split(command)
    assert words[:2] == ["python", "-m"]
    done = subprocess.run(
        [sys.executable, *words[1:]], cwd=ROOT, capture_output=True, check=True, text=True
    )
    assert done.stdout.rstrip("\n") == output


def anchors(page: Path) -> set[str]:
    """What the headings of a page are linked to by: lower case, without points, with hyphens."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
            if "://" in target:
                continue
            path, _, anchor = target.partition("#")
            linked = page.parent / path if path else page
            assert linked.exists(), (page.name, target)
            if anchor and linked.suffix == ".md":
                assert anchor in anchors(linked), (page.name, target)


def test_the_version_is_that_of_the_newest_changes() -> None:
    version = re.search(r"^## (.*)$", (ROOT / "notes/changes.md").read_text(), re.MULTILINE)
    assert version
    assert version[1] == analytic.__version__
    assert f"version = {{{analytic.__version__}}}" in (ROOT / "README.md").read_text()


def test_what_is_said_of_the_tree_is_there() -> None:
    """Paths in code quotes, of the pages that say where things are."""
    for page in (ROOT / ".github/CONTRIBUTING.md", ROOT / "notes/decisions.md"):
        for path in re.findall(
            r"`((?:analytic|oracle|tests|notes|\.ci)/[\w./]*)`", page.read_text()
        ):
            assert (ROOT / path).exists(), (page.name, path)


def test_the_tree_in_the_decisions_is_the_one_on_disk() -> None:
    page = (ROOT / "notes/decisions.md").read_text()
    tree = page[page.index("```\nanalytic/") :].split("```")[1]
    for folder, lines in re.findall(r"^(analytic|oracle)/.*\n((?:  .*\n)+)", tree, re.MULTILINE):
        listed = {line.split()[0].rstrip("/") for line in lines.splitlines()}
        disk = {path.name for path in (ROOT / folder).iterdir()}
        assert listed == {name for name in disk if not name.startswith("__")} - {"py.typed"}
