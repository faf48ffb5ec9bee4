"""`Formula`: a count as an expression, exact wherever the layer is legal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import product

from sympy import And, Expr, Integer, Mul, Piecewise, Symbol, nan, true
from sympy.logic.boolalg import Boolean

from analytic.axis import Axis
from analytic.layer import LayerError, boolean, integer, per_axis, shown
from analytic.protocols import LanguageName
from analytic.symbolic import domain, forms
from analytic.symbolic.domain import Condition
from analytic.symbolic.expressions import Local, substitute
from analytic.symbolic.forms import Case, Form, Kind, Shadows
from analytic.symbolic.parameters import LETTERS, NAMES, GeneralLayer, is_own
from analytic.totals import Products, Reached

#: From the output size along some axes, and the products over them, to a count.
Quantity = Callable[[tuple[Expr, ...], Reached[Expr]], Expr]

#: More combinations of the axes' cases than this are not listed one by one.
MOST_CASES = 12


class Formula:
    """A count of a layer as a formula: exact for every legal value of its symbols.

    ``expr`` is the SymPy expression; `outline` is the same in the names that ``definitions``
    explains (T0, the overlaps of axis 0, and so on), as it is typeset and exported. ``symbols`` are
    those that it depends on, and ``domain`` says when they are legal. Made by `analytic.symbolic`.

    >>> from analytic import symbolic
    >>> f = symbolic.additions_per_filter(kernel_size=4, stride=2, padding=1, output_padding=0,
    ...                                   dilation=1)
    >>> f.expr
    12*n0*n1 - 8*n0 - 8*n1 + 4
    >>> f.evaluate(input_size=(8, 8)), f.evaluate(n0=8, n1=8)
    (644, 644)
    """

    def __init__(
        self,
        name: str,
        layer: GeneralLayer,
        quantity: Quantity,
        axes: Iterable[int],
        kind: Kind = forms.EXACT,
        choice: str = "",
        shadows: Shadows = (),
    ) -> None:
        self.name = name
        #: By which convention or rule it counts, where there is more than one.
        self.choice = choice
        self.layer = layer
        self.quantity = quantity
        self.axes = tuple(axes)
        self.kind = kind
        self.shadows = shadows
        cases = [kind.cases(layer.axes[at], shadows) for at in self.axes]
        #: Of a generic formula, the least input size of each axis for which it is claimed.
        self.bounds = tuple(case.least for (case,) in cases) if kind.bounded else None
        self.outline, definitions = self._combine(cases)
        #: What the names in ``outline`` stand for, in order.
        self.definitions = needed(self.outline, definitions)
        #: The names of the sizes, for saying when they are positive.
        self.sizes = {n: e for n, e in definitions.items() if n.name.startswith("L")}

    def __repr__(self) -> str:
        return f"<Formula {self.name} of {', '.join(s.name for s in self.symbols) or 'nothing'}>"

    def __add__(self, other: Formula) -> Formula:
        """The same number of two passes of one layer together: part of a training step."""
        (_, _, number), (_, _, same) = (f.name.rpartition("_") for f in (self, other))
        if other.layer is not self.layer or number != same:
            raise ValueError(f"{self.name} and {other.name} are not of the same passes")

        def quantity(sizes: tuple[Expr, ...], axes: Reached[Expr]) -> Expr:
            return self.quantity(sizes, axes) + other.quantity(sizes, axes)

        shadows = tuple(dict.fromkeys((*self.shadows, *other.shadows)))
        name = f"training_step_{number}"
        return Formula(name, self.layer, quantity, self.axes, self.kind, self.choice, shadows)

    def _combine(self, cases: Sequence[list[Case]]) -> tuple[Expr, dict[Local, Expr]]:
        """The quantity, in each combination of the axes' cases."""
        axes = [self.layer.axes[at] for at in self.axes]
        lowest = [of_axis[-1] for of_axis in cases]
        if Mul(*map(len, cases)) > MOST_CASES:
            highest = [of_axis[0] for of_axis in cases]
            folded = [Case(1, forms.folded(*row)) for row in zip(axes, cases, strict=True)]
            lowest = [a if a is b else c for a, b, c in zip(highest, lowest, folded, strict=True)]
            combinations = [highest, folded]
        else:
            combinations = [list(combination) for combination in product(*cases)]
        definitions: dict[Local, Expr] = {}
        branches = []
        for combination in combinations:
            for case in combination:
                definitions |= case.form.definitions
            last = combination is combinations[-1]
            condition = true if last else forms.together(axes, combination, lowest)
            branches.append((self._counted([case.form for case in combination]), condition))
        return forms.choice(branches), definitions

    def _counted(self, axis_forms: Sequence[Form]) -> Expr:
        """The quantity, from one form of each axis."""
        columns = [*zip(*(form.factors for form in axis_forms), strict=True)] or [()] * 5
        inputs, taps, *others = columns
        products = [Mul(*inputs), Mul(*taps), *map(multiplied, others)]
        # What is not asked for is no number, so that nothing can be made of it.
        beside = {"inputs": nan, "taps": nan} | dict(zip(self.shadows, products[5:], strict=False))
        return self.quantity(columns[2], Reached(Products._make(products[:5]), **beside))

    @cached_property
    def expr(self) -> Expr:
        """The formula in its symbols alone."""
        return substitute(self.outline, self.definitions, evaluate=self.kind.collected)

    @cached_property
    def symbols(self) -> tuple[Symbol, ...]:
        """The symbols that the formula and its domain are about, in the order of the parameters."""
        mentioned = set(self._mentioned)
        for condition in self.conditions:
            mentioned |= condition.relation.free_symbols
        return tuple(symbol for symbol in self.layer.symbols() if symbol in mentioned)

    @property
    def _mentioned(self) -> set[Symbol]:
        symbols = self.outline.free_symbols.union(
            *(value.free_symbols for value in self.definitions.values())
        )
        return {symbol for symbol in symbols if not isinstance(symbol, Local)}

    @cached_property
    def conditions(self) -> tuple[Condition, ...]:
        """What must hold of the parameters, in the order in which it is checked."""
        axes = [self.layer.axes[at] for at in self.axes]
        conditions: list[Condition] = []
        for axis in axes:
            conditions += domain.of_axis(axis, cropped_apart=self.layer.cropped_apart)
        conditions += domain.of_layer(self.layer, self._mentioned)
        conditions += domain.of_bounds(axes, self.bounds or [1] * len(axes))
        about = self._mentioned.union(*(c.relation.free_symbols for c in conditions))
        strange = [s for s in self.layer.symbols() if s in about and not is_own(self.layer, s)]
        return domain.distinct([*domain.of_symbols(strange), *conditions])

    @cached_property
    def domain(self) -> Boolean:
        """When the parameters are legal, and the formula is claimed; the symbols are integers."""
        return And(*[condition.relation for condition in self.conditions if not condition.implied])

    def evaluate(self, /, **values: object) -> int:
        """The count at integers, given by the names of symbols or as the arguments of `Layer`.

        Raises `LayerError` for what no layer has or, for a generic formula, what lies below its
        ``bounds``; `TypeError` for a value that is missing, unknown or no integer; `ValueError` for
        one that contradicts what is bound.
        """
        meaning = self.meaning(values)
        missing = [symbol.name for symbol in self.symbols if symbol not in meaning]
        if missing:
            raise TypeError(f"{self.name} needs a value of {', '.join(missing)}")
        for condition in self.conditions:
            if condition.relation.xreplace(meaning) == False:  # noqa: E712  # SymPy's
                raise LayerError(condition.refusal(lambda value: shown(value.xreplace(meaning))))
        for name, expression in self.definitions.items():
            meaning[name] = expression.xreplace(meaning)
        return int(self.outline.xreplace(meaning))

    def meaning(self, values: Mapping[str, object]) -> dict[Symbol, Integer]:
        """The value of every symbol that is given one, in whichever way."""
        names = {symbol.name: symbol for symbol in self.layer.symbols()}
        meaning: dict[Symbol, Integer] = {}
        claims: list[tuple[str, Expr, int]] = []
        for name, value in values.items():
            if name in LETTERS or name in NAMES:
                claims += self._claims(name, value)
            elif name == "transposed":
                if boolean(name, value) != self.layer.transposed:
                    kind = self.layer.transposed
                    raise ValueError(f"transposed is {kind} in this formula, got {value}")
            elif name in names:
                claims.append((name, names[name], integer(name, value)))
            else:
                raise TypeError(f"{self.name} has no parameter {name!r}; it has {', '.join(names)}")
        for name, expression, value in claims:
            if (
                isinstance(expression, Symbol)
                and meaning.setdefault(expression, Integer(value)) != value
            ):
                raise ValueError(f"{name} is given two values, {meaning[expression]} and {value}")
        for name, expression, value in claims:
            known = expression.xreplace(meaning)
            if isinstance(known, Integer) and known != value:
                raise ValueError(f"{name} is {shown(expression)} in this formula, got {value}")
        return meaning

    def _claims(self, field: str, value: object) -> list[tuple[str, Expr, int]]:
        """What giving an argument of `Layer` says of the layer's expressions."""
        if field in NAMES:
            if field == "bias" and value in (0, 1):  # and so are False and True
                value = int(value == 1)
            return [(field, getattr(self.layer, field), integer(field, value))]
        if field == "end_padding" and value is None:
            return []
        column = list(LETTERS).index(field)
        given = per_axis(field, value, len(self.layer.axes))
        axes = [axis.given for axis in self.layer.axes]
        return [(field, axis[column], v) for axis, v in zip(axes, given, strict=True)]

    def generic(self) -> Formula:
        """The polynomial that holds from ``bounds`` on, and is claimed only there.

        ``bounds`` is the least input size, one an axis, from which size, overlaps and covered of
        that axis are affine (notes/derivation.md, theorem 6); of gradients, from which the inputs
        and the taps reached are too (theorem 13). Of an ordinary convolution it is a polynomial in
        floors of the input size over the stride, which is 64 at the most. A `ValueError` names what
        beside the input size is not an integer.
        """
        self._require("generic()", "kdbeos")
        for at in self.axes:
            stride = self.layer.axes[at].given.s
            if not self.layer.transposed and stride > forms.MOST_RESIDUES:
                most = f"a stride of at most {forms.MOST_RESIDUES} in an ordinary convolution"
                raise ValueError(f"generic() needs {most}, got {stride} on axis {at}")
        return self._as(forms.GENERIC)

    def closed(self) -> Formula:
        """The formula with ``F`` unrolled: polynomials in floors, Min and Max.

        Exact, whatever is symbolic beside stride and dilation, which must be integers: a
        `ValueError` names those that are not.
        """
        self._require("closed()", "ds")
        return self._as(forms.CLOSED)

    def _as(self, kind: Kind) -> Formula:
        """The same count in another form."""
        return Formula(
            self.name, self.layer, self.quantity, self.axes, kind, self.choice, self.shadows
        )

    def _require(self, what: str, letters: str) -> None:
        """Refuse where one of these is not an integer."""
        fields = dict(zip(Axis._fields, LETTERS, strict=True))
        strange = [
            f"{fields[letter]} {value} on axis {at}"
            for at in self.axes
            for letter, value in forms.not_integers(self.layer.axes[at]).items()
            if letter in letters and (letter != "e" or self.layer.cropped_apart)
        ]
        if strange:
            raise ValueError(f"{what} needs integers in place of {', '.join(strange)}")

    def to(self, language: LanguageName) -> str:
        """The formula in another language: see `analytic.export`."""
        from analytic.export import write

        return write({self.name: self}, language)


def multiplied(factors: Sequence[Expr]) -> Expr:
    """The product, multiplied out where its factors are polynomials."""
    product = Mul(*factors)
    return product if product.has(Piecewise) else product.expand()


def needed(expression: Expr, definitions: dict[Local, Expr]) -> dict[Local, Expr]:
    """The definitions that an expression rests on, in order."""
    wanted = set(expression.free_symbols)
    for name in reversed(definitions):
        if name in wanted:
            wanted |= definitions[name].free_symbols
    return {name: value for name, value in definitions.items() if name in wanted}
