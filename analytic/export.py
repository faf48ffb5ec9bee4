"""Formulas in other languages: for the paper in LaTeX and MathML, for programs in code.

What is exported is exact or refused, as here: each function checks that its arguments are those of
a layer, and where integers have 64 bits an overflow is reported, never wrapped.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from itertools import chain
from typing import Any

from sympy import Expr, Integer, Symbol

from analytic import floorsum, printers
from analytic.axis import Axis
from analytic.domain import Condition
from analytic.expressions import F, Local, Theorem
from analytic.formula import Formula
from analytic.totals import choose

#: What each count is, for docstrings and comments.
DESCRIPTIONS = {
    "output_size": "Output positions along an axis",
    "positions": "Output positions",
    "overlaps": "Products of one filter that land in the output",
    "covered": "Output positions on which a product lands",
    "filters": "Kernels: pairs of an input and an output channel that meet",
    "multiplications_per_filter": "Multiplications of one filter",
    "additions_per_filter": "Additions that sum the products of one filter",
    "operations_per_filter": "Multiplications and additions of one filter",
    "filter_aggregation": "Additions that sum the channels of a group and the bias",
    "total": "Operations of the layer",
    "macs": "Multiply-accumulates of the layer",
}


def description(formula: Formula) -> str:
    """What a formula counts."""
    name = re.sub(r"_\d+$", "", formula.name)
    return f"{DESCRIPTIONS[name]}, of a transposed convolution"


class Part:
    """A function to be written: parameters, conditions, named steps, result."""

    def __init__(
        self,
        name: str,
        about: str,
        parameters: Sequence[Symbol],
        conditions: Sequence[Condition],
        steps: Mapping[Local, Expr],
        result: Expr,
    ) -> None:
        self.name, self.about = name, about
        self.parameters = [parameter.name for parameter in parameters]
        taken = {*self.parameters}
        fresh = {step: Symbol(unused(step.name, taken)) for step in steps}
        self.conditions = conditions
        self.steps = [(fresh[step].name, value.xreplace(fresh)) for step, value in steps.items()]
        self.result = result.xreplace(fresh)


def unused(name: str, taken: set[str]) -> str:
    """The name, or one like it that is not taken; from now on it is."""
    while name in taken:
        name += "_"
    taken.add(name)
    return name


class Program:
    """A language: its printer, what its functions rest on, and how a function is written."""

    printer: type[printers.IntegerPrinter]
    #: Names that a parameter cannot have.
    reserved = ""

    def __init__(self) -> None:
        self.text = self.printer()._print

    def write(self, parts: Sequence[Part], *, with_f: bool) -> str:
        """A whole file."""
        for part in parts:
            self.check_names([part.name, *part.parameters])
        body = [self.function(part) for part in parts]
        if with_f:
            body.insert(0, self.helper(lattice_points()))
        return self.prelude(with_f=with_f) + "\n".join(body)

    def check_names(self, names: Sequence[str]) -> None:
        """Refuse a name that is none in this language, or that means something else."""
        for name in names:
            taken = name in self.reserved.split() or name.startswith(("i64_", "__"))
            if taken or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
                raise ValueError(f"{name!r} cannot be a name in {self.printer.language}")

    def prelude(self, *, with_f: bool) -> str:
        """What stands before the functions."""
        raise NotImplementedError

    def function(self, part: Part) -> str:
        """A function that checks its arguments."""
        raise NotImplementedError

    def helper(self, part: Part) -> str:
        """A function that need not."""
        raise NotImplementedError

    def words(self, condition: Condition, opening: str, closing: str) -> str:
        """What refuses a broken condition, with values where ``opening`` and ``closing`` say."""

        def shown(value: Expr) -> str:
            text = self.text(value)
            return str(value) if isinstance(value, Integer) else f"{opening}{text}{closing}"

        rule, of = condition.rule, condition.of
        fields = of._asdict() if isinstance(of, Axis) else {"groups": getattr(of, "groups", of)}
        words = rule.words.format(**{name: shown(value) for name, value in fields.items()})
        return f"{rule.argument} must {words}, got {shown(rule.value(of))}{condition.where}"


def lattice_points() -> Part:
    """`floorsum.lattice_points`, as a function to be written."""
    n, k, s, d, t = (Symbol(name, integer=True) for name in "nksdt")

    class Named(Theorem):
        NAMES = ("cut", "some", "above", "whole")

    lib = Named(0)
    points = floorsum.lattice_points(lib, n, k, s, d, lib.maximum(t, Integer(0)))
    about = "Pairs (i, j) of the box [0, n) x [0, k) with i*s + j*d < t"
    return Part("F", about, (n, k, s, d, t), (), lib.definitions, points)


class PythonProgram(Program):
    """Python: functions with types and docstrings."""

    printer = printers.Python
    reserved = """False None True and as assert async await break class continue def del elif else
        except finally for from global if import in is lambda nonlocal not or pass raise return try
        while with yield F floor_sum gcd index max min int ValueError"""

    def prelude(self, *, with_f: bool) -> str:
        """Imports, and the floor sum of this package."""
        imports = "from math import gcd\nfrom operator import index\n\n\n"
        return imports + (inspect.getsource(floorsum.floor_sum) + "\n\n" if with_f else "")

    def lines(self, part: Part) -> list[str]:
        """The steps and the result."""
        steps = [f"{name} = {self.text(value)}" for name, value in part.steps]
        return [*steps, f"return {self.text(part.result)}"]

    def defined(self, part: Part, about: str, lines: Sequence[str]) -> str:
        """A function."""
        parameters = ", ".join(f"{name}: int" for name in part.parameters)
        head = f"def {part.name}({parameters}) -> int:\n    {about}\n"
        return head + "".join(f"    {line}\n" for line in lines) + "\n"

    def helper(self, part: Part) -> str:
        """A function that need not check its arguments."""
        return self.defined(part, f'"""{part.about}."""', self.lines(part))

    def function(self, part: Part) -> str:
        """A function that checks its arguments."""
        about = (
            f'"""{part.about}.\n\n    Exact for integers of any size. Raises ValueError for what no '
            'layer has,\n    TypeError for what is not an integer.\n    """'
        )
        checks = [f"{name} = index({name})" for name in part.parameters]
        for condition in part.conditions:
            checks += [
                f"if {self.text(condition.relation.negated)}:",
                f'    raise ValueError(f"{self.words(condition, "{", "}")}")',
            ]
        return self.defined(part, about, [*checks, *self.lines(part)])


class NumPyProgram(PythonProgram):
    """NumPy: the same on arrays of int64, which are broadcast."""

    printer = printers.NumPy
    reserved = PythonProgram.reserved + " np add sub mul mod power floor_div whole legal LEAST MOST"

    def prelude(self, *, with_f: bool) -> str:
        """The arithmetic that refuses to wrap."""
        del with_f
        return runtime("numpy_int64.py") + "\n\n"

    def defined(self, part: Part, about: str, lines: Sequence[str]) -> str:
        """A function."""
        return super().defined(part, about, lines).replace(": int", ": Any").replace("-> int", "-> Any")

    def function(self, part: Part) -> str:
        """A function that checks its arguments."""
        about = (
            f'"""{part.about}.\n\n    Of integers and arrays of them. Raises ValueError for what no '
            "layer has,\n    TypeError for what is not an integer, OverflowError for what does not "
            'fit in int64.\n    """'
        )
        checks = [f'{name} = whole("{name}", {name})' for name in part.parameters]
        for condition in part.conditions:
            words = self.words(condition, "", "").split(", got ")[0] + condition.where
            checks.append(f'legal({self.text(condition.relation)}, "{words}")')
        return self.defined(part, about, [*checks, *self.lines(part)])


class JavaScriptProgram(Program):
    """JavaScript: functions of one object of named integers, on BigInt."""

    printer = printers.JavaScript
    reserved = """await break case catch class const continue debugger default delete do else enum
        export extends false finally for function if implements import in instanceof interface let
        new null package private protected public return static super switch this throw true try
        typeof var void while with yield arguments eval F floor_sum floor_div mod gcd max min whole
        BigInt RangeError TypeError Number String"""

    def prelude(self, *, with_f: bool) -> str:
        """The integer functions that BigInt has not."""
        del with_f
        return runtime("bigint.js") + "\n"

    def defined(self, part: Part, parameters: str, checks: Sequence[str]) -> str:
        """A function."""
        steps = [f"const {name} = {self.text(value)};" for name, value in part.steps]
        lines = [*checks, *steps, f"return {self.text(part.result)};"]
        head = f"// {part.about}.\nfunction {part.name}({parameters}) {{\n"
        return head + "".join(f"  {line}\n" for line in lines) + "}\n"

    def helper(self, part: Part) -> str:
        """A function that need not check its arguments."""
        return self.defined(part, ", ".join(part.parameters), [])

    def function(self, part: Part) -> str:
        """A function that checks its arguments."""
        checks = [f'{name} = whole("{name}", {name});' for name in part.parameters]
        for condition in part.conditions:
            words = self.words(condition, "${", "}")
            checks += [
                f"if ({self.text(condition.relation.negated)})",
                f"  throw new RangeError(`{words}`);",
            ]
        parameters = f"{{ {', '.join(part.parameters)} }}" if part.parameters else ""
        return self.defined(part, parameters, checks)


class CProgram(Program):
    """C11: functions that return a status and write their result on success."""

    printer = printers.C
    reserved = """auto break case char const continue default do double else enum extern float for
        goto if inline int long register restrict return short signed sizeof static struct switch
        typedef union unsigned void volatile while F bad failed result value main"""

    def prelude(self, *, with_f: bool) -> str:
        """The arithmetic that refuses to wrap."""
        del with_f
        return runtime("int64.h") + "\n"

    def steps(self, part: Part) -> list[str]:
        """The steps, each a constant."""
        return [f"const int64_t {name} = {self.text(value)};" for name, value in part.steps]

    def helper(self, part: Part) -> str:
        """A function that need not check its arguments."""
        parameters = ", ".join(f"int64_t {name}" for name in part.parameters)
        lines = [*self.steps(part), f"return {self.text(part.result)};"]
        return (
            "#ifndef CONVTRANSPOSE_OPS_F\n#define CONVTRANSPOSE_OPS_F\n"
            f"/* {part.about}. */\n"
            f"static inline int64_t i64_{part.name}({parameters}, int *bad)\n{{\n"
            + "".join(f"    {line}\n" for line in lines)
            + "}\n#endif\n"
        )

    def function(self, part: Part) -> str:
        """A function that checks its arguments."""
        parameters = ", ".join([*(f"int64_t {name}" for name in part.parameters), "int64_t *result"])
        lines = ["int failed = 0;", "int *const bad = &failed;"]
        for condition in part.conditions:
            words = self.words(condition, "", "").split(", got ")[0] + condition.where
            lines += [
                f"/* {words} */",
                f"if ({self.text(condition.relation.negated)})",
                "    return failed ? COUNT_OVERFLOW : COUNT_ILLEGAL;",
            ]
        lines += [
            *self.steps(part),
            f"const int64_t value = {self.text(part.result)};",
            "if (failed)",
            "    return COUNT_OVERFLOW;",
            "*result = value;",
            "return COUNT_OK;",
        ]
        head = f"/* {part.about}. */\nint {part.name}({parameters})\n{{\n"
        return head + "".join(f"    {line}\n" for line in lines) + "}\n"


def runtime(name: str) -> str:
    """A file of `analytic.runtime`."""
    return resources.files("analytic.runtime").joinpath(name).read_text("utf-8")


PROGRAMS: Mapping[str, type[Program]] = {
    "python": PythonProgram,
    "numpy": NumPyProgram,
    "c": CProgram,
    "javascript": JavaScriptProgram,
}


def program(formulas: Mapping[str, Formula], language: str) -> str:
    """Formulas as functions, under the names that are their keys, with what they rest on."""
    parts = [
        Part(name, description(of), of.symbols, of.conditions, of.definitions, of.outline)
        for name, of in formulas.items()
    ]
    written = chain.from_iterable((of.outline, *of.definitions.values()) for of in formulas.values())
    return PROGRAMS[language]().write(parts, with_f=any(e.has(F) for e in written))


def typeset(language: str) -> Callable[[Mapping[str, Formula]], str]:
    """A writer of LaTeX or MathML."""
    from analytic import typeset as writers

    write_one = {"latex": writers.latex, "mathml": writers.mathml}[language]
    return lambda formulas: "\n\n".join(map(write_one, formulas.values()))


LANGUAGES: Mapping[str, Any] = {
    "latex": lambda formulas: typeset("latex")(formulas),
    "mathml": lambda formulas: typeset("mathml")(formulas),
    **{language: lambda f, to=language: program(f, to) for language in PROGRAMS},
}


def write(formulas: Mapping[str, Formula], language: str) -> str:
    """Formulas in a language, one of `LANGUAGES`: each under the name that is its key.

    LaTeX and MathML are ready to paste, with the domain as a side condition. A program has one
    function a formula, which refuses arguments outside the domain, and the helpers that these need.
    A language that is not known is a `ValueError`.
    """
    text: str = choose("language", LANGUAGES, language)(formulas)
    return text
