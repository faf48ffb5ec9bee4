"""Layers from and to the keys and values of a row, and counts as JSON and CSV have them."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from operator import getitem, itemgetter
from typing import Any

from analytic.layer import BOOLEANS, PER_AXIS, Layer, shown
from analytic.remembered import Remembered
from analytic.totals import Count, Pass, Passes

#: The arguments that a row must have.
REQUIRED = ("input_size", "in_channels", "out_channels", "kernel_size")
TRUTH = {"true": True, "1": True, "false": False, "0": False}


def parse_sizes(text: str) -> int | tuple[int, ...]:
    """A per-axis value as it is written on a command line and in CSV: ``4`` or ``4x2``.

    What other programs write is read too where it can mean nothing else: ``4X2``, ``4×2``, and the
    ``(4, 2)`` and ``[4 2]`` of Python and NumPy. A bare ``4,2`` or ``4 2`` might be one number.

    >>> parse_sizes("4"), parse_sizes("4x2"), parse_sizes("-1x0"), parse_sizes("(4, 2)")
    (4, (4, 2), (-1, 0), (4, 2))
    """
    parts = text.split("x")
    if text.isascii() and "".join(parts).isdecimal() and all(parts):  # as most are
        return int(text) if len(parts) == 1 else tuple(map(int, parts))
    stripped = text.strip()
    try:
        if stripped[:1] + stripped[-1:] in {"()", "[]"}:
            return parse_list(stripped)
        values = tuple([parse_integer(part) for part in stripped.translate(CROSSES).split("x")])
    except ValueError:
        words = f"{shown(text)} is not an integer, nor integers joined by x"
        raise ValueError(words + meant(stripped)) from None
    return values[0] if len(values) == 1 else values


#: What is written for the x of sizes.
CROSSES = str.maketrans("X×", "xx")


def parse_list(text: str) -> int | tuple[int, ...]:
    """Integers in brackets, as Python and NumPy write tuples, lists and arrays.

    >>> parse_list("(4,)"), parse_list("[4]"), parse_list("(4)")
    ((4,), (4,), 4)
    """
    inner = text[1:-1].strip()
    separator = "," if "," in inner else None
    values = tuple([parse_integer(part) for part in inner.removesuffix(",").split(separator)])
    if not values:
        raise ValueError(f"{text} is empty")
    return values[0] if text == f"({inner})" and len(values) == 1 and not separator else values


def meant(text: str) -> str:
    """How integers must be written that have other signs than an x between them."""
    parts = re.split(r"[\s,;*]+", text)
    integers = len(parts) > 1 and all(part.isdecimal() for part in parts)
    return f": is {'x'.join(parts)} meant?" if integers else ""


def parse_input_size(text: str) -> tuple[int, ...]:
    """An input size: one that is written without an x has one axis."""
    return as_sizes(parse_sizes(text))


def parse_padding(text: str) -> int | tuple[int, ...] | str:
    """Sizes, or a word, which the layer knows or not.

    >>> parse_padding("1x2"), parse_padding("same_upper")
    ((1, 2), 'same_upper')
    """
    word = text.strip()
    return word if word.replace("_", "").isalpha() else parse_sizes(text)


def parse_shape(text: str) -> tuple[int | None, ...]:
    """The shape of an array, of which the batch may be unknown.

    >>> parse_shape("(None, 8, 8, 4)"), parse_shape("1x8x8x4")
    ((None, 8, 8, 4), (1, 8, 8, 4))
    """
    first, *others = re.split(r"[\s,xX×]+", text.strip(" ()[]"))
    unknown = first.casefold() in {*BLANKS, "?"}
    return (None if unknown else parse_integer(first), *map(parse_integer, others))


def parse_integer(text: str) -> int:
    """A decimal integer and nothing else: no blanks inside, no underscores, no other digits."""
    digits = text if text.isdecimal() else text.strip().removeprefix("-")
    if not (digits.isascii() and digits.isdecimal()):
        raise ValueError(f"{shown(text)} is not an integer")
    return int(text)


def parse_boolean(text: str) -> bool | str:
    """The boolean of a cell; other text as it is, for `Layer` to refuse."""
    return TRUTH.get(text.strip().lower(), text)


def write_sizes(values: tuple[int, ...] | list[int]) -> str:
    """The inverse of `parse_sizes`.

    >>> write_sizes((4, 2))
    '4x2'
    """
    return "x".join(map(str, values))


#: How the text of an argument is read.
PARSERS: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(Layer.FIELDS, parse_integer),
    **dict.fromkeys(PER_AXIS, parse_sizes),
    **dict.fromkeys(BOOLEANS, parse_boolean),
    "input_size": parse_input_size,
    "padding": parse_padding,
    "axes": parse_integer,
    "output_size": parse_sizes,
}
#: What an argument is that a row does not give.
DEFAULTS: Mapping[str, Any] = dict(
    zip([*PARSERS][len(REQUIRED) :], (*(Layer.__init__.__defaults__ or ()), None), strict=True)
)
#: What programs write where they have no value.
BLANKS = {"", "nan", "none", "null", "na", "n/a", "<na>"}
#: An integer that a program wrote as a float, as pandas does in a column with blanks.
WHOLE = re.compile(r"(?<![0-9.])([0-9]+)\.0+(?=[\sxX×,)\]]|$)")


def blank(name: str) -> Any:
    """What a blank says of an argument."""
    if name in REQUIRED:
        raise ValueError(f"{name} is missing")
    return DEFAULTS[name]


def parse_cell(text: str, name: str) -> Any:
    """The value of a cell that gives an argument, or an error that names it."""
    if not text[:1].isdecimal() and text.strip().casefold() in BLANKS:
        return blank(name)
    return parsed(name, text, PARSERS[name])


#: The values of an argument by their texts, most of which come again.
CELLS = {
    name: Remembered(partial(parse_cell, name=name), lambda text: len(text) <= 40, 2**14)
    for name in PARSERS
}


def value_of(name: str, value: Any) -> Any:
    """What a value of a row, as JSON has it, says of an argument."""
    if type(value) is str:
        return CELLS[name][value]
    return blank(name) if value is None else whole(value)


def whole(value: Any) -> Any:
    """A value, as an integer where pandas wrote one as a float; beyond 2^53, floats round."""
    is_whole = type(value) is float and value.is_integer() and abs(value) < 2**53
    return int(value) if is_whole else value


def parsed(name: str, text: str, parse: Callable[[str], Any]) -> Any:
    """The value of a text, or an error that names the argument."""
    try:
        return parse(WHOLE.sub(r"\1", text) if "." in text else text)
    except ValueError as reason:
        raise ValueError(f"{name}: {reason}") from None


#: Other words for arguments. Were they carried through, another layer would be counted.
OTHER_WORDS = {
    "strides": "stride",
    "pad": "padding",
    "pads": "padding",
    "paddings": "padding",
    "auto_pad": "padding",
    "output_shape": "output_size",
    "group": "groups",
    "num_groups": "groups",
    "use_bias": "bias",
    "dilations": "dilation",
    "dilation_rate": "dilation",
    "kernel": "kernel_size",
    "kernel_shape": "kernel_size",
    "batch": "batch_size",
    "transpose": "transposed",
}


def misspelt(keys: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Keys that mean an argument and are none, each with what it must be written."""
    for key in keys:
        name = key.strip().casefold().replace("-", "_")
        argument = OTHER_WORDS.get(name, name)
        given = argument != name and argument in keys  # beside which another word has its own sense
        if argument != key and argument in PARSERS and not given:
            yield key, argument


def demand_zeros(key: str, value: Any, _: Layer) -> None:
    """Refuse a ``padding_mode`` of torch that is not counted."""
    if value not in {None, "", "zeros"}:
        raise ValueError(f"{key} must be 'zeros', got {shown(value)}")


#: The classes of torch, Keras and ONNX for a convolution, without their module.
CLASS = re.compile(r"(.*\.)?(Lazy)?Conv(Transpose)?([123][dD])?(Transpose)?")


def demand_kind(key: str, value: Any, layer: Layer) -> None:
    """Refuse the name of a class of the other kind than the layer is."""
    if not CLASS.fullmatch(str(value).strip()):
        return
    transposed = "Transpose" in str(value)
    if transposed != layer.transposed:
        kind = "a transposed" if transposed else "an ordinary"
        words = f"transposed must be {str(transposed).lower()}"
        raise ValueError(f"{key} {shown(value)} is {kind} convolution: {words}")


#: Keys that are carried through, but say something of the layer.
DEMANDS: Mapping[str, Callable[[str, Any, Layer], None]] = {
    "padding_mode": demand_zeros,
    **dict.fromkeys(("type", "kind", "op", "op_type", "layer_type"), demand_kind),
    **dict.fromkeys(("class", "class_name", "module", "operator"), demand_kind),
}


class Keys:
    """What the keys of a row say, for all rows that have the same."""

    def __init__(self, keys: Iterable[str]) -> None:
        keys = [*keys]
        self.names = [name for name in PARSERS if name in keys]
        other = [f"{shown(key)} must be written {name!r}" for key, name in misspelt(keys)]
        lacking = [f"{name} is missing" for name in REQUIRED if name not in keys]
        self.refusal = next(iter((*other, *lacking)), "")
        if not self.refusal:
            self.pick = itemgetter(*map(keys.index, self.names))
        self.cells = [CELLS[name] for name in self.names]
        self.framework = keys.index("framework") if "framework" in keys else None
        self.unusual = bool(self.refusal) or self.framework is not None
        self.demands = [(key, DEMANDS[key]) for key in keys if key in DEMANDS]

    def values(self, values: Sequence[Any]) -> tuple[Any, ...]:
        """What the values of a row, as JSON has them, say of the arguments in ``names``.

        Nothing where they are in a framework's words: only the keys say what they mean.
        """
        if self.unusual and self.in_a_framework(values):
            return ()
        return tuple(map(value_of, self.names, self.pick(values)))

    def values_of_cells(self, cells: Sequence[str]) -> tuple[Any, ...]:
        """The same of the cells of a row, as CSV has them."""
        if self.unusual and self.in_a_framework(cells):
            return ()
        return tuple(map(getitem, self.cells, self.pick(cells)))

    def in_a_framework(self, values: Sequence[Any]) -> bool:
        """Whether a row is in a framework's words; if not, refuse keys of which none is a layer."""
        if self.framework_of(values):
            return True
        if self.refusal:
            raise ValueError(self.refusal)
        return False

    def framework_of(self, values: Sequence[Any]) -> str:
        """Whose words the row speaks; torch's if it does not say."""
        if self.framework is None:
            return ""
        value = values[self.framework]
        word = value.strip().casefold() if isinstance(value, str) else shown(value).casefold()
        return "" if word in {"torch", *BLANKS} else word

    def layer_of_framework(self, fields: Mapping[str, Any]) -> Layer:
        """The layer that a row describes in a framework's words, or in ours with its meaning."""
        from analytic.frameworks.words import layer_of, meaning

        framework = self.framework_of([*fields.values()])
        parsers = {**PARSERS, "shape": parse_shape, "word": str.strip}
        arguments = {}
        for key, value in fields.items():
            if means := key if key in PARSERS else meaning(framework, key):
                text = value if isinstance(value, str) else None
                if text is None:
                    arguments[key] = whole(value)
                elif text.strip().casefold() not in BLANKS:
                    arguments[key] = parsed(key, text, parsers[means])
        return layer_of(framework, **arguments)

    def layer(self, values: Sequence[Any], fields: Mapping[str, Any]) -> Layer:
        """The layer with these arguments, if nothing in the row contradicts it."""
        if values:
            layer = layer_with(dict(zip(self.names, values, strict=True)))
        else:
            layer = self.layer_of_framework(fields)
        for key, demand in self.demands:
            demand(key, fields[key], layer)
        return layer


def own_keys(fields: Mapping[str, Any]) -> set[str]:
    """The keys of a row that are its framework's own."""
    from analytic.frameworks.words import CALLS, meaning

    framework = keys_of(tuple(fields)).framework_of([*fields.values()])
    return {key for key in fields if framework in CALLS and meaning(framework, key)}


def layer_with(arguments: dict[str, Any]) -> Layer:
    """The layer with these arguments, of which ``output_size`` is one of torch's call."""
    word = arguments.get("padding")
    if isinstance(word, str) and arguments.get("transposed", True) is True:
        raise ValueError(
            f"padding {shown(word)} is of ordinary convolutions (transposed false), or of "
            "a framework (framework keras)"
        )
    if arguments.get("output_size") is not None:
        return Layer.of_output(**arguments)
    arguments.pop("output_size", None)
    return Layer(**arguments)


keys_of = lru_cache(16)(Keys)


def layer_of(fields: Mapping[str, Any]) -> Layer:
    """The layer that a row describes. Keys that say nothing of a layer are left alone.

    Arguments are those of `Layer`, and ``output_size`` as in `Layer.of_output`; with ``framework``,
    those of `frameworks.layer_of`. Values are
    integers, lists and booleans as in JSON, or text as in CSV; null, and a blank cell, is the
    default, and an integer may be written as a float. Errors are those of `Layer`.
    """
    keys = keys_of(tuple(fields))
    return keys.layer(keys.values([*fields.values()]), fields)


def as_sizes(value: int | tuple[int, ...]) -> tuple[int, ...]:
    """An input size that was written without an x has one axis."""
    return value if isinstance(value, tuple) else (value,)


def count_fields(count: Count) -> dict[str, Any]:
    """A count as JSON has it."""
    return {**count._asdict(), "output_size": list(count.output_size)}


def passes_fields(passes: Passes) -> dict[str, dict[str, int]]:
    """What each pass costs, and a training step with and without the gradient of the input."""
    steps = (passes.training_step(), passes.training_step(grad_input=False))
    costs = zip(PASSES, (*passes, *steps), strict=True)
    return {name: cost._asdict() for name, cost in costs}


#: Passes and sums over them, as files call them.
PASSES = (*Passes._fields, "training_step", "training_step_without_grad_input")
COUNT_COLUMNS = [f"count_{name}" for name in Count._fields]
PASSES_COLUMNS = [f"passes_{kind}_{name}" for kind in PASSES for name in Pass._fields]


def count_cells(count: Count) -> list[Any]:
    """A count as CSV has it, in `COUNT_COLUMNS`."""
    return [write_sizes(count.output_size), *count[1:]]


def passes_cells(passes: Passes) -> list[int]:
    """Passes as CSV has them, in `PASSES_COLUMNS`."""
    return [number for cost in passes_fields(passes).values() for number in cost.values()]


def refuse_overwriting(own: Mapping[str, Any], names: Iterable[str]) -> None:
    """`ValueError` where the row has a key by which a result goes."""
    if clash := own.keys() & names:
        raise ValueError(f"the row's own key {min(clash)!r} would be overwritten")


def write_json(fields: Mapping[str, Any], results: Mapping[str, Any]) -> str:
    """A row and its results as a line of JSON."""
    refuse_overwriting(fields, results)
    return json.dumps({**fields, **results}) + "\n"


class CsvWriter:
    """Rows and their results as lines of CSV: results go in ``columns`` behind those of the rows.

    The rows' own columns are those of the first row.
    """

    def __init__(self, columns: Iterable[str]) -> None:
        self.names: list[str] = []
        self.columns = [*columns]

    def __call__(self, fields: Mapping[str, Any], results: Iterable[Any]) -> str:
        if [*fields] == self.names:
            return csv_line(_plain([*fields.values(), *results]))
        refuse_overwriting(fields, self.columns)
        head = ""
        if not self.names:
            self.names = list(fields)
            head = csv_line([*fields, *self.columns])
        for name in fields:
            if name not in self.names:
                raise ValueError(
                    f"the key {shown(name)} is not in the first row, nor in the header"
                )
        own = [fields.get(name, "") for name in self.names]
        return head + csv_line(_plain([*own, *results]))


class _Line:
    """A file that hands every line back to whom it writes it."""

    def write(self, text: str) -> str:
        return text


#: Cells as one line of CSV.
csv_line: Callable[[Iterable[Any]], str] = csv.writer(_Line(), lineterminator="\n").writerow


#: What the writer of `csv` writes as we do.
WRITTEN = {str, int}


def _plain(cells: list[Any]) -> list[Any]:
    return cells if WRITTEN.issuperset(map(type, cells)) else [*map(_cell, cells)]


def _cell(value: Any) -> Any:
    if type(value) in WRITTEN:
        return value
    if isinstance(value, (list, tuple)) and value and all(type(entry) is int for entry in value):
        return write_sizes(value)
    return json.dumps(value, ensure_ascii=False)
