"""The symbolic evaluator: the counts as formulas, from the same functions as the integers.

Every parameter that is not given is a symbol: ``n0, k0, s0, d0, p0, o0, n1, …`` for input size,
kernel size, stride, dilation, padding and output padding of each axis, ``N, C_in, C_out, groups,
bias`` for the rest. A parameter may be bound to an integer, to a SymPy expression, or to a list or
tuple of these with one entry an axis, in which None leaves a symbol.
"""

from __future__ import annotations

from typing import Any, Unpack

from sympy import Expr

from analytic import totals
from analytic.layer import Layer
from analytic.protocols import ConventionName, RuleName
from analytic.symbolic.expressions import EXPRESSIONS
from analytic.symbolic.formula import Formula, Quantity
from analytic.symbolic.parameters import GeneralLayer, Parameters, PerAxisValue
from analytic.totals import NUMBERS, Count

#: The fields of `Count` that differ by convention.
BY_CONVENTION = (
    "multiplications_per_filter",
    "additions_per_filter",
    "operations_per_filter",
    "filter_aggregation",
    "total",
)


def general_layer(layer: Layer | None, axes: int | None, parameters: Parameters) -> GeneralLayer:
    """The layer of which formulas are asked."""
    if layer is None:
        return GeneralLayer(axes, parameters)
    if not isinstance(layer, Layer):
        raise TypeError(f"layer must be an analytic.Layer, got {type(layer).__name__}")
    return GeneralLayer(axes, {**dict(layer.items()), **parameters})


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
    layer = general_layer(None, axes, placed(sizes, parameters))
    return tuple(
        Formula(f"output_size_{at}", layer, lambda sizes, _: sizes[0], [at])
        for at in range(len(layer.axes))
    )


def _of_filter(
    name: str, quantity: Quantity, axes: int | None, parameters: Parameters, choice: str = ""
) -> Formula:
    layer = general_layer(None, axes, parameters)
    return Formula(name, layer, quantity, range(len(layer.axes)), choice=choice)


def overlaps(
    *sizes: PerAxisValue, axes: int | None = None, **parameters: Unpack[Parameters]
) -> Formula:
    """Products of one filter that land in the output, as a formula. See `analytic.overlaps`.

    >>> overlaps(axes=1, kernel_size=4, stride=2, padding=1, output_padding=0, dilation=1).expr
    4*n0 - 2
    """
    return _of_filter("overlaps", lambda _, of: of.overlaps, axes, placed(sizes, parameters))


def covered(
    *sizes: PerAxisValue, axes: int | None = None, **parameters: Unpack[Parameters]
) -> Formula:
    """Output positions on which a product lands, as a formula. See `analytic.covered`.

    >>> covered(axes=1, kernel_size=2, stride=3, padding=0, output_padding=2, dilation=1).expr
    2*n0
    """
    return _of_filter("covered", lambda _, of: of.covered, axes, placed(sizes, parameters))


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

    def quantity(_: tuple[Expr, ...], of: totals.Products) -> Expr:
        return totals.additions_per_filter(of, convention)

    choice = f"{convention} convention"
    parameters = placed(sizes, parameters)
    return _of_filter("additions_per_filter", quantity, axes, parameters, choice)


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

    def quantity(_: tuple[Expr, ...], of: totals.Products) -> Expr:
        return totals.macs(EXPRESSIONS, general, of, rule)

    return Formula("macs", general, quantity, range(len(general.axes)), choice=f"{rule} rule")


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
    every = range(len(general.axes))
    choices = dict.fromkeys(BY_CONVENTION, f"{convention} convention") | {"macs": f"{rule} rule"}

    def field(name: str) -> Formula:
        def quantity(sizes: tuple[Expr, ...], of: totals.Products) -> Expr:
            counted = totals.count(EXPRESSIONS, general, sizes, of, convention, rule)
            return getattr(counted, name)

        of = () if name == "filters" else every
        return Formula(name, general, quantity, of, choice=choices.get(name, ""))

    fields = {name: field(name) for name in NUMBERS}
    sizes = tuple(
        Formula(f"output_size_{at}", general, lambda sizes, _: sizes[0], [at]) for at in every
    )
    return Count(output_size=sizes, convention=convention, rule=rule, **fields)
