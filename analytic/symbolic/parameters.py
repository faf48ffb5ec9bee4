"""The parameters of a layer as symbols: their names, what may be bound to them, and the layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple, TypeAlias, TypedDict

from sympy import Expr, Integer, Symbol, sympify

from analytic.axis import Axis
from analytic.layer import (
    AXIS_RULES,
    LAYER_RULES,
    ORDINARY_RULES,
    SAME,
    Layer,
    LayerError,
    Rule,
    axis_slacks,
    boolean,
    check,
    demand_axes,
    integer,
    layer_slacks,
    named_padding,
    on_axis,
    ordinary_slacks,
    shown,
)
from analytic.symbolic.expressions import EXPRESSIONS

#: How the parameters of one axis are called in code: ``n0``, ``k0``, … in the order of `Axis`.
LETTERS = {
    "input_size": "n",
    "kernel_size": "k",
    "stride": "s",
    "dilation": "d",
    "padding": "p",
    "end_padding": "e",
    "output_padding": "o",
}
#: And those of the layer.
NAMES = {
    "batch_size": "N",
    "in_channels": "C_in",
    "out_channels": "C_out",
    "groups": "groups",
    "bias": "bias",
}
POSITIVE = (
    "input_size",
    "kernel_size",
    "stride",
    "dilation",
    "in_channels",
    "out_channels",
    "groups",
)

#: The axes of a formula where nothing says how many: those of an image.
AXES = 2

Value: TypeAlias = int | Expr | None
PerAxisValue: TypeAlias = Value | tuple[Value, ...] | list[Value]


class Parameters(TypedDict, total=False):
    """What may be bound: an integer, a SymPy expression, or a tuple of them, one an axis."""

    input_size: PerAxisValue
    in_channels: Value
    out_channels: Value
    kernel_size: PerAxisValue
    stride: PerAxisValue
    padding: PerAxisValue | Literal["same", "valid"]
    output_padding: PerAxisValue
    groups: Value
    bias: Value
    dilation: PerAxisValue
    batch_size: Value
    end_padding: PerAxisValue
    transposed: bool


def own_symbol(field: str, axis: int | None = None, *, signed: bool = False) -> Symbol:
    """The symbol that stands for a parameter: an integer, of the sign that a layer has there.

    >>> own_symbol("kernel_size", 1), own_symbol("in_channels")
    (k1, C_in)
    """
    name = NAMES[field] if axis is None else f"{LETTERS[field]}{axis}"
    if field in POSITIVE:
        return Symbol(name, integer=True, positive=True)
    if signed and field in {"padding", "end_padding"}:
        return Symbol(name, integer=True)
    return Symbol(name, integer=True, nonnegative=True)


def is_checkable(symbol: Symbol) -> bool:
    """Whether an integer's sign and parity are all that is assumed of a symbol."""
    kinds = ("positive", "nonnegative", "negative", "nonpositive", "odd", "even")
    assumed = {kind: True for kind in kinds if getattr(symbol, f"is_{kind}")}
    return bool(Symbol(symbol.name, integer=True, **assumed) == symbol)


def is_whole(expression: Expr) -> bool:
    """Whether the assumptions on its symbols make an expression an integer."""
    if expression.is_integer is not None:
        return bool(expression.is_integer)
    # SymPy writes (k − 1)/2 as k/2 − 1/2, of which it cannot tell.
    numerator, denominator = expression.as_numer_denom()
    return bool(numerator.is_integer and denominator == 2 and numerator.is_even)


def bound(field: str, value: object, axis: int | None) -> Expr:
    """What a parameter is bound to, as an expression; `TypeError` where it is not an integer."""
    if isinstance(value, Expr):
        if is_whole(value):
            return value
        where = "" if axis is None else f" on axis {axis}"
        raise TypeError(
            f"{field} must be an integer by the assumptions on its symbols, as in "
            f"Symbol('k', integer=True, positive=True), got {shown(str(value))}{where}"
        )
    if field == "bias":
        return Integer(int(boolean(field, value)))
    return Integer(integer(field, value, axis))


class GeneralAxis(NamedTuple):
    """An axis of a layer of which some parameters are symbols or expressions.

    ``given`` has the arguments of the layer, the input size as ``n``; ``at`` is its number.
    """

    given: Axis[Expr]
    at: int
    transposed: bool


class GeneralLayer:
    """A layer of which some parameters are symbols or expressions. `protocols.LayerLike`."""

    def __init__(self, axes: int | None, parameters: Mapping[str, object]) -> None:
        for name in parameters:
            if name not in Layer.FIELDS:
                raise TypeError(
                    f"there is no parameter {name!r}; there are {', '.join(Layer.FIELDS)}"
                )
        self.transposed = boolean("transposed", parameters.get("transposed", True))
        self.cropped_apart = parameters.get("end_padding") is not None
        #: Whether crops may be negative.
        self.signed = self.cropped_apart and self.transposed
        #: The arguments with one entry an axis.
        self.fields = [field for field in LETTERS if field not in self._left_out()]
        number = number_of_axes(axes, parameters)
        rows = [self._axis(at, parameters) for at in range(number)]
        self.axes = tuple(GeneralAxis(row, at, self.transposed) for at, row in enumerate(rows))
        self.batch_size, self.in_channels, self.out_channels, self.groups, self.bias = (
            self._bound(field, parameters.get(field), None) for field in NAMES
        )
        self._check()

    def _left_out(self) -> Iterator[str]:
        """Arguments that are not spoken of: they are as others say."""
        if not self.cropped_apart:
            yield "end_padding"
        if not self.transposed:
            yield "output_padding"

    def _axis(self, at: int, parameters: Mapping[str, object]) -> Axis[Expr]:
        """The arguments of an axis."""
        padding = parameters.get("padding")
        word = padding if isinstance(padding, str) and not self.transposed else None
        entries: dict[str, object] = {"output_padding": 0} if not self.transposed else {}
        for field in LETTERS:
            value = None if field == "padding" and word else parameters.get(field)
            if isinstance(value, (list, tuple)):
                value = value[at if len(value) > 1 else 0]
            if value is not None:
                entries[field] = value
        values = {field: self._bound(field, entries.get(field), at) for field in LETTERS}
        if not self.cropped_apart:
            values["end_padding"] = values["padding"]
        axis = Axis(*values.values())
        if word is None:
            return axis
        if word == "same":
            check((SAME,), (0 if axis.s == 1 else -1,), axis, on_axis(at))
        nothing = axis._replace(b=Integer(0), e=Integer(0))
        return named_padding(word, parameters.get("end_padding"), nothing)

    def _bound(self, field: str, value: object, axis: int | None) -> Expr:
        return self.symbol(field, axis) if value is None else bound(field, value, axis)

    def symbol(self, field: str, axis: int | None) -> Symbol:
        """The symbol of a parameter where nothing is bound to it."""
        return own_symbol(field, axis, signed=self.signed)

    def _check(self) -> None:
        """Refuse what is not legal whatever the symbols are."""
        for axis in self.axes:
            rules, slacks = axis_rules(axis, cropped_apart=self.cropped_apart)
            check(rules, known(slacks), axis.given, on_axis(axis.at))
        check(LAYER_RULES, known(layer_slacks(EXPRESSIONS, self)), self)
        names: dict[str, Symbol] = {}
        for symbol in self.symbols():
            name = symbol.name
            if names.setdefault(name, symbol) != symbol:
                raise ValueError(f"two symbols with different assumptions are called {name}")
            if name in Layer.FIELDS and getattr(self, name, None) != symbol:
                raise ValueError(f"a symbol that is not the parameter is called {name}")
            if not is_checkable(symbol):
                raise ValueError(
                    f"the symbol {name} is assumed to be more than an integer of some sign "
                    "and parity"
                )

    def values(self) -> Iterator[tuple[str, int | None, Expr]]:
        """Every parameter: its field, its axis, what it is bound to; in the order of arguments."""
        for field in NAMES:
            yield field, None, getattr(self, field)
        for axis in self.axes:
            for field, value in zip(LETTERS, axis.given, strict=True):
                if field in self.fields:
                    yield field, axis.at, value

    def symbols(self) -> list[Symbol]:
        """The symbols in the order of the parameters."""
        symbols = [s for *_, v in self.values() for s in sorted(v.free_symbols, key=str)]
        return list(dict.fromkeys(symbols))


def axis_rules(
    axis: GeneralAxis, *, cropped_apart: bool
) -> tuple[tuple[Rule, ...], tuple[Expr, ...]]:
    """The rules of an axis, and by how much it keeps each."""
    if axis.transposed:
        return AXIS_RULES, axis_slacks(EXPRESSIONS, axis.given, cropped_apart=cropped_apart)
    return ORDINARY_RULES, ordinary_slacks(EXPRESSIONS, axis.given)


def known(slacks: tuple[Expr, ...]) -> tuple[int, ...]:
    """−1 where a rule is broken whatever the symbols are, else 0."""
    return tuple(-1 if sympify(slack).is_negative else 0 for slack in slacks)


def number_of_axes(axes: int | None, parameters: Mapping[str, object]) -> int:
    """How many axes: as said, or as many as the sequences have entries, or 2."""
    number = AXES if axes is None else integer("axes", axes)
    if number < 1:
        raise LayerError(f"axes must be positive, got {number}")
    said = axes is not None
    for field in LETTERS:
        value = parameters.get(field)
        if not isinstance(value, (list, tuple)):
            continue
        entries = len(value)
        if entries == 1 and field not in {"input_size", "kernel_size"}:
            continue
        demand_axes(field, value, number if said or not value else None)
        number, said = entries, True
    return number


def is_own(layer: GeneralLayer, expression: Expr) -> bool:
    """Whether an expression is the symbol of a parameter to which nothing is bound."""
    return any(
        value == expression == layer.symbol(field, at) for field, at, value in layer.values()
    )
