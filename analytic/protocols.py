"""What the formulas need of a number system and of a layer.

For the reader and the type checker: the package does not import this module at run time, because
`typing` alone would double what `import analytic` costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol, SupportsIndex, TypeAlias, TypedDict

#: One entry an axis, in a list or tuple. NumPy's integers are integers.
InputSize = Sequence[SupportsIndex]
#: One integer for all axes, or one an axis.
PerAxis = SupportsIndex | Sequence[SupportsIndex]
#: An ordinary convolution also takes torch's words.
Padding: TypeAlias = PerAxis | Literal["same", "valid"]

#: What is counted: the names of `totals.CONVENTIONS`.
ConventionName = Literal["nonzero", "documented", "exact"]
#: How MACs are counted: the names of `totals.RULES`.
RuleName = Literal["exact", "input", "output"]
#: What a table is written as: the names of `report.FORMATS`.
StyleName = Literal["table", "markdown", "latex", "json", "csv"]
#: What formulas are exported to: the names of `export.LANGUAGES`.
LanguageName = Literal["latex", "mathml", "python", "numpy", "c", "javascript"]


class Geometry(TypedDict, total=False):
    """What every function of the vocabulary takes beside ``input_size`` and ``kernel_size``."""

    stride: PerAxis
    padding: Padding
    output_padding: PerAxis
    dilation: PerAxis
    end_padding: PerAxis | None
    transposed: bool
    axes: int | None


class Arguments(Geometry, total=False):
    """What a `Layer` takes beside its sizes and its channels."""

    groups: SupportsIndex
    bias: bool
    batch_size: SupportsIndex


class Arithmetic(Protocol):
    """The operations, beside ``+ - * //``, that a formula may use."""

    def maximum(self, a: Any, b: Any, /) -> Any:
        """The larger of two numbers."""

    def minimum(self, a: Any, b: Any, /) -> Any:
        """The smaller of two numbers that are not negative."""

    def gcd(self, a: Any, b: Any, /) -> Any:
        """Greatest common divisor of two positive numbers."""

    def quotient(self, a: Any, b: Any, /) -> Any:
        """``a/b`` where ``b`` is known to divide ``a``."""

    def floor_sum(self, n: Any, m: Any, a: Any, b: Any, /) -> Any:
        """``Σ_{i<n} ⌊(a·i + b)/m⌋``, as in `floorsum.floor_sum`."""

    def F(self, n: Any, k: Any, s: Any, d: Any, t: Any, /) -> Any:
        """Pairs of the box ``[0,n)×[0,k)`` with ``i·s + j·d < t``: `floorsum.lattice_points`."""


class LayerLike(Protocol):
    """What the totals read of a layer beside its axes, in whatever numbers it has."""

    @property
    def in_channels(self) -> Any: ...
    @property
    def out_channels(self) -> Any: ...
    @property
    def groups(self) -> Any: ...
    @property
    def bias(self) -> Any: ...
    @property
    def batch_size(self) -> Any: ...
