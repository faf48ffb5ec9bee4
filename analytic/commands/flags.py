"""The flags of a layer, which are named as torch names its arguments, and how they are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import click

from analytic import tables
from analytic.layer import BOOLEANS, PER_AXIS, Layer
from analytic.packages import explained
from analytic.totals import CONVENTIONS, RULES


class Failed(click.ClickException):
    """Not everything was counted, or a comparison differed: exit status 1."""

    exit_code = 1


class Sizes(click.ParamType):  # type: ignore[type-arg]  # not generic before click 8.4
    """A per-axis value: ``4`` or ``4x2``."""

    name = "sizes"
    parse: Callable[[str], Any] = staticmethod(tables.parse_sizes)

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Read the text of a flag."""
        try:
            return self.parse(value) if isinstance(value, str) else value
        except ValueError as reason:
            self.fail(str(reason), param, ctx)


class Whole(Sizes):
    """One integer of any size."""

    name = "integer"
    parse = staticmethod(tables.parse_integer)


class Padding(Sizes):
    """A padding: as `Sizes`, or a word for it."""

    parse = staticmethod(tables.parse_padding)


def flag_of(name: str) -> str:
    """An argument as a flag.

    >>> flag_of("kernel_size")
    '--kernel-size'
    """
    return f"--{name.replace('_', '-')}"


def layer_option(name: str, about: str | None = None) -> Callable[[Any], Any]:
    """The flag of an argument of `Layer`; no value where it is not given."""
    flag = flag_of(name)
    if name in BOOLEANS:
        return click.option(f"{flag}/--no-{flag[2:]}", default=None, help=about)
    sizes = name in {*PER_AXIS, "output_size"}
    kind = Padding() if name == "padding" else Sizes() if sizes else Whole()
    return click.option(flag, type=kind, help=about)


def named_values(
    _: click.Context, __: click.Parameter, given: tuple[str, ...]
) -> dict[str, str] | None:
    """A framework's own arguments, ``name=value``, by their names; None where there are none."""
    return dict(text.split("=", 1) for text in given) or None


#: What help says of the flags of one layer.
FLAGS = {
    "input_size": "Spatial sizes, one an axis: 64x64.",
    "in_channels": None,
    "out_channels": None,
    "kernel_size": "4 for all axes, or 4x2.",
    "stride": "[default: 1]",
    "padding": "Also same or valid: of ordinary layers, or of a --framework.  [default: 0]",
    "output_padding": "[default: 0]",
    "groups": "[default: 1]",
    "bias": "[default: bias]",
    "dilation": "[default: 1]",
    "batch_size": "[default: 1]",
    "end_padding": "Crop of the end; --padding is then that of the begin alone, as in ONNX.",
    "transposed": "ConvTranspose1d/2d/3d, or Conv1d/2d/3d.  [default: transposed]",
    "output_size": "As in torch's call; it says the output padding.",
    "axes": "How many spatial sizes there are; to be said of more than 3.",
}
#: Whose words are translated: `frameworks.words.CALLS`, whose import takes longer than a count.
FRAMEWORKS = (
    *("torch", "keras", "tensorflow", "tflite", "jax", "flax", "haiku", "equinox"),
    *("openvino", "paddle", "mlx", "caffe"),
)
LAYER_OPTIONS = (
    *[layer_option(name, about) for name, about in FLAGS.items()],
    click.option(
        "--framework",
        type=click.Choice(FRAMEWORKS, case_sensitive=False),
        metavar="NAME",
        help="Whose words these are, and names of flags may be: --padding same, --strides 2. "
        f"{', '.join(FRAMEWORKS[1:-1])} or {FRAMEWORKS[-1]}.",
    ),
    click.option("--own", multiple=True, hidden=True, callback=named_values),
)

#: What completion takes for the name of a file.
PATH = click.Path()
#: The file of layers or of a model that stands in place of the flags.
FILE = click.argument("file", required=False, type=PATH)

#: What is counted.
CHOICES = (
    click.option(
        "--convention",
        type=click.Choice([*CONVENTIONS]),
        default="nonzero",
        show_default=True,
        help="Operations as published (nonzero, or documented), or of products that land.",
    ),
    click.option(
        "--rule",
        type=click.Choice([*RULES]),
        default="exact",
        show_default=True,
        help="Which MACs: of products that land, or a whole kernel for each input or output.",
    ),
)


def with_options(
    function: Callable[..., Any], *options: Callable[[Any], Any]
) -> Callable[..., Any]:
    """Add click options to a function, in the order in which help shows them."""
    for option in reversed(options):
        function = option(function)
    return function


class Command(click.Command):
    """A command that reads flags as people write them, and says what installs what is missing."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the command line."""
        own = {option for parameter in self.params for option in parameter.opts}
        args = renamed(args) if "--framework" in own else args
        if not any(parameter.nargs == -1 for parameter in self.params):  # which may be numbers
            refuse_sizes_apart(args, own)
        return super().parse_args(ctx, spelled(args, own))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as reason:
            words = explained(reason)
            if words is reason:
                raise
            raise Failed(str(words)) from None


def renamed(args: list[str]) -> list[str]:
    """The command line with a framework's own names of flags as ours, or as ``--own NAME=VALUE``.

    >>> renamed(["--framework", "keras", "--filters", "6", "--use-bias=false"])
    ['--framework', 'keras', '--out-channels', '6', '--bias=false']
    >>> renamed(["--framework=keras", "--input-shape", "1,8,8,4"])
    ['--framework=keras', '--own', 'input_shape=1,8,8,4']
    """
    joined = [arg.partition("=")[2] for arg in args if arg.startswith("--framework=")]
    after = [value for flag, value in pairwise(args) if flag == "--framework"]
    framework = next(iter([*joined, *after]), "").lower()
    if framework not in FRAMEWORKS[1:]:
        return args
    from analytic.frameworks.words import meaning

    given = iter(args)
    written = []
    for arg in given:
        flag, equals, value = arg.partition("=")
        name = flag[2:].replace("-", "_")
        means = meaning(framework, name) if flag.startswith("--") and name not in FLAGS else None
        if means in FLAGS:
            written.append(f"{flag_of(means)}{equals}{value}")
        elif means:
            written += ["--own", f"{name}={value if equals else next(given, '')}"]
        else:
            written.append(arg)
    return written


def spelled(args: list[str], own: set[str]) -> list[str]:
    """The command line with ``--bias false`` and ``--bias=False`` as click has it: ``--no-bias``.

    >>> spelled(["--bias", "false", "--stride", "2"], {"--bias"})
    ['--no-bias', '--stride', '2']
    """
    flags = {flag_of(name) for name in BOOLEANS} & own
    written: list[str] = []
    for arg in args:
        flag, equals, value = arg.partition("=")
        if flag in flags and equals:
            if value.lower() not in tables.TRUTH:
                raise click.UsageError(f"{flag} must be true or false, got {value!r}")
            written.append(said(flag, truth=tables.TRUTH[value.lower()]))
        elif written and written[-1] in flags and arg.lower() in {"true", "false"}:
            written[-1] = said(written[-1], truth=tables.TRUTH[arg.lower()])
        else:
            written.append(arg)
    return written


def said(flag: str, *, truth: bool) -> str:
    """The flag that says whether an argument is true."""
    return flag if truth else f"--no-{flag[2:]}"


#: An integer as it stands in a list.
ENTRY = re.compile(r"[(\[]?(-?\d+)[)\],]*")


def refuse_sizes_apart(args: list[str], own: set[str]) -> None:
    """A usage error for sizes that are written apart: ``--kernel-size 3 3``."""
    flags = {flag_of(name) for name in PER_AXIS} & own
    for at, arg in enumerate(args):
        if arg in flags:
            entries = []
            for value in args[at + 1 :]:
                if not (match := ENTRY.fullmatch(value)):
                    break
                entries.append(match[1])
            if len(entries) > 1:
                apart = " ".join(args[at : at + 1 + len(entries)])
                raise click.UsageError(f"{apart} is written {arg} {'x'.join(entries)}")


def one_filter(flags: Mapping[str, Any]) -> dict[str, Any]:
    """The flags with as few channels as are legal, where none are given."""
    if flags.get("own"):  # by a shape, or by another name
        return dict(flags)
    fewest = 1 if flags["groups"] is None else flags["groups"]
    left_out = [name for name in ("in_channels", "out_channels") if flags[name] is None]
    return {**flags, **dict.fromkeys(left_out, fewest)}


def refuse_missing(flags: Mapping[str, Any], otherwise: str = "") -> None:
    """A usage error where flags that every layer needs are not given: it names them all."""
    missing = [flag_of(name) for name in tables.REQUIRED if flags.get(name) is None]
    if missing and not flags.get("own"):  # which may say them in other words
        verb = "is" if len(missing) == 1 else "are"
        raise click.UsageError(f"{', '.join(missing)} {verb} missing{otherwise}")


def layer_of_flags(flags: Mapping[str, Any], otherwise: str = "") -> Layer:
    """The layer that the flags describe; a usage error where one is missing or not legal.

    ``otherwise`` is what could have been given in place of the flags.
    """
    refuse_missing(flags, otherwise)
    given = {name: value for name, value in flags.items() if value is not None}
    if "input_size" in given:
        given["input_size"] = tables.as_sizes(given["input_size"])
    try:
        if given.get("framework", "torch") != "torch":
            return tables.layer_of({**given.pop("own", {}), **given})
        given.pop("framework", None)
        return tables.layer_with(given)
    except (ValueError, TypeError) as reason:
        raise click.UsageError(str(reason)) from None
