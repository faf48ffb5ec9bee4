"""Statements and expressions of Python as terms of Gallina, for `translate.py`.

What is not known here is refused.
"""

from __future__ import annotations

import ast
import itertools
from typing import NamedTuple

#: How Gallina writes them, and how tightly they bind, there as in Python.
OPERATORS = {
    ast.Add: ("+", 1),
    ast.Sub: ("-", 1),
    ast.Mult: ("*", 2),
    ast.FloorDiv: ("/", 2),
    ast.Mod: ("mod", 2),
}
NEGATION, CALL, ATOM = 3, 4, 5
TESTS = {ast.Lt: "<?", ast.LtE: "<=?", ast.Gt: ">?", ast.GtE: ">=?", ast.Eq: "=?"}
#: Words of Coq that may be names in Python.
KEYWORDS = {"as", "at", "end", "exists", "fix", "forall", "fun", "let", "match", "then", "where"}


class Term(NamedTuple):
    """A term, and what has to hold for Python to get to it."""

    text: str
    asks: list[str]


class Record(NamedTuple):
    """A tuple with names: its type, its constructor, and each field's projection and type."""

    type: str
    constructor: str
    fields: dict[str, tuple[str, str]]
    defaults: dict[str, ast.expr]


class Known:
    """What has a meaning so far: types, records, tables, and what may be called."""

    def __init__(self) -> None:
        self.types = {"Any": "Z", "int": "Z", "Number": "Z", "bool": "bool", "str": "string"}
        self.types |= {"ConventionName": "string", "RuleName": "string"}
        self.records: dict[str, Record] = {}
        #: The type of each table's entries, and the words that it has.
        self.tables: dict[str, str] = {}
        self.words: dict[str, list[str]] = {}
        #: What may be called, and its name in Gallina.
        self.callable = {"max": "Z.max", "min": "Z.min", "gcd": "Z.gcd"}
        self.callable["range"] = "Counting.range"
        self.callable |= {name: name for name in ("inverse", "inverse_runs")}
        #: The type of what is returned, where it has fields.
        self.returned: dict[str, str] = {}

    def type(self, annotation: ast.expr | None) -> str:
        """The type that an annotation stands for."""
        match annotation:
            case ast.Name(name) if name in self.types:
                return self.types[name]
            case ast.Subscript(ast.Name("Callable"), ast.Tuple([ast.List(arguments), result])):
                return " -> ".join(map(self.type, [*arguments, result]))
            case ast.Subscript(ast.Name("Iterable" | "Sequence"), each):
                return f"list {self.type(each)}"
            case ast.Subscript(ast.Name("tuple"), ast.Tuple([each, ast.Constant()])):
                return f"list {self.type(each)}"
            case ast.Subscript(ast.Name(name)) if name in self.types:
                return self.types[name]
        raise RefusedError(annotation or ast.Pass())


class RefusedError(ValueError):
    """Python that the translation does not know."""

    def __init__(self, node: ast.AST) -> None:
        super().__init__(f"line {getattr(node, 'lineno', '?')}: {ast.unparse(node)}")


def loaded(name: str) -> ast.Name:
    """A variable that is read."""
    return ast.Name(name, ast.Load())


def names(nodes: list[ast.stmt]) -> list[ast.Name]:
    """The variables in statements, in order."""
    within = [node for statement in nodes for node in ast.walk(statement)]
    return [node for node in within if isinstance(node, ast.Name)]


def assigned(body: list[ast.stmt]) -> list[str]:
    """The variables that statements assign, in order."""
    return [name.id for name in names(body) if isinstance(name.ctx, ast.Store)]


def both(conditions: list[str]) -> str:
    """All of what is asked, as one proposition."""
    return " /\\ ".join(dict.fromkeys(conditions)) or "True"


def all_of(terms: list[Term]) -> tuple[list[str], list[str]]:
    """The terms, and all that is asked."""
    return [term.text for term in terms], [ask for term in terms for ask in term.asks]


def tightness(node: ast.expr) -> int:
    """How tightly an expression binds."""
    match node:
        case ast.BinOp(_, operator, _) if type(operator) in OPERATORS:
            return OPERATORS[type(operator)][1]
        case ast.UnaryOp():
            return NEGATION
        case ast.Call() | ast.Attribute() | ast.Subscript():
            return CALL
        case ast.Name() | ast.Constant() | ast.Tuple():
            return ATOM
    return 0


class Scope:
    """Expressions, where some variables have a value."""

    def __init__(self, known: Known, types: dict[str, str]) -> None:
        #: The type of each variable; "" where it does not matter.
        self.known, self.types = known, types

    def spelled(self, name: str) -> str:
        """A variable's name, unless it is a word of Coq or the name of something else."""
        if name.endswith("_") and name.strip("*_"):  # the name that another variable may get here
            raise RefusedError(loaded(name))
        return name + "_" * (name in KEYWORDS or name in self.known.callable)

    def kind(self, node: ast.expr) -> str:
        """The type of an expression that has fields, is a condition or a word; or ""."""
        known = self.known
        match node:
            case ast.Constant(str()):
                return "string"
            case ast.List([]) | ast.Call(ast.Name("range")):
                return "list Z"
            case ast.ListComp(element, [ast.comprehension(ast.Name(item), members)]):
                within = Scope(known, {**self.types, item: self.member(members)})
                return f"list {within.kind(element) or 'Z'}"
            case ast.Call(ast.Name(" append"), [value, _]) | ast.Call(
                ast.Attribute(value, "_replace")
            ):
                return self.kind(value)
            case ast.Name(name):
                return self.types.get(name, known.tables.get(name, ""))
            case ast.Attribute(value, field) if self.kind(value) in known.records:
                return known.records[self.kind(value)].fields[field][1]
            case ast.Subscript(table, _) | ast.Call(ast.Name("choose"), [_, table, _]):
                return self.kind(table)
            case ast.IfExp(_, then, _):
                return self.kind(then)
            case ast.Call(ast.Name(name)) if name in known.records:
                return known.records[name].type
            case ast.Call(ast.Name(name)):
                return known.returned.get(name.removeprefix("."), "")
        return ""

    def member(self, members: ast.expr) -> str:
        """The type of the members of a list."""
        return self.kind(members).removeprefix("list ")

    def test(self, node: ast.expr) -> Term:
        """An expression as a condition: numbers other than 0 are true."""
        match node:
            case ast.Compare(left, [ast.Eq()], [right]) if self.kind(left) == "string":
                (a, asks), (b, more) = self.term(left), self.term(right)
                return Term(f"({a} =? {b})%string", asks + more)
            case ast.Compare(left, [operator], [right]) if type(operator) in TESTS:
                (a, asks), (b, more) = self.operand(left, 1), self.operand(right, 1)
                return Term(f"({a} {TESTS[type(operator)]} {b})", asks + more)
            case ast.BoolOp(operator, values):
                tests, asks = all_of([self.test(value) for value in values])
                word = " || " if isinstance(operator, ast.Or) else " && "
                return Term(f"({word.join(tests)})%bool", asks)
            case ast.UnaryOp(ast.Not(), operand):
                value, asks = self.test(operand)
                return Term(f"(negb {value})", asks)
        value, asks = self.operand(node, 1)
        return Term(value if self.kind(node) == "bool" else f"(negb ({value} =? 0))", asks)

    def operand(self, node: ast.expr, level: int) -> Term:
        """An expression within another, in brackets where it binds less tightly."""
        term, asks = self.term(node)
        return Term(f"({term})" if tightness(node) < level else term, asks)

    def term(self, node: ast.expr) -> Term:
        """An expression."""
        match node:
            case ast.UnaryOp(ast.Not()):
                return self.test(node)
            case ast.UnaryOp(ast.USub(), operand):
                value, asks = self.operand(operand, CALL)
                return Term(f"- {value}", asks)
            case ast.BinOp(left, operator, right) if type(operator) in OPERATORS:
                return self.calculation(left, operator, right)
            case ast.Tuple(parts):
                terms, asks = all_of([self.term(part) for part in parts])
                return Term(f"({', '.join(terms)})", asks)
            case ast.IfExp(condition, then, other):
                return self.choice(self.test(condition), self.term(then), self.term(other))
            case ast.Call():
                return self.call(node)
            case ast.Subscript(table, key):
                return self.entry(table, key)
            case ast.ListComp(element, [generator]) | ast.GeneratorExp(element, [generator]):
                return self.mapped(element, generator)
            case ast.Attribute(value, field):
                return self.field(value, field)
        return Term(self.atom(node), [])

    def atom(self, node: ast.expr) -> str:
        """A number, a word or a variable."""
        match node:
            case ast.List([]):
                return "[]"
            case ast.Constant(bool(truth)):
                return str(truth).lower()
            case ast.Constant(int(number)):
                return str(number)
            case ast.Constant(str(word)):
                return f'"{word}"%string'
            case ast.Name(name) if name in self.types:
                return self.spelled(name)
        raise RefusedError(node)

    def field(self, value: ast.expr, name: str) -> Term:
        """A field of a record."""
        if self.kind(value) not in self.known.records:
            raise RefusedError(value)
        projection, _ = self.known.records[self.kind(value)].fields[name]
        term, asks = self.operand(value, ATOM)
        return Term(f"{projection} {term}", asks)

    def calculation(self, left: ast.expr, operator: ast.operator, right: ast.expr) -> Term:
        """Two numbers and a sign between them. A divisor has to be positive."""
        sign, level = OPERATORS[type(operator)]
        (a, asks), (b, more) = self.operand(left, level), self.operand(right, level + 1)
        if sign in ("/", "mod") and b != "2":
            more = [*more, f"1 <= {b}"]
        return Term(f"{a} {sign} {b}", asks + more)

    def call(self, node: ast.Call) -> Term:
        """A call of something that is known."""
        known = self.known
        match node:
            case ast.Call(ast.Name(" append"), [each, value]):
                (members, _), (added, asks) = self.term(each), self.term(value)
                return Term(f"{members} ++ [{added}]", asks)
            case ast.Call(ast.Name("choose"), [_, table, key], []):
                return self.entry(table, key)
            case ast.Call(ast.Name("max"), [ast.Constant(0), ast.Starred(each)], []):
                values, asks = self.operand(each, ATOM)
                return Term(f"fold_right Z.max 0 {values}", [*asks, f"{values} <> []"])
            case ast.Call(ast.Name(name), values, keywords) if name in known.records:
                return self.made(known.records[name], values, keywords)
            case ast.Call(ast.Attribute(value, "_replace"), [], keywords) if (
                self.kind(value) in known.records
            ):
                record = known.records[self.kind(value)]
                new = {str(keyword.arg) for keyword in keywords}
                old = [
                    ast.keyword(field, ast.Attribute(value, field, ast.Load()))
                    for field in record.fields
                    if field not in new
                ]
                return self.made(record, [], [*keywords, *old])
            case ast.Call(function, arguments, []) if " -> " in self.kind(function):
                term, asks = self.operand(function, ATOM)
                given, more = all_of([self.operand(argument, ATOM) for argument in arguments])
                return Term(" ".join([term, *given]), asks + more)
            case ast.Call(ast.Name(name), arguments, []) if name not in self.types:
                return self.application(name.removeprefix("."), arguments)
        raise RefusedError(node)

    def application(self, callee: str, arguments: list[ast.expr]) -> Term:
        """A function that is known, of its arguments."""
        name = self.known.callable.get(callee)
        if name is None:
            raise RefusedError(loaded(callee))
        values, asks = all_of([self.operand(argument, ATOM) for argument in arguments])
        if f"{name}_runs" in self.known.callable:
            asks.append(" ".join([f"{name}_runs", *values]))
        return Term(" ".join([name, *values]), asks)

    def made(self, record: Record, values: list[ast.expr], keywords: list[ast.keyword]) -> Term:
        """A record, of its fields."""
        given = record.defaults | dict(zip(record.fields, values, strict=False))
        given |= {str(keyword.arg): keyword.value for keyword in keywords}
        fields = [self.value(given[field], kind) for field, (_, kind) in record.fields.items()]
        terms, asks = all_of(fields)
        return Term(" ".join([record.constructor, *terms]), asks)

    def value(self, node: ast.expr, kind: str) -> Term:
        """An expression that may be a function, whose type is then known."""
        if isinstance(node, ast.Lambda):
            start, body = self.function(node, kind.split(" -> ")[:-1])
            return Term(f"({start} {body.text})", body.asks)
        return self.operand(node, ATOM)

    def entry(self, table: ast.expr, key: ast.expr) -> Term:
        """What a table has for a word, which has to be one of its words."""
        word = self.operand(key, ATOM).text
        match table:
            case ast.Name(name) if word in self.known.words.get(name, []):
                return Term(f"{name} {word}", [])
            case ast.Name(name) if name in self.known.tables:
                return Term(f"{name} {word}", [f"In {word} {name}_words"])
            case ast.IfExp(condition, then, other):
                return self.choice(
                    self.test(condition), self.entry(then, key), self.entry(other, key)
                )
        raise RefusedError(table)

    def mapped(self, element: ast.expr, generator: ast.comprehension) -> Term:
        """A list, of an expression for each member of another list."""
        match generator:
            case ast.comprehension(ast.Name(item), members, []):
                within = Scope(self.known, {**self.types, item: self.member(members)})
                (each, asks), body = self.operand(members, ATOM), within.term(element)
                head = f"fun {within.spelled(item)} : {self.member(members)} =>"
                if body.asks:
                    asks = [*asks, f"Forall ({head} {both(body.asks)}) {each}"]
                return Term(f"map ({head} {body.text}) {each}", asks)
        raise RefusedError(element)

    def function(self, node: ast.Lambda, kinds: list[str]) -> tuple[str, Term]:
        """A ``lambda`` with arguments of these types: what is before its body, and its body."""
        arguments = dict(zip([a.arg for a in node.args.args], kinds, strict=True))
        within = Scope(self.known, {**self.types, **arguments})
        typed = [f"({within.spelled(name)} : {kind})" for name, kind in arguments.items()]
        return f"fun {' '.join(typed)} =>", within.term(node.body)

    def choice(self, condition: Term, then: Term, other: Term) -> Term:
        """One of two."""
        test, asks = condition
        if then.asks or other.asks:
            asks = [*asks, f"(if {test} then {both(then.asks)}\n  else {both(other.asks)})"]
        return Term(f"if {test} then {then.text}\n  else {other.text}", asks)


class Function(Scope):
    """One function: its value as a term, and what it asks in order to run."""

    def __init__(self, node: ast.FunctionDef, known: Known) -> None:
        #: The arithmetic is that of integers, and no argument.
        named = [*node.args.args, *node.args.kwonlyargs]
        arguments = [a for a in named if a.arg != "lib"]
        super().__init__(known, {a.arg: known.type(a.annotation) for a in arguments})
        self.node = node
        self.loops: list[str] = []
        for decorator in node.decorator_list:
            if not ast.unparse(decorator).startswith(("staticmethod", "lru_cache(")):
                raise RefusedError(decorator)

    def definitions(self) -> str:
        """The function, and below it what it asks, if it asks anything."""
        name = self.node.name + "_" * (self.node.name in KEYWORDS)
        arguments = " ".join(
            f"({' '.join(self.spelled(argument) for argument, _ in group)} : {kind})"
            for kind, group in itertools.groupby(self.types.items(), key=lambda item: item[1])
        )
        value, asks = self.block(self.node.body)
        text = "\n".join([*self.loops, f"Definition {name} {arguments} :=\n  {value}.\n"])
        if asks:
            text += f"Definition {name}_runs {arguments} : Prop :=\n  {both(asks)}.\n"
            self.known.callable[f"{name}_runs"] = f"{name}_runs"
        self.known.callable[self.node.name] = name
        if isinstance(self.node.returns, ast.Name | ast.Subscript):
            returned = ast.unparse(self.node.returns).partition("[")[0]
            self.known.returned[self.node.name] = self.known.types.get(returned, "")
        return text

    def block(self, statements: list[ast.stmt]) -> Term:
        """What these statements return."""
        if not statements:  # nothing is returned
            raise RefusedError(self.node)
        first, *rest = statements
        match first:
            case ast.Expr(ast.Constant(str())):  # a docstring
                return self.block(rest)
            case ast.Return(ast.expr() as result):
                return self.term(result)
            case ast.If(condition, [*_, ast.Return()] as body, []):
                types = dict(self.types)
                then, self.types = self.block(body), types
                return self.choice(self.test(condition), then, self.block(rest))
            case ast.If(condition, then, [_, *_] as other):
                return self.branches(condition, then, other, rest)
            case ast.While(condition, body, []):
                return self.loop(condition, body, rest)
            case ast.For(ast.Name(item), members, body, []):
                return self.each(item, members, body, rest)
        return self.assignment(first, rest)

    def assignment(self, first: ast.stmt, rest: list[ast.stmt]) -> Term:
        """A statement that assigns, and what comes after it."""
        match first:
            case ast.Assign([target], value):
                return self.let(target, value, rest)
            case ast.Assign(targets, ast.Constant() as value):
                return self.block([*(ast.Assign([target], value) for target in targets), *rest])
            case ast.AugAssign(ast.Name(name) as target, operator, value):
                return self.let(target, ast.BinOp(loaded(name), operator, value), rest)
        raise RefusedError(first)

    def let(self, target: ast.expr, value: ast.expr, rest: list[ast.stmt]) -> Term:
        """An assignment, and what comes after it."""
        (term, asks), kind = self.term(value), self.kind(value)
        self.types.update((n.id, "") for n in ast.walk(target) if isinstance(n, ast.Name))
        if isinstance(target, ast.Name):
            self.types[target.id] = kind
        pattern = self.pattern(target, kind)
        binding = f"let {pattern} := {term} in\n  "
        then, more = self.block(rest)
        return Term(binding + then, asks + [f"({binding}{both(more)})"] * bool(more))

    def branches(
        self, test: ast.expr, then: list[ast.stmt], other: list[ast.stmt], rest: list[ast.stmt]
    ) -> Term:
        """An ``if`` that assigns: the variables that both branches, or what is before it, know."""
        both_assign = set(assigned(then)) & set(assigned(other))
        state = [n for n in assigned([*then, *other]) if n in both_assign or n in self.types]
        state = list(dict.fromkeys(state))
        back = ast.Return(ast.Tuple([*map(loaded, state)]))
        before = dict(self.types)
        condition, kinds = self.test(test), list[dict[str, str]]()
        values = []
        for body in (then, other):
            self.types = dict(before)
            values.append(self.block([*body, back]))
            kinds.append(self.types)
        term, asks = self.choice(condition, *values)
        self.types = before | {name: kinds[0][name] for name in state}
        return self.binding(self.state(state), term, asks, rest)

    def state(self, names_: list[str]) -> str:
        """Variables as one."""
        return f"({', '.join(map(self.spelled, names_))})"

    def binding(self, pattern: str, term: str, asks: list[str], rest: list[ast.stmt]) -> Term:
        """A term by the name of a variable, or of several, and what comes after it."""
        binding = f"let '{pattern} := {term} in\n  "
        then, more = self.block(rest)
        return Term(binding + then, asks + [f"({binding}{both(more)})"] * bool(more))

    def each(
        self, item: str, members: ast.expr, body: list[ast.stmt], rest: list[ast.stmt]
    ) -> Term:
        """A ``for``, with definitions of its own: a round, and what a round asks.

        Its state is what it assigns and has a value before it.
        """
        kind = self.member(members)
        name, (values, asks) = f"{self.node.name}_round", self.operand(members, ATOM)
        names_ = [variable for variable in self.types if variable in assigned(body)]
        used = {variable.id for variable in names(body)} - {*names_}
        fixed = [variable for variable in self.types if variable in used]
        state, before = self.state(names_), dict(self.types)
        self.types[item] = kind
        value, more = self.block([*body, ast.Return(ast.Tuple([*map(loaded, names_)]))])
        self.types = before
        if self.loops:
            raise RefusedError(members)
        arguments = "".join(f" ({self.spelled(a)} : {before[a]})" for a in fixed)
        arguments += f" '({state} : {' * '.join(before[v] or 'Z' for v in names_)})"
        arguments += f" ({self.spelled(item)} : {kind})"
        self.loops = [
            f"Definition {name}{arguments} :=\n  {value}.",
            f"Definition {name}_runs{arguments} : Prop :=\n  {both(more)}.",
        ]
        given = "".join(f" {self.spelled(a)}" for a in fixed)
        asks = [*asks, f"each_runs ({name}{given}) ({name}_runs{given}) {values} {state}"]
        return self.binding(state, f"fold_left ({name}{given}) {values} {state}", asks, rest)

    def loop(self, condition: ast.expr, body: list[ast.stmt], rest: list[ast.stmt]) -> Term:
        """A ``while``, as definitions of its own: its test, its round and what a round asks.

        Its state is what has a value before it and is read or assigned in it.
        """
        used = {name.id for name in names([ast.Expr(condition), *body])}
        state = [name for name in self.types if name in used]
        variables = ", ".join(map(self.spelled, state))
        title = f"{self.node.name}_round"
        test, asks = self.test(condition)
        once, more = self.block([*body, ast.Return(ast.Tuple([*map(loaded, state)]))])
        then, last = self.block(rest)
        if asks or last or self.loops:
            raise RefusedError(condition)
        argument = f"'(({variables}) : {' * '.join('Z' for _ in state)})"
        self.loops = [
            f"Definition {self.node.name}_test {argument} :=\n  {test}.",
            f"Definition {title} {argument} :=\n  {once}.",
            f"Definition {title}_runs {argument} : Prop :=\n  {both(more)}.",
        ]
        loop = f"{self.node.name}_test {title}"
        begin = f"(rounds [{variables.replace(',', ';')}]) ({variables})"
        return Term(
            f"let '({variables}) := loop {loop}\n    {begin} in\n  {then}",
            [f"loop_runs {loop} {title}_runs\n    {begin}"],
        )

    def pattern(self, target: ast.expr, kind: str) -> str:
        """The left side of an assignment."""
        match target:
            case ast.Name(name):
                return self.spelled(name)
            case ast.Tuple(parts) if kind in self.known.records:
                record = self.known.records[kind]
                fields = [self.spelled(ast.unparse(part)) for part in parts]
                if fields[-1].startswith("*"):
                    fields[-1:] = ["_"] * (len(record.fields) + 1 - len(fields))
                return f"'({record.constructor} {' '.join(fields)})"
            case ast.Tuple(parts):
                return f"'({', '.join(self.pattern(part, '').strip(chr(39)) for part in parts)})"
        raise RefusedError(target)
