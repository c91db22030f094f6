"""docs/when-it-breaks.md: its tables of messages, taken from the code.

`python deploy/docs/errors.py` writes them anew, in place; with `--check` it exits 1 if they are not what the code
says.

Belongs here: finding each `UserError` of the code, and the tables. Does not belong here: what else stands on the
page, which is written by hand. Where a table begins it says of what it is: `<!-- errors: files and folders -->`.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
TABLE = re.compile(r"<!-- errors: (.*?) -->\n.*?<!-- end -->", re.DOTALL)
ERROR = "UserError"
MORE = "…"
"""What stands for a part that is not known before it runs and has no name."""


@dataclass(frozen=True, order=True)
class Message:
    """One error of the code: in which file, what it says, what it says to do; what differs is in italics."""

    path: str
    what: str
    hint: str

    @property
    def told(self) -> bool:
        """Whether any of its words is known before it runs; else it passes on what something else says."""
        return bool(re.search(r"\w", re.sub(r"\*\w+\*", "", self.what)))


class Module:
    """A module's errors."""

    def __init__(self, root: Path, path: Path) -> None:
        self._root = root
        self._tree = ast.parse(path.read_text(encoding="utf-8"))
        self._path = path.relative_to(root / "rs_assets").as_posix()
        self._constants = _constants(self._tree, root)
        kinds = (node for node in self._tree.body if isinstance(node, ast.ClassDef))
        self._errors = {ERROR, *(k.name for k in kinds if any(_name(base) == ERROR for base in k.bases))}

    def messages(self) -> Iterator[Message]:
        """Each of them; one that a function makes of its arguments is as many as there are calls of it."""
        for function, error in self._raised(self._tree, None):
            given = [*error.args, *(one.value for one in error.keywords), ast.Constant("")][:2]
            for known in self._calls(function, given):
                what, hint = (_said(one, {**self._constants, **known}) for one in given)
                yield Message(self._path, what, hint)

    def _raised(
        self, node: ast.AST, function: ast.FunctionDef | None
    ) -> Iterator[tuple[ast.FunctionDef | None, ast.Call]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Call) and _name(child.func) in self._errors:
                yield function, child
            yield from self._raised(child, child if isinstance(child, ast.FunctionDef) else function)

    def _calls(self, function: ast.FunctionDef | None, given: list[ast.expr]) -> list[dict[str, ast.expr]]:
        """What is known of its names, for each call of a function that gives it texts of the message; else once."""
        if function is None:
            return [{}]
        own = _texts(ast.walk(function))
        used = {node.id for one in given for node in ast.walk(one) if isinstance(node, ast.Name)}
        names = [one.arg for one in function.args.args if one.arg != "self"]
        found = []
        for call in ast.walk(self._tree):
            if isinstance(call, ast.Call) and _name(call.func) == function.name:
                args = {
                    **dict(zip(names, call.args, strict=False)),
                    **{k.arg or "": k.value for k in call.keywords},
                }
                texts = {name: arg for name, arg in args.items() if name in used and _is_text(arg)}
                found += [{**own, **texts}] if texts else []
        return found or [own]


def messages(root: Path = ROOT) -> list[Message]:
    """Every error that a person is meant to read, once for each file that has it."""
    code = sorted((root / "rs_assets").rglob("*.py"))
    return sorted({one for path in code for one in Module(root, path).messages()})


def _constants(tree: ast.Module, root: Path) -> dict[str, ast.expr]:
    """What a module, and those that it imports from, call by a name in capitals."""
    found: dict[str, ast.expr] = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and any(one.name.isupper() for one in node.names):
            path = root / f"{(node.module or '').replace('.', '/')}.py"
            if path.is_file():
                theirs = _constants(ast.parse(path.read_text(encoding="utf-8")), root)
                found |= {one.name: theirs[one.name] for one in node.names if one.name in theirs}
    return found | {name: value for name, value in _texts(tree.body).items() if name.isupper()}


def _texts(nodes: Iterable[ast.AST]) -> dict[str, ast.expr]:
    """Names that a text is assigned to, the last one of each."""
    return {
        target.id: node.value
        for node in nodes
        if isinstance(node, ast.Assign) and _is_text(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _said(node: ast.expr, known: Mapping[str, ast.expr]) -> str:
    """The text of an expression; a part that differs from time to time as its name in italics."""
    match node:
        case ast.Constant(value=str() as text):
            return text.replace("*", r"\*")
        case ast.JoinedStr(values=parts):
            return "".join(_said(part, known) for part in parts)
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return _said(left, known) + _said(right, known)
        case ast.IfExp(body=one, orelse=other):
            return f"{_said(one, known)} / {_said(other, known)}"
        case ast.FormattedValue(value=value):
            return _said(value, known)
        case ast.Call(
            func=ast.Attribute(value=ast.Constant(), attr="join"), args=[ast.List(elts=[first, *_])]
        ):
            return f"{_said(first, known)} {MORE}"
        case ast.Name(id=name) if name in known:
            return _said(known[name], {other: value for other, value in known.items() if other != name})
        case ast.Name(id=name) | ast.Attribute(attr=name) if len(name) > 2:
            return f"*{name.strip('_').replace('_', ' ')}*"
    return MORE


def _is_text(node: ast.expr) -> bool:
    if isinstance(node, ast.IfExp):
        return _is_text(node.body) and _is_text(node.orelse)
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def filled(page: str, found: list[Message]) -> str:
    """The page with its tables as the code says."""

    def table(match: re.Match[str]) -> str:
        places = match[1].split()
        here = dict.fromkeys(
            (one.what, one.hint) for place in places for one in found if _lies(one, place) and one.told
        )
        rows = "".join(f"| {_cell(what)} | {_cell(hint)} |\n" for what, hint in here)
        return f"<!-- errors: {match[1]} -->\n| it says | what to do |\n|---|---|\n{rows}<!-- end -->"

    return TABLE.sub(table, page)


def places(page: str) -> list[str]:
    """The files and folders of all tables."""
    return [place for match in TABLE.finditer(page) for place in match[1].split()]


def _lies(one: Message, place: str) -> bool:
    return one.path == place or one.path.startswith(f"{place}/")


def _cell(text: str) -> str:
    """A text as a cell; of a command, what differs is in capitals, as its help has it."""

    def command(found: re.Match[str]) -> str:
        return re.sub(r"\*([\w ]+)\*", lambda name: name[1].replace(" ", "_").upper(), found[0])

    line = re.sub(r"`[^`]*`", command, " ".join(text.split()))
    return (
        line.replace("|", r"\|").replace("<", "&lt;")
        if re.search(r"\w", re.sub(r"\*.*?\*", "", line))
        else "What its second sentence says."
    )


def main(root: Path, check: bool) -> int:
    """Write the page, or say whether it is as it should be; the exit code."""
    path = root / "docs" / "when-it-breaks.md"
    page = path.read_text(encoding="utf-8")
    now = filled(page, messages(root))
    if check and now != page:
        print("docs/when-it-breaks.md is not what the code says; `python deploy/docs/errors.py` writes it.")
        return 1
    path.write_text(now, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(ROOT, "--check" in sys.argv[1:]))
