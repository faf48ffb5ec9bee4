"""Whole models: the counts of several named layers, their sums, and both as tables."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from textwrap import fill
from typing import Any, Literal, NamedTuple, TypeVar

from analytic import totals
from analytic.arithmetic import INTEGERS
from analytic.digits import all_digits
from analytic.headline import macs_name
from analytic.integers import count as count_exactly
from analytic.integers import passes
from analytic.layer import MOST_AXES, Layer
from analytic.protocols import ConventionName, RuleName, StyleName
from analytic.report import FORMATS, TABLES, fitted, grouped, label, layer_fields
from analytic.tables import CsvWriter, write_sizes
from analytic.taps import dead_taps
from analytic.totals import RULES, Count, Products, choose

T = TypeVar("T")
#: What the rows of a table are sorted and put together by: the names of `SORTS` and `GROUPS`.
SortName = Literal["macs", "additions", "dead", "name"]
GroupName = Literal["kind", "prefix"]


class Counted(NamedTuple):
    """What is counted of a layer, or of all of them.

    MACs by the three rules (``macs`` by the exact one, ``input_macs``, ``output_macs``) and
    ``additions`` by the convention: those of the filters, of the channels and of the bias.
    """

    macs: int
    input_macs: int
    output_macs: int
    additions: int

    def by(self, rule: RuleName) -> int:
        """The MACs by a rule."""
        return self[[*RULES].index(rule)]


class Run(NamedTuple):
    """One pass of a named layer: forward, or one of the gradients of `totals.Passes`."""

    name: str
    layer: Layer
    passed: str = "forward"


class LayerCount(NamedTuple):
    """One pass of one layer of a model; ``dead`` are weights that meet no input."""

    name: str
    layer: Layer
    output_size: tuple[int, ...]
    counted: Counted
    passed: str = "forward"
    dead: int = 0


class UsageError(ValueError):
    """What is asked of a file is wrong, and not the file."""


class Missing(NamedTuple):
    """A layer of a file that is not known: what is missing, and the dimensions that want a size."""

    reason: str
    names: tuple[str, ...] = ()


class Reading(NamedTuple):
    """What a file has: its layers by name and in order, known or not, and what is worth a note."""

    rows: dict[str, Layer | Missing]
    notes: list[str]


class Unknown(NamedTuple):
    """A layer of a model that could not be counted: why, and how many were before it."""

    name: str
    reason: str
    before: int


class ModelCount(NamedTuple):
    """The layers of a model in order, and their sums. ``print`` shows the table.

    The sums are of the known layers alone; ``unknown`` has the others. Those that are ``left_out``
    are in the sums, and not in the table. ``rule`` says which MACs come first, are shared out and
    sorted by.
    """

    layers: tuple[LayerCount, ...]
    total: Counted
    convention: ConventionName
    unknown: tuple[Unknown, ...] = ()
    left_out: tuple[LayerCount, ...] = ()
    rule: RuleName = "exact"

    def has_gradients(self) -> bool:
        """Whether other passes than forward ones are in it."""
        return any(row.passed != "forward" for row in (*self.layers, *self.left_out))

    def __str__(self) -> str:
        return self.table().rstrip("\n")

    def sorted_by(self, key: SortName) -> ModelCount:
        """The rows by one of `SORTS`, the largest first; what is unknown comes last."""
        value = self.sort_key(key)
        last = len(self.layers)
        unknown = tuple(row._replace(before=last) for row in self.unknown)
        return self._replace(layers=(*sorted(self.layers, key=value),), unknown=unknown)

    def sort_key(self, key: str) -> Callable[[Any], Any]:
        """What rows and groups are sorted by."""
        value = choose("sort", SORTS, key)
        return value if key != "macs" else lambda row: -row.counted.by(self.rule)

    def top(self, rows: int) -> ModelCount:
        """The first rows alone; the others are one row, and in the sums all the same."""
        unknown = tuple(row._replace(before=min(row.before, rows)) for row in self.unknown)
        layers, left_out = self.layers[:rows], self.layers[rows:]
        return self._replace(layers=layers, unknown=unknown, left_out=left_out)

    def table(
        self,
        style: StyleName = "table",
        *,
        group_by: GroupName | None = None,
        sort: SortName | None = None,
        top: int | None = None,
        width: int | None = None,
    ) -> str:
        """The whole as text; styles are table, markdown, latex, json and csv.

        With ``group_by``, "kind" or "prefix", a row for the layers of each kind and pass, or of
        each part of the model: what names have in common, and the first part in which they differ.
        By ``sort`` rows, or groups, are in the order of `sorted_by`; after ``top`` of them the
        others are one. With a ``width``, a table has as many columns as fit into it, says which
        are left out, and shortens names.
        """
        if style not in FORMATS:
            raise ValueError(f"style must be one of {', '.join(map(repr, FORMATS))}, got {style!r}")
        model = self.sorted_by(sort) if sort else self
        with all_digits():
            if group_by is not None:
                groups = groups_of(model, choose("group_by", GROUPS, group_by))
                if sort:
                    groups.sort(key=self.sort_key(sort))
                return write_groups(model, cut(groups, top), style, width)
            model = model.top(top) if top else model
            if style == "json":
                return as_json(model)
            return as_csv(model) if style == "csv" else as_text(model, TABLES[style], width)


class Group(NamedTuple):
    """Rows of a model put together: how many, and their sums."""

    name: str
    rows: int
    counted: Counted
    dead: int


#: What rows and groups are sorted by.
SORTS: Mapping[str, Callable[[LayerCount | Group], int | str]] = {
    "macs": lambda row: -row.counted.macs,
    "additions": lambda row: -row.counted.additions,
    "dead": lambda row: -row.dead,
    "name": lambda row: row.name,
}


def kind_of(row: LayerCount) -> str:
    """The word for the kind of a layer."""
    return "transposed" if row.layer.transposed else "ordinary"


def kind_and_pass(row: LayerCount) -> str:
    """The kind, and the pass if it is no forward one."""
    return kind_of(row) if row.passed == "forward" else f"{kind_of(row)}, {row.passed}"


def parts_of(name: str) -> list[str]:
    """The parts of a layer's name, of torch or of a file.

    >>> parts_of("up.0.conv"), parts_of("/up/blocks.0/conv")
    (['up', '0', 'conv'], ['up', 'blocks', '0', 'conv'])
    """
    return [part for part in re.split(r"[./]", name) if part]


def prefixes(rows: Sequence[LayerCount]) -> list[str]:
    """What all names have in common, and the first part in which they differ."""
    parts = [parts_of(row.name) for row in rows]
    alike = takewhile(lambda column: len({*column}) == 1, zip(*parts, strict=False))
    common = sum(1 for _ in alike)
    return [".".join(names[: common + 1]) for names in parts]


#: What rows are put together by: the name of the group of each.
GROUPS: Mapping[str, Callable[[Sequence[LayerCount]], list[str]]] = {
    "kind": lambda rows: [*map(kind_and_pass, rows)],
    "prefix": prefixes,
}


def count_layers(
    layers: Mapping[str, Layer | Missing],
    *,
    convention: ConventionName = "nonzero",
    evaluate: Callable[..., Count] = count_exactly,
) -> ModelCount:
    r"""The counts of named layers and their sums over the layers.

    .. math:: \text{macs} = N\psi\prod T, \quad N\psi\prod n\prod k, \quad N\psi\prod L\prod k

    by the rules ``"exact"``, ``"input"`` and ``"output"``, and additions ``N·(ψ·a + γ)``, where
    ``a`` are those of one filter. A `Missing` layer becomes a row that says why. ``evaluate`` is
    `analytic.count`, or that of another evaluator. Errors as in `analytic.count`. Cost: that of
    one count a layer.
    Source: notes/conventions.md.

    >>> layer = Layer((8, 8), 4, 6, 4, stride=2, padding=1, batch_size=2)
    >>> count_layers({"up": layer, "up again": layer}).total
    Counted(macs=86400, input_macs=98304, output_macs=393216, additions=86400)
    """
    runs = ((name, layer, "forward") for name, layer in layers.items())
    return count_runs(runs, convention=convention, evaluate=evaluate)


def count_runs(
    runs: Iterable[tuple[str, Layer | Missing, str]],
    *,
    convention: ConventionName = "nonzero",
    evaluate: Callable[..., Count] = count_exactly,
) -> ModelCount:
    """The counts of the passes that run in a model, as `count_layers` has those of its layers.

    A gradient has the MACs of its layer, by every rule, and additions in the exact convention. The
    gradient of a bias has additions alone.

    >>> layer = Layer((8, 8), 4, 6, 4, stride=2, padding=1, batch_size=2)
    >>> runs = [Run("up", layer, passed) for passed in ("forward", "grad_weight", "grad_bias")]
    >>> [row.counted.macs for row in count_runs(runs).layers]
    [43200, 43200, 0]
    """
    rows: list[LayerCount] = []
    unknown = []
    for name, layer, passed in runs:
        if isinstance(layer, Missing):
            unknown.append(Unknown(name, layer.reason, len(rows)))
            continue
        count = evaluate(layer, convention=convention)
        numbers = counted(layer, count) if passed == "forward" else gradient(layer, passed)
        dead = dead_taps(layer).weights
        rows.append(LayerCount(name, layer, count.output_size, numbers, passed, dead))
    return ModelCount(tuple(rows), summed(rows), convention, tuple(unknown))


def summed(rows: Iterable[LayerCount | Group]) -> Counted:
    """The sums over the layers."""
    columns = [*zip(*(row.counted for row in rows), strict=True)]
    return Counted._make(map(sum, columns)) if columns else Counted(0, 0, 0, 0)


def gradient(layer: Layer, passed: str) -> Counted:
    """What is counted of a gradient of a layer."""
    exact, by_input, by_output = (getattr(passes(layer, rule=rule), passed) for rule in RULES)
    return Counted(exact.macs, by_input.macs, by_output.macs, exact.additions)


def counted(layer: Layer, count: Count) -> Counted:
    """What the table of a model shows of a layer's count."""
    products = Products(
        inputs=math.prod(layer.input_size),
        taps=math.prod(layer.kernel_size),
        positions=count.positions,
        overlaps=count.overlaps,
        covered=count.covered,
    )
    macs, input_macs, output_macs = (
        totals.macs(INTEGERS, layer, products, rule) for rule in ("exact", "input", "output")
    )
    multiplications = layer.batch_size * count.filters * count.multiplications_per_filter
    return Counted(macs, input_macs, output_macs, count.total - multiplications)


class Names:
    """Gives each name once: one that comes again is numbered, ``up``, ``up (2)``."""

    def __init__(self) -> None:
        self.taken: set[str] = set()
        self.last: dict[str, int] = {}  # the number that a name had last: none below it is free

    def unique(self, name: str) -> str:
        """The name, or with the least number with which it is free."""
        unique, again = name, self.last.get(name, 1)
        while unique in self.taken:
            again += 1
            unique = f"{name} ({again})"
        self.taken.add(unique)
        self.last[name] = again
        return unique


def numbered(layers: Iterable[tuple[str, T]]) -> dict[str, T]:
    """Layers by name, in order; a name that comes again is numbered."""
    names = Names()
    return {names.unique(name): layer for name, layer in layers}


def share(part: int, whole: int) -> str:
    """A part in per cent, rounded to two places, half up; empty where there is no whole.

    >>> share(1, 3), share(2, 3), share(1, 1), share(0, 0)
    ('33.33', '66.67', '100.00', '')
    """
    if not whole:
        return ""
    hundredths = (20_000 * part + whole) // (2 * whole)
    return f"{hundredths // 100}.{hundredths % 100:02}"


def in_order(model: ModelCount, known: list[T], unknown: list[T]) -> list[T]:
    """Rows of the layers in the order of the model, whether they could be counted or not."""
    rows = [*known]
    for layer, row in reversed([*zip(model.unknown, unknown, strict=True)]):
        rows.insert(layer.before, row)
    return rows


def as_text(model: ModelCount, style: str, width: int | None = None) -> str:
    """An aligned table of a model: passes and dead weights where there are some to tell of.

    Where layers are unknown, the last column says why.
    """
    passes = model.has_gradients()
    kinds = any(not row.layer.transposed for row in model.layers)
    dead = any(row.dead for row in model.layers)
    headers = ["layer", *["kind"] * kinds, *["pass"] * passes, "input", "output"]
    words = len(headers)
    headers += [
        *numbers_by(model.rule).values(),
        f"additions ({model.convention})",
        "share of MACs",
    ]
    headers += ["dead weights"] * dead
    known = [
        [
            label({"name": row.name}),
            *[kind_of(row)] * kinds,
            *[row.passed] * passes,
            write_sizes(row.layer.input_size),
            write_sizes(row.output_size),
            *_numbers(row.counted, model),
            *[grouped(row.dead)] * dead,
        ]
        for row in model.layers
    ]
    blank = [""] * (len(headers) - 1)
    unknown = [[label({"name": name}), *blank, reason] for name, reason, _ in model.unknown]
    rows = in_order(model, known, unknown)
    sums = [(_total(model, len(known) + len(model.left_out)), model.total)]
    if model.left_out:
        sums.insert(0, (f"{len(model.left_out)} more", summed(model.left_out)))
    for name, counted in sums:
        rows.append([name, *[""] * (words - 1), *_numbers(counted, model), *[""] * dead])
    align = ["left", *["right"] * len(blank)]
    if unknown:
        headers, align = [*headers, "missing"], [*align, "left"]
        rows = [row + [""] * (len(headers) - len(row)) for row in rows]
    text = fitted(rows, headers, style, align, width, spare(headers))
    return text + "".join(dead_lines(model, width)) if style == TABLES["table"] else text


def spare(headers: Sequence[str]) -> list[str]:
    """Columns that a narrow table leaves out, the first one first."""
    additions = [header for header in headers if header.startswith("additions")]
    _, *other_macs = [header for header in headers if header in {*map(macs_name, RULES)}]
    others = ("output", "input", "dead weights", "kind", "share of MACs")
    return [*additions, *other_macs, *others]


def dead_lines(model: ModelCount, width: int | None = None) -> Iterator[str]:
    """A line for each layer with weights that meet no input: from which size on all meet one."""
    for name, layer, _, _, passed, dead in model.layers:
        if dead and passed == "forward":
            weights = totals.filters(INTEGERS, layer) * math.prod(layer.kernel_size)
            least = write_sizes(dead_taps(layer).alive_from)
            line = (
                f"{label({'name': name})}: {dead:,} of {weights:,} weights meet no input, "
                f"whatever the data; all meet one from input size {least} on"
            )
            yield (fill(line, width, subsequent_indent="  ") if width else line) + "\n"


def _total(model: ModelCount, rows: int) -> str:
    """What the row of sums is called."""
    what = "passes" if model.has_gradients() else "layers"
    return f"total of {rows} {'known ' * bool(model.unknown)}{what}"


def groups_of(model: ModelCount, name: Callable[[Sequence[LayerCount]], list[str]]) -> list[Group]:
    """The rows of a model by groups, in the order of their first rows."""
    rows = (*model.layers, *model.left_out)
    groups: dict[str, list[LayerCount]] = {}
    for group, row in zip(name(rows), rows, strict=True):
        groups.setdefault(group, []).append(row)
    return [
        Group(group, len(rows), summed(rows), sum(row.dead for row in rows))
        for group, rows in groups.items()
    ]


def cut(groups: list[Group], top: int | None) -> list[Group]:
    """The first groups, and one of all others."""
    if top is None or len(groups) <= top:
        return groups
    others = groups[top:]
    rows = sum(group.rows for group in others)
    dead = sum(group.dead for group in others)
    return [*groups[:top], Group(f"{len(others)} more", rows, summed(others), dead)]


def write_groups(
    model: ModelCount, groups: Sequence[Group], style: str, width: int | None = None
) -> str:
    """Groups of rows in one of `FORMATS`."""
    size = sum(group.rows for group in groups)
    if style == "json":
        document = {
            "groups": [
                {"name": group.name, "layers": group.rows, **_results(group.counted, model)}
                for group in groups
            ],
            "total": _results(model.total, model),
            "convention": model.convention,
        }
        return json.dumps(document, ensure_ascii=False) + "\n"
    rows = [*groups, Group(_total(model, size), size, model.total, 0)]
    if style == "csv":
        line = CsvWriter(f"count_{name}" for name in _results(model.total, model))
        return "".join(
            line({"name": row.name, "layers": row.rows}, _results(row.counted, model).values())
            for row in rows
        )
    what = "passes" if model.has_gradients() else "layers"
    headers = [
        "group",
        what,
        *numbers_by(model.rule).values(),
        f"additions ({model.convention})",
        "share of MACs",
    ]
    cells = [
        [label({"name": row.name}), grouped(row.rows), *_numbers(row.counted, model)]
        for row in rows
    ]
    sides = ["left", *["right"] * 6]
    return fitted(cells, headers, TABLES[style], sides, width, spare(headers))


def numbers_by(rule: RuleName) -> dict[RuleName, str]:
    """What the MACs by each rule are called, those by the chosen one first.

    >>> [*numbers_by("output").values()]
    ['MACs (output rule)', 'exact MACs', 'MACs (input rule)']
    """
    return {name: macs_name(name) for name in dict.fromkeys((rule, *RULES))}


def _numbers(counted: Counted, model: ModelCount) -> list[str]:
    percent = share(counted.by(model.rule), model.total.by(model.rule))
    macs = map(counted.by, numbers_by(model.rule))
    return [*map(grouped, (*macs, counted.additions)), f"{percent} %" if percent else ""]


def _results(counted: Counted, model: ModelCount) -> dict[str, Any]:
    percent = share(counted.by(model.rule), model.total.by(model.rule))
    return {**counted._asdict(), "share_percent": float(percent) if percent else None}


def _fields(row: LayerCount, model: ModelCount) -> dict[str, Any]:
    passed = {"pass": row.passed} if model.has_gradients() else {}
    return {"name": row.name, **passed, **layer_fields(row.layer)}


def _counts(row: LayerCount, model: ModelCount) -> dict[str, Any]:
    results = _results(row.counted, model)
    return {"output_size": list(row.output_size), **results, "dead_weights": row.dead}


def as_json(model: ModelCount) -> str:
    """One JSON object with the keys ``layers``, ``total`` and ``convention``.

    Where layers are unknown, each has a key ``missing``, and ``known`` says how many are summed;
    ``left_out`` says how many of these are not listed.
    """
    known = [{**_fields(row, model), "count": _counts(row, model)} for row in model.layers]
    unknown: list[dict[str, Any]] = [
        {"name": name, "missing": reason} for name, reason, _ in model.unknown
    ]
    document: dict[str, Any] = {
        "layers": in_order(model, known, unknown),
        "total": _results(model.total, model),
        "convention": model.convention,
    }
    if unknown:
        document["known"] = len(known) + len(model.left_out)
    if model.left_out:
        document["left_out"] = len(model.left_out)
    return json.dumps(document, ensure_ascii=False) + "\n"


def as_csv(model: ModelCount) -> str:
    """A line for each layer, its arguments and its counts, and one of totals.

    Where layers are unknown, a column ``missing`` says why.
    """
    passed = {"pass": ""} if model.has_gradients() else {}
    axes = {"axes": ""} if any(len(row.layer.axes) > MOST_AXES for row in model.layers) else {}
    blank = {"name": "", **passed, **dict.fromkeys(Layer.FIELDS, ""), **axes}
    why = {"missing": ""} if model.unknown else {}
    known = [({**blank, **_fields(row, model), **why}, _counts(row, model)) for row in model.layers]
    sums = {"output_size": "", **_results(model.total, model), "dead_weights": ""}
    unknown = [
        ({**blank, "name": name, "missing": reason}, dict.fromkeys(sums, ""))
        for name, reason, _ in model.unknown
    ]
    size = len(known) + len(model.left_out)
    name = _total(model, size) if unknown else "total"
    rows = [*in_order(model, known, unknown), ({**blank, "name": name, **why}, sums)]
    if model.left_out:
        others = {**sums, **_results(summed(model.left_out), model)}
        rows.insert(-1, ({**blank, "name": f"{len(model.left_out)} more", **why}, others))
    line = CsvWriter(f"count_{name}" for name in sums)
    return "".join(line(fields, results.values()) for fields, results in rows)
