"""The Python of the counts and its translation to Gallina, of which the proofs are."""

from __future__ import annotations

import ast
import random
import re
import shutil
import subprocess
from pathlib import Path

import mutations
import pytest
from check import CHECKED, CLOSED, HERE, SOURCES, assumptions, digests, theorems
from gallina import Function, Known, RefusedError
from translate import TRANSLATED, Plain, translated

from analytic.arithmetic import INTEGERS
from analytic.axis import Axis, extent, size

ARITHMETIC = ast.parse((SOURCES / "arithmetic.py").read_text())


def term(source: str) -> str:
    """The translation of one function."""
    (node,) = Plain(ARITHMETIC).visit(ast.parse(source)).body
    return Function(node, Known()).definitions()


def test_the_translation_is_that_of_the_code() -> None:
    """What Coq reads is what the sources say now: `python notes/proof/check.py` writes it anew."""
    assert (HERE / "Code.v").read_text() == translated(SOURCES)


def test_what_was_checked_is_what_is_here() -> None:
    """The command that builds the proofs wrote these digests, and only after it had built them."""
    assert CHECKED.read_text() == digests()


@pytest.mark.skipif(not shutil.which("coqc"), reason="Coq is not installed")
def test_what_a_theorem_rests_on_is_told(tmp_path: Path) -> None:
    source = "Axiom odd : False.\nTheorem a : True. Proof. exact I. Qed.\n"
    (tmp_path / "Odd.v").write_text(f"{source}Theorem b : 1 = 2. Proof. destruct odd. Qed.\n")
    subprocess.run(["coqc", "-Q", ".", "Proof", "Odd.v"], cwd=tmp_path, check=True)
    names = theorems(tmp_path)
    assert names == ["Odd.a", "Odd.b"]
    assert assumptions(names[:1], tmp_path) == [CLOSED]
    assert assumptions(names, tmp_path) == [CLOSED, "Axioms: Odd.odd : False"]


@pytest.mark.parametrize(
    ("python", "gallina"),
    [
        ("a - (b - c)", "a - (b - c)"),
        ("a - b - c", "a - b - c"),
        ("a * (b // c) % a", "a * (b / c) mod a"),
        ("-(-a // b)", "- (- a / b)"),
        ("(a + b) * c", "(a + b) * c"),
        ("a * lib.quotient(b, c)", "a * (b / c)"),
        ("lib.maximum(a - b, 0) + lib.gcd(a, b)", "Z.max (a - b) 0 + Z.gcd a b"),
        ("pow(a, -1, b)", "inverse a b"),
        ("int(a + b) * c", "(a + b) * c"),
        ("a if a > b else c", "if (a >? b) then a\n  else c"),
        ("a if a % b else c", "if (negb (a mod b =? 0)) then a\n  else c"),
    ],
)
def test_expressions_keep_their_brackets(python: str, gallina: str) -> None:
    first, *_ = term(f"def f(lib, a: int, b: int, c: int):\n return {python}").split(".\n")
    assert first == f"Definition f (a b c : Z) :=\n  {gallina}"


@pytest.mark.parametrize(
    "body",
    [
        "return a ** b",
        "return a / b",
        "return a < b < 3",
        "return 1.5",
        "return unknown(a)",
        "return b",
        "return pow(a, 2, 5)",
        "return max(a, default=0)",
        "return [a]",
        "return a.real",
        "if a:\n  a = 2\n return a",
        "if a:\n  return 1\n else:\n  return 2",
        "for i, j in range(a):\n  a = i\n return a",
        "for i in a:\n  break\n return a",
        "a.append(1)\n return a.pop()",
        "while a // a:\n  a = a - 1\n return a",
        "a: int = 2\n return a",
        "b_ = 2\n return b_",
        "return (a := 2)",
        "return",
        "print(a)\n return a",
    ],
)
def test_unknown_python_is_refused(body: str) -> None:
    with pytest.raises(RefusedError):
        term(f"def f(a: int):\n {body}")


def test_a_decorator_is_refused() -> None:
    with pytest.raises(RefusedError, match="doubled"):
        term("@doubled\ndef f(a: int):\n return a")


def test_divisors_are_asked_to_be_positive() -> None:
    source = "def f(a: int, b: int):\n if a > 0:\n  return a // b\n return a"
    assert (
        "Definition f_runs (a b : Z) : Prop :=\n  (if (a >? 0) then 1 <= b\n  else True)."
        in term(source)
    )


def test_a_loop_is_asked_to_end() -> None:
    source = "def f(a: int):\n while a > 0:\n  a = a - 1\n return a"
    assert "loop_runs f_test f_round f_round_runs\n    (rounds [a]) (a)." in term(source)


def compute(folder: Path, term: str) -> str:
    """What Coq computes, of the translated code."""
    asked = [
        "From Coq Require Import ZArith List.",
        "From Proof Require Import Counting Code.",
        "Import ListNotations.",
        "Open Scope Z_scope.",
        f"Eval vm_compute in {term}.",
    ]
    (folder / "Asked.v").write_text("\n".join(asked))
    for file in ("Counting.v", "Python.v", "Code.v"):
        shutil.copy(HERE / file, folder)
    for file in ("Counting.v", "Python.v", "Code.v", "Asked.v"):
        command = ["coqc", "-Q", ".", "Proof", file]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.skipif(not shutil.which("coqc"), reason="Coq is not installed")
@pytest.mark.parametrize("many", [50, pytest.param(1000, marks=pytest.mark.slow)])
def test_coq_computes_what_python_does(many: int, tmp_path: Path) -> None:
    """The translated `extent`, of random axes with numbers of up to forty digits."""
    generator = random.Random(many)
    axes: list[Axis] = []
    while len(axes) < many:
        numbers = [generator.randrange(10 ** generator.randint(0, 40)) for _ in range(7)]
        axis = Axis(*(number + 1 for number in numbers[:4]), *numbers[4:])
        if size(axis) >= 1:
            axes.append(axis)
    terms = "; ".join(f"extent (Counting.Axis {' '.join(map(str, axis))})" for axis in axes)
    said = [int(number) for number in re.findall(r"-?\d+", compute(tmp_path, f"[{terms}]"))]
    assert said == [number for axis in axes for number in extent(INTEGERS, axis)]


def test_every_function_that_is_translated_is_proved() -> None:
    """It stands in the table of the page, beside the file of a proof that speaks of it."""
    page = (HERE / "README.md").read_text()
    rows = re.findall(r"^\| (.*) \| (.*) \| \[(Code\w+\.v)\]\(\3\) \|$", page, re.MULTILINE)
    proved = {
        name: (HERE / file).read_text()
        for _, names, file in rows
        for name in re.findall(r"`(\w+)`", names)
    }
    translated_names = " ".join(TRANSLATED.values()).split()
    functions = [name for name in translated_names if name == "F" or not name[0].isupper()]
    # Two are proved as parts of those that call them.
    parts = {"_lattice_points": "F", "convention_named": "additions_per_filter"}
    for name in functions:
        whole = parts.get(name, name)
        assert re.search(rf"\bCode\.{whole}_?\b", proved[whole]), name


def test_everything_that_may_fail_is_proved_to_run() -> None:
    proofs = "\n".join(file.read_text() for file in HERE.glob("Code?*.v"))
    statements = re.findall(r"^(?:Theorem|Lemma) .*?^Proof", proofs, re.MULTILINE | re.DOTALL)
    proved = {name for said in statements for name in re.findall(r"\bCode\.(\w+_runs)\b", said)}
    may_fail = re.findall(r"^Definition (\w+_runs)\b", (HERE / "Code.v").read_text(), re.MULTILINE)
    # These are parts of what F_runs, products_runs, reached_runs, count_runs and passes_runs say.
    parts = ("_lattice_points", "products_round", "reached_round", "convention_named", "cost")
    assert {*may_fail} - proved == {f"{name}_runs" for name in parts}


def test_mutations_change_a_count_and_are_on_the_page() -> None:
    rows = mutations.PAGE.read_text().splitlines()[8:]
    assert len(rows) == len(mutations.MUTATIONS) >= 20
    for row, mutation in zip(rows, mutations.MUTATIONS, strict=True):
        cells = row.strip("|").split(" | ")
        assert cells[:3] == [
            f" {mutation.module}.py",
            f"`{mutation.old}` → `{mutation.new}`",
            f"`{mutation.asked}`",
        ]
        assert cells[4] != cells[5]
        assert cells[6].endswith(".v ") or cells[6].startswith("the translation: ")
        assert (SOURCES / f"{mutation.module}.py").read_text().count(mutation.old) == 1


@pytest.mark.parametrize("mutation", random.Random(3).sample(mutations.MUTATIONS, 3))
def test_a_mutation_changes_what_the_page_says(
    mutation: mutations.Mutation, tmp_path: Path
) -> None:
    mutations.mutated(mutation, tmp_path)
    axis, said, says = mutations.witness(mutation, tmp_path)
    assert f" | {', '.join(map(str, axis))} | {said} | {says} | " in mutations.PAGE.read_text()


LOOPS = [mutation for mutation in mutations.MUTATIONS if mutation.module == "floorsum"]
SEVERAL = [
    pytest.param(mutation, "", marks=pytest.mark.slow)
    for mutation in random.Random(4).sample(mutations.MUTATIONS, 3)
]


@pytest.mark.skipif(not shutil.which("coqc"), reason="Coq is not installed")
@pytest.mark.parametrize(("mutation", "file"), [(LOOPS[0], "CodeFloorSum.vo"), *SEVERAL])
def test_a_mutation_is_not_built(mutation: mutations.Mutation, file: str, tmp_path: Path) -> None:
    package = mutations.mutated(mutation, tmp_path)
    assert mutations.broken(package, tmp_path, *file.split()) in mutations.PAGE.read_text()


@pytest.mark.parametrize(
    "header",
    [
        "from analytic.layer import size",
        "from analytic.axis import covered as size",
        "import analytic.axis as axes\nfrom elsewhere import size",
        "def size(axis):\n return 7",
    ],
)
def test_a_name_has_to_be_of_what_is_translated(header: str, tmp_path: Path) -> None:
    """Whatever else is called `size` in a module is not the size of an axis."""
    for name in TRANSLATED:
        shutil.copy(SOURCES / f"{name}.py", tmp_path)
    affine = tmp_path / "affine.py"
    imported = "from analytic.axis import Axis, positive, size"
    affine.write_text(affine.read_text().replace(imported, header))
    with pytest.raises(RefusedError, match="another size"):
        translated(tmp_path)


@pytest.mark.parametrize(
    "later",
    [
        "def size(axis):\n return 7",
        "size = len",
        "for size in (): pass",
        "Axis.size = len",
        "setattr(Axis, 'size', len)",
        "globals()['size'] = len",
    ],
)
def test_what_is_translated_has_one_meaning(later: str, tmp_path: Path) -> None:
    for name in TRANSLATED:
        shutil.copy(SOURCES / f"{name}.py", tmp_path)
    module = tmp_path / "axis.py"
    module.write_text(f"{module.read_text()}\n\n{later}\n")
    with pytest.raises(RefusedError, match="size"):
        translated(tmp_path)


def test_an_operation_has_one_meaning() -> None:
    source = (SOURCES / "arithmetic.py").read_text()
    twice = source.replace("    maximum = ", "    maximum = staticmethod(min)\n    maximum = ")
    assert twice != source
    with pytest.raises(RefusedError, match="maximum"):
        Plain(ast.parse(twice))
