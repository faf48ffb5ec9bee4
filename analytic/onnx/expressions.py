"""Names of dimensions that are arithmetic of other names: ``(s//2)``, ``2*s + 1``, ``floor(s/2)``.

Exporters write them as Python and SymPy print integers. They are parsed and evaluated here, in
exact rationals, and nothing in them is run: what is not of this grammar is a name like any other.

    sum      = product (("+" | "-") product)*
    product  = factor (("*" | "//" | "/" | "%") factor)*
    factor   = "-" factor | atom ("**" factor)?
    atom     = number | name | name "(" sum ("," sum)* ")" | "(" sum ")"
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

#: An expression of more characters is a name like any other.
MOST_CHARACTERS = 2000
#: No intermediate result is longer: sizes have 63 bits.
MOST_BITS = 256

SYMBOL = re.compile(r"\s*(?:(\d+(?:\.\d+)?)|([A-Za-z_][\w.]*)|(\*\*|//|[-+*/%(),]))", re.ASCII)
END = re.compile(r"\s*\Z")


class NoValueError(ValueError):
    """An expression has no value at these sizes."""


class Expression(NamedTuple):
    """A number, a name, or a function of other expressions."""

    head: Fraction | str
    parts: tuple[Expression, ...] | None = None

    def names(self) -> Iterator[str]:
        """The names in it, from left to right, as often as they are there."""
        rest = [self]
        while rest:
            head, parts = rest.pop()
            if parts is not None:
                rest.extend(reversed(parts))
            elif isinstance(head, str):
                yield head

    def value(self, sizes: Mapping[str, int]) -> Fraction:
        """Its value where names are these sizes; `NoValueError` where it has none.

        >>> parse("2*s + floor(s/3)").value({"s": 8})
        Fraction(18, 1)
        """
        if self.parts is None:
            return self.head if isinstance(self.head, Fraction) else Fraction(sizes[self.head])
        try:
            values = [part.value(sizes) for part in self.parts]
            value = Fraction(FUNCTIONS[str(self.head)](*values))
        except (ArithmeticError, TypeError, RecursionError) as reason:
            raise NoValueError(str(reason)) from None
        if max(value.numerator.bit_length(), value.denominator.bit_length()) > MOST_BITS:
            raise NoValueError(f"it has more than {MOST_BITS} bits")
        return value


def power(base: Fraction, exponent: Fraction) -> Fraction:
    """A power with a whole exponent, of no more bits than there may be."""
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if exponent.denominator != 1 or bits * abs(exponent) > MOST_BITS:
        raise NoValueError("a power is too large, or has an exponent that is no integer")
    return Fraction(base ** int(exponent))


def truncated(value: Fraction) -> int:
    """The integer towards zero."""
    return math.trunc(value)


def quotient(a: Fraction, b: Fraction) -> Fraction:
    return a / b


def floored(a: Fraction, b: Fraction) -> int:
    return math.floor(a / b)


def remainder(a: Fraction, b: Fraction) -> Fraction:
    return a - b * math.floor(a / b)


#: What the operators, and the functions that torch and SymPy print, make of exact rationals.
FUNCTIONS: Mapping[str, Callable[..., Fraction | int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": quotient,
    "//": floored,
    "%": remainder,
    "**": power,
    **dict.fromkeys(("floor", "FloorToInt"), math.floor),
    **dict.fromkeys(("ceil", "ceiling", "CeilToInt"), math.ceil),
    **dict.fromkeys(("trunc", "TruncToInt", "int"), truncated),
    **dict.fromkeys(("round", "RoundToInt"), round),
    **dict.fromkeys(("ToFloat", "float", "Identity"), Fraction),
    **dict.fromkeys(("abs", "Abs"), abs),
    **dict.fromkeys(("max", "Max"), lambda *values: max(values)),
    **dict.fromkeys(("min", "Min"), lambda *values: min(values)),
    **dict.fromkeys(("Mod", "mod", "PythonMod"), remainder),
    **dict.fromkeys(("FloorDiv", "CleanDiv"), floored),
    **dict.fromkeys(("TrueDiv", "IntTrueDiv", "FloatTrueDiv"), quotient),
    "CeilDiv": lambda a, b: math.ceil(a / b),
    **dict.fromkeys(("pow", "Pow", "PowByNatural"), power),
}


class Parser:
    """Reads one expression, symbol by symbol."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.symbol = ""
        self.advance()

    def advance(self) -> None:
        """The next symbol, "" at the end."""
        match = SYMBOL.match(self.text, self.at)
        if match is None and not END.match(self.text, self.at):
            raise ValueError(f"{self.text[self.at]!r} is not of the grammar")
        self.symbol = match[0].strip() if match else ""
        self.at = match.end() if match else len(self.text)

    def taken(self, *symbols: str) -> str:
        """The symbol, if it is one of these, and on to the next one."""
        symbol = self.symbol
        if symbol not in symbols:
            return ""
        self.advance()
        return symbol

    def chain(self, operators: tuple[str, ...], operand: Callable[[], Expression]) -> Expression:
        """Operands joined from left to right."""
        left = operand()
        while operator := self.taken(*operators):
            left = Expression(operator, (left, operand()))
        return left

    def sum(self) -> Expression:
        """A sum, which is a whole expression."""
        return self.chain(("+", "-"), self.product)

    def product(self) -> Expression:
        """A product."""
        return self.chain(("*", "//", "/", "%"), self.factor)

    def factor(self) -> Expression:
        """A factor with its sign and its exponent."""
        if self.taken("-"):
            return Expression("-", (Expression(Fraction(0)), self.factor()))
        base = self.atom()
        return Expression("**", (base, self.factor())) if self.taken("**") else base

    def atom(self) -> Expression:
        """A number, a name, a function, or what is in brackets."""
        symbol = self.symbol
        self.advance()
        if symbol == "(":
            part = self.sum()
            self.close()
            return part
        if symbol[:1].isdigit():
            return Expression(Fraction(symbol))
        if not symbol or not (symbol[0].isalpha() or symbol[0] == "_"):
            raise ValueError(f"{symbol!r} is no operand")
        if not self.taken("("):
            return Expression(symbol)
        if symbol not in FUNCTIONS:
            raise ValueError(f"{symbol} is no function that is known")
        parts = [self.sum()]
        while self.taken(","):
            parts.append(self.sum())
        self.close()
        return Expression(symbol, tuple(parts))

    def close(self) -> None:
        """Past the bracket that closes."""
        if not self.taken(")"):
            raise ValueError("a bracket is not closed")


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression | None:
    """The expression that a name is, or None where it is none.

    >>> list(parse("(s//2) + past").names()), parse("unk__7").parts, parse("batch size")
    (['s', 'past'], None, None)
    """
    if len(text) > MOST_CHARACTERS:
        return None
    try:
        parser = Parser(text)
        expression = parser.sum()
    except (ValueError, RecursionError):
        return None
    return None if parser.symbol else expression
