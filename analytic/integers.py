"""The integer evaluator: one layer of any size, exactly, in microseconds."""

from __future__ import annotations

from analytic import totals
from analytic.arithmetic import INTEGERS
from analytic.axis import size
from analytic.layer import Layer, axes_of, integer, shown

TYPE_CHECKING = False  # not from typing, whose import would cost more than all of ours
if TYPE_CHECKING:
    from typing import SupportsIndex

    from analytic.protocols import InputSize, PerAxis
    from analytic.totals import Count


def output_size(
    input_size: InputSize,
    kernel_size: PerAxis,
    *,
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    output_padding: PerAxis = 0,
    dilation: PerAxis = 1,
    end_padding: PerAxis | None = None,
) -> tuple[int, ...]:
    r"""Output positions along each axis.

    .. math:: L = (n - 1) s - 2 p + d (k - 1) + o + 1

    ``input_size`` is a list or tuple with one entry an axis. Every other argument is one integer
    for all axes or one entry an axis; all but ``kernel_size`` also take a sequence of length 1.
    With ``end_padding``, ``padding`` and ``end_padding`` crop begin and end, in place of ``2p``.

    Raises `LayerError` for what no layer has (a kernel of 0, an output of no size) and
    `TypeError` for what is not an integer. Cost: O(1) an axis.
    Source: documentation of ``torch.nn.ConvTranspose2d``, section Shape.

    >>> import analytic
    >>> analytic.output_size((8, 8), 4, stride=2, padding=1)
    (16, 16)
    """
    return tuple(
        [
            size(axis)
            for axis in axes_of(
                input_size, kernel_size, stride, padding, output_padding, dilation, end_padding
            )
        ]
    )


def overlaps(
    input_size: InputSize,
    kernel_size: PerAxis,
    *,
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    output_padding: PerAxis = 0,
    dilation: PerAxis = 1,
    end_padding: PerAxis | None = None,
) -> int:
    r"""Products of one filter that land in the output: the MACs of one kernel.

    .. math:: \prod T, \qquad T = \#\{(i, t) : 0 \le i s + t d - p < L\} = \sum_y c(y)

    Arguments and errors as in `output_size`. Cost: O(log min(s, d)) an axis, whatever the size.
    Source: notes/derivation.md, theorem 1.

    >>> import analytic
    >>> landed = [i * 2 + t - 1 for i in range(8) for t in range(4)]
    >>> analytic.overlaps([8], 4, stride=2, padding=1) == sum(0 <= y < 16 for y in landed)
    True
    """
    axes = axes_of(input_size, kernel_size, stride, padding, output_padding, dilation, end_padding)
    return int(totals.products(INTEGERS, axes)[1].overlaps)


def covered(
    input_size: InputSize,
    kernel_size: PerAxis,
    *,
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    output_padding: PerAxis = 0,
    dilation: PerAxis = 1,
    end_padding: PerAxis | None = None,
) -> int:
    r"""Output positions on which at least one product lands.

    .. math:: \prod C, \qquad C = \#\{y : c(y) > 0\}

    Arguments and errors as in `output_size`. Cost: O(log min(s, d)) an axis, whatever the size.
    Source: notes/derivation.md, theorem 2.

    >>> import analytic
    >>> landed = {i * 3 + t for i in range(8) for t in range(2)}
    >>> analytic.covered([8], 2, stride=3, output_padding=2) == len(landed) == 16
    True
    """
    axes = axes_of(input_size, kernel_size, stride, padding, output_padding, dilation, end_padding)
    return int(totals.products(INTEGERS, axes)[1].covered)


def additions_per_filter(
    input_size: InputSize,
    kernel_size: PerAxis,
    *,
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    output_padding: PerAxis = 0,
    dilation: PerAxis = 1,
    end_padding: PerAxis | None = None,
    convention: str = "nonzero",
) -> int:
    r"""Additions that sum the products of one filter: what the published experiment counts.

    .. math:: \prod T - \prod C \quad (\text{"nonzero", "exact"}), \qquad
              \prod T - \prod L \quad (\text{"documented"})

    The first product on a position is assigned, every other one added; ``"documented"`` charges
    −1 to a position on which none lands. Arguments and errors as in `output_size`; an unknown
    convention is a `ValueError`. Cost: O(log min(s, d)) an axis, whatever the size.
    Source: the documentation of ConvTranspose1d in the ModuleProfiler project, section Operations
    per filter; notes/derivation.md, theorems 1 and 2.

    >>> import analytic
    >>> analytic.additions_per_filter((2, 2), 2)
    7
    >>> sum(c - 1 for row in analytic.coverage((2, 2), 2) for c in row)
    7
    """
    axes = axes_of(input_size, kernel_size, stride, padding, output_padding, dilation, end_padding)
    _, products = totals.products(INTEGERS, axes)
    return int(totals.additions_per_filter(products, convention))


def count(layer: Layer, *, convention: str = "nonzero", rule: str = "exact") -> Count:
    r"""Every count of a layer.

    .. math:: \text{total} = N (\psi \lambda + \gamma), \quad \psi = C_{in} C_{out} / groups

    λ is the multiplications and additions of one filter, γ the additions that sum the channels of
    a group and the bias; ``convention`` says which of them are counted, ``rule`` which MACs.
    Unknown names are a `ValueError`. Cost: O(log min(s, d)) an axis, whatever the size.
    Source: notes/conventions.md; the theorem is notes/derivation.md, theorems 1 and 2.

    >>> from analytic import Layer, count
    >>> print(count(Layer((8, 8), 4, 6, 4, stride=2, padding=1, batch_size=2)))
    operations (nonzero convention)   239808
    MACs (exact rule)                 43200
    2 × MACs (exact rule)             86400
    """
    layer = as_layer(layer)
    sizes, products = totals.products(INTEGERS, layer.axes)
    return totals.count(INTEGERS, layer, sizes, products, convention, rule)


def macs(layer: Layer, *, rule: str = "exact") -> int:
    r"""Multiply-accumulates of a layer, by one of the rules in use.

    .. math:: N \psi \prod T \ (\text{"exact"}), \qquad N \psi \prod n \prod k \ (\text{"input"}),
              \qquad N \psi \prod L \prod k \ (\text{"output"})

    ``"exact"`` counts the products that land in the output, ``"input"`` lets every input meet the
    whole kernel, ``"output"`` charges every output a whole kernel. An unknown rule is a
    `ValueError`. Cost: O(log min(s, d)) an axis, whatever the size. Source: notes/conventions.md.

    >>> from analytic import Layer, macs
    >>> layer = Layer((8, 8), 4, 6, 4, stride=2, padding=1, batch_size=2)
    >>> [macs(layer, rule=rule) for rule in ("exact", "input", "output")]
    [43200, 49152, 196608]
    """
    layer = as_layer(layer)
    _, products = totals.products(INTEGERS, layer.axes)
    return int(totals.macs(INTEGERS, layer, products, rule))


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
