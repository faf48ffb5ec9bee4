"""From axes to counts: ψ, λ, γ, the conventions and the rules, once, over any arithmetic.

Every total is ``N·(ψ·λ + γ)``. What a convention counts is stated in notes/conventions.md.
"""

from __future__ import annotations

from analytic import axis as axes_
from analytic.axis import Axis, extent, positive
from analytic.records import Generic, NamedTuple, Number

TYPE_CHECKING = False  # not from typing, whose import would cost more than all of ours
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any, TypeVar

    from analytic.protocols import Arithmetic, ConventionName, LayerLike, RuleName

    Entry = TypeVar("Entry")


class Products(NamedTuple, Generic[Number]):
    """Products over the axes of a layer, which do not interact: ``inputs`` and ``positions`` are
    those of the layer, whichever kind it is.

    ``inputs`` Πn, ``taps`` K = Πk, ``positions`` P = ΠL, ``overlaps`` ΠT, ``covered`` ΠC of a
    transposed convolution; ``inputs`` ΠL, ``positions`` Πn, ``covered`` ΠI of an ordinary one.
    """

    inputs: Number
    taps: Number
    positions: Number
    overlaps: Number
    covered: Number


class Reached(NamedTuple, Generic[Number]):
    """`Products`, and what gradients ask beside them: the inputs and the taps that have a pair.

    ``inputs`` ΠI of a transposed convolution, ΠC of an ordinary one; ``taps`` ΠJ of either.
    """

    products: Products[Number]
    inputs: Number
    taps: Number


class Convention(NamedTuple):
    """What is counted: three choices, each a function of `Products`.

    ``multiplications`` and ``additions`` of one filter; ``aggregated``, the output positions at
    which γ adds channels and bias.
    """

    multiplications: Callable[[Products[Any]], Any]
    additions: Callable[[Products[Any]], Any]
    aggregated: Callable[[Products[Any]], Any]


CONVENTIONS: Mapping[ConventionName, Convention] = {
    # The published formula, minus one per nonzero output pixel.
    "nonzero": Convention(
        multiplications=lambda layer: layer.positions * layer.taps,
        additions=lambda layer: layer.overlaps - layer.covered,
        aggregated=lambda layer: layer.positions,
    ),
    # The published text to the letter: an uncovered pixel counts −1.
    "documented": Convention(
        multiplications=lambda layer: layer.positions * layer.taps,
        additions=lambda layer: layer.overlaps - layer.positions,
        aggregated=lambda layer: layer.positions,
    ),
    # Only products that land, only additions of such products.
    "exact": Convention(
        multiplications=lambda layer: layer.overlaps,
        additions=lambda layer: layer.overlaps - layer.covered,
        aggregated=lambda layer: layer.covered,
    ),
}

#: The same of an ordinary convolution, whose published page charges every output a whole kernel.
ORDINARY_CONVENTIONS: Mapping[ConventionName, Convention] = {
    **CONVENTIONS,
    "documented": CONVENTIONS["documented"]._replace(
        additions=lambda layer: layer.positions * layer.taps - layer.positions
    ),
}

#: The MACs of one filter under each rule.
RULES: Mapping[RuleName, Callable[[Products[Any]], Any]] = {
    "exact": lambda layer: layer.overlaps,
    "input": lambda layer: layer.inputs * layer.taps,
    "output": lambda layer: layer.positions * layer.taps,
}


class Count(NamedTuple, Generic[Number]):
    """The counts of one layer: output positions, products and operations, all exact.

    ================================ =============================================================
    ``output_size``, ``positions``   of each axis; P, their product
    ``overlaps``, ``covered``        ΠT, products of a filter that land; positions they land on
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

    output_size: tuple[Number, ...]
    positions: Number
    overlaps: Number
    covered: Number
    filters: Number
    multiplications_per_filter: Number
    additions_per_filter: Number
    operations_per_filter: Number
    filter_aggregation: Number
    total: Number
    macs: Number
    convention: ConventionName
    rule: RuleName

    def __str__(self) -> str:
        from analytic.headline import text  # words are not what the proof and certificates read

        return text(self)

    def numbers(self) -> tuple[Any, ...]:
        """The numbers of the whole layer: the fields of `NUMBERS`."""
        return self[1:-2]


#: The fields of a `Count` that are numbers of the whole layer.
NUMBERS = Count._fields[1:-2]


class Pass(NamedTuple, Generic[Number]):
    """What one pass of a layer costs, in the exact convention.

    ``macs``        multiplications, as a rule counts them
    ``additions``   of products that land
    ``operations``  multiplications that land, and additions
    ``elements``    values of the result
    ``reached``     how many of them receive a product (of the bias: a term)
    """

    macs: Number
    additions: Number
    operations: Number
    elements: Number
    reached: Number


class Passes(NamedTuple, Generic[Number]):
    """What each pass of a layer costs: forward, and the gradients by input, weight and bias."""

    forward: Pass[Number]
    grad_input: Pass[Number]
    grad_weight: Pass[Number]
    grad_bias: Pass[Number]

    def training_step(self, *, grad_input: bool = True) -> Pass[Number]:
        """Forward and backward together. The first layer of a network needs no ``grad_input``."""
        step = together(self.forward, self.grad_input) if grad_input else self.forward
        return together(together(step, self.grad_weight), self.grad_bias)


def together(first: Pass[Any], second: Pass[Any]) -> Pass[Any]:
    """What two passes cost, one after the other."""
    return Pass(
        first.macs + second.macs,
        first.additions + second.additions,
        first.operations + second.operations,
        first.elements + second.elements,
        first.reached + second.reached,
    )


def choose(kind: str, table: Mapping[Any, Entry], name: str) -> Entry:
    """The entry called ``name``, or a `ValueError` that lists those that exist."""
    try:
        return table[name]
    except (KeyError, TypeError):
        known = ", ".join(repr(key) for key in table)
        raise ValueError(f"{kind} must be one of {known}, got {name!r}") from None


def products(
    lib: Arithmetic, axes: Iterable[Axis[Any]], transposed: bool = True
) -> tuple[tuple[Any, ...], Products[Any]]:
    """The output size, and the products over the axes of what the theorem says of each."""
    sizes = []
    inputs = taps = positions = overlaps = covered = 1
    last = None
    for axis in axes:
        if axis is not last:  # alike axes are one object, which is evaluated once
            last = axis
            if transposed:
                n = axis.n
                size, pairs, landed = extent(lib, axis)
            else:
                n, size, pairs = axes_.size(axis), axis.n, axes_.overlaps(lib, axis)
                landed = axes_.inputs_reached(lib, axis, pairs)
        sizes.append(size)
        inputs = inputs * n
        taps = taps * axis.k
        positions = positions * size
        overlaps = overlaps * pairs
        covered = covered * landed
    return tuple(sizes), Products(inputs, taps, positions, overlaps, covered)


def reached(lib: Arithmetic, axes: Sequence[Axis[Any]], transposed: bool = True) -> Reached[Any]:
    """The products over the axes of what the theorem and its shadows say of each."""
    inputs = taps = 1
    last = None
    for axis in axes:
        if axis is not last:
            last = axis
            pairs = axes_.overlaps(lib, axis)
            from_inputs = (axes_.inputs_reached if transposed else axes_.covered)(lib, axis, pairs)
            from_taps = axes_.taps_reached(lib, axis, pairs)
        inputs = inputs * from_inputs
        taps = taps * from_taps
    _, known = products(lib, axes, transposed)
    return Reached(known, inputs, taps)


def convention_named(name: ConventionName, transposed: bool) -> Convention:
    """What a convention counts of a layer of either kind."""
    return choose("convention", CONVENTIONS if transposed else ORDINARY_CONVENTIONS, name)


def additions_per_filter(
    layer: Products[Any], convention: ConventionName, transposed: bool = True
) -> Any:
    """What a convention counts as the additions that sum the products of one filter."""
    return convention_named(convention, transposed).additions(layer)


def filters(lib: Arithmetic, layer: LayerLike) -> Any:
    """``ψ = C_in·C_out/groups``, the number of kernels. Groups divide both channel counts."""
    return lib.quotient(layer.in_channels, layer.groups) * layer.out_channels


def macs(lib: Arithmetic, layer: LayerLike, axes: Products[Any], rule: RuleName) -> Any:
    """``N·ψ·`` the MACs that ``rule`` charges one filter."""
    return layer.batch_size * filters(lib, layer) * choose("rule", RULES, rule)(axes)


def count(
    lib: Arithmetic,
    layer: LayerLike,
    sizes: tuple[Any, ...],
    axes: Products[Any],
    convention: ConventionName,
    rule: RuleName,
    transposed: bool = True,
) -> Count[Any]:
    """Every count of a layer, from what is known or was measured of its axes."""
    chosen = convention_named(convention, transposed)
    kernels = filters(lib, layer)
    multiplications = chosen.multiplications(axes)
    additions = chosen.additions(axes)
    operations = multiplications + additions
    # C_in/groups products meet at a position: one addition fewer, and one more for the bias.
    meetings = lib.quotient(layer.in_channels, layer.groups) - 1 + layer.bias
    aggregation = layer.out_channels * chosen.aggregated(axes) * meetings
    return Count(
        output_size=sizes,
        positions=axes.positions,
        overlaps=axes.overlaps,
        covered=axes.covered,
        filters=kernels,
        multiplications_per_filter=multiplications,
        additions_per_filter=additions,
        operations_per_filter=operations,
        filter_aggregation=aggregation,
        total=layer.batch_size * (kernels * operations + aggregation),
        macs=macs(lib, layer, axes, rule),
        convention=convention,
        rule=rule,
    )


class Result(NamedTuple):
    """What a pass sums into: so many ``blocks``, each of ``elements``, of which some are reached.

    ``batched`` where each sample has blocks of its own, and does not add to those of the others.
    """

    blocks: Callable[[LayerLike, Any], Any]
    elements: Callable[[Reached[Any]], Any]
    reached: Callable[[Reached[Any]], Any]
    batched: bool = True


#: The passes that multiply. All run over the same pairs, and differ in what they sum into.
#: Source: notes/derivation.md, theorem 12.
PASSES: Mapping[str, Result] = {
    "forward": Result(
        blocks=lambda layer, _: layer.batch_size * layer.out_channels,
        elements=lambda axes: axes.products.positions,
        reached=lambda axes: axes.products.covered,
    ),
    "grad_input": Result(
        blocks=lambda layer, _: layer.batch_size * layer.in_channels,
        elements=lambda axes: axes.products.inputs,
        reached=lambda axes: axes.inputs,
    ),
    "grad_weight": Result(
        blocks=lambda _, filters: filters,
        elements=lambda axes: axes.products.taps,
        reached=lambda axes: axes.taps,
        batched=False,
    ),
}


def cost(
    lib: Arithmetic,
    layer: LayerLike,
    axes: Reached[Any],
    name: str,
    landed: Any,
    charged: Any,
) -> Pass[Any]:
    """What one of the `PASSES` costs, from the products that land and those that are charged.

    The first product of an element is assigned, every other one added: additions are the products
    that land, less the elements that are reached. In the forward pass the bias is added to these.
    """
    result = PASSES[name]
    blocks = result.blocks(layer, filters(lib, layer))
    # What all samples add to is reached only where there is a sample.
    samples = 1 if result.batched else positive(lib, layer.batch_size)
    reached = blocks * result.reached(axes) * samples
    biases = layer.bias * reached if name == "forward" else 0
    additions = landed - reached + biases
    return Pass(charged, additions, landed + additions, blocks * result.elements(axes), reached)


def passes(lib: Arithmetic, layer: LayerLike, axes: Reached[Any], rule: RuleName) -> Passes[Any]:
    """What each pass costs, from what is known or was measured of the layer's axes."""
    landed = macs(lib, layer, axes.products, "exact")
    charged = macs(lib, layer, axes.products, rule)
    # The gradient of a bias is the sum of its channel over batch and positions.
    sample = positive(lib, layer.batch_size)
    biases = layer.out_channels * layer.bias
    sums = biases * (layer.batch_size * axes.products.positions - sample)
    return Passes(
        forward=cost(lib, layer, axes, "forward", landed, charged),
        grad_input=cost(lib, layer, axes, "grad_input", landed, charged),
        grad_weight=cost(lib, layer, axes, "grad_weight", landed, charged),
        grad_bias=Pass(0, sums, sums, biases, biases * sample),
    )
