"""Builds the proofs and prints what each theorem rests on: ``python notes/proof/check.py``.

The Python sources are translated anew (`translate.py`), everything is built by Coq, and
``Print Assumptions`` is asked of every ``Theorem``. Where nothing is assumed, the digests of what
was checked are written to ``checked.sha256``; a test holds the sources to them without Coq.
``--coqchk`` has the compiled proofs checked once more, by Coq's independent checker.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

from translate import translated

HERE = Path(__file__).parent

SOURCES = HERE.parents[1] / "analytic"
CHECKED = HERE / "checked.sha256"
CLOSED = "Closed under the global context"


def digests(folder: Path = HERE) -> str:
    """A line for each file of the proof, as ``sha256sum`` writes it."""
    files = sorted(folder.glob("*.v"))
    return "".join(f"{hashlib.sha256(f.read_bytes()).hexdigest()}  {f.name}\n" for f in files)


def run(*command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A command in a folder, and what it says."""
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def build(folder: Path = HERE, sources: Path = SOURCES, *files: str) -> str:
    """Builds what has changed, and what rests on it: all, or these files. What is wrong, if any."""
    text, code = translated(sources), folder / "Code.v"
    if code.read_text() != text:
        code.write_text(text)
    run("coq_makefile", "-f", "_CoqProject", "-o", "Makefile.coq", folder=folder)
    done = run("make", "--silent", "-j2", "-f", "Makefile.coq", *files, folder=folder)
    return done.stderr if done.returncode else ""


def theorems(folder: Path = HERE) -> list[str]:
    """Every theorem, with its file. Lemmas are steps on the way."""
    return [
        f"{file.stem}.{name}"
        for file in sorted(folder.glob("*.v"))
        for name in re.findall(r"^ *Theorem (\w+)", file.read_text(), re.MULTILINE)
    ]


def assumptions(names: list[str], folder: Path = HERE) -> list[str]:
    """What Coq says that each theorem rests on.

    All are asked at once, and one by one only if they do not rest on nothing: each answer walks
    through the libraries anew.
    """
    files = sorted({name.partition(".")[0] for name in names})
    together = "Definition together := (\n  " + ",\n  ".join(names) + ").\n"
    script = folder / "assumptions.v"
    try:
        for asked in (["together"], names):
            prints = "".join(f"Print Assumptions {name}.\n" for name in asked)
            script.write_text(f"From Proof Require {' '.join(files)}.\n{together}{prints}")
            done = run("coqc", "-Q", ".", "Proof", script.name, folder=folder)
            said = re.split(r"^(?=Closed under|Axioms:)", done.stdout, flags=re.MULTILINE)[1:]
            answers = [" ".join(answer.split()) for answer in said]
            if answers == [CLOSED]:
                return answers * len(names)
    finally:
        for file in [*folder.glob("assumptions.*"), folder / ".assumptions.aux"]:
            file.unlink(missing_ok=True)
    return answers


def main() -> int:
    """Builds, asks, writes down; 1 where a proof is broken or rests on something."""
    parser = argparse.ArgumentParser(description="Build the proofs; print what they rest on.")
    parser.add_argument("--coqchk", action="store_true", help="check what is compiled once more")
    arguments = parser.parse_args()
    if not shutil.which("coqc"):
        sys.stderr.write("coqc is not installed: the proofs are not built\n")
        return 1
    CHECKED.unlink(missing_ok=True)
    if wrong := build():
        sys.stderr.write(wrong)
        return 1
    names = theorems()
    rests = assumptions(names)
    for name, answer in zip(names, rests, strict=True):
        sys.stdout.write(f"{name}: {answer}\n")
    if set(rests) != {CLOSED}:
        return 1
    if arguments.coqchk:
        modules = [f"Proof.{file.stem}" for file in sorted(HERE.glob("*.v"))]
        checked = run("coqchk", "-silent", "-Q", ".", "Proof", *modules, folder=HERE)
        sys.stdout.write(checked.stdout + checked.stderr)
        if checked.returncode:
            return 1
    CHECKED.write_text(digests())
    sys.stdout.write(f"{len(names)} theorems, no axiom\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
