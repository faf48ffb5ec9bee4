"""Functions in Python, NumPy, C and JavaScript: what stands around the expressions.

Every function checks that its arguments are those of a layer. `printers` writes the expressions,
`runtime` has the helpers that go along.
"""

from __future__ import annotations

import inspect
import re
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from importlib import resources

from sympy import Expr, Integer, Symbol

from analytic import floorsum
from analytic.axis import Axis
from analytic.export import printers
from analytic.symbolic.domain import Condition
from analytic.symbolic.expressions import Local, Theorem, larger, smaller
from analytic.symbolic.parameters import GeneralAxis


class Routine:
    """A function to be written: what it is, its parameters, conditions, named steps, result."""

    def __init__(
        self,
        name: str,
        about: Sequence[str],
        parameters: Sequence[Symbol],
        conditions: Sequence[Condition],
        steps: Mapping[Local, Expr],
        result: Expr,
    ) -> None:
        self.name, self.about = name, about
        self.parameters = [parameter.name for parameter in parameters]
        self.conditions = conditions
        taken = {*self.parameters}
        fresh = {step: Symbol(unused(step.name, taken)) for step in steps}
        self.steps = [(fresh[step].name, value.xreplace(fresh)) for step, value in steps.items()]
        self.result = result.xreplace(fresh)


def unused(name: str, taken: set[str]) -> str:
    """The name, or one like it that is not taken; from now on it is."""
    while name in taken:
        name += "_"
    taken.add(name)
    return name


class Steps(Theorem):
    """What `floorsum.lattice_points` takes from the arithmetic, by name."""

    def maximum(self, a: Expr, b: Expr) -> Expr:
        """The threshold, or the end of the rows that are full."""
        return self.named(larger(a, b), "cut" if b == 0 else "above")

    def minimum(self, a: Expr, b: Expr) -> Expr:
        """The rows that are not empty, or those that are full."""
        return self.named(smaller(a, b), "some" if b == self.axis.n else "whole")

    def full(self, name: str) -> str:
        """The name itself: there is one axis."""
        return name


def lattice_points() -> Routine:
    """`floorsum.lattice_points` as a function to be written: ``F``."""
    n, k, s, d, t = (Symbol(name, integer=True) for name in "nksdt")
    lib = Steps(GeneralAxis(Axis(n, k, s, d, t, t, Integer(0)), 0, transposed=True))
    points = floorsum.lattice_points(lib, n, k, s, d, lib.maximum(t, Integer(0)))
    about = ["Pairs (i, j) of the box [0, n) x [0, k) with i*s + j*d < t."]
    return Routine("F", about, (n, k, s, d, t), (), lib.definitions, points)


def helpers_in(name: str) -> str:
    """A file of `analytic.export.runtime`."""
    return resources.files("analytic.export.runtime").joinpath(name).read_text("utf-8")


class Program:
    """A language: its printer, what its functions rest on, and how a function is written."""

    printer: type[printers.IntegerPrinter]
    #: Names that a parameter cannot have.
    reserved = ""
    #: And the families of such names, as a regular expression.
    families = "(i64_|__).*"

    def __init__(self) -> None:
        self.text = self.printer().whole

    def write(self, routines: Sequence[Routine], *, with_f: bool) -> str:
        """A whole file."""
        for routine in routines:
            self.check_names([routine.name, *routine.parameters])
        body = [self.function(routine) for routine in routines]
        if with_f:
            body.insert(0, self.helper(lattice_points()))
        return self.prelude(with_f=with_f) + "\n".join(body)

    def check_names(self, names: Sequence[str]) -> None:
        """Refuse a name that is none in this language, or that means something else there."""
        for name in names:
            taken = name in self.reserved.split() or re.fullmatch(self.families, name)
            if taken or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
                raise ValueError(f"{name!r} cannot be a name in {self.printer.language}")

    @abstractmethod
    def prelude(self, *, with_f: bool) -> str:
        """What stands before the functions."""

    @abstractmethod
    def function(self, routine: Routine) -> str:
        """A function that checks its arguments."""

    @abstractmethod
    def helper(self, routine: Routine) -> str:
        """A function that need not."""

    def refusal(self, condition: Condition, opening: str, closing: str) -> str:
        """What refuses a broken condition, its values between ``opening`` and ``closing``."""
        return condition.refusal(
            lambda value: (
                str(value) if isinstance(value, Integer) else opening + self.text(value) + closing
            )
        )

    def brief(self, condition: Condition) -> str:
        """The same without the value."""
        return condition.rule.demand(condition.subject, self.text) + condition.where


#: What makes an argument an integer in Python. There True is 1: so it is for a bias alone.
WHOLE = '''\
def whole(name: str, value: int) -> int:
    """An argument as an integer."""
    if isinstance(value, bool) and name != "bias":
        raise TypeError(f"{name} must be an integer, got {value}")
    return index(value)
'''


class Python(Program):
    """Functions with types and docstrings."""

    printer = printers.Python
    kind = "int"
    reserved = """False None True and as assert async await break class continue def del elif else
        except finally for from global if import in is lambda nonlocal not or pass raise return try
        while with yield F floor_sum gcd index whole max min int bool isinstance
        ValueError TypeError"""
    errors = (
        "Exact for integers of any size. Raises ValueError for what no layer has, TypeError for",
        "what is not an integer.",
    )

    def prelude(self, *, with_f: bool) -> str:
        """Imports, and the floor sum of this package."""
        helpers = "\n\n" + inspect.getsource(floorsum.floor_sum) if with_f else ""
        return f"from math import gcd\nfrom operator import index\n\n\n{WHOLE}{helpers}\n\n"

    def defined(self, routine: Routine, docstring: Sequence[str], checks: Sequence[str]) -> str:
        """A function."""
        parameters = ", ".join(f"{name}: {self.kind}" for name in routine.parameters)
        steps = [f"{name} = {self.text(value)}" for name, value in routine.steps]
        lines = [*docstring, *checks, *steps, f"return {self.returned(routine)}"]
        body = "".join(f"    {line}".rstrip() + "\n" for line in lines)
        return f"def {routine.name}({parameters}) -> {self.kind}:\n{body}\n"

    def returned(self, routine: Routine) -> str:
        """The result."""
        return self.text(routine.result)

    def helper(self, routine: Routine) -> str:
        """A function that need not check its arguments."""
        return self.defined(routine, [f'"""{routine.about[0]}"""'], [])

    def function(self, routine: Routine) -> str:
        """A function that checks its arguments."""
        first, *rest = routine.about
        checks = [self.entry(name) for name in routine.parameters]
        for condition in routine.conditions:
            checks += self.check(condition)
        return self.defined(routine, [f'"""{first}', *rest, "", *self.errors, '"""'], checks)

    def entry(self, name: str) -> str:
        """An argument as an integer."""
        return f'{name} = whole("{name}", {name})'

    def check(self, condition: Condition) -> list[str]:
        """The refusal of what breaks a condition."""
        return [
            f"if {self.text(condition.relation.negated)}:",
            f'    raise ValueError(f"{self.refusal(condition, "{", "}")}")',
        ]


class NumPy(Python):
    """The same on arrays of int64, which are broadcast."""

    printer = printers.NumPy
    kind = "Any"
    reserved = Python.reserved + " np Any add sub mul mod power floor_div legal shaped refuse_where"
    errors = (
        "Of integers and arrays of them. Raises ValueError for what no layer has, TypeError for",
        "what is not an integer, OverflowError for what does not fit in int64.",
    )

    def prelude(self, *, with_f: bool) -> str:
        """The arithmetic that refuses to wrap."""
        del with_f
        return helpers_in("numpy_int64.py") + "\n\n"

    def returned(self, routine: Routine) -> str:
        """The result, broadcast."""
        return f"shaped({', '.join([self.text(routine.result), *routine.parameters])})"

    def check(self, condition: Condition) -> list[str]:
        """The refusal of what breaks a condition anywhere."""
        return [f'legal({self.text(condition.relation)}, "{self.brief(condition)}")']


class JavaScript(Program):
    """Functions of one object of named integers, on BigInt."""

    printer = printers.JavaScript
    reserved = """await break case catch class const continue debugger default delete do else enum
        export extends false finally for function if implements import in instanceof interface let
        new null package private protected public return static super switch this throw true try
        typeof var void while with yield arguments eval F floor_sum floor_div mod gcd max min whole
        BigInt RangeError TypeError Number String"""

    def prelude(self, *, with_f: bool) -> str:
        """The integer functions that BigInt has not."""
        del with_f
        return helpers_in("bigint.js") + "\n"

    def defined(self, routine: Routine, parameters: str, checks: Sequence[str]) -> str:
        """A function."""
        about = "".join(f"// {line}".rstrip() + "\n" for line in routine.about)
        steps = [f"const {name} = {self.text(value)};" for name, value in routine.steps]
        lines = [*checks, *steps, f"return {self.text(routine.result)};"]
        body = "".join(f"  {line}\n" for line in lines)
        return f"{about}function {routine.name}({parameters}) {{\n{body}}}\n"

    def helper(self, routine: Routine) -> str:
        """A function that need not check its arguments."""
        return self.defined(routine, ", ".join(routine.parameters), [])

    def function(self, routine: Routine) -> str:
        """A function that checks its arguments."""
        checks = [f'{name} = whole("{name}", {name});' for name in routine.parameters]
        for condition in routine.conditions:
            checks += [
                f"if ({self.text(condition.relation.negated)})",
                f"  throw new RangeError(`{self.refusal(condition, '${', '}')}`);",
            ]
        parameters = f"{{ {', '.join(routine.parameters)} }}" if routine.parameters else ""
        return self.defined(routine, parameters, checks)


class C(Program):
    """Functions that return a status, and write their result only where it is COUNT_OK."""

    printer = printers.C
    reserved = """auto break case char const continue default do double else enum extern float for
        goto if inline int long register restrict return short signed sizeof static struct switch
        typedef union unsigned void volatile while F bad failed result value main NULL asm linux
        unix bool true false nullptr typeof constexpr alignas alignof thread_local static_assert
        size_t ptrdiff_t wchar_t"""
    # What C reserves, and what stdint.h and int64.h define.
    families = (
        f"{Program.families}|_[A-Z].*|u?int.*_t|U?INT.*|(PTRDIFF|SIZE|SIG_ATOMIC|WCHAR|WINT)_.*"
        "|(COUNT|CONVTRANSPOSE)_.*"
    )

    def prelude(self, *, with_f: bool) -> str:
        """The arithmetic that refuses to wrap."""
        del with_f
        return helpers_in("int64.h") + "\n"

    def steps(self, routine: Routine) -> list[str]:
        """The steps, each a constant."""
        return [f"const int64_t {name} = {self.text(value)};" for name, value in routine.steps]

    def helper(self, routine: Routine) -> str:
        """A function that need not check its arguments."""
        parameters = ", ".join(f"int64_t {name}" for name in routine.parameters)
        lines = [*self.steps(routine), f"return {self.text(routine.result)};"]
        return (
            "#ifndef CONVTRANSPOSE_OPS_F\n#define CONVTRANSPOSE_OPS_F\n\n"
            f"/* {routine.about[0]} */\n"
            f"static inline int64_t i64_{routine.name}({parameters}, int *bad)\n{{\n"
            + "".join(f"    {line}\n" for line in lines)
            + "}\n\n#endif\n"
        )

    def function(self, routine: Routine) -> str:
        """A function that checks its arguments."""
        first, *rest = routine.about
        about = "\n".join([f"/* {first}", *(f" * {line}".rstrip() for line in rest), " */"])
        integers = [f"int64_t {name}" for name in routine.parameters]
        parameters = ", ".join([*integers, "int64_t *result"])
        checks = [line for condition in routine.conditions for line in self.check(condition)]
        lines = [
            "int failed = 0;",
            "int *const bad = &failed;",
            *checks,
            *self.steps(routine),
            f"const int64_t value = {self.text(routine.result)};",
            "if (*bad)",
            "    return COUNT_OVERFLOW;",
            "*result = value;",
            "return COUNT_OK;",
        ]
        body = "".join(f"    {line}\n" for line in lines)
        return f"{about}\nint {routine.name}({parameters})\n{{\n{body}}}\n"

    def check(self, condition: Condition) -> list[str]:
        """The refusal of what breaks a condition; what overflows while checked breaks nothing."""
        return [
            f"/* {self.brief(condition)} */",
            f"if ({self.text(condition.relation.negated)})",
            "    return failed ? COUNT_OVERFLOW : COUNT_ILLEGAL;",
        ]


PROGRAMS: Mapping[str, type[Program]] = {
    "python": Python,
    "numpy": NumPy,
    "c": C,
    "javascript": JavaScript,
}
