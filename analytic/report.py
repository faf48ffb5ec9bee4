"""Counts for people and for programs: one layer's summary, and the rows of a file."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from analytic.layer import Layer
from analytic.protocols import ConventionName, RuleName
from analytic.tables import CsvWriter, count_fields, write_json, write_sizes
from analytic.totals import Count

#: How `tabulate` calls the formats that are tables.
TABLES = {"table": "simple", "markdown": "github", "latex": "latex_booktabs"}
FORMATS = (*TABLES, "json", "csv")
#: A table for a terminal is aligned by blocks of rows, so that a long file still streams.
BLOCK = 1000
#: A longer name of a layer is cut in a table, and ends in an ellipsis.
LONGEST_LABEL = 80


def grouped(value: Any) -> str:
    """An integer with its thousands apart; anything else as it is."""
    return f"{value:,}" if isinstance(value, int) else str(value)


def label(fields: Mapping[str, Any]) -> str:
    """What a table calls a row: on one line, and no longer than `LONGEST_LABEL`."""
    words = " ".join(str(fields[key]) for key in ("model", "name", "layer") if key in fields)
    text = "".join(c if c.isprintable() else " " for c in words[: LONGEST_LABEL + 1])
    return text if len(text) <= LONGEST_LABEL else text[: LONGEST_LABEL - 1] + "…"


def aligned(
    cells: Sequence[Sequence[str]], headers: Sequence[str], style: str, columns: Sequence[str]
) -> str:
    """Cells as a table. They are text: were `tabulate` to read numbers in them, it would round."""
    from tabulate import tabulate

    if style == TABLES["markdown"]:  # where a bar is the end of a cell
        cells = [[cell.replace("|", "\\|") for cell in row] for row in cells]
    return tabulate(cells, headers=headers, tablefmt=style, disable_numparse=True, colalign=columns)


def summary(layer: Layer, count: Count, style: str) -> str:
    """One count for people: the three numbers they ask for, then what these are made of."""
    parts = {
        "input size": write_sizes(layer.input_size),
        "output size": write_sizes(count.output_size),
        "output positions": count.positions,
        "overlaps": count.overlaps,
        "covered positions": count.covered,
        "filters": count.filters,
        "multiplications per filter": count.multiplications_per_filter,
        "additions per filter": count.additions_per_filter,
        "operations per filter": count.operations_per_filter,
        "filter aggregation": count.filter_aggregation,
    }
    cells = [(name, grouped(value)) for name, value in (*count.headline(), *parts.items())]
    if style == "table":  # without `tabulate`, whose import takes longer than all the rest
        names, numbers = (max(map(len, column)) for column in zip(*cells, strict=True))
        cells.insert(len(count.headline()), ("", ""))
        lines = (f"{name:<{names}}  {number:>{numbers}}" for name, number in cells)
        return "".join(line.rstrip() + "\n" for line in lines)
    headers = ("what is counted", "number")
    return aligned(cells, headers, TABLES[style], ("left", "right")) + "\n"


def one(layer: Layer, count: Count, style: str) -> str:
    """The count of a single layer in one of `FORMATS`."""
    if style in TABLES:
        return summary(layer, count, style)
    return RecordWriter(style).row(1, layer_fields(layer), layer, count)


def layer_fields(layer: Layer) -> dict[str, Any]:
    """The arguments of a layer as JSON has them."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in layer.fields().items()
    }


class Totals:
    """Sums over the layers of a file."""

    def __init__(self) -> None:
        self.layers = self.operations = self.macs = 0

    def add(self, count: Count) -> None:
        """Add one counted layer."""
        self.layers += 1
        self.operations += count.total
        self.macs += count.macs


class TableWriter:
    """Counts as aligned tables of `BLOCK` rows, with a line of totals at the end."""

    def __init__(self, style: str, convention: ConventionName, rule: RuleName) -> None:
        self.style = TABLES[style]
        macs = "MACs" if rule == "exact" else f"MACs ({rule} rule)"
        operations = f"operations ({convention})"
        self.headers = ["line", "layer", "input", "output", operations, macs, f"2 × {macs}"]
        self.rows: list[list[str]] = []

    def row(self, line: int, fields: Mapping[str, Any], layer: Layer, count: Count) -> str:
        """The text that is ready once this row is there: often none."""
        sizes = write_sizes(layer.input_size), write_sizes(count.output_size)
        numbers = count.total, count.macs, 2 * count.macs
        self.rows.append([str(line), label(fields), *sizes, *map(grouped, numbers)])
        # Only text for a terminal is written in blocks: what goes into a paper is one table.
        ready = self.style == TABLES["table"] and len(self.rows) == BLOCK
        return self.flush() if ready else ""

    def flush(self) -> str:
        """The rows that are not written yet."""
        columns = ["left" if name == "layer" else "right" for name in self.headers]
        text = aligned(self.rows, self.headers, self.style, columns)
        self.rows = []
        return text + "\n"

    def close(self, totals: Totals) -> str:
        """The rows that are left, and the totals."""
        numbers = totals.operations, totals.macs, 2 * totals.macs
        name = f"total of {totals.layers} layers"
        self.rows.append(["", name, "", "", *map(grouped, numbers)])
        return self.flush()


class RecordWriter:
    """Counts as lines for programs; the totals go to standard error, beside them."""

    def __init__(self, style: str) -> None:
        self.line = CsvWriter() if style == "csv" else write_json
        self.sizes = write_sizes if style == "csv" else list

    def row(self, _line: int, fields: Mapping[str, Any], _layer: Layer, count: Count) -> str:
        """One line of JSON or CSV; `ValueError` where the row's own keys are in the way."""
        return self.line(fields, count_fields(count, self.sizes))

    def close(self, totals: Totals) -> str:
        """Nothing more for the program; a line for whoever watches."""
        sys.stderr.write(
            f"total of {totals.layers} layers: {totals.operations} operations, "
            f"{totals.macs} MACs, {2 * totals.macs} twice the MACs\n"
        )
        return ""


def writer(style: str, convention: ConventionName, rule: RuleName) -> TableWriter | RecordWriter:
    """What writes rows in one of `FORMATS`."""
    return TableWriter(style, convention, rule) if style in TABLES else RecordWriter(style)
