"""What importing costs, in modules: seconds are a benchmark's business."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

import analytic
from analytic import packages
from analytic.commands.flags import Command
from analytic.packages import REQUIRED


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


TORCH = "torch is not installed: pip install 'torch>=2.13'"


def test_what_the_oracle_says_of_a_missing_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Path(analytic.__file__).parents[1] / "oracle" / "__init__.py"
    monkeypatch.syspath_prepend(tmp_path)
    for missing in ("torch", "sympy"):
        text = f"raise ModuleNotFoundError('no {missing}', name='{missing}')"
        (tmp_path / "torch.py").write_text(text)
        monkeypatch.delitem(sys.modules, "torch", raising=False)
        names: dict[str, Any] = {"__name__": "oracle"}
        if missing == "sympy":  # torch is there, and lacks something
            with pytest.raises(ModuleNotFoundError, match="no sympy"):
                exec(compile(home.read_text(), home, "exec"), names)
            continue
        exec(compile(home.read_text(), home, "exec"), names)
        with pytest.raises(ModuleNotFoundError, match=f"^{re.escape(TORCH)}$"):
            names["__getattr__"]("count")


def test_the_oracle_says_in_one_line_that_it_needs_torch(tmp_path: Path) -> None:
    layer = ["--input-size", "8", "--in-channels", "1", "--out-channels", "1", "--kernel-size", "2"]
    done = run_without_torch(tmp_path, "-m", "oracle", "count", *layer)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"oracle: {TORCH}\n")
    done = run_without_torch(tmp_path, "-c", "from oracle import count")
    assert done.stderr.splitlines()[-1] == f"ModuleNotFoundError: {TORCH}"
    done = run_without_torch(tmp_path, "-m", "analytic", "--version")
    assert done.returncode == 0
    for command in ("", "count", "certify", "vectors", "snippet", "audit", "plugins"):
        done = run_without_torch(tmp_path, "-m", "oracle", *command.split(), "--help")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(f"Usage: python -m oracle {command}".rstrip())


def test_packages_are_those_that_the_project_asks_for() -> None:
    project = tomllib.loads((Path(analytic.__file__).parents[1] / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"].values()
    asked = {*project["project"]["dependencies"], *itertools.chain(*extras)}
    assert {*REQUIRED.values()} <= asked
    assert all(line.startswith(f"{name}>=") for name, line in REQUIRED.items())


def test_a_package_that_is_missing_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in sys.modules if name.startswith("analytic.")]:
        monkeypatch.delitem(sys.modules, name)
    for package in ("click", "sympy"):
        monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ModuleNotFoundError, match=r"^sympy is not installed: pip install 'sympy>"):
        analytic.__getattr__("symbolic")
    with pytest.raises(SystemExit, match=r"^click is not installed: pip install 'click>=8.2'$"):
        packages.run_main("analytic.cli")
    assert capsys.readouterr() == ("", "")


def test_another_module_that_is_missing_is_an_error_of_ours() -> None:
    @click.command(cls=Command)
    def command() -> None:
        raise ModuleNotFoundError("No module named 'mine'", name="mine")

    assert isinstance(CliRunner().invoke(command).exception, ModuleNotFoundError)
