"""The symbolic evaluator: the counts as formulas, from the same functions as the integers.

Every parameter that is not given is a symbol: ``n0, k0, s0, d0, p0, o0, n1, …`` for input size,
kernel size, stride, dilation, padding and output padding of each axis, ``N, C_in, C_out, groups,
bias`` for the rest. A parameter may be bound to an integer, to a SymPy expression, or to a list or
tuple of these with one entry an axis, in which None leaves a symbol. ``transposed=False`` is an
ordinary convolution, whose formulas are in floors of the input size over the stride; an input size
of ``s·m + r``, bound as such, makes polynomials of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Unpack

from sympy import Expr, sympify

from analytic import totals
from analytic.layer import Layer
from analytic.protocols import ConventionName, RuleName
from analytic.symbolic.expressions import EXPRESSIONS
from analytic.symbolic.forms import Shadows
from analytic.symbolic.formula import Formula, Quantity
from analytic.symbolic.parameters import GeneralLayer, Parameters, PerAxisValue
from analytic.totals import NUMBERS, Count, Pass, Passes

#: The fields of `Count` that differ by convention.
BY_CONVENTION = (
    "multiplications_per_filter",
    "additions_per_filter",
    "operations_per_filter",
    "filter_aggregation",
    "total",
)

#: What the passes need to know beside `totals.Products`.
SHADOWS: Mapping[str, Shadows] = {"grad_input": ("inputs",), "grad_weight": ("taps",)}


def general_layer(layer: Layer | None, axes: int | None, parameters: Parameters) -> GeneralLayer:
    """The layer of which formulas are asked."""
    if layer is None:
        return GeneralLayer(axes, parameters)
    if not isinstance(layer, Layer):
        raise TypeError(f"layer must be an analytic.Layer, got {type(layer).__name__}")
    given = {name: getattr(layer, name) for name in Layer.FIELDS}
    return GeneralLayer(len(layer.axes) if axes is None else axes, {**given, **parameters})


def placed(sizes: tuple[PerAxisValue, ...], parameters: Parameters) -> Parameters:
    """Parameters of which the first two may stand without their names, as in `analytic`."""
    names = ("input_size", "kernel_size")
    if len(sizes) > len(names):
        raise TypeError(f"only {' and '.join(names)} may be given without a name")
    for name in names[: len(sizes)]:
        if name in parameters:
            raise TypeError(f"{name} is given twice")
    named: Any = dict(zip(names, sizes, strict=False))
    return {**named, **parameters}


def output_size(
    *sizes: PerAxisValue, axes: int | None = None, **parameters: Unpack[Parameters]
) -> tuple[Formula, ...]:
    """Output positions along each axis, as formulas. See `analytic.output_size`.

    >>> [size.expr for size in output_size(axes=1, kernel_size=4, stride=2)]
    [3*d0 + 2*n0 + o0 - 2*p0 - 1]
    """
    return sizes_of(general_layer(None, axes, placed(sizes, parameters)))


def sizes_of(layer: GeneralLayer) -> tuple[Formula, ...]:
    """The output size along each axis of a layer."""
    return tuple(
        Formula(f"output_size_{at}", layer, lambda sizes, _: sizes[0], [at])
        for at in range(len(layer.axes))
    )


def of_layer(
    name: str, layer: GeneralLayer, quantity: Quantity, choice: str = "", shadows: Shadows = ()
) -> Formula:
    """A count of all axes of a layer."""
    every = range(len(layer.axes))
    return Formula(name, layer, quantity, every, choice=choice, shadows=shadows)


def overlaps(
    *sizes: PerAxisValue, axes: int | None = None, **parameters: Unpack[Parameters]
) -> Formula:
    """Products of one filter that land in the output, as a formula. See `analytic.overlaps`.

    >>> overlaps(axes=1, kernel_size=4, stride=2, padding=1, output_padding=0, dilation=1).expr
    4*n0 - 2
    >>> overlaps(axes=1, kernel_size=3, stride=2, padding=1, dilation=1, transposed=False).expr
    2*n0 - floor(n0/2) - 1
    """
    layer = general_layer(None, axes, placed(sizes, parameters))
    return of_layer("overlaps", layer, lambda _, axes: axes.products.overlaps)


def covered(
    *sizes: PerAxisValue, axes: int | None = None, **parameters: Unpack[Parameters]
) -> Formula:
    """Output positions on which a product lands, as a formula. See `analytic.covered`.

    >>> covered(axes=1, kernel_size=2, stride=3, padding=0, output_padding=2, dilation=1).expr
    2*n0
    """
    layer = general_layer(None, axes, placed(sizes, parameters))
    return of_layer("covered", layer, lambda _, axes: axes.products.covered)


def inputs_reached(
    *sizes: PerAxisValue, axes: int | None = None, **parameters: Unpack[Parameters]
) -> Formula:
    """Inputs that a product reads, as a formula. See `analytic.inputs_reached`.

    >>> inputs_reached(axes=1, kernel_size=2, stride=3, padding=0, dilation=1,
    ...                transposed=False).expr
    2*floor(n0/3 + 1/3)
    """
    layer = general_layer(None, axes, placed(sizes, parameters))
    return of_layer("inputs_reached", layer, lambda _, axes: axes.inputs, shadows=("inputs",))


def taps_reached(
    *sizes: PerAxisValue, axes: int | None = None, **parameters: Unpack[Parameters]
) -> Formula:
    """Taps that meet an input, as a formula. See `analytic.taps_reached`.

    >>> taps_reached(axes=1, kernel_size=3, stride=1, padding=36, dilation=36,
    ...              transposed=False).expr
    Piecewise((3, n0 >= 37), (1, True))
    """
    layer = general_layer(None, axes, placed(sizes, parameters))
    return of_layer("taps_reached", layer, lambda _, axes: axes.taps, shadows=("taps",))


def additions_per_filter(
    *sizes: PerAxisValue,
    axes: int | None = None,
    convention: ConventionName = "nonzero",
    **parameters: Unpack[Parameters],
) -> Formula:
    """Additions that sum the products of one filter, as a formula.

    See `analytic.additions_per_filter`.

    >>> additions_per_filter(kernel_size=4, stride=2, padding=1, output_padding=0, dilation=1).expr
    12*n0*n1 - 8*n0 - 8*n1 + 4
    """
    totals.choose("convention", totals.CONVENTIONS, convention)
    layer = general_layer(None, axes, placed(sizes, parameters))

    def quantity(_: tuple[Expr, ...], axes: totals.Reached[Expr]) -> Expr:
        return totals.additions_per_filter(axes.products, convention, layer.transposed)

    return of_layer("additions_per_filter", layer, quantity, f"{convention} convention")


def macs(
    layer: Layer | None = None,
    *,
    axes: int | None = None,
    rule: RuleName = "exact",
    **parameters: Unpack[Parameters],
) -> Formula:
    """Multiply-accumulates of a layer by one of the rules in use, as a formula.

    See `analytic.macs`.

    >>> macs(axes=1, kernel_size=3, stride=1, padding=1, output_padding=0, dilation=1,
    ...      groups=1).expr
    C_in*C_out*N*(3*n0 - 2)
    """
    totals.choose("rule", totals.RULES, rule)
    general = general_layer(layer, axes, parameters)

    def quantity(_: tuple[Expr, ...], axes: totals.Reached[Expr]) -> Expr:
        return totals.macs(EXPRESSIONS, general, axes.products, rule)

    return of_layer("macs", general, quantity, f"{rule} rule")


def count(
    layer: Layer | None = None,
    *,
    axes: int | None = None,
    convention: ConventionName = "nonzero",
    rule: RuleName = "exact",
    **parameters: Unpack[Parameters],
) -> Count[Formula]:
    """Every count of a layer, each field a `Formula`. See `analytic.count`.

    >>> count(axes=1, kernel_size=2, stride=2, padding=0, output_padding=0, dilation=1,
    ...       groups=1, batch_size=1, in_channels=1, out_channels=1, bias=False).total.expr
    4*n0
    """
    totals.choose("convention", totals.CONVENTIONS, convention)
    totals.choose("rule", totals.RULES, rule)
    general = general_layer(layer, axes, parameters)
    choices = dict.fromkeys(BY_CONVENTION, f"{convention} convention") | {"macs": f"{rule} rule"}

    def field(name: str) -> Formula:
        def quantity(sizes: tuple[Expr, ...], axes: totals.Reached[Expr]) -> Expr:
            counted = totals.count(
                EXPRESSIONS, general, sizes, axes.products, convention, rule, general.transposed
            )
            return getattr(counted, name)

        if name == "filters":
            return Formula(name, general, quantity, ())
        return of_layer(name, general, quantity, choices.get(name, ""))

    fields = {name: field(name) for name in NUMBERS}
    return Count(output_size=sizes_of(general), convention=convention, rule=rule, **fields)


def passes(
    layer: Layer | None = None,
    *,
    axes: int | None = None,
    rule: RuleName = "exact",
    **parameters: Unpack[Parameters],
) -> Passes[Formula]:
    """What a layer costs in training, each number a `Formula`. See `analytic.passes`.

    Formulas of one layer add up, so that ``training_step`` has formulas too.

    >>> step = passes(kernel_size=4, stride=2, padding=1, output_padding=0, dilation=1, groups=1,
    ...               batch_size=1, in_channels=1, out_channels=1)
    >>> step.grad_weight.additions.generic().expr
    16*n0*n1 - 8*n0 - 8*n1 - 12
    >>> step.training_step().macs.evaluate(input_size=(8, 8), bias=True)
    2700
    """
    totals.choose("rule", totals.RULES, rule)
    general = general_layer(layer, axes, parameters)

    @cache
    def costs(axes: totals.Reached[Expr]) -> Passes[Expr]:
        return totals.passes(EXPRESSIONS, general, axes, rule)

    def number(of_pass: str, name: str) -> Formula:
        def quantity(_: tuple[Expr, ...], axes: totals.Reached[Expr]) -> Expr:
            return sympify(getattr(getattr(costs(axes), of_pass), name))

        choice = f"{rule} rule" if name == "macs" else "exact convention"
        shadows = () if name in {"macs", "elements"} else SHADOWS.get(of_pass, ())
        return of_layer(f"{of_pass}_{name}", general, quantity, choice, shadows)

    return Passes._make(
        [Pass._make([number(of_pass, name) for name in Pass._fields]) for of_pass in Passes._fields]
    )
