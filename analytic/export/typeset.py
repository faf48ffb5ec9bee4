"""Formulas for a paper: LaTeX, in the symbols of the published text, and MathML.

Both show the same lines: the count in terms of L, T and C of each axis, then what these stand for,
down to ``F``, then when all of it holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from itertools import count
from xml.dom.minidom import Element, parseString
from xml.sax.saxutils import escape

from sympy import Basic, Expr, Ge, Symbol
from sympy import latex as sympy_latex
from sympy.core.relational import Relational
from sympy.printing.latex import LatexPrinter
from sympy.printing.mathml import MathMLPresentationPrinter
from sympy.printing.precedence import PRECEDENCE

from analytic.export.printers import PositiveFirst
from analytic.symbolic.domain import least_value
from analytic.symbolic.expressions import F, Local
from analytic.symbolic.formula import Formula
from analytic.symbolic.parameters import own_symbol
from analytic.totals import Pass

#: How the published text calls input sizes, by number of axes; more axes are numbered.
INPUTS = {1: "L", 2: "HW", 3: "DHW"}
#: How many symbols of one bound stand on a line.
ON_A_LINE = 6

#: Elements of MathML.
OPEN, COMMA, CLOSE = (f"<mo>{sign}</mo>" for sign in "(,)")
LEFT, RIGHT = "text-align: left", "text-align: right; text-align: -webkit-right"

COUNTS = {
    "positions": "P",
    "overlaps": "T",
    "covered": "C",
    "filters": "psi",
    "multiplications_per_filter": "multiplications",
    "additions_per_filter": "additions",
    "operations_per_filter": "lamda",
    "filter_aggregation": "gamma",
    "total": "total",
    "macs": "MACs",
    "inputs_reached": "I",
    "taps_reached": "J",
}
LATEX_GREEK = {"psi": r"\psi", "lamda": r"\lambda", "gamma": r"\gamma"}
MATHML_GREEK = {"psi": "ψ", "lamda": "λ", "gamma": "γ"}


class Name:
    """A name with what may hang on it: a subscript in letters or numbers, a prime, an index."""

    def __init__(
        self, stem: str, sub: str = "", *, prime: bool = False, index: str = "", words: bool = False
    ) -> None:
        self.stem, self.sub, self.prime, self.index, self.words = stem, sub, prime, index, words

    def latex(self) -> str:
        r"""``H_{in}``, ``\text{kernel\_size}[0]``, ``n'_{0}``."""
        stem = LATEX_GREEK.get(self.stem, self.stem)
        if self.words:
            stem = rf"\text{{{self.stem.replace('_', chr(92) + '_')}}}"
        text = stem + ("'" if self.prime else "")
        text += f"_{{{self.sub}}}" if self.sub else ""
        return text + (f"[{self.index}]" if self.index else "")

    def mathml(self) -> str:
        """The same as presentation elements."""
        stem = escape(MATHML_GREEK.get(self.stem, self.stem))
        tag = "mtext" if self.words else "mi"
        text = f"<{tag}>{stem}</{tag}>"
        sub = f"<mn>{self.sub}</mn>" if self.sub[:1].isdigit() else f"<mi>{escape(self.sub)}</mi>"
        if self.sub and self.prime:
            text = f"<msubsup>{text}{sub}<mo>′</mo></msubsup>"
        elif self.sub:
            text = f"<msub>{text}{sub}</msub>"
        if self.index:
            text += f"<mo stretchy='false'>[</mo><mn>{self.index}</mn><mo stretchy='false'>]</mo>"
        return f"<mrow>{text}</mrow>"


def count_name(formula: Formula) -> Name:
    """What stands on the left of the formula."""
    if formula.name in COUNTS:
        name = COUNTS[formula.name]
        return Name(name, words=name in {"multiplications", "additions", "total", "MACs"})
    of_pass, _, number = formula.name.rpartition("_")
    if number in Pass._fields:
        return Name(f"{of_pass} {COUNTS.get(number, number)}", words=True)
    (at,) = formula.axes
    return input_name(at, len(formula.layer.axes), "out")


def input_name(at: int, axes: int, sub: str = "in") -> Name:
    """The input size of an axis; with ``sub`` its output size."""
    if axes in INPUTS:
        return Name(INPUTS[axes][at], sub)
    return Name("n" if sub == "in" else "L", str(at))


def names(formula: Formula) -> dict[Symbol, Name]:
    """The layer's own symbols and the names of the parts, as they are typeset."""
    layer = formula.layer
    named = {
        own_symbol("batch_size"): Name("N"),
        own_symbol("in_channels"): Name("C", "in"),
        own_symbol("out_channels"): Name("C", "out"),
        own_symbol("groups"): Name("groups", words=True),
        own_symbol("bias"): Name("bias", words=True),
    }
    for field, at, _ in layer.values():
        if at is not None:
            own = layer.symbol(field, at)
            named[own] = Name(field, words=True, index=str(at))
            if field == "input_size":
                named[own] = input_name(at, len(layer.axes))
    for part in (*formula.definitions, *formula.sizes):
        stem, _, number = part.name.partition("_")
        if number == "met":
            named[part] = Name(stem[0], stem[1:], prime=True)
        else:
            named[part] = Name(stem[0], ",".join(filter(None, (stem[1:], number))))
    return named


def primes(letter: str, taken: set[str]) -> int:
    """How many primes make a letter one that is not taken."""
    return next(number for number in count() if letter + "'" * number not in taken)


class Typeset(PositiveFirst):
    """What the LaTeX and the MathML printer know beside SymPy: names, and which F is meant."""

    def learn(self, formula: Formula) -> None:
        """The names of a formula."""
        self.names = names(formula)
        axes = [formula.layer.axes[at].given for at in formula.axes]
        pairs = [(axis.s, axis.d) for axis in axes]
        #: Which F is meant, by stride and dilation.
        self.f_names = {
            pair: Name("F", "" if len(set(pairs)) == 1 else str(at))
            for at, pair in reversed([*zip(formula.axes, pairs, strict=True)])
        }
        others = {sympy_latex(symbol) for symbol in formula.symbols if symbol not in self.names}
        shown = {*formula.symbols, *formula.definitions, *formula.sizes}
        meant = [name for symbol, name in self.names.items() if symbol in shown]
        for name in (count_name(formula), *self.f_names.values(), *meant):
            if name.latex() in others:
                raise ValueError(f"a symbol cannot be typeset as {name.latex()}, which is taken")
        #: The bound letters of F, each with as many primes as tell it from the formula's symbols.
        self.letters = [letter + "'" * primes(letter, others) for letter in "nktij"]

    def f_name(self, expr: Expr) -> Name:
        """The F of an axis."""
        return self.f_names[expr.args[2:4]]

    def has_words(self, expr: Basic) -> bool:
        """Whether a name in an expression is a word, which must not run into the next one."""
        return any(self.names[s].words for s in expr.free_symbols if s in self.names)


class Latex(Typeset, LatexPrinter):  # type: ignore[misc]  # SymPy has no types
    """LaTeX."""

    printmethod = "_latex_of_a_formula"  # no class has it: what is printed here is printed below

    def line(self, expr: Basic) -> str:
        """An expression, with a dot between factors where words would run together."""
        symbol = r" \cdot " if self.has_words(expr) else " "
        self._settings["mul_symbol_latex"] = symbol
        return str(self.doprint(expr))

    def _print_Symbol(self, expr: Expr, style: str = "plain") -> str:
        if expr in self.names:
            return self.names[expr].latex()
        return str(super()._print_Symbol(expr, style))

    _print_Local = _print_Symbol

    def _print_F(self, expr: Expr) -> str:
        n, k, _, _, t = map(self._print, expr.args)
        return rf"{self.f_name(expr).latex()}\left({n}, {k}; {t}\right)"

    def _print_Gcd(self, expr: Expr) -> str:
        return expr._latex(self)  # type: ignore[no-any-return]

    _print_Quotient = _print_Gcd


class MathMl(Typeset, MathMLPresentationPrinter):  # type: ignore[misc]
    """Presentation MathML."""

    def line(self, expr: Basic) -> str:
        """An expression, with a dot between factors where words would run together."""
        self._settings["mul_symbol"] = "dot" if self.has_words(expr) else None
        text = str(self._print(expr).toxml()).replace("<mo>-</mo>", "<mo>−</mo>")
        # SymPy writes names of characters that only HTML knows.
        return re.sub(r"&[A-Z]\w+;", lambda entity: unescape(entity[0]), text)

    def element(self, text: str) -> Element:
        """An element, from text."""
        return parseString(text).documentElement  # type: ignore[return-value]  # noqa: S318  # ours

    def row(self, *parts: Expr | Element | str, tag: str = "mrow") -> Element:
        """Expressions, and elements or their text, one after the other."""
        row = self.element(f"<{tag}></{tag}>")
        for part in parts:
            if isinstance(part, str):
                part = self.element(part)  # noqa: PLW2901
            row.appendChild(part if isinstance(part, Element) else self._print(part))
        return row

    def _print_Symbol(self, expr: Expr, style: str = "plain") -> Element:
        if expr in self.names:
            return self.element(self.names[expr].mathml())
        if not expr.name.isidentifier():  # SymPy would write it as it is, markup or not
            return self.element(f"<mi>{escape(expr.name)}</mi>")
        return super()._print_Symbol(expr, style)  # type: ignore[no-any-return]

    _print_Local = _print_Symbol

    def _print_F(self, expr: Expr) -> Element:
        n, k, _, _, t = expr.args
        name = self.f_name(expr).mathml()
        return self.row(name, OPEN, n, COMMA, k, "<mo>;</mo>", t, CLOSE)

    def _print_Gcd(self, expr: Expr) -> Element:
        a, b = expr.args
        return self.row("<mi>gcd</mi>", OPEN, a, COMMA, b, CLOSE)

    def _print_Quotient(self, expr: Expr) -> Element:
        return self.row(*expr.args, tag="mfrac")

    def _print_Mod(self, expr: Expr) -> Element:
        a, b = expr.args
        return self.row(a, "<mo lspace='0.3em' rspace='0.3em'>mod</mo>", b)

    def _print_Piecewise(self, expr: Expr) -> Element:
        table = self.row(tag="mtable")
        for value, condition in expr.args:
            when = self.row("<mtext>for&#160;</mtext>", condition)
            if condition == True:  # noqa: E712  # SymPy's
                when = self.row("<mtext>otherwise</mtext>")
            cells = self.row(tag="mtr")
            for cell in (self.row(value), when):
                column = self.row(cell, tag="mtd")
                column.setAttribute("style", LEFT)
                cells.appendChild(column)
            table.appendChild(cells)
        return self.row("<mo>{</mo>", table)


def used_f(formula: Formula) -> list[F]:
    """An ``F`` of each kind that occurs, in the order of the axes."""
    calls: dict[tuple[Expr, Expr], F] = {}
    for expression in (formula.outline, *formula.definitions.values()):
        for call in sorted(expression.atoms(F), key=str):
            calls.setdefault(call.args[2:4], call)
    return list(calls.values())


def explained(formula: Formula) -> dict[Local, Expr]:
    """What the where-clause explains: the size too, which the domain speaks of."""
    wanted = {**formula.sizes, **formula.definitions}
    at = {name: int(name.name[1:].partition("_")[0]) for name in wanted}
    order = sorted(wanted, key=lambda name: (at[name], "LTCIJ".find(name.name[0]) % 6))
    return {name: wanted[name] for name in order}


def bounds(formula: Formula) -> dict[int, list[Symbol]]:
    """The symbols with a least value, by that value."""
    least = [least_value(condition) for condition in formula.conditions if not condition.implied]
    return {
        value: [symbol for symbol, bound in least if symbol is not None and bound == value]
        for value in sorted({bound for symbol, bound in least if symbol is not None}, reverse=True)
    }


def relations(formula: Formula) -> Iterator[Relational]:
    """The conditions that are not the least value of a symbol."""
    for condition in formula.conditions:
        if condition.implied or least_value(condition)[0] is not None:
            continue
        size = next((s for s in formula.sizes if s.name == f"L{condition.axis}"), None)
        if condition.rule.argument == "output_size" and size is not None:
            yield Ge(size, 1, evaluate=False)
        else:
            yield condition.relation


def side_conditions(formula: Formula, written: Callable[[Basic], str], comma: str) -> list[str]:
    """The domain, a line for each bound and one for the rest."""
    lines = []
    for least, symbols in bounds(formula).items():
        for i in range(0, len(symbols), ON_A_LINE):
            some = [written(s) for s in symbols[i : i + ON_A_LINE]]
            some[-1] = written(Ge(symbols[i : i + ON_A_LINE][-1], least, evaluate=False))
            lines.append(comma.join(some))
    return lines + [written(relation) for relation in relations(formula)]


def latex(formula: Formula) -> str:
    r"""A formula in LaTeX, for ``\[ … \]`` or ``equation``; more than one line needs amsmath.

    >>> from analytic import symbolic
    >>> print(latex(symbolic.overlaps(axes=1, kernel_size=4, stride=2, padding=1,
    ...                               output_padding=0, dilation=1)))
    T = 4 L_{in} - 2 \qquad \text{for integers } L_{in} \geq 1
    """
    printer = Latex({"mul_symbol": None})
    printer.learn(formula)
    written = printer.line
    left = count_name(formula).latex()
    lines = [(left, written(formula.outline))]
    lines += [(written(name), written(value)) for name, value in explained(formula).items()]
    lines += [(_latex_f(printer, call)) for call in used_f(formula)]
    sides = side_conditions(formula, written, ", ")
    if len(lines) == 1 and len(sides) < 2:
        side = rf" \qquad \text{{for integers }} {sides[0]}" if sides else ""
        return f"{left} = {lines[0][1]}{side}"
    rows = [f"{a} &= {b}" for a, b in lines]
    rows[1:2] = [rf"\text{{where}} \quad {row}" for row in rows[1:2]]
    rows += [rf"\text{{for integers}} \quad & {sides[0]}"] if sides else []
    rows += [f"& {side}" for side in sides[1:]]
    body = " \\\\\n".join(rows)
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


def _latex_f(printer: Latex, call: F) -> tuple[str, str]:
    _, _, s, d, _ = call.args
    n, k, t, i, j = printer.letters
    steps = " + ".join(
        x if factor == 1 else rf"{x} \cdot {printer.parenthesize(factor, PRECEDENCE['Mul'])}"
        for x, factor in ((i, s), (j, d))
    )
    counted = rf"\#\left\{{({i}, {j}) \in [0, {n}) \times [0, {k}) : {steps} < {t}\right\}}"
    return f"{printer.f_name(call).latex()}({n}, {k}; {t})", counted


def mathml(formula: Formula) -> str:
    """A formula as a ``<math>`` element, in presentation markup.

    >>> from analytic import symbolic
    >>> f = symbolic.overlaps(axes=1, kernel_size=1, stride=1, padding=0, output_padding=0,
    ...                       dilation=1)
    >>> mathml(f)[:60]
    '<math xmlns="http://www.w3.org/1998/Math/MathML" display="bl'
    """
    printer = MathMl()
    printer.learn(formula)
    written = printer.line
    rows = [(count_name(formula).mathml(), "=", written(formula.outline))]
    rows += [(written(name), "=", written(v)) for name, v in explained(formula).items()]
    rows[1:2] = [("<mtext>where&#160;</mtext>" + row[0], *row[1:]) for row in rows[1:2]]
    rows += [_mathml_f(printer, call) for call in used_f(formula)]
    sides = side_conditions(formula, written, "<mo>,</mo>")
    labels = ["<mtext>for integers</mtext>", *[""] * len(sides)]
    rows += [(label, "", side) for label, side in zip(labels, sides, strict=False)]
    body = "".join(
        f'<mtr><mtd style="{RIGHT}">{a}</mtd><mtd><mo>{sign}</mo></mtd>'
        f'<mtd style="{LEFT}">{b}</mtd></mtr>'
        for a, sign, b in rows
    )
    return (
        '<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">'
        f'<mtable displaystyle="true">{body}</mtable></math>'
    )


def _mathml_f(printer: MathMl, call: F) -> tuple[str, str, str]:
    _, _, s, d, _ = call.args
    n, k, t, i, j = (letter.replace("'", "′") for letter in printer.letters)

    def times(factor: Expr) -> str:
        return str(printer.parenthesize(factor, PRECEDENCE["Mul"]).toxml())

    steps = "<mo>+</mo>".join(
        f"<mi>{x}</mi>" + ("" if factor == 1 else f"<mo>·</mo>{times(factor)}")
        for x, factor in ((i, s), (j, d))
    )
    left = printer.f_name(call).mathml()
    left += f"<mo>(</mo><mi>{n}</mi><mo>,</mo><mi>{k}</mi><mo>;</mo><mi>{t}</mi><mo>)</mo>"
    box = (
        f"<mo>#</mo><mo>{{</mo><mo>(</mo><mi>{i}</mi><mo>,</mo><mi>{j}</mi><mo>)</mo><mo>∈</mo>"
        f"<mo>[</mo><mn>0</mn><mo>,</mo><mi>{n}</mi><mo>)</mo><mo>×</mo>"
        f"<mo>[</mo><mn>0</mn><mo>,</mo><mi>{k}</mi><mo>)</mo><mo>:</mo>"
    )
    return left, "=", f"<mrow>{box}{steps}<mo>&lt;</mo><mi>{t}</mi><mo>}}</mo></mrow>"
