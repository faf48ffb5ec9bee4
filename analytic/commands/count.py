"""``count``: one layer by flags, or a file of them. `count_command` suits any evaluator."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import click

import analytic
from analytic import report, tables
from analytic.commands.flags import (
    CHOICES,
    FILE,
    LAYER_OPTIONS,
    Command,
    Failed,
    layer_of_flags,
    with_options,
)
from analytic.commands.readers import model_reader
from analytic.commands.toolbox import LayerFile, width
from analytic.digits import all_digits
from analytic.layer import Layer
from analytic.protocols import ConventionName, RuleName, StyleName
from analytic.rows import Row
from analytic.totals import Count, Passes

if TYPE_CHECKING:
    from analytic.models import GroupName, Missing, SortName

#: Counts a layer by the convention and the rule that the user chose.
LayerCounter = Callable[[Layer], report.Result]
#: Counts many rows together; None where the layer of one must be counted by itself.
RowsCounter = Callable[[Sequence[Row]], Sequence[Count | None]]


class Evaluator(Protocol):
    """`analytic`, or what counts as it does."""

    def count(self, layer: Layer, *, convention: ConventionName, rule: RuleName) -> Count:
        """As `analytic.count`."""

    def passes(self, layer: Layer, *, rule: RuleName) -> Passes:
        """As `analytic.passes`."""


FORMAT_OPTIONS = (
    click.option(
        "--format",
        "style",
        type=click.Choice(report.FORMATS),
        help="[default: table]",
    ),
    click.option("--json", "as_json", is_flag=True, help="The same as --format json."),
)

DIM_OPTION = click.option(
    "--dim",
    "dims",
    multiple=True,
    metavar="NAME=SIZE",
    help="The size of a dimension of a model's file, by its name or as NODE:AXIS; may be repeated.",
)

PASSES_OPTION = click.option(
    "--passes", is_flag=True, help="Also what the gradients cost, and a training step."
)

MODEL_OPTIONS = (
    click.option(
        "--sort", type=click.Choice(["macs", "additions", "dead", "name"]), help="Rows of a model."
    ),
    click.option(
        "--top", type=click.IntRange(min=1), help="Only so many rows of a model, or groups."
    ),
    click.option(
        "--group-by", type=click.Choice(["kind", "prefix"]), help="One row for many of a model."
    ),
)

HELP = """Count one layer, given by flags, or every layer of a FILE.

First come the exact MACs, and twice these, which are the FLOPs; then the published formula.

FILE has one layer a row, as JSON Lines, JSON, CSV (also with semicolons or tabs) or Parquet, with
the arguments of torch's layer as keys or columns (input_size, in_channels, out_channels,
kernel_size, stride, ...; with transposed false, of Conv1d/2d/3d); - is standard input. Other keys
are carried through. A row that is not a legal layer is reported, and the others are counted all the
same. A row with a framework (keras, tensorflow, tflite, jax, ...) is in
the words of that. Results go under the key count, or in columns count_...; those of --passes under
passes, or in columns passes_...

FILE may be a model, too: of ONNX, Keras (.keras, or the JSON of an architecture), OpenVINO (.xml)
or TensorFlow Lite (.tflite), known by its name or by how it begins. Its convolutions, transposed
and ordinary, are counted by every rule and summed; those whose sizes are not known become rows that
say what is missing, and open sizes are given by --dim. Its rows are sorted by --sort, the largest
first, cut by --top, and put together by --group-by: kind, or the first part of their names in which
they differ.

\b
Example:
  python -m {program} count --input-size 8x8 --in-channels 4 --out-channels 6 \\
      --kernel-size 4 --stride 2 --padding 1

\b
As Keras says it:
  python -m {program} count --framework keras --input-size 8x8 --in-channels 4 \\
      --filters 6 --kernel-size 3 --strides 2 --padding same

Exit status: 0 all counted; 1 a row was bad or a comparison differed; 2 wrong usage or an illegal
layer.
"""


class Shown(NamedTuple):
    """Which rows of a model are shown, and in which order."""

    sort: SortName | None
    top: int | None
    group_by: GroupName | None


def counter_of(
    evaluator: Evaluator, convention: ConventionName, rule: RuleName, passes: bool
) -> LayerCounter:
    """What counts a layer as it was asked for."""

    def counter(layer: Layer) -> report.Result:
        count = evaluator.count(layer, convention=convention, rule=rule)
        return report.Result(count, evaluator.passes(layer, rule=rule) if passes else None)

    return counter


def columns_of(convention: ConventionName, rule: RuleName) -> RowsCounter:
    """What counts many rows together, by `analytic.arrays`."""

    def columns(rows: Sequence[Row]) -> Sequence[Count | None]:
        from analytic import bulk

        return bulk.counts(rows, convention=convention, rule=rule)

    return columns


def count_command(
    program: str,
    evaluators: Mapping[str, Callable[[], Evaluator]],
    check: Evaluator | None = None,
) -> click.Command:
    """The command ``count`` of a program, by the first of its evaluators.

    Where there are more, a flag ``--oracle`` chooses; where there is ``check``, another evaluator,
    a flag ``--check`` compares every count with its.
    """
    first, *others = evaluators

    def count(
        file: str | None,
        style: StyleName | None,
        as_json: bool,
        convention: ConventionName,
        rule: RuleName,
        dims: tuple[str, ...],
        passes: bool,
        sort: SortName | None,
        top: int | None,
        group_by: GroupName | None,
        **flags: Any,
    ) -> None:
        shown = Shown(sort, top, group_by)
        evaluator = evaluators[flags.pop("oracle") if others else first]()
        counter = counter_of(evaluator, convention, rule, passes)
        if check and flags.pop("check"):
            counter = Checked(counter, counter_of(check, convention, rule, passes))
        style = style_of(style, as_json=as_json)
        source = source_of(file, flags, dims)
        if source != "model" and any(shown):
            raise click.UsageError("--sort, --top and --group-by are for the file of a model")
        if source == "flags":
            count_one(layer_of_flags(flags, " (or give a FILE)"), counter, style)
        elif source == "model":
            choices = convention, rule
            count_model(str(file), dims, counter, choices, style, shown, passes=passes)
        else:
            writer = report.writer(style, convention, rule, passes=passes, width=width())
            # Passes, and what another evaluator counts, are counted layer by layer.
            by_columns = evaluator is analytic and not passes
            columns = columns_of(convention, rule) if by_columns else None
            count_file(str(file), counter, writer, columns)

    options = [FILE, *LAYER_OPTIONS, *CHOICES, *FORMAT_OPTIONS]
    options += [DIM_OPTION, PASSES_OPTION, *MODEL_OPTIONS]
    if others:
        names = click.Choice([*evaluators])
        words = "What runs the experiment."
        options.append(
            click.option("--oracle", type=names, default=first, show_default=True, help=words)
        )
    if check is not None:
        options.append(click.option("--check", is_flag=True, help="Compare with the closed form."))
    return click.command("count", cls=Command, help=HELP.format(program=program))(
        with_options(count, *options)
    )


def style_of(style: StyleName | None, *, as_json: bool) -> StyleName:
    """What ``--format`` and ``--json`` say together."""
    if as_json and style not in {None, "json"}:
        raise click.UsageError(f"--json and --format {style} contradict each other")
    return "json" if as_json else style or "table"


def source_of(file: str | None, flags: Mapping[str, Any], dims: tuple[str, ...]) -> str:
    """Where the layers come from: the flags, a file of layers, or a model."""
    is_model = file is not None and model_reader(file) is not None
    if dims and not is_model:
        raise click.UsageError("--dim is for the file of a model")
    if file is not None and any(value is not None for value in flags.values()):
        words = "give a FILE or the flags of one layer, not both"
        raise click.UsageError(f"{words} ({file} is read as a FILE)")
    if file is None:
        return "flags"
    return "model" if is_model else "file"


class Checked:
    """A `LayerCounter` that compares with another one, and says so in the end."""

    def __init__(self, counter: LayerCounter, check: LayerCounter) -> None:
        self.counter = counter
        self.check = check
        self.agreed = 0
        click.get_current_context().call_on_close(self.say)

    def __call__(self, layer: Layer) -> report.Result:
        result = self.counter(layer)
        refuse_difference(result, self.check(layer))
        self.agreed += 1
        return result

    def say(self) -> None:
        """How many counts agreed: what does not is an error of its own."""
        if self.agreed:
            click.echo(f"{self.agreed} of the counts agree with the closed form", err=True)


class DiffersError(ValueError):
    """Two evaluators disagree."""


def refuse_difference(measured: report.Result, formula: report.Result) -> None:
    """Raise `DiffersError`, naming the first number in which two results differ."""
    for (name, ours), (_, theirs) in zip(parts(measured), parts(formula), strict=True):
        if ours != theirs:
            raise DiffersError(f"the experiment gives {name} {ours}, the closed form {theirs}")


def parts(result: report.Result) -> Iterator[tuple[str, Any]]:
    """All that is counted, by name."""
    yield from result.counts._asdict().items()
    for name, cost in (result.passes._asdict() if result.passes else {}).items():
        for part, number in cost._asdict().items():
            yield f"{name} {part}", number


def count_one(layer: Layer, counter: LayerCounter, style: str) -> None:
    """Count the layer of the flags."""
    try:
        result = counter(layer)
    except DiffersError as reason:
        raise Failed(str(reason)) from None
    except (ValueError, MemoryError) as reason:
        raise click.UsageError(str(reason)) from None
    with all_digits():
        sys.stdout.write(report.one(layer, result, style))


#: So many rows are counted together at most, and not fewer than so many; only in a file that has
#: more than so many, for NumPy takes as long to load as these take one by one.
MOST, LEAST, FIRST = 2**12, 2**9, 2**13


def count_file(
    path: str, counter: LayerCounter, writer: report.Writer, columns: RowsCounter | None = None
) -> None:
    """Count the layers of a file, as they are read: one by one, or by ``columns`` of many rows."""
    totals = report.Totals()
    file = LayerFile(path)
    waiting: list[Row] = []

    def finish() -> None:
        rows = [*waiting]
        waiting.clear()
        counts: Iterable[Count | None] = repeat(None)
        if columns and file.rows > FIRST and len(rows) >= LEAST:
            counts = columns(rows)
        with all_digits():
            for row, count in zip(rows, counts, strict=False):
                file.look(row)
                try:
                    result = counter(row.demand()) if count is None else report.Result(count)
                    text = writer.row(row, result)
                except (ValueError, MemoryError) as reason:
                    file.refuse(row, reason)
                    continue
                file.use()
                sys.stdout.write(text)
                totals.add(result)

    for row in file.read(finish):
        waiting.append(row)
        if len(waiting) == MOST:
            finish()
    finish()
    if totals.layers:
        with all_digits():
            sys.stdout.write(writer.close(totals))
    file.close()


def count_model(
    path: str,
    dims: tuple[str, ...],
    counter: LayerCounter,
    choices: tuple[ConventionName, RuleName],
    style: StyleName,
    shown: Shown,
    *,
    passes: bool,
) -> None:
    """Count the layers of a model; those that are unknown become rows that say why."""
    from analytic.models import count_runs

    convention, rule = choices
    rows = layers_of_model(path, dict(map(bound, dims)))
    try:
        model = count_runs(
            layer_runs(rows, passes=passes),
            convention=convention,
            evaluate=lambda layer, **_: counter(layer).counts,
        )._replace(rule=rule)
    except (ValueError, MemoryError) as reason:
        raise Failed(f"{path}: {reason}") from None
    sys.stdout.write(model.table(style, width=width(), **shown._asdict()))
    if model.unknown:
        raise Failed(f"{path}: {len(model.unknown)} of {len(rows)} layers are not known")


def layer_runs(
    rows: Mapping[str, Layer | Missing], *, passes: bool
) -> Iterator[tuple[str, Layer | Missing, str]]:
    """The forward passes of the layers, or all passes: of a bias where there is one."""
    for name, layer in rows.items():
        yield name, layer, "forward"
        if passes and isinstance(layer, Layer):
            for kind in Passes._fields[1:]:
                if kind != "grad_bias" or layer.bias:
                    yield name, layer, kind


def layers_of_model(path: str, dims: Mapping[str, int]) -> Mapping[str, Layer | Missing]:
    """The layers of a model, of which one at least is known."""
    from analytic import sandbox
    from analytic.models import Missing, UsageError

    try:
        reading = sandbox.read(str(model_reader(path)), path, {"dims": dims})
    except UsageError as reason:
        raise click.UsageError(str(reason)) from None
    except ValueError as reason:
        raise Failed(str(reason)) from None
    unknown = {name: row for name, row in reading.rows.items() if isinstance(row, Missing)}
    if unknown and len(unknown) == len(reading.rows):
        raise without_layers(path, unknown)
    for note in reading.notes:
        click.echo(f"note: {path}: {note}", err=True)
    if not reading.rows:
        raise Failed(f"{path} has no layers")
    return reading.rows


def without_layers(path: str, unknown: Mapping[str, Missing]) -> click.ClickException:
    """What is said of a model none of whose layers is known: first, which names want sizes."""
    for row in unknown.values():
        if row.names:
            return click.UsageError(f"{path}: {row.reason}")
    name, row = next(iter(unknown.items()))
    more = f" (and {len(unknown) - 1} more layers)" if len(unknown) > 1 else ""
    return Failed(f"{path}: {report.label({'name': name})}: {row.reason}{more}")


def bound(text: str) -> tuple[str, int]:
    """Name and size of a dimension, written ``name=size``."""
    name, equals, size = text.rpartition("=")
    if not equals:
        raise click.UsageError(f"--dim must be NAME=SIZE, got {text!r}")
    try:
        return name, tables.parse_integer(size)
    except ValueError as reason:
        raise click.UsageError(f"--dim {name}: {reason}") from None


command = count_command("analytic", {"analytic": lambda: analytic})
