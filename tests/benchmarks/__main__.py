"""``python -m tests.benchmarks``: run all benchmarks, write notes/performance.md and its plot.

Time is CPU time of one thread, and of all rounds the least: what other programs on the machine
disturb least. Ratios are of times of one run.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.test_files import ROWS as FILE_ROWS
from tests.benchmarks.test_search import LAYERS as AXES
from tests.benchmarks.test_search import ROWS as SEARCHED
from tests.benchmarks.test_sweep import PART

HERE = Path(__file__).parent
NOTES = HERE.parent.parent / "notes"
PLOT = "performance.svg"

#: Whatever stands in pyproject.toml for the tests does not hold for benchmarks: they are run by
#: this command alone, and the libraries that they compare with may warn.
OPTIONS = (
    *("-o", "addopts=--import-mode=importlib", "-o", "filterwarnings=", "-q", "-rs"),
    *("-p", "no:cacheprovider", "--benchmark-timer=time.process_time", "--benchmark-disable-gc"),
)

#: Least seconds of a benchmark by its name, as in ``test_sweep.test_c[any]``.
Times = dict[str, float]

PAGE = """\
# Performance

How long counting takes, and against what. `python -m tests.benchmarks` measures everything on
this page again and writes it; it needs `pip install -e '.[bench]'` and, for the loop in C, gcc.
Times are CPU time of one thread, the least of all rounds. Ratios are between times of one run:
they are what can be compared between machines.

Measured on {machine}.

## One layer

`ConvTranspose2d(1, 1, 4, stride=2, padding=1)` and an input of n×n.
`analytic.additions_per_filter` computes the number, the ones-tensor experiment
(`oracle.additions_per_filter`, int64) runs the layer to measure it. torch's FlopCounterMode and
fvcore count something else, MACs by the input rule (the former twice that); to do it they run the
layer in float32, and fvcore traces it.

{layer}

## The loop of a search

Layers of two axes, 64 → 32 channels, made and counted one by one; axes that are alike are evaluated
once. In columns, `analytic.arrays.count` takes {columns} for a million layers of two axes that are
not, {row} a layer: {times:.0f} times less than the loop. A layer of a file takes longer than in the
loop, for it is read and written too: [files](#files). The loop makes one layer over and over, whose
axes are checked once and remembered, as those of most searches are (5.9 µs with sizes up to 512); a
layer whose axes never came before takes 11 µs.

{search}

## A million layers

Size, overlaps and covered of 10^6 layers of one axis: sizes 1–512, kernels 1–11, strides 1–4,
dilations 1–3, every legal output padding. Paddings up to dilation·(kernel − 1), beyond which
whole inputs are cropped, or up to the last legal one. `analytic.arrays.extents` validates every
row and computes the bound that proves that no number wraps; the loop in C
(`tests/benchmarks/theorem.c`, `gcc -O3 -march=native`) does neither. The loop in Python is over
{part:,} of the layers, and its time is scaled to all; it evaluates each layer once for all three
numbers.

{sweep}

## Every pass

A million layers as above, of 8 and 16 channels. `analytic.arrays.count` computes eleven numbers of
each; `analytic.arrays.passes` twenty: MACs, additions, operations, elements and elements reached of
the forward pass and of each gradient. Where one column has both kinds, every row is read both ways.

{passes}

## A grid

`analytic.arrays.additions_per_filter` of 4000 heights × 4000 widths, kernel 4, stride 2, padding
1, against one bare `numpy.multiply.outer` of two columns of 4000. Both allocate their result, 128
MB of int64.

{grid}

## Files

`python -m analytic count FILE`, of {rows:,} layers of two axes that are not alike, CSV to CSV and
JSON Lines to JSON Lines; against a bare copy, which reads the input, reads the output and writes it
again (`csv.reader` and `csv.writer`, `json.loads` and `json.dumps`). The start of Python and of
NumPy, which counts the rows of a long file in columns, is in neither.

{files}

## Growth

One layer as above, of n×n. The closed form takes the same few steps whatever the size, until
Python's integers grow beyond a machine word; the experiment takes time and memory in proportion
to the positions.

![CPU time against n, both on logarithmic scales: a line with slope 2 and a flat one]({plot})

{growth}

## Reading a model

CPU time of `oracle.layers_of(model, …, kinds="both")` over that of a bare forward pass of the
same model on fake tensors, of the 57 of [published architectures](architectures.md) on which a
bare pass runs; that page has each, and was measured on a busier machine than this one. Weights that
are no fakes are made fakes as they come with `allow_non_fake_inputs=True`, or all of them first.

| bare pass | least | median | most | above 1.3 |
| --- | ---: | ---: | ---: | ---: |
| `FakeTensorMode` makes fakes of weights as they come | 0.29 | 0.41 | 0.89 | 0 |
| fakes are made of all weights first | 0.94 | 1.19 | 1.63 | 6 |

A model whose weights are fakes already takes less for its pass, and nothing for their conversion:
ResNet-50 29 ms bare and 61 ms read (2.1 times), MobileNetV3 30 ms and 68 ms (2.2). What is left is
a recorder that sees every operator, hooks at every module, and leaving the model as it was.
"""


def measured() -> tuple[Times, dict[str, Any]]:
    """The benchmarks' times, and the machine as pytest-benchmark describes it."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "benchmarks.json"
        command = [
            sys.executable,
            "-m",
            "pytest",
            *OPTIONS,
            f"--benchmark-json={result}",
            str(HERE),
        ]
        subprocess.run(command, check=True)
        report = json.loads(result.read_text())
    times = {
        f"{Path(test['fullname'].split('::')[0]).stem}.{test['name']}": test["stats"]["min"]
        * test["extra_info"].get("scale", 1)
        for test in report["benchmarks"]
    }
    return times, report["machine_info"]


def machine(info: dict[str, Any]) -> str:
    """The machine in words."""
    import torch

    cpu = info["cpu"]
    return (
        f"{cpu['brand_raw']}, {cpu['count']} cores, {info['system']}; "
        f"Python {platform.python_version()}, NumPy {np.__version__}, torch {torch.__version__}"
    )


def seconds(time: float) -> str:
    """A time in the unit that suits it, with three digits."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if float(f"{time / size:.3g}") >= 1:  # as it is shown: 0.9996 s are 1 s
            return f"{time / size:.3g} {unit}"
    return f"{time / 1e-9:.3g} ns"


def table(head: list[str], rows: list[list[str]]) -> str:
    """Cells as a table of Markdown."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def against(times: Times, name: str, base: str) -> str:
    """A time, and how many times another it is."""
    if name not in times:
        return "not installed"
    return f"{seconds(times[name])} ({times[name] / times[base]:,.0f}×)"


def layer_table(times: Times) -> str:
    """One layer, by side and by who counts."""
    names = {
        "experiment": "test_experiment",
        "FlopCounterMode": "test_flop_counter_mode",
        "fvcore": "test_fvcore",
    }
    rows = []
    for side in (64, 512, 4096):
        base = f"test_one_layer.test_analytic[{side}]"
        others = [against(times, f"test_one_layer.{test}[{side}]", base) for test in names.values()]
        rows.append([f"{side}²", seconds(times[base]), *others])
    return table(["n×n", "analytic", *names], rows)


def search_table(times: Times) -> str:
    """Calls of a loop, by what axes they are of."""
    calls = ("layer", "macs", "count", "passes", "layer, macs")
    words = ("`Layer(…)`", "`macs(layer)`", "`count(layer)`", "`passes(layer)`", "`macs(Layer(…))`")
    rows = [
        [word, *(seconds(times[f"test_search.test_call[{axes}-{call}]"]) for axes in AXES)]
        for call, word in zip(calls, words, strict=True)
    ]
    return table(["call", "axes alike", "unlike"], rows)


def search(times: Times) -> dict[str, Any]:
    """What the page says of the loop of a search."""
    columns = times["test_search.test_columns"]
    loop = sum(times[f"test_search.test_call[unlike-{call}]"] for call in ("layer", "count"))
    return {
        "search": search_table(times),
        "columns": seconds(columns),
        "row": seconds(columns / SEARCHED),
        "times": loop / (columns / SEARCHED),
    }


def sweep_table(times: Times) -> str:
    """A million layers, by their paddings."""
    head = ["paddings", "loop in C", "analytic.arrays", "loop in Python", "arrays against C"]
    head.append("loop against arrays")
    rows = []
    for kind, words in (("kernel", "to dilation·(kernel − 1)"), ("any", "any legal")):
        ours, loop = (times[f"test_sweep.test_{name}[{kind}]"] for name in ("arrays", "loop"))
        c = times.get(f"test_sweep.test_c[{kind}]")
        in_c = ("no gcc", "no gcc") if c is None else (seconds(c), f"{ours / c:.2f}×")
        rows.append([words, in_c[0], seconds(ours), seconds(loop), in_c[1], f"{loop / ours:.0f}×"])
    return table(head, rows)


def passes_table(times: Times) -> str:
    """Counts and passes, by kind."""
    rows = []
    for kind in ("transposed", "ordinary", "both"):
        count, passes = (
            times[f"test_sweep.test_layers[{kind}-{function}]"] for function in ("count", "passes")
        )
        rows.append([kind, seconds(count), seconds(passes), f"{passes / count:.2f}×"])
    return table(["layers", "count", "passes", "ratio"], rows)


def grid_table(times: Times) -> str:
    """The grid and the outer product."""
    bare, ours = times["test_grid.test_outer_product"], times["test_grid.test_additions"]
    row = [seconds(bare), seconds(ours), f"{ours / bare:.2f}×"]
    return table(["numpy.multiply.outer", "grid of additions", "ratio"], [row])


def files_table(times: Times) -> str:
    """Files against bare copies of them."""
    rows = []
    for kind in ("csv", "json"):
        bare, ours = (times[f"test_files.test_{name}[{kind}]"] for name in ("copy", "count"))
        rows.append([kind, seconds(bare), seconds(ours), f"{ours / bare:.2f}×"])
    return table(["format", "bare copy", "count", "ratio"], rows)


def growth(times: Times, who: str) -> dict[int, float]:
    """Seconds by power of two."""
    start = f"test_growth.test_{who}["
    return {
        int(name.removeprefix(start).rstrip("]")): time
        for name, time in times.items()
        if name.startswith(start)
    }


def growth_table(times: Times) -> str:
    """Every power of two that was measured."""
    formula, experiment = growth(times, "analytic"), growth(times, "experiment")
    rows = [
        [
            f"2^{power}",
            *[seconds(who[power]) if power in who else "" for who in (formula, experiment)],
        ]
        for power in sorted({*formula, *experiment})
    ]
    return table(["n", "analytic", "experiment"], rows)


def draw(times: Times, path: Path) -> None:
    """The growth of both, as a plot."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "growth"  # the same file from the same numbers
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4))
    for who, label in (("analytic", "closed form"), ("experiment", "ones-tensor experiment")):
        points = sorted(growth(times, who).items())
        axes.loglog([2.0**power for power, _ in points], [t for _, t in points], "o-", label=label)
    axes.set(xlabel="n (input n×n)", ylabel="CPU seconds", title="One count")
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})


def main() -> None:
    """Measure, and write the page."""
    times, info = measured()
    page = PAGE.format(
        machine=machine(info),
        part=PART,
        layer=layer_table(times),
        **search(times),
        sweep=sweep_table(times),
        passes=passes_table(times),
        grid=grid_table(times),
        rows=FILE_ROWS,
        files=files_table(times),
        growth=growth_table(times),
        plot=PLOT,
    )
    (NOTES / "performance.md").write_text(page)
    draw(times, NOTES / PLOT)


if __name__ == "__main__":
    main()
