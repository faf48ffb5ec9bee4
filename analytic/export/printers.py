"""Expressions as code in which integers stay exact: every division is a floor division.

SymPy's own code printers write ``floor(n/2)`` as ``floor((1.0/2.0)*n)``. These write integers,
symbols, sums, products, powers, fractions that are whole, ``floor``, ``ceiling``, ``Mod``, ``Abs``,
``Min``, ``Max``, ``Piecewise``, relations and the functions of `expressions`; they refuse the rest.
A fraction is written where it is known to be whole, and directly under ``floor`` or ``ceiling``.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import reduce
from typing import NoReturn

from sympy import Basic, Expr, Max, Piecewise
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean
from sympy.printing.codeprinter import CodePrinter
from sympy.printing.precedence import PRECEDENCE

from analytic.symbolic.parameters import is_whole

INT64 = range(-(2**63), 2**63)

#: What is written, by class; SymPy's printers would write other functions too, and floats.
KNOWN = """Symbol Local Integer Zero One NegativeOne Add Mul Pow floor ceiling Mod Abs Min Max
    Quotient Gcd F FloorSum Piecewise And Or GreaterThan LessThan StrictGreaterThan StrictLessThan
    Equality Unequality BooleanTrue"""


class PositiveFirst:
    """Of a printer: a sum does not open with a minus sign where it can be helped."""

    def _as_ordered_terms(self, expr: Expr, order: str | None = None) -> list[Expr]:
        terms: list[Expr] = super()._as_ordered_terms(expr, order)  # type: ignore[misc]
        for i, term in enumerate(terms):
            if not term.could_extract_minus_sign():
                return [term, *terms[:i], *terms[i + 1 :]]
        return terms


class IntegerPrinter(PositiveFirst, CodePrinter):  # type: ignore[misc]  # SymPy has no types
    """What the languages have in common: they say how an operation is written."""

    language = ""
    #: How the operators of conditions are written.
    conjunction, disjunction = "&&", "||"
    equal, unequal = "==", "!="

    def _print(self, expr: Basic, **options: object) -> str:
        if type(expr).__name__ not in KNOWN.split():
            self.refuse(expr)
        return str(super()._print(expr, **options))

    def refuse(self, expr: Basic) -> NoReturn:
        """Refuse what has no exact integer arithmetic."""
        raise ValueError(f"{type(expr).__name__} cannot be written in {self.language}: {expr}")

    def number(self, value: int) -> str:
        """A literal."""
        return str(value)

    def call(self, name: str, *arguments: Expr) -> str:
        """A function of the language or of its helpers."""
        return f"{name}({', '.join(map(self._print, arguments))})"

    @abstractmethod
    def sum(self, terms: Sequence[Expr]) -> str:
        """``a + b − c``."""

    @abstractmethod
    def product(self, factors: Sequence[Expr]) -> str:
        """``a·b·c``."""

    @abstractmethod
    def power(self, base: Expr, exponent: Expr) -> str:
        """``base`` to a power that is not negative."""

    @abstractmethod
    def negative(self, text: str) -> str:
        """Less what is written already."""

    @abstractmethod
    def floor_div(self, a: Expr, b: Expr) -> str:
        """``⌊a/b⌋``."""

    def choice(self, condition: Boolean, value: str, other: str) -> str:
        """A value where a condition holds."""
        return f"({self._print(condition)} ? {value} : {other})"

    def whole(self, expr: Expr) -> str:
        """A count, or what else is an integer though SymPy need not see it; or a relation."""
        if isinstance(expr, Piecewise):
            return self.cases(expr, self.whole)
        if expr.is_Add or expr.is_Mul:
            numerator, denominator = expr.as_numer_denom()
            if denominator != 1:
                return self.floor_div(numerator, denominator)
        return self._print(expr)

    def fraction(self, expr: Expr) -> str | None:
        """A fraction that is known to be whole; None for what is no fraction."""
        if expr.as_numer_denom()[1] == 1:
            return None
        if not is_whole(expr):
            raise ValueError(
                f"{expr} may be no integer and cannot be written in {self.language} "
                "but as all of what is under a floor or a ceiling"
            )
        return self.whole(expr)

    def _print_Symbol(self, expr: Expr) -> str:
        return str(expr.name)

    def _print_Integer(self, expr: Expr) -> str:
        return self.number(int(expr))

    _print_Zero = _print_One = _print_NegativeOne = _print_Integer

    def _print_Add(self, expr: Expr, order: str | None = None) -> str:
        return self.fraction(expr) or self.sum(self._as_ordered_terms(expr, order))

    def _print_Mul(self, expr: Expr) -> str:
        return self.fraction(expr) or self.product(expr.as_ordered_factors())

    def _print_Pow(self, expr: Expr) -> str:
        if not expr.exp.is_nonnegative:
            self.refuse(expr)
        return self.power(*expr.args)

    def _print_floor(self, expr: Expr) -> str:
        return self.floor_div(*expr.args[0].as_numer_denom())

    def _print_ceiling(self, expr: Expr) -> str:
        numerator, denominator = expr.args[0].as_numer_denom()
        return self.negative(self.floor_div(-numerator, denominator))

    def _print_Abs(self, expr: Expr) -> str:
        return self._print(Max(expr.args[0], -expr.args[0], evaluate=False))

    def _print_Quotient(self, expr: Expr) -> str:
        return self.floor_div(*expr.args)

    def _print_F(self, expr: Expr) -> str:
        return self.call("F", *expr.args)

    def _print_FloorSum(self, expr: Expr) -> str:
        return self.call("floor_sum", *expr.args)

    def _print_Piecewise(self, expr: Expr) -> str:
        return self.cases(expr, self._print)

    def cases(self, expr: Expr, write: Callable[[Expr], str]) -> str:
        """A choice of several, of which the last has no condition."""
        *some, (otherwise, last) = expr.args
        if last != True:  # noqa: E712  # SymPy's
            self.refuse(expr)
        text = write(otherwise)
        for value, condition in reversed(some):
            text = self.choice(condition, write(value), text)
        return text

    def _print_Relational(self, expr: Relational) -> str:
        operator = {"==": self.equal, "!=": self.unequal}.get(expr.rel_op, expr.rel_op)
        return f"{self._print(expr.lhs)} {operator} {self._print(expr.rhs)}"

    def _print_And(self, expr: Boolean) -> str:
        return f" {self.conjunction} ".join(f"({self._print(c)})" for c in expr.args)

    def _print_Or(self, expr: Boolean) -> str:
        return f" {self.disjunction} ".join(f"({self._print(c)})" for c in expr.args)


class Infix(IntegerPrinter):
    """A language whose integers have operators and are of any size."""

    def negative(self, text: str) -> str:
        """``(-a)``."""
        return f"(-{text})"

    def sum(self, terms: Sequence[Expr]) -> str:
        """``a + b − c``."""
        text = str(self.parenthesize(terms[0], PRECEDENCE["Add"]))
        for term in terms[1:]:
            minus = term.could_extract_minus_sign()
            rest = self.parenthesize(-term if minus else term, PRECEDENCE["Add"], strict=False)
            text += f" - {rest}" if minus else f" + {rest}"
        return text

    def product(self, factors: Sequence[Expr]) -> str:
        """``a*b*c``."""
        if factors[0] == -1:
            return "-" + self.product(factors[1:])
        return "*".join(self.parenthesize(factor, PRECEDENCE["Mul"]) for factor in factors)

    def power(self, base: Expr, exponent: Expr) -> str:
        """``base**exponent``."""
        a, b = (self.parenthesize(value, PRECEDENCE["Func"]) for value in (base, exponent))
        return f"{a}**{b}"

    def _print_Max(self, expr: Expr) -> str:
        return self.call("max", *expr.args)

    def _print_Min(self, expr: Expr) -> str:
        return self.call("min", *expr.args)

    def _print_Gcd(self, expr: Expr) -> str:
        return self.call("gcd", *expr.args)


class Python(Infix):
    """Python."""

    language = "python"
    conjunction, disjunction = "and", "or"

    def floor_div(self, a: Expr, b: Expr) -> str:
        """``(a//b)``."""
        a_text = self.parenthesize(a, PRECEDENCE["Mul"], strict=False)
        return f"({a_text}//{self.parenthesize(b, PRECEDENCE['Mul'], strict=True)})"

    def choice(self, condition: Boolean, value: str, other: str) -> str:
        """``(a if c else b)``."""
        return f"({value} if {self._print(condition)} else {other})"

    def _print_Mod(self, expr: Expr) -> str:
        a, b = (self.parenthesize(value, PRECEDENCE["Func"]) for value in expr.args)
        return f"({a} % {b})"


class JavaScript(Infix):
    """JavaScript, with BigInt."""

    language = "javascript"
    equal, unequal = "===", "!=="

    def number(self, value: int) -> str:
        """``5n``."""
        return f"{value}n"

    def floor_div(self, a: Expr, b: Expr) -> str:
        """``floor_div(a, b)``."""
        return self.call("floor_div", a, b)

    def _print_Mod(self, expr: Expr) -> str:
        return self.call("mod", *expr.args)


class Calls(IntegerPrinter):
    """A language whose integers have 64 bits: every operation that may overflow is a function."""

    #: What stands before the names of the helpers, and after their arguments.
    prefix, failure = "", ""
    #: The functions that cannot fail, each of two numbers.
    largest, least, divisor = "", "", ""

    def number(self, value: int) -> str:
        """A literal that has 64 bits."""
        if value not in INT64:
            raise ValueError(f"{value} does not fit in the 64 bits of {self.language}")
        return str(value)

    def call(self, name: str, *arguments: Expr) -> str:
        """A helper that may fail."""
        return self.called(name, *map(self._print, arguments))

    def negative(self, text: str) -> str:
        """``sub(0, a)``."""
        return self.called("sub", "0", text)

    def called(self, name: str, *texts: str) -> str:
        """The same, of what is written already."""
        return f"{self.prefix}{name}({', '.join(texts)}{self.failure})"

    def sum(self, terms: Sequence[Expr]) -> str:
        """``sub(add(a, b), c)``."""
        text = self._print(terms[0])
        for term in terms[1:]:
            minus = term.could_extract_minus_sign()
            text = self.called(
                "sub" if minus else "add", text, self._print(-term if minus else term)
            )
        return text

    def product(self, factors: Sequence[Expr]) -> str:
        """``mul(mul(a, b), c)``."""
        return reduce(lambda a, b: self.called("mul", a, b), map(self._print, factors))

    def power(self, base: Expr, exponent: Expr) -> str:
        """``power(base, exponent)``."""
        return self.call("power", base, exponent)

    def floor_div(self, a: Expr, b: Expr) -> str:
        """``floor_div(a, b)``."""
        return self.call("floor_div", a, b)

    def fold(self, name: str, values: Sequence[Expr]) -> str:
        """A function of two numbers, of more."""
        return reduce(lambda a, b: f"{name}({a}, {b})", map(self._print, values))

    def _print_Mod(self, expr: Expr) -> str:
        return self.call("mod", *expr.args)

    def _print_Max(self, expr: Expr) -> str:
        return self.fold(self.largest, expr.args)

    def _print_Min(self, expr: Expr) -> str:
        return self.fold(self.least, expr.args)

    def _print_Gcd(self, expr: Expr) -> str:
        return self.fold(self.divisor, expr.args)


class NumPy(Calls):
    """NumPy, on arrays of int64."""

    language = "numpy"
    conjunction, disjunction = "&", "|"
    largest, least, divisor = "np.maximum", "np.minimum", "np.gcd"

    def choice(self, condition: Boolean, value: str, other: str) -> str:
        """``np.where(c, a, b)``."""
        return f"np.where({self._print(condition)}, {value}, {other})"


class C(Calls):
    """C11, on int64_t."""

    language = "c"
    prefix, failure = "i64_", ", bad"
    largest, least, divisor = "i64_max", "i64_min", "i64_gcd"

    def number(self, value: int) -> str:
        """A literal that has 64 bits."""
        text = super().number(value)
        if value == INT64[0]:  # C has no such literal: a minus sign is an operation on the rest
            return "INT64_MIN"
        return text if abs(value) < 2**15 else f"INT64_C({text})"
