"""Small changes of a source file that break it: what `mutate.py` draws from."""

import ast
import copy
import dataclasses

COMPARED = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE,
    ast.GtE: ast.Gt, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
COMPUTED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
SIMPLE = (ast.Assign, ast.AugAssign, ast.Return, ast.Expr)
HEADERS = {ast.If: "test", ast.While: "test", ast.For: "iter"}
# What only words an error, a warning or a hint.
WORDING = {"warn", "note", "say", "InputError", "RuntimeError", "format", "join"}


@dataclasses.dataclass(frozen=True)
class Mutation:
    """One change.

    Args:
        kind: "comparison", "operator", "constant", "call" or "arguments".
        line: Number of the line, from 1.
        before, after: The source of the expression or statement, old and new.
        start, end: Where it stands: (line, column in bytes).
        statement: Line of the statement around it, before which a probe may be put.
        indent: Columns before that statement.
    """

    kind: str
    line: int
    before: str
    after: str
    start: tuple
    end: tuple
    statement: int
    indent: int

    def apply(self, source, probe):
        """The changed source, in which the statement `probe` runs before the changed one."""
        lines = source.encode().splitlines(keepends=True)
        (first, left), (last, right) = self.start, self.end
        changed = lines[first - 1][:left] + self.after.encode() + lines[last - 1][right:]
        lines[first - 1 : last] = [changed]
        lines.insert(self.statement - 1, b" " * self.indent + probe.encode() + b"\n")
        return b"".join(lines).decode()


def mutations(source):
    """All of a file's, in the bodies of its functions."""
    lines, found = source.splitlines(), []
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        for statement in _statements(function.body):
            # An `elif` has no place for a probe before it.
            if lines[statement.lineno - 1].lstrip().startswith("elif"):
                continue
            for kind, old, new in _changes(statement):
                before = ast.get_source_segment(source, old)
                after = new if isinstance(new, str) else ast.unparse(new)
                if isinstance(new, ast.expr) and not isinstance(new, (ast.Constant, ast.Call)):
                    after = f"({after})"
                start, end = (old.lineno, old.col_offset), (old.end_lineno, old.end_col_offset)
                place = statement.lineno, statement.col_offset
                found.append(Mutation(kind, old.lineno, before, after, start, end, *place))
    return found


def _statements(body):
    """Those of a body and of the blocks in it, but not of functions and classes in it."""
    for statement in body:
        if isinstance(statement, (*SIMPLE, *HEADERS)):
            yield statement
        if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            for name in ("body", "orelse", "finalbody"):
                yield from _statements(getattr(statement, name, []))


def _changes(statement):
    """(kind, old node, new node or text) of a statement itself, without the blocks in it."""
    if isinstance(statement, ast.Expr):
        if not isinstance(statement.value, ast.Call) or _name(statement.value) in WORDING:
            return
        yield "call", statement, "pass"
    header = HEADERS.get(type(statement))
    yield from _of(getattr(statement, header) if header else statement)


def _of(node):
    if isinstance(node, (ast.JoinedStr, ast.Lambda)):  # a lambda may run elsewhere and later
        return
    if isinstance(node, ast.Call) and _name(node) in WORDING:
        return
    new = copy.deepcopy(node)
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        new.ops = [COMPARED[type(node.ops[0])]()]
        yield "comparison", node, new
    elif isinstance(node, ast.BoolOp):
        new.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield "operator", node, new
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub)):
        yield "operator", node, node.operand
    elif isinstance(node, ast.BinOp) and type(node.op) in COMPUTED and not _texts(node):
        new.op = COMPUTED[type(node.op)]()
        yield "operator", node, new
    elif isinstance(node, ast.Constant) and isinstance(node.value, (bool, int, float)):
        yield "constant", node, ast.Constant(_other(node.value))
    elif isinstance(node, ast.Call):
        plain = [one for one in node.args if not isinstance(one, ast.Starred)]
        if len(plain) >= 2 and ast.dump(plain[0]) != ast.dump(plain[1]):
            new.args[:2] = new.args[1], new.args[0]
            yield "arguments", node, new
        elif len(plain) == 1 and not node.keywords and not isinstance(plain[0], ast.Constant):
            yield "call", node, plain[0]
    for name, child in ast.iter_fields(node):
        if name not in ("annotation", "targets", "target", "ctx"):
            for one in child if isinstance(child, list) else [child]:
                if isinstance(one, (ast.expr, ast.keyword, ast.comprehension)):
                    yield from _of(one)


def _name(call):
    return getattr(call.func, "attr", getattr(call.func, "id", None))


def _texts(node):
    sides = node.left, node.right
    return any(isinstance(n, ast.JoinedStr | ast.List) or _is_text(n) for n in sides)


def _is_text(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _other(value):
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else 2 * value if value else 1.0
