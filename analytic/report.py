"""Counts for people and for programs: one layer's summary, and the rows of a file."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from operator import add
from textwrap import fill
from typing import Any, NamedTuple

from analytic.headline import FLOPS_PER_MAC, headline, names
from analytic.layer import Layer
from analytic.protocols import ConventionName, RuleName
from analytic.rows import Row
from analytic.tables import (
    COUNT_COLUMNS,
    PASSES_COLUMNS,
    CsvWriter,
    count_cells,
    count_fields,
    passes_cells,
    passes_fields,
    write_json,
    write_sizes,
)
from analytic.totals import Count, Pass, Passes

#: How `tabulate` calls the formats that are tables.
TABLES = {"table": "simple", "markdown": "github", "latex": "latex_booktabs"}
FORMATS = (*TABLES, "json", "csv")
#: A table for a terminal is aligned by blocks of rows, so that a long file still streams.
BLOCK = 1000
#: A longer name of a layer is cut in a table, and ends in an ellipsis.
LONGEST_LABEL = 80
#: A narrow table leaves so much of it before it leaves out a column, and so much in any case.
SHORT_LABEL, SHORTEST_LABEL = 32, 12


#: What tables call the operations of each pass, in the exact convention.
STEPS = [f"{name} (exact)" for name in (*Passes._fields, "training step")]


class Result(NamedTuple):
    """What is counted of a layer: its passes only where they are asked for."""

    counts: Count
    passes: Passes | None = None


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


def fitted(
    cells: Sequence[Sequence[str]],
    headers: Sequence[str],
    style: str,
    sides: Sequence[str],
    width: int | None,
    spare: Sequence[str],
    names: int = 0,
) -> str:
    """A table, `narrowed` to a width where one is given, and a line about what is not in it."""
    if width is None or style != TABLES["table"]:
        return aligned(cells, headers, style, sides) + "\n"
    cells, kept = narrowed(cells, headers, width, spare, names)
    text = aligned(cells, [headers[at] for at in kept], style, [sides[at] for at in kept]) + "\n"
    left_out = [header for at, header in enumerate(headers) if at not in kept]
    note = f"not shown, for the width: {', '.join(left_out)}"
    return text + (fill(note, width) + "\n" if left_out else "")


def narrowed(
    cells: Sequence[Sequence[str]],
    headers: Sequence[str],
    width: int,
    spare: Sequence[str],
    names: int,
) -> tuple[list[list[str]], list[int]]:
    """Cells that fit into lines of a width, and which columns these are of.

    Names, in the column of that number, are shortened in the middle, for beginning and end tell
    them apart; where that is not enough, columns of ``spare`` headers go, first to last, until the
    others fit.
    """
    kept = list(range(len(headers)))
    # tabulate leaves two blanks beside a header, and two between columns.
    widths: list[int] = [
        max(len(header) + 2, *(len(row[at]) for row in cells)) for at, header in enumerate(headers)
    ]
    least = min(widths[names], SHORT_LABEL)

    def room() -> int:
        return width - sum(widths[column] + 2 for column in kept if column != names)

    for header in spare:
        if room() < least and header in headers:
            kept.remove(headers.index(header))
    longest = max(room(), SHORTEST_LABEL)
    return [
        [shortened(row[at], longest) if at == names else row[at] for at in kept] for row in cells
    ], kept


def shortened(text: str, longest: int) -> str:
    """A text with an ellipsis for its middle, where it is longer.

    >>> shortened("encoder.layers.11.conv", 11)
    'encod….conv'
    """
    end = (longest - 1) // 2
    return text if len(text) <= longest else f"{text[: longest - 1 - end]}…{text[-end:]}"


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
    first = headline(count)
    cells = [(name, grouped(value)) for name, value in (*first, *parts.items())]
    if style == "table":  # without `tabulate`, whose import takes longer than all the rest
        left, right = (max(map(len, column)) for column in zip(*cells, strict=True))
        cells.insert(len(first), ("", ""))
        lines = (f"{name:<{left}}  {number:>{right}}" for name, number in cells)
        return "".join(line.rstrip() + "\n" for line in lines)
    headers = ("what is counted", "number")
    return aligned(cells, headers, TABLES[style], ("left", "right")) + "\n"


def passes_table(passes: Passes, style: str) -> str:
    """What each pass of a layer costs, for people."""
    rows = []
    for kind, cost in passes_fields(passes).items():
        name = kind.replace("training_step", "training step").replace("_without_", " without ")
        rows.append([name, *map(grouped, cost.values())])
    columns = ["left", *["right"] * len(Pass._fields)]
    return aligned(rows, ["pass", *Pass._fields], TABLES[style], columns) + "\n"


def one(layer: Layer, result: Result, style: str) -> str:
    """What is counted of a single layer, in one of `FORMATS`."""
    if style not in TABLES:
        choices = result.counts.convention, result.counts.rule
        lines = writer(style, *choices, passes=result.passes is not None)
        return lines.row(Row(1, layer_fields(layer)), result)
    text = summary(layer, result.counts, style)
    return text if result.passes is None else f"{text}\n{passes_table(result.passes, style)}"


def layer_fields(layer: Layer) -> dict[str, Any]:
    """The arguments of a layer as JSON has them."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in layer.fields().items()
    }


class Totals:
    """Sums over layers of what tables show, and of what each pass and a training step takes."""

    def __init__(self) -> None:
        self.layers = self.macs = self.operations = 0
        self.steps: list[int] = []

    def add(self, result: Result) -> None:
        """Add one counted layer."""
        counts, passes = result
        self.layers += 1
        self.macs += counts.macs
        self.operations += counts.total
        if passes is not None:
            steps = [cost.operations for cost in (*passes, passes.training_step())]
            self.steps = [*map(add, self.steps, steps)] if self.steps else steps

    def numbers(self) -> list[int]:
        """A row of a table."""
        return [self.macs, FLOPS_PER_MAC * self.macs, self.operations, *self.steps]


class TableWriter:
    """Counts as aligned tables of `BLOCK` rows, with a line of totals at the end."""

    def __init__(
        self,
        style: str,
        convention: ConventionName,
        rule: RuleName,
        *,
        passes: bool = False,
        width: int | None = None,
    ) -> None:
        self.style = TABLES[style]
        self.width = width
        self.headers = ["line", "layer", "input", "output", *names(convention, rule)]
        if passes:
            self.headers += STEPS
        self.rows: list[list[str]] = []

    def row(self, row: Row, result: Result) -> str:
        """The text that is ready once this row is there: often none."""
        sizes = write_sizes(row.demand().input_size), write_sizes(result.counts.output_size)
        alone = Totals()
        alone.add(result)
        self.rows.append([str(row.line), label(row.fields), *sizes, *map(grouped, alone.numbers())])
        # Only text for a terminal is written in blocks: what goes into a paper is one table.
        ready = self.style == TABLES["table"] and len(self.rows) == BLOCK
        return self.flush() if ready else ""

    def flush(self) -> str:
        """The rows that are not written yet."""
        columns = ["left" if name == "layer" else "right" for name in self.headers]
        rows, self.rows = self.rows, []
        twice, published = self.headers[5:7]
        spare = [*STEPS[:-1], published, "output", "input", twice, "line", STEPS[-1]]
        return fitted(rows, self.headers, self.style, columns, self.width, spare, names=1)

    def close(self, totals: Totals) -> str:
        """The rows that are left, and the totals."""
        row = ["", f"total of {totals.layers} layers", "", "", *map(grouped, totals.numbers())]
        self.rows.append(row + ["0"] * (len(self.headers) - len(row)))  # of no layers
        return self.flush()


class JsonWriter:
    """Counts as JSON Lines for programs; the totals go to standard error, beside them."""

    def __init__(self, convention: ConventionName, rule: RuleName) -> None:
        self.names = names(convention, rule)

    def row(self, row: Row, result: Result) -> str:
        """One line; `ValueError` where the row's own keys are in the way."""
        results: dict[str, Any] = {"count": count_fields(result.counts)}
        if result.passes is not None:
            results["passes"] = passes_fields(result.passes)
        return write_json(row.fields, results)

    def close(self, totals: Totals) -> str:
        """Nothing more for the program; a line for whoever watches."""
        shown = dict(zip(self.names, totals.numbers(), strict=False))
        if totals.steps:
            shown[STEPS[-1]] = totals.steps[-1]
        sums = ", ".join(f"{name} {number}" for name, number in shown.items())
        sys.stderr.write(f"total of {totals.layers} layers: {sums}\n")
        return ""


class CsvRecordWriter(JsonWriter):
    """Counts as CSV for programs."""

    def __init__(self, convention: ConventionName, rule: RuleName, *, passes: bool) -> None:
        super().__init__(convention, rule)
        self.line = CsvWriter([*COUNT_COLUMNS, *PASSES_COLUMNS] if passes else COUNT_COLUMNS)

    def row(self, row: Row, result: Result) -> str:
        """One line; `ValueError` where the row's own columns are in the way."""
        cells = count_cells(result.counts)
        if result.passes is not None:
            cells += passes_cells(result.passes)
        return self.line(row.fields, cells)


Writer = TableWriter | JsonWriter


def writer(
    style: str,
    convention: ConventionName,
    rule: RuleName,
    *,
    passes: bool = False,
    width: int | None = None,
) -> Writer:
    """What writes rows in one of `FORMATS`."""
    if style in TABLES:
        return TableWriter(style, convention, rule, passes=passes, width=width)
    if style == "csv":
        return CsvRecordWriter(convention, rule, passes=passes)
    return JsonWriter(convention, rule)
