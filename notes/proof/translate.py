"""Translates the Python that counts are made of to Gallina: ``python notes/proof/translate.py``.

Each function becomes a definition of the same name. Where something in it could fail there is a
second one, ``…_runs``: every divisor is positive, every inverse exists, every word is in its table,
every loop ends within the rounds that it is given. Records and tables become those of Gallina.
Python that is not known here is refused. What is taken on trust: notes/proof/README.md.
"""

from __future__ import annotations

import ast
from copy import deepcopy
from pathlib import Path

from gallina import Function, Known, Record, RefusedError, Scope, assigned, loaded, names

HERE = Path(__file__).parent

#: What is translated, in an order in which nothing is used before it is defined.
TRANSLATED = {
    "floorsum": "floor_sum lattice_points",
    "arithmetic": "_lattice_points F",
    "axis": "Axis size ordinary same positive kept overlaps covered extent inputs_reached "
    "taps_reached",
    "affine": "ceil_div least_input_size affine_from inputs_stepping_over taps_stepping_over "
    "alive_from reached_affine_from ordinary_from slopes padding_bound reduced",
    "maps": "reach met at taps_read along",
    "phases": "landing shares edges interior_size missing has_interior interior levels "
    "largest common_factor",
    "taps": "dead_on",
    "protocols": "LayerLike",
    "totals": "Products Reached Convention CONVENTIONS ORDINARY_CONVENTIONS RULES Pass Passes "
    "Count Result PASSES products reached convention_named "
    "additions_per_filter filters macs count cost passes together training_step",
}
#: Where each name belongs that may be called.
HOME = {name: module for module, names in TRANSLATED.items() for name in names.split()}
HOME |= {"choose": "totals", "gcd": "math", "floordiv": "operator"}
HEAD = """\
(** Written by translate.py from the Python sources: not to be edited. *)

From Coq Require Import ZArith List String.
From Proof Require Counting.
From Proof Require Import Python.
Import ListNotations.
Open Scope Z_scope.
"""
#: The fields of an axis in Python, and in Counting.v.
AXIS = {
    "n": "inputs",
    "k": "taps",
    "s": "stride",
    "d": "dilation",
    "b": "begin_crop",
    "e": "end_crop",
    "o": "output_padding",
}


class Plain(ast.NodeTransformer):
    """Calls by the names of what is called: no modules, no arithmetic, no integer made of one."""

    def __init__(self, integers: ast.Module) -> None:
        (body,) = (node.body for node in integers.body if isinstance(node, ast.ClassDef))
        #: What the operations of `Integers` are: ``{"maximum": "max", …, "F": "F"}``.
        self.operations: dict[str, str] = {}
        for node in body:
            if {*assigned([node]), getattr(node, "name", "")} & {*self.operations}:
                raise RefusedError(node)
            match node:
                case ast.Assign([ast.Name(name)], ast.Call(ast.Name("staticmethod"), [callee])):
                    self.operations[name] = ast.unparse(callee)
                case ast.FunctionDef(name):
                    self.operations[name] = name
        #: Of the module that is read: its name, the modules that it knows by a name, and its names
        #: for what only has the name of something that is translated.
        self.module = ""
        self.modules: dict[str, str] = {}
        self.others: set[str] = set()

    def visit_Module(self, node: ast.Module) -> ast.Module:
        defined = [(n.name, self.module) for n in node.body if isinstance(n, ast.FunctionDef)]
        self.modules = {}
        for statement in ast.walk(node):
            match statement:
                case ast.Import(aliases) | ast.ImportFrom("analytic", aliases):
                    self.modules |= {alias.asname or alias.name: alias.name for alias in aliases}
                case ast.ImportFrom(str(module), aliases):
                    origin = module.removeprefix("analytic.")
                    defined += [
                        (alias.asname or alias.name, origin if alias.asname is None else "")
                        for alias in aliases
                    ]
        self.others = {name for name, home in defined if HOME.get(name) != home}
        self.generic_visit(node)
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        for method in node.body:
            match method:
                case ast.FunctionDef(args=ast.arguments(args=[ast.arg("self") as own, *_])):
                    own.annotation = loaded(node.name)
        self.generic_visit(node)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.body = [self.visit(statement) for statement in node.body]
        forgotten = [remembered(loop) for loop in node.body if isinstance(loop, ast.For)]
        node.body = [s for s in node.body if ast.unparse(s) not in forgotten]
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.stmt:
        self.generic_visit(node)
        match node.value:
            case ast.Call(ast.Attribute(ast.Name(each), "append"), [value], []):
                # No name in Python has a space.
                added = ast.Call(loaded(" append"), [loaded(each), value], [])
                return ast.copy_location(ast.Assign([ast.Name(each, ast.Store())], added), node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if isinstance(node.func, ast.IfExp):
            calls = [
                ast.Call(function, node.args, node.keywords)
                for function in (node.func.body, node.func.orelse)
            ]
            return ast.IfExp(node.func.test, *[self.visit_Call(deepcopy(call)) for call in calls])
        self.generic_visit(node)
        node.args = [a for a in node.args if ast.unparse(a) not in ("lib", "INTEGERS")]
        if not isinstance(node.func, ast.Name | ast.Attribute):
            return node
        callee = ast.unparse(node.func)
        library, _, function = callee.rpartition(".")
        if library == "lib":
            callee = "." + self.operations[function].rpartition(".")[2]
        elif library in self.modules and self.modules[library] == HOME.get(function):
            callee = "." + function
        elif library:
            return node
        elif callee in self.others:
            callee = f"another {callee}"
        match callee.removeprefix("."), node.args:
            case "floordiv", [a, b]:
                return ast.BinOp(a, ast.FloorDiv(), b)
            case "pow", [a, ast.UnaryOp(ast.USub(), ast.Constant(1)), m]:
                return ast.Call(loaded("inverse"), [a, m], [])
            case "int", [number]:
                return number
            case "tuple", [ast.Name() as each]:
                return each
        return ast.Call(loaded(callee), node.args, node.keywords)


def remembered(loop: ast.For) -> str:
    """``last = None``, where a loop only says again of a member what it said of the one before.

    ``if member is not last: last = member; …`` at its beginning is then left out, and what depends
    on it stands there without a condition. It may depend on the member alone.
    """
    first, *rest = loop.body
    match first:
        case ast.If(ast.Compare(ast.Name(item), [ast.IsNot()], [ast.Name(last)]), body, []):
            again = [s for s in body if ast.unparse(s) != f"{last} = {item}"]
            read = {name.id for name in names(again)}
            if item != ast.unparse(loop.target) or read & {last, *assigned(rest)}:
                raise RefusedError(first)
            loop.body = [*again, *rest]
            return f"{last} = None"
    return ""


def record(node: ast.ClassDef, known: Known) -> str:
    """A class of named fields, as a record. An axis is that of Counting.v."""
    fields = {
        field.target.id: known.type(field.annotation)
        for field in node.body
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
    }
    # The properties of a protocol are fields as well.
    fields |= {
        method.name: known.type(method.returns)
        for method in node.body
        if isinstance(method, ast.FunctionDef)
        and any(ast.unparse(decorator) == "property" for decorator in method.decorator_list)
    }
    name = node.name
    projections = {field: (f"{name}_{field}", kind) for field, kind in fields.items()}
    defaults = {
        ast.unparse(field.target): field.value
        for field in node.body
        if isinstance(field, ast.AnnAssign) and field.value
    }
    known.types[name] = name
    known.records[name] = Record(name, f"Build_{name}", projections, defaults)
    inside = ";\n".join(f"  {projection} : {kind}" for projection, kind in projections.values())
    return f"Record {name} := {{\n{inside}\n}}.\n"


def axis(node: ast.ClassDef, known: Known) -> str:
    """The class of axes is a record of Counting.v, with the same fields in the same order."""
    fields = [ast.unparse(f.target) for f in node.body if isinstance(f, ast.AnnAssign)]
    if fields != list(AXIS):
        raise RefusedError(node)
    projections = {field: (f"Counting.{name}", "Z") for field, name in AXIS.items()}
    known.types["Axis"] = "Counting.axis"
    known.records["Axis"] = Record("Counting.axis", "Counting.Axis", projections, {})
    known.records["Counting.axis"] = known.records["Axis"]
    return ""


def table(node: ast.AnnAssign, known: Known) -> str:
    """A dictionary of words, as a function of a word; of two alike the later one counts."""
    name = ast.unparse(node.target)
    match node.annotation, node.value:
        case ast.Subscript(_, ast.Tuple([_, entries])), ast.Dict(keys, values):
            kind = known.type(entries)
        case _:
            raise RefusedError(node)
    scope, terms, text, words = Scope(known, {}), {}, "", list[str]()
    for key, value in zip(keys, values, strict=True):
        if key is None:  # ``**table``
            other = ast.unparse(value)
            text, words = f"{other} word", [*known.words[other]]
        else:
            term, asks = scope.value(value, kind)
            if asks:
                raise RefusedError(value)
            terms[scope.atom(key)] = term
    chain = [*terms.items()]
    text = text or chain.pop()[1]
    for word, term in reversed(chain):
        text = f"if (word =? {word})%string then {term}\n  else {text}"
    words = list(dict.fromkeys([*words, *terms]))
    known.tables[name], known.words[name] = kind, words
    return (
        f"Definition {name} (word : string) : {kind} :=\n  {text}.\n"
        f"Definition {name}_words := [{'; '.join(words)}].\n"
    )


def translated(sources: Path) -> str:
    """The definitions of everything, from a folder of modules."""
    trees = {module: ast.parse((sources / f"{module}.py").read_text()) for module in TRANSLATED}
    plain, known, parts = Plain(trees["arithmetic"]), Known(), [HEAD]
    for module, members in TRANSLATED.items():
        plain.module = module
        once(trees[module], members.split())
        nodes: dict[str, ast.stmt] = {}
        for node in ast.walk(plain.visit(trees[module])):
            match node:
                case ast.FunctionDef(name) | ast.ClassDef(name) | ast.AnnAssign(ast.Name(name)):
                    nodes.setdefault(name, node)
        parts.append(f"(** analytic/{module}.py *)\n")
        parts += [definition(nodes[name], known) for name in members.split()]
    return "\n".join(parts)


def once(module: ast.Module, members: list[str]) -> None:
    """What is translated has one meaning in its module: the last of several would count.

    Nor does the module change what it has defined.
    """
    bound: set[str] = set()
    for statement in module.body:
        match statement:
            case ast.FunctionDef(name) | ast.ClassDef(name):
                new = {name}
            case ast.Expr(ast.Constant()):  # a docstring
                new = set()
            case _:
                new = {*assigned([statement])}
                parts = ast.Attribute | ast.Subscript
                stores = [n for n in ast.walk(statement) if isinstance(n, parts)]
                if isinstance(statement, ast.Expr) or not all(
                    isinstance(store.ctx, ast.Load) for store in stores
                ):
                    raise RefusedError(statement)
        if new & bound & {*members}:
            raise RefusedError(statement)
        bound |= new


def definition(node: ast.stmt, known: Known) -> str:
    """A function, a record or a table."""
    match node:
        case ast.FunctionDef():
            return Function(node, known).definitions()
        case ast.ClassDef("Axis"):
            return axis(node, known)
        case ast.ClassDef():
            return record(node, known)
        case ast.AnnAssign():
            return table(node, known)
    raise RefusedError(node)


if __name__ == "__main__":
    (HERE / "Code.v").write_text(translated(HERE.parents[1] / "analytic"))
