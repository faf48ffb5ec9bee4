"""Whole models: the counts of several named layers, their sums, and both as tables."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

from analytic import totals
from analytic.arithmetic import INTEGERS
from analytic.digits import all_digits
from analytic.integers import count as count_exactly
from analytic.layer import Layer
from analytic.report import FORMATS, TABLES, aligned, grouped, label, layer_fields
from analytic.tables import CsvWriter, write_sizes
from analytic.totals import Count, Products


class Counted(NamedTuple):
    """What is counted of a layer, or of all of them.

    MACs by the three rules (``macs`` by the exact one, ``input_macs``, ``output_macs``) and
    ``additions`` by the convention: those of the filters, of the channels and of the bias.
    """

    macs: int
    input_macs: int
    output_macs: int
    additions: int


class LayerCount(NamedTuple):
    """One layer of a model."""

    name: str
    layer: Layer
    output_size: tuple[int, ...]
    counted: Counted


class ModelCount(NamedTuple):
    """The layers of a model in order, and their sums. ``print`` shows the table."""

    layers: tuple[LayerCount, ...]
    total: Counted
    convention: str

    def __str__(self) -> str:
        return self.table().rstrip("\n")

    def table(self, style: str = "table") -> str:
        """The whole as text; styles are table, markdown, latex, json and csv."""
        if style not in FORMATS:
            raise ValueError(f"style must be one of {', '.join(map(repr, FORMATS))}, got {style!r}")
        with all_digits():
            if style == "json":
                return as_json(self)
            return as_csv(self) if style == "csv" else as_text(self, TABLES[style])


def count_layers(
    layers: Mapping[str, Layer],
    *,
    convention: str = "nonzero",
    evaluate: Callable[..., Count] = count_exactly,
) -> ModelCount:
    r"""The counts of named layers and their sums over the layers.

    .. math:: \text{macs} = N\psi\prod T, \quad N\psi\prod n\prod k, \quad N\psi\prod L\prod k

    by the rules ``"exact"``, ``"input"`` and ``"output"``, and additions ``N·(ψ·a + γ)``, where
    ``a`` are those of one filter. ``evaluate`` is `analytic.count`, or that of
    another evaluator. Errors as in `analytic.count`. Cost: that of one count a layer.
    Source: notes/conventions.md.

    >>> layer = Layer((8, 8), 4, 6, 4, stride=2, padding=1, batch_size=2)
    >>> count_layers({"up": layer, "up again": layer}).total
    Counted(macs=86400, input_macs=98304, output_macs=393216, additions=86400)
    """
    rows = []
    for name, layer in layers.items():
        count = evaluate(layer, convention=convention)
        rows.append(LayerCount(name, layer, count.output_size, counted(layer, count)))
    total = Counted(*(sum(row.counted[i] for row in rows) for i in range(len(Counted._fields))))
    return ModelCount(tuple(rows), total, convention)


def counted(layer: Layer, count: Count) -> Counted:
    """What the table of a model shows of a layer's count."""
    of = Products(
        inputs=math.prod(layer.input_size),
        taps=math.prod(layer.kernel_size),
        positions=count.positions,
        overlaps=count.overlaps,
        covered=count.covered,
    )
    macs, input_macs, output_macs = (
        totals.macs(INTEGERS, layer, of, rule) for rule in ("exact", "input", "output")
    )
    multiplications = layer.batch_size * count.filters * count.multiplications_per_filter
    return Counted(macs, input_macs, output_macs, count.total - multiplications)


T = TypeVar("T")


def numbered(layers: Iterable[tuple[str, T]]) -> dict[str, T]:
    """Layers by name, in order; a name that comes again is numbered: ``up``, ``up (2)``."""
    made: dict[str, T] = {}
    last: dict[str, int] = {}  # the number that a name had last: none below it is free
    for name, layer in layers:
        unique, again = name, last.get(name, 1)
        while unique in made:
            again += 1
            unique = f"{name} ({again})"
        made[unique] = layer
        last[name] = again
    return made


def share(part: int, whole: int) -> str:
    """A part in per cent, rounded to two places, half up; empty where there is no whole.

    >>> share(1, 3), share(2, 3), share(1, 1), share(0, 0)
    ('33.33', '66.67', '100.00', '')
    """
    if not whole:
        return ""
    hundredths = (20_000 * part + whole) // (2 * whole)
    return f"{hundredths // 100}.{hundredths % 100:02}"


def as_text(model: ModelCount, style: str) -> str:
    """An aligned table of a model."""
    headers = ["layer", "input", "output", "MACs", "MACs (input rule)", "MACs (output rule)"]
    headers += [f"additions ({model.convention})", "share of MACs"]
    rows = [
        [
            label({"name": name}),
            write_sizes(layer.input_size),
            write_sizes(output),
            *_numbers(counted, model),
        ]
        for name, layer, output, counted in model.layers
    ]
    rows.append([f"total of {len(rows)} layers", "", "", *_numbers(model.total, model)])
    return aligned(rows, headers, style, ["left", *["right"] * (len(headers) - 1)]) + "\n"


def _numbers(counted: Counted, model: ModelCount) -> list[str]:
    percent = share(counted.macs, model.total.macs)
    return [*map(grouped, counted), f"{percent} %" if percent else ""]


def _results(counted: Counted, model: ModelCount) -> dict[str, Any]:
    percent = share(counted.macs, model.total.macs)
    return {**counted._asdict(), "share_percent": float(percent) if percent else None}


def as_json(model: ModelCount) -> str:
    """One JSON object with the keys ``layers``, ``total`` and ``convention``."""
    layers = [
        {
            "name": name,
            **layer_fields(layer),
            "count": {"output_size": list(output), **_results(counted, model)},
        }
        for name, layer, output, counted in model.layers
    ]
    total = _results(model.total, model)
    document = {"layers": layers, "total": total, "convention": model.convention}
    return json.dumps(document, ensure_ascii=False) + "\n"


def as_csv(model: ModelCount) -> str:
    """A line for each layer, its arguments and its counts, and one of totals."""
    line = CsvWriter()
    lines = []
    for name, layer, output, counted in model.layers:
        fields = {"name": name, **dict.fromkeys(Layer.FIELDS, ""), **layer_fields(layer)}
        lines.append(line(fields, {"output_size": list(output), **_results(counted, model)}))
    fields = {"name": "total", **dict.fromkeys(Layer.FIELDS, "")}
    lines.append(line(fields, {"output_size": "", **_results(model.total, model)}))
    return "".join(lines)
