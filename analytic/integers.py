"""The integer evaluator: one layer of any size, exactly, in microseconds."""

from __future__ import annotations

from math import prod

from analytic import axis as theorem
from analytic import totals
from analytic.arithmetic import INTEGERS
from analytic.layer import Layer, axes_of, integer, shown

TYPE_CHECKING = False  # not from typing, whose import would cost more than all of ours
if TYPE_CHECKING:
    from typing import SupportsIndex, Unpack

    from analytic.protocols import ConventionName, Geometry, InputSize, PerAxis, RuleName
    from analytic.totals import Count, Passes


def output_size(
    input_size: InputSize, kernel_size: PerAxis, **geometry: Unpack[Geometry]
) -> tuple[int, ...]:
    r"""Output positions along each axis.

    .. math:: L = (n - 1) s - 2 p + d (k - 1) + o + 1, \qquad
              n = \lfloor (L + 2 p - d (k - 1) - 1) / s \rfloor + 1

    of a transposed convolution of ``n`` inputs, and of an ordinary one of ``L``.

    ``input_size`` is a list or tuple with one entry an axis. Every other argument is one integer
    for all axes or one entry an axis; all but ``kernel_size`` also take a sequence of length 1.
    They are ``stride=1``, ``padding=0``, ``output_padding=0``, ``dilation=1``,
    ``end_padding=None``, ``transposed=True``, ``axes=None``. With ``end_padding``, ``padding`` and
    ``end_padding`` crop begin and end, in place of ``2p``. ``transposed=False`` is torch's
    ``Conv1d/2d/3d``, whose ``padding`` may be ``"same"`` or ``"valid"``. ``axes`` is how many sizes
    there are, and must be said of more than three: batch and channels are none.

    Raises `LayerError` for what no layer has (a kernel of 0, an output of no size) and
    `TypeError` for what is not an integer. Cost: O(1) an axis.
    Source: documentation of ``torch.nn.ConvTranspose2d`` and ``torch.nn.Conv2d``, section Shape.

    >>> import analytic
    >>> analytic.output_size((8, 8), 4, stride=2, padding=1)
    (16, 16)
    >>> analytic.output_size((16, 16), 4, stride=2, padding=1, transposed=False)
    (8, 8)
    """
    axes = axes_of(input_size, kernel_size, **geometry)
    if geometry.get("transposed", True):
        return tuple([theorem.size(axis) for axis in axes])
    return tuple([axis.n for axis in axes])


def overlaps(input_size: InputSize, kernel_size: PerAxis, **geometry: Unpack[Geometry]) -> int:
    r"""Products of one filter that land in the output: the MACs of one kernel.

    .. math:: \prod T, \qquad T = \#\{(i, t) : 0 \le i s + t d - p < L\} = \sum_y c(y)

    Of an ordinary convolution, ``i`` is an output and ``L`` the input size. Arguments and errors as
    in `output_size`. Cost: O(log min(s, d)) an axis, whatever the size.
    Source: notes/derivation.md, theorem 1.

    >>> import analytic
    >>> landed = [i * 2 + t - 1 for i in range(8) for t in range(4)]
    >>> analytic.overlaps([8], 4, stride=2, padding=1) == sum(0 <= y < 16 for y in landed)
    True
    >>> read = [i * 2 + t - 1 for i in range(8) for t in range(4)]
    >>> analytic.overlaps([16], 4, stride=2, padding=1, transposed=False) == sum(
    ...     0 <= x < 16 for x in read)
    True
    """
    axes = axes_of(input_size, kernel_size, **geometry)
    return prod([theorem.overlaps(INTEGERS, axis) for axis in axes])


def covered(input_size: InputSize, kernel_size: PerAxis, **geometry: Unpack[Geometry]) -> int:
    r"""Output positions on which at least one product lands.

    .. math:: \prod C, \qquad C = \#\{y : c(y) > 0\}

    Of an ordinary convolution, those that read an input and not padding alone. Arguments and errors
    as in `output_size`. Cost: O(log min(s, d)) an axis, whatever the size.
    Source: notes/derivation.md, theorems 2 and 11.

    >>> import analytic
    >>> landed = {i * 3 + t for i in range(8) for t in range(2)}
    >>> analytic.covered([8], 2, stride=3, output_padding=2) == len(landed) == 16
    True
    >>> reads = [any(0 <= i + t - 5 < 2 for t in range(3)) for i in range(10)]
    >>> analytic.covered([2], 3, padding=5, transposed=False) == sum(reads) == 4
    True
    """
    axes = axes_of(input_size, kernel_size, **geometry)
    return int(totals.products(INTEGERS, axes, geometry.get("transposed", True))[1].covered)


def inputs_reached(
    input_size: InputSize, kernel_size: PerAxis, **geometry: Unpack[Geometry]
) -> int:
    r"""Inputs that take part in a product: on which the output depends.

    .. math:: \prod I, \qquad I = \#\{i : \exists t,\ 0 \le i s + t d - p < L\}

    of a transposed convolution, and `covered` of the same pairs of an ordinary one. Arguments and
    errors as in `output_size`. Cost: O(log min(s, d)) an axis, whatever the size.
    Source: notes/derivation.md, theorems 2 and 11.

    >>> import analytic
    >>> lands = [any(0 <= i * 3 + t - 2 < 7 for t in range(2)) for i in range(4)]
    >>> analytic.inputs_reached([4], 2, stride=3, padding=2) == sum(lands) == 2
    True
    """
    axes = axes_of(input_size, kernel_size, **geometry)
    return int(totals.reached(INTEGERS, axes, geometry.get("transposed", True)).inputs)


def taps_reached(input_size: InputSize, kernel_size: PerAxis, **geometry: Unpack[Geometry]) -> int:
    r"""Taps that take part in a product. The others are dead: their weights have no gradient.

    .. math:: \prod J, \qquad J = \#\{t : \exists i,\ 0 \le i s + t d - p < L\}

    Arguments and errors as in `output_size`. Cost: O(log min(s, d)) an axis, whatever the size.
    Source: notes/derivation.md, theorem 11.

    >>> import analytic
    >>> analytic.taps_reached((28, 28), 3, padding=36, dilation=36, transposed=False)
    1
    >>> sum(any(0 <= i + t * 36 - 36 < 28 for i in range(28)) for t in range(3))
    1
    """
    axes = axes_of(input_size, kernel_size, **geometry)
    return int(totals.reached(INTEGERS, axes, geometry.get("transposed", True)).taps)


def additions_per_filter(
    input_size: InputSize,
    kernel_size: PerAxis,
    *,
    convention: ConventionName = "nonzero",
    **geometry: Unpack[Geometry],
) -> int:
    r"""Additions that sum the products of one filter: what the published experiment counts.

    .. math:: \prod T - \prod C \quad (\text{"nonzero", "exact"}), \qquad
              \prod T - \prod L \quad (\text{"documented"})

    The first product on a position is assigned, every other one added; ``"documented"`` charges
    −1 to a position on which none lands. Of an ordinary convolution, with its covered outputs for
    ΠC, ``"documented"`` is the published ``P·(K − 1)``. Arguments and errors as in `output_size`;
    an unknown convention is a `ValueError`. Cost: O(log min(s, d)) an axis, whatever the size.
    Source: the documentation of ConvTranspose1d and Conv1d in the ModuleProfiler project, section
    Operations per filter; notes/derivation.md, theorems 1 and 2.

    >>> import analytic
    >>> analytic.additions_per_filter((2, 2), 2)
    7
    >>> sum(c - 1 for row in analytic.coverage((2, 2), 2) for c in row)
    7
    """
    axes = axes_of(input_size, kernel_size, **geometry)
    transposed = geometry.get("transposed", True)
    _, products = totals.products(INTEGERS, axes, transposed)
    return int(totals.additions_per_filter(products, convention, transposed))


def count(
    layer: Layer, *, convention: ConventionName = "nonzero", rule: RuleName = "exact"
) -> Count:
    r"""Every count of a layer.

    .. math:: \text{total} = N (\psi \lambda + \gamma), \quad \psi = C_{in} C_{out} / groups

    λ is the multiplications and additions of one filter, γ the additions that sum the channels of
    a group and the bias; ``convention`` says which of them are counted, ``rule`` which MACs.
    Unknown names are a `ValueError`. Cost: O(log min(s, d)) an axis, whatever the size.
    Source: notes/conventions.md; the theorem is notes/derivation.md, theorems 1 and 2.

    >>> from analytic import Layer, count
    >>> print(count(Layer((8, 8), 4, 6, 4, stride=2, padding=1, batch_size=2)))
    exact MACs                   43200
    2 × exact MACs               86400
    published formula (nonzero)  239808
    """
    layer = as_layer(layer)
    sizes, products = totals.products(INTEGERS, layer.axes, layer.transposed)
    return totals.count(INTEGERS, layer, sizes, products, convention, rule, layer.transposed)


def macs(layer: Layer, *, rule: RuleName = "exact") -> int:
    r"""Multiply-accumulates of a layer, by one of the rules in use.

    .. math:: N \psi \prod T \ (\text{"exact"}), \qquad N \psi \prod n \prod k \ (\text{"input"}),
              \qquad N \psi \prod L \prod k \ (\text{"output"})

    ``"exact"`` counts the products that land in the output, ``"input"`` lets every input meet the
    whole kernel, ``"output"`` charges every output a whole kernel; in an ordinary convolution there
    are ΠL inputs and Πn outputs. An unknown rule is a `ValueError`.
    Cost: O(log min(s, d)) an axis, whatever the size. Source: notes/conventions.md.

    >>> from analytic import Layer, macs
    >>> layer = Layer((8, 8), 4, 6, 4, stride=2, padding=1, batch_size=2)
    >>> [macs(layer, rule=rule) for rule in ("exact", "input", "output")]
    [43200, 49152, 196608]
    """
    layer = as_layer(layer)
    _, products = totals.products(INTEGERS, layer.axes, layer.transposed)
    return int(totals.macs(INTEGERS, layer, products, rule))


def passes(layer: Layer, *, rule: RuleName = "exact") -> Passes:
    r"""What a layer costs in training: forward, and its gradients by input, weight and bias.

    .. math:: M = N \psi \prod T \ \text{multiplications in each but the last}, \qquad
              \text{additions} = M - \text{elements that receive a product}

    of transposed and ordinary convolutions alike, for all six run over the same pairs. A bias is
    added to the elements of the forward pass, and its gradient sums ``N·P`` values a channel.
    Operations are multiplications that land, and additions (the exact convention); ``rule`` says
    how MACs are counted. An unknown rule is a `ValueError`.
    Cost: O(log min(s, d)) an axis, whatever the size. Source: notes/derivation.md, theorem 12.

    >>> from analytic import Layer, passes
    >>> step = passes(Layer((8, 8), 4, 6, 4, stride=2, padding=1, batch_size=2))
    >>> step.grad_weight
    Pass(macs=43200, additions=42816, operations=86016, elements=384, reached=384)
    >>> step.training_step().macs, step.training_step(grad_input=False).macs
    (129600, 86400)
    >>> depthwise = Layer((16, 16), 32, 32, 3, padding=1, groups=32, transposed=False)
    >>> step = passes(depthwise)
    >>> (step.grad_input.macs + step.grad_weight.macs) / step.forward.macs
    2.0
    """
    layer = as_layer(layer)
    axes = totals.reached(INTEGERS, layer.axes, layer.transposed)
    return totals.passes(INTEGERS, layer, axes, rule)


def floor_sum(n: SupportsIndex, m: SupportsIndex, a: SupportsIndex, b: SupportsIndex) -> int:
    r"""Sum of floors of an arithmetic progression: what the counts are made of.

    .. math:: \sum_{i=0}^{n-1} \left\lfloor \frac{a i + b}{m} \right\rfloor

    Constraints: ``m ≥ 1``; ``a`` and ``b`` of either sign; an ``n ≤ 0`` sums nothing. Raises
    `ValueError` for another ``m``, `TypeError` for what is not an integer.
    Cost: O(log min(a, m)) steps of Euclid's algorithm for ``a ≥ 1``, O(log m) otherwise.
    Source: notes/derivation.md, theorem 3.

    >>> import analytic
    >>> analytic.floor_sum(5, 3, 7, -4) == sum((7 * i - 4) // 3 for i in range(5))
    True
    """
    modulus = integer("m", m)
    if modulus < 1:
        raise ValueError(f"m must be positive, got {shown(modulus)}")
    return INTEGERS.floor_sum(integer("n", n), modulus, integer("a", a), integer("b", b))


def as_layer(layer: object) -> Layer:
    """``layer`` itself, or a `TypeError`."""
    if not isinstance(layer, Layer):
        raise TypeError(f"layer must be an analytic.Layer, got {type(layer).__name__}")
    return layer
