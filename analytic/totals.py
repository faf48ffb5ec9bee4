"""From axes to counts: ψ, λ, γ, the conventions and the rules, once, over any arithmetic.

Every total is ``N·(ψ·λ + γ)``. What a convention counts is stated in notes/conventions.md.
"""

from __future__ import annotations

from collections import namedtuple

from analytic.axis import Axis, extent
from analytic.digits import all_digits

TYPE_CHECKING = False  # not from typing, whose import would cost more than all of ours
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from analytic.protocols import Arithmetic, LayerLike


class Products(namedtuple("Products", "inputs taps positions overlaps covered")):
    """Products over the axes of a layer, which do not interact.

    ``inputs`` Πn, ``taps`` K = Πk, ``positions`` P = ΠL, ``overlaps`` ΠT, ``covered`` ΠC.
    """

    __slots__ = ()


class Convention(namedtuple("Convention", "multiplications first_products aggregated")):
    """What is counted: three choices, each a function of `Products`.

    ``multiplications`` of one filter; ``first_products``, which are assigned and not added;
    ``aggregated``, the output positions at which γ adds channels and bias.
    """

    __slots__ = ()


CONVENTIONS: Mapping[str, Convention] = {
    # The published formula, minus one per nonzero output pixel.
    "nonzero": Convention(
        multiplications=lambda of: of.positions * of.taps,
        first_products=lambda of: of.covered,
        aggregated=lambda of: of.positions,
    ),
    # The published text to the letter: an uncovered pixel counts −1.
    "documented": Convention(
        multiplications=lambda of: of.positions * of.taps,
        first_products=lambda of: of.positions,
        aggregated=lambda of: of.positions,
    ),
    # Only products that land, only additions of such products.
    "exact": Convention(
        multiplications=lambda of: of.overlaps,
        first_products=lambda of: of.covered,
        aggregated=lambda of: of.covered,
    ),
}

#: The MACs of one filter under each rule.
RULES: Mapping[str, Callable[[Products], Any]] = {
    "exact": lambda of: of.overlaps,
    "input": lambda of: of.inputs * of.taps,
    "output": lambda of: of.positions * of.taps,
}


class Count(
    namedtuple(
        "Count",
        "output_size positions overlaps covered filters multiplications_per_filter "
        "additions_per_filter operations_per_filter filter_aggregation total macs convention rule",
    )
):
    """The counts of one layer: output positions, products and operations, all exact.

    ================================ =============================================================
    ``output_size``, ``positions``   L of each axis; P = ΠL
    ``overlaps``, ``covered``        ΠT, products of a filter that land; ΠC, positions they land on
    ``filters``                      ψ = C_in·C_out/groups
    ``multiplications_per_filter``   as ``convention`` counts them
    ``additions_per_filter``         as ``convention`` counts them
    ``operations_per_filter``        λ, the sum of these two
    ``filter_aggregation``           γ = C_out · positions · (C_in/groups − 1 + [bias])
    ``total``                        N·(ψ·λ + γ), operations
    ``macs``                         N·ψ·(MACs of one filter), by ``rule``
    ``convention``, ``rule``         the names of the choices
    ================================ =============================================================
    """

    __slots__ = ()

    def __str__(self) -> str:
        with all_digits():
            return "\n".join(f"{label:<34}{value}" for label, value in self.headline())

    def headline(self) -> list[tuple[str, Any]]:
        """The three numbers that people ask for, each with what it is."""
        return [
            (f"operations ({self.convention} convention)", self.total),
            (f"MACs ({self.rule} rule)", self.macs),
            (f"2 × MACs ({self.rule} rule)", 2 * self.macs),
        ]


def choose(kind: str, table: Mapping[str, Any], name: str) -> Any:
    """The entry called ``name``, or a `ValueError` that lists those that exist."""
    try:
        return table[name]
    except (KeyError, TypeError):
        known = ", ".join(repr(key) for key in table)
        raise ValueError(f"{kind} must be one of {known}, got {name!r}") from None


def products(lib: Arithmetic, axes: Iterable[Axis]) -> tuple[tuple[Any, ...], Products]:
    """The output size, and the products over the axes of what the theorem says of each."""
    sizes = []
    inputs = taps = positions = overlaps = covered = 1
    evaluated = None
    for axis in axes:
        if axis is not evaluated:
            size, axis_overlaps, axis_covered = extent(lib, axis)
            evaluated = axis
        sizes.append(size)
        inputs = inputs * axis.n
        taps = taps * axis.k
        positions = positions * size
        overlaps = overlaps * axis_overlaps
        covered = covered * axis_covered
    return tuple(sizes), Products(inputs, taps, positions, overlaps, covered)


def additions_per_filter(of: Products, convention: str) -> Any:
    """``ΠT`` less the products that are assigned rather than added."""
    chosen: Convention = choose("convention", CONVENTIONS, convention)
    return of.overlaps - chosen.first_products(of)


def filters(lib: Arithmetic, layer: LayerLike) -> Any:
    """``ψ = C_in·C_out/groups``, the number of kernels. Groups divide both channel counts."""
    return lib.quotient(layer.in_channels, layer.groups) * layer.out_channels


def macs(lib: Arithmetic, layer: LayerLike, of: Products, rule: str) -> Any:
    """``N·ψ·`` the MACs that ``rule`` charges one filter."""
    return layer.batch_size * filters(lib, layer) * choose("rule", RULES, rule)(of)


def count(
    lib: Arithmetic,
    layer: LayerLike,
    sizes: tuple[Any, ...],
    of: Products,
    convention: str,
    rule: str,
) -> Count:
    """Every count of a layer, from what is known or was measured of its axes."""
    chosen: Convention = choose("convention", CONVENTIONS, convention)
    kernels = filters(lib, layer)
    multiplications = chosen.multiplications(of)
    additions = additions_per_filter(of, convention)
    operations = multiplications + additions
    # C_in/groups products meet at a position: one addition fewer, and one more for the bias.
    meetings = lib.quotient(layer.in_channels, layer.groups) - 1 + layer.bias
    aggregation = layer.out_channels * chosen.aggregated(of) * meetings
    return Count(
        output_size=sizes,
        positions=of.positions,
        overlaps=of.overlaps,
        covered=of.covered,
        filters=kernels,
        multiplications_per_filter=multiplications,
        additions_per_filter=additions,
        operations_per_filter=operations,
        filter_aggregation=aggregation,
        total=layer.batch_size * (kernels * operations + aggregation),
        macs=macs(lib, layer, of, rule),
        convention=convention,
        rule=rule,
    )
