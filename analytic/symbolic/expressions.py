"""The arithmetic of SymPy expressions, over which the formulas become formulas to publish.

`EXPRESSIONS` leaves ``F`` a function; `Theorem` and `Closed` also give the parts of an axis names,
so that a formula is a few short lines and not one long one.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import TYPE_CHECKING, Any

from sympy import (
    Dummy,
    Expr,
    Function,
    Integer,
    Max,
    Min,
    Rational,
    Sum,
    Symbol,
    ceiling,
    floor,
    sympify,
)

from analytic.arithmetic import INTEGERS
from analytic.axis import ordinary, size
from analytic.floorsum import floor_sum as integer_floor_sum
from analytic.floorsum import lattice_points

if TYPE_CHECKING:
    from analytic.symbolic.parameters import GeneralAxis


class F(Function):  # type: ignore[misc]  # SymPy has no types
    r"""Pairs of a box under a threshold, as a function of expressions.

    .. math:: F(n, k, s, d; t) = \#\{(i, j) \in [0, n) \times [0, k) : i s + j d < t\}

    The steps ``s`` and ``d`` are positive: a `ValueError` refuses those that are known not to be.
    Integers evaluate; a threshold or a side that is known not to be positive gives 0. An integer
    and never negative. ``rewrite(Sum)`` gives the sum over the rows of the box.

    References: notes/derivation.md, theorem 3 (``F`` is a floor sum); R. L. Graham, D. E. Knuth,
    O. Patashnik, *Concrete Mathematics*, chapter 3, on sums of floors.

    >>> from sympy.abc import t
    >>> F(5, 4, 3, 2, 11) == sum(3 * i + 2 * j < 11 for i in range(5) for j in range(4))
    True
    >>> F(5, 4, 3, 2, t), F(5, 4, 3, 2, -t**2 - 1).subs(t, 7)
    (F(5, 4, 3, 2, t), 0)
    """

    nargs = (5,)
    is_integer = True
    is_nonnegative = True

    @classmethod
    def eval(cls, n: Expr, k: Expr, s: Expr, d: Expr, t: Expr) -> Expr | None:
        """A number where the arguments are numbers, 0 where the box or the cut is empty."""
        if s.is_nonpositive or d.is_nonpositive:
            raise ValueError(f"the steps of F must be positive, got {s} and {d}")
        if n.is_nonpositive or k.is_nonpositive or t.is_nonpositive:
            return Integer(0)
        if all(isinstance(value, Integer) for value in (n, k, s, d, t)):
            return Integer(INTEGERS.F(int(n), int(k), int(s), int(d), int(t)))
        return None

    def _latex(self, printer: Any) -> str:
        n, k, s, d, t = map(printer._print, self.args)
        return rf"F_{{{s}, {d}}}\left({n}, {k}; {t}\right)"

    def _eval_rewrite_as_Sum(self, *args: Expr, **_hints: object) -> Expr:
        n, k, s, d, t = args
        i = Dummy("i", integer=True, nonnegative=True)
        return Sum(Min(k, Max(0, ceiling((t - i * s) / d))), (i, 0, n - 1))


class FloorSum(Function):  # type: ignore[misc]
    """`floorsum.floor_sum` as a function of expressions: ``Σ_{i<n} ⌊(a·i + b)/m⌋``."""

    nargs = (4,)
    is_integer = True

    @classmethod
    def eval(cls, n: Expr, m: Expr, a: Expr, b: Expr) -> Expr | None:
        """A number where the arguments are numbers."""
        if all(isinstance(value, Integer) for value in (n, m, a, b)):
            return Integer(integer_floor_sum(int(n), int(m), int(a), int(b)))
        return None


class Gcd(Function):  # type: ignore[misc]
    """Greatest common divisor of two positive integers.

    (SymPy's ``gcd`` is that of polynomials: it answers 1 for two symbols.)

    >>> from sympy import symbols
    >>> s, d = symbols("s d", integer=True, positive=True)
    >>> Gcd(12, 18), Gcd(s, 1), Gcd(2 * s, s), Gcd(s, d)
    (6, 1, s, Gcd(s, d))
    """

    nargs = (2,)
    is_integer = True
    is_positive = True

    @classmethod
    def eval(cls, a: Expr, b: Expr) -> Expr | None:
        """Numbers, and expressions of which one is seen to divide the other."""
        if isinstance(a, Integer) and isinstance(b, Integer):
            return Integer(INTEGERS.gcd(int(a), int(b)))
        if (a / b).is_integer:
            return b
        if (b / a).is_integer:
            return a
        return None

    def _latex(self, printer: Any) -> str:
        return rf"\gcd\left({', '.join(map(printer._print, self.args))}\right)"


class Quotient(Function):  # type: ignore[misc]
    """``a/b`` where ``b`` is known to divide ``a``: an integer, which SymPy cannot see of ``a/b``.

    >>> from sympy import symbols
    >>> s, g = symbols("s g", integer=True, positive=True)
    >>> Quotient(12, 4), Quotient(6 * s, s), Quotient(s, g).is_integer
    (3, 6, True)
    """

    nargs = (2,)
    is_integer = True

    @classmethod
    def eval(cls, a: Expr, b: Expr) -> Expr | None:
        """The fraction where it is seen to be whole; numbers in any case."""
        ratio = a / b
        return ratio if ratio.is_integer or isinstance(ratio, Rational) else None

    def _latex(self, printer: Any) -> str:
        a, b = map(printer._print, self.args)
        return rf"\frac{{{a}}}{{{b}}}"

    def _eval_is_positive(self) -> bool | None:
        a, b = self.args
        return True if a.is_positive and b.is_positive else None


class Local(Symbol):  # type: ignore[misc]
    """A part of a formula that has a name: ``T0`` is the overlaps of axis 0."""

    __slots__ = ()


class Expressions:
    """SymPy expressions; ``F`` stays a function."""

    maximum = staticmethod(Max)
    minimum = staticmethod(Min)
    gcd = staticmethod(Gcd)
    quotient = staticmethod(Quotient)
    floor_sum = staticmethod(FloorSum)
    F = staticmethod(F)


EXPRESSIONS = Expressions()


class Theorem:
    """The same for one axis, giving names to what the theorem takes from the arithmetic.

    ``definitions`` says what each name stands for, in terms of the parameters and earlier names:
    ``g = gcd(s, d)``, ``u = d/g``, ``v = s/g``, ``n_met = max(n − u, 0)`` and ``k_met`` likewise.
    ``axis`` is that of the pairs; of an ordinary convolution its ``n`` is the output size, ``L``.
    """

    F: Any = staticmethod(F)
    floor_sum: Any = staticmethod(FloorSum)

    def __init__(self, axis: GeneralAxis) -> None:
        self.at = axis.at
        self.definitions: dict[Local, Expr] = {}
        self.known: dict[Expr, Expr] = {}
        self.transposed = axis.transposed
        #: What the two maxima are of, and their names.
        self.met: dict[Expr, str] = {}
        self.axis = axis.given
        if not axis.transposed:
            pairs = ordinary(*axis.given[:6])
            outputs = self.define("L", pairs.n, positive=True)
            self.axis = pairs._replace(n=outputs, o=pairs.o.xreplace({pairs.n - 1: outputs - 1}))

    def gcd(self, a: Expr, b: Expr) -> Expr:
        """`Gcd`, named."""
        return self.named(Gcd(a, b), "g")

    def quotient(self, a: Expr, b: Expr) -> Expr:
        """`Quotient`, named: inputs between two pairs of one value, or taps."""
        n, k, s, d, *_ = self.axis
        apart = self.named(Quotient(a, b), "u" if a == d else "v")
        if a == s:
            self.met[k - apart] = "k_met"
        if a == d:
            self.met[n - apart] = "n_met"
        return apart

    def maximum(self, a: Expr, b: Expr) -> Expr:
        """The larger, named if it has a name; in ``max(L − d, 0)`` the size is called ``L``."""
        name = self.met.get(a, "")
        step = size(self.axis) - a
        if self.transposed and not name and step in self.axis[2:4]:
            a = self.define("L", size(self.axis)) - step
        return self.named(larger(sympify(a), sympify(b)), name)

    def minimum(self, a: Expr, b: Expr) -> Expr:
        """The smaller."""
        return self.named(smaller(sympify(a), sympify(b)))

    def named(self, expression: Expr, name: str = "") -> Expr:
        """An expression by its name, if it has one."""
        if is_short(expression) or expression in self.known:
            return self.known.get(expression, expression)
        return self.define(name, expression) if name else expression

    def define(self, name: str, expression: Expr, *, positive: bool = False) -> Expr:
        """This name for an expression; none where it is as short as a name."""
        if is_short(expression):
            return expression
        # Ask for the sign only where the answer is of use and costs little.
        signed = isinstance(expression, (Gcd, Quotient, Max)) and expression.is_nonnegative
        positive = positive or (signed and expression.is_positive)
        sign = {"positive" if positive else "nonnegative": True} if signed or positive else {}
        local = Local(self.full(name), integer=True, **sign)
        self.known[expression] = local
        self.definitions[local] = expression
        return local

    def full(self, name: str) -> str:
        """The name with the number of the axis: ``n0_met``."""
        return f"{name[0]}{self.at}{name[1:]}"


class Closed(Theorem):
    """The same with ``F`` unrolled by Euclid's steps, where stride and dilation are integers.

    What is left are polynomials in floors, `Min` and `Max`: a quasi-polynomial, as A. I. Barvinok's
    algorithm computes one (*Mathematics of Operations Research* 19, 1994).
    """

    def __init__(self, axis: GeneralAxis) -> None:
        self.numbers = count(1)
        super().__init__(axis)

    def named(self, expression: Expr, name: str = "") -> Expr:
        """An expression by the next number: most have no name."""
        del name
        if is_short(expression) or expression in self.known:
            return self.known.get(expression, expression)
        return self.define(f"x_{next(self.numbers)}", expression)

    def F(self, n: Expr, k: Expr, s: Expr, d: Expr, t: Expr) -> Expr:
        """`floorsum.lattice_points`, step by step."""
        if n.is_nonpositive or k.is_nonpositive or t.is_nonpositive:
            return Integer(0)
        return lattice_points(self, n, k, s, d, self.maximum(t, Integer(0)))

    def floor_sum(self, n: Expr, m: Expr, a: Expr, b: Expr) -> Expr:
        """`floorsum.floor_sum` for integers ``m`` and ``a``: Euclid's steps, until the slope is 0.

        The loop there also stops at ``n = 0``, which only saves steps that add nothing. Quotients
        are rounded to the nearest, so that there are few steps: a slope that becomes negative is
        made positive by summing from the other end.
        """
        slope, modulus = int(a), int(m)
        total = Integer(0)
        while True:
            quotient = (2 * slope + modulus) // (2 * modulus)
            slope -= quotient * modulus
            total += quotient * n * (n - 1) / 2
            if slope < 0:
                b, slope = b + slope * (n - 1), -slope
            b = self.named(b)
            lower = self.floor_div(b, modulus)
            total += lower * n
            if slope == 0:
                return total
            reach = self.named(slope * n + b)
            upper = self.floor_div(reach, modulus)
            n, b = self.named(upper - lower), reach - modulus * upper
            modulus, slope = slope, modulus

    def floor_div(self, a: Expr, b: int) -> Expr:
        """``⌊a/b⌋``, named. SymPy would look long for terms to take out of the floor."""
        if b == 1 or isinstance(a, Integer):
            return a // b
        return self.named(floor(a / b, evaluate=False))


def larger(a: Expr, b: Expr) -> Expr:
    """`Max` of two, without the search that SymPy makes for more."""
    apart = a - b
    if apart.is_nonnegative or apart.is_nonpositive:
        return a if apart.is_nonnegative else b
    return Max(a, b, evaluate=False)


def smaller(a: Expr, b: Expr) -> Expr:
    """`Min` of two, likewise."""
    apart = a - b
    if apart.is_nonnegative or apart.is_nonpositive:
        return b if apart.is_nonnegative else a
    return Min(a, b, evaluate=False)


def is_short(expression: Expr) -> bool:
    """Whether a name would be no shorter: a number, a symbol, or less a symbol."""
    return bool(expression.is_Atom or (-expression).is_Atom)


def substitute(
    expression: Expr, definitions: Mapping[Local, Expr], *, evaluate: bool = True
) -> Expr:
    """The expression with every name replaced by what it stands for, to the last.

    Without ``evaluate`` terms are not collected anew, which in long expressions would take long.
    """
    replace = Expr.xreplace if evaluate else rebuilt
    meaning: dict[Local, Expr] = {}
    for name, value in definitions.items():
        meaning[name] = replace(value, meaning)
    return replace(expression, meaning)


def rebuilt(expression: Expr, meaning: Mapping[Local, Expr]) -> Expr:
    """`Expr.xreplace` without evaluation."""
    if isinstance(expression, Local):
        return meaning[expression]
    if not expression.args:
        return expression
    return expression.func(*[rebuilt(a, meaning) for a in expression.args], evaluate=False)
