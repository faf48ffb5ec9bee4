"""What the pages say of the proofs is in the proofs; nothing there is taken for granted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

NOTES = Path(__file__).parent.parent / "notes"
PROOF = NOTES / "proof"
SOURCES = {file.name: file.read_text() for file in sorted(PROOF.glob("*.v"))}
PAGES = [NOTES / "derivation.md", NOTES / "conventions.md", PROOF / "README.md"]
README = (PROOF / "README.md").read_text()
THEOREM = re.compile(r"^Theorem (\w+)", re.MULTILINE)


def folded(text: str) -> str:
    """Text with one space wherever it has white space."""
    return " ".join(text.split())


def code(source: str) -> str:
    """A source without its comments, which may nest."""
    parts, depth = [], 0
    for part in re.split(r"(\(\*|\*\))", source):
        depth += (part == "(*") - (part == "*)")
        if depth == 0 and part != "*)":
            parts.append(part)
    assert depth == 0
    return "".join(parts)


def quoted() -> list[str]:
    """Every definition and statement that the page of the proofs quotes."""
    blocks = re.findall(r"^```coq\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    return [statement for block in blocks for statement in block.strip().split("\n\n")]


@pytest.mark.parametrize("statement", quoted())
def test_a_quoted_statement_is_in_the_sources(statement: str) -> None:
    """Whole: a theorem ends where its proof begins."""
    whole = folded(statement)
    assert whole.endswith(".")
    if whole.startswith("Theorem"):
        whole += " Proof."
    assert any(f" {whole} " in f" {folded(code(source))} " for source in SOURCES.values())


def test_every_theorem_is_named_beside_its_file() -> None:
    """In the table of the page: no theorem is left out, none is there that is not proved."""
    named = {
        (file, name)
        for row in re.findall(r"^\|.*\|$", README, re.MULTILINE)
        for file, names in re.findall(r"\[(\w+\.v)\]\(\1\)((?:,? `\w+`)+)", row)
        for name in re.findall(r"`(\w+)`", names)
    }
    assert named == {
        (file, name)
        for file, source in SOURCES.items()
        if not file.startswith("Code")
        for name in THEOREM.findall(source)
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_to_the_line_of_a_theorem(page: Path) -> None:
    links = re.findall(r"\[`(\w+)`\]\((?:proof/)?(\w+\.v)#L(\d+)\)", page.read_text())
    assert links or page.name == "README.md"
    for name, file, line in links:
        lines = SOURCES[file].splitlines()
        at = [n for n, text in enumerate(lines, 1) if re.match(rf"Theorem {name}\b", text)]
        assert at == [int(line)], f"{page.name}: {name} is at {file}#L{at}"


@pytest.mark.parametrize("file", SOURCES)
def test_nothing_is_assumed(file: str) -> None:
    """Every proof is finished. (Variables of a section become hypotheses of its lemmas.)"""
    assumed = r"\b(Admitted|admit|give_up|Axioms?|Parameters?|Conjectures?|Abort|Unset \w+ \w+)\b"
    source = code(SOURCES[file])
    assert re.findall(assumed, source) == []
    outside = re.sub(r"^Section (\w+)\.$.*?^End \1\.$", "", source, flags=re.MULTILINE | re.DOTALL)
    assert re.findall(r"\b(?:Hypothes[ei]s|Variables?|Context)\b", outside) == []
    assert len(re.findall(r"\bProof\.", source)) == len(re.findall(r"\bQed\.", source))


def test_every_file_is_built() -> None:
    listed = (PROOF / "_CoqProject").read_text().split()
    assert sorted(word for word in listed if word.endswith(".v")) == [*SOURCES]
