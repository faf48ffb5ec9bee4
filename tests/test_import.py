"""What importing costs, in modules: seconds are a benchmark's business."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import analytic


def modules_after(statement: str) -> set[str]:
    """The modules that a fresh interpreter has once it has run a statement."""
    program = f"import sys; {statement}; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    return set(done.stdout.decode().split())


@pytest.mark.parametrize(
    "statement",
    ["import analytic", "import analytic; analytic.count(analytic.Layer((8, 8), 1, 1, 3))"],
)
def test_import_is_light(statement: str) -> None:
    loaded = modules_after(statement) - modules_after("pass")
    heavy = {"numpy", "sympy", "torch", "matplotlib", "onnx", "click", "tabulate"}
    assert not loaded & heavy
    # The standard library's slow ones: each would take half of what the import may cost.
    assert not loaded & {"typing", "dataclasses", "inspect", "importlib.metadata", "re"}


def test_the_command_line_leaves_numpy_alone() -> None:
    loaded = modules_after("import analytic.commands.count")
    assert not loaded & {"numpy", "sympy", "torch", "tabulate", "tqdm"}


def test_analytic_never_imports_torch() -> None:
    found = "m.name for m in pkgutil.walk_packages(analytic.__path__, 'analytic.')"
    program = f"import pkgutil, analytic; [__import__(n) for n in [{found}] if '__main' not in n]"
    assert "torch" not in modules_after(program)


def run_without_torch(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python where importing torch fails as it does where there is none."""
    (tmp_path / "torch.py").write_text("raise ModuleNotFoundError('no torch', name='torch')")
    path = os.pathsep.join([str(tmp_path), *sys.path[1:]])
    environment = {**os.environ, "PYTHONPATH": path}
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, check=False, text=True, env=environment)


@pytest.mark.parametrize(
    ("missing", "arguments", "error", "words"),
    [
        ("torch", ["-m"], SystemExit, "2"),
        ("torch", ["script.py"], ModuleNotFoundError, "oracle runs torch, which is not installed"),
        ("sympy", ["-m"], ModuleNotFoundError, "no sympy"),  # torch is there, and lacks something
    ],
)
def test_what_the_oracle_says_of_a_missing_module(
    missing: str,
    arguments: list[str],
    error: type[BaseException],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = f"raise ModuleNotFoundError('no {missing}', name='{missing}')"
    (tmp_path / "torch.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "argv", arguments)
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    home = Path(analytic.__file__).parents[1] / "oracle" / "__init__.py"
    with pytest.raises(error, match=words):
        exec(compile(home.read_text(), home, "exec"), {"__name__": "oracle"})


def test_the_oracle_says_in_one_line_that_it_needs_torch(tmp_path: Path) -> None:
    words = "oracle runs torch, which is not installed: pip install 'convtranspose-ops[oracle]'"
    done = run_without_torch(tmp_path, "-m", "oracle", "count")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"{words}\n")
    done = run_without_torch(tmp_path, "-c", "import oracle")
    assert done.stderr.splitlines()[-1] == f"ModuleNotFoundError: {words}"
    done = run_without_torch(tmp_path, "-m", "analytic", "--version")
    assert done.returncode == 0
