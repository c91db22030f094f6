"""Where boxes are declared, and how a declaration is changed: its one number, and not a character beside it.

Belongs here: `Box(...)` in Python, `box:` in dbt's YAML, the diff. Does not belong here: what the number should be
(`report`), which declaration is which step's (`rs_assets.defs.uses`).
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rs_assets.errors import UserError


@dataclass(frozen=True, order=True)
class Declaration:
    """Where a box's memory stands, or would stand.

    Attributes:
        path: the file.
        start: where the number begins, in characters; `end` is after it, and the same where there is none yet.
        end: see there.
        before: what is to be written before the number where there is none yet.
    """

    path: Path
    start: int
    end: int
    before: str = ""


def in_python(path: Path, line: int) -> Declaration:
    """The `Box(...)` that the function declared at this line is given as `op_tags=NAME.op_tags()`.

    Raises:
        UserError: there is none of that form.
    """
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and min([node.lineno, *(d.lineno for d in node.decorator_list)]) == line
    ]
    for decorator in (d for node in found for d in node.decorator_list if isinstance(d, ast.Call)):
        for keyword in decorator.keywords:
            value = keyword.value
            tags = (
                value.func.value
                if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute)
                else None
            )
            if keyword.arg == "op_tags" and isinstance(tags, ast.Name | ast.Call):
                call = tags if isinstance(tags, ast.Call) else _assigned(tree, tags.id)
                if call is not None:
                    return _memory_of(call, path, text)
    raise UserError(
        f"{path}:{line} has no box that can be changed.",
        "Declare it as `BOX = Box(cpu=1, memory_gib=2)` in the same module, and use `op_tags=BOX.op_tags()`.",
    )


def in_yaml(path: Path, model: str) -> Declaration:
    """The `box:` of a dbt model's meta.

    Raises:
        UserError: the file has none for it.
    """
    import yaml

    text = path.read_text(encoding="utf-8")
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    models = _child(root, "models")
    for node in models.value if isinstance(models, yaml.SequenceNode) else ():
        name = _child(node, "name")
        if name is None or name.value != model:
            continue
        config = _child(node, "config")
        box = _child(_child(node, "meta") or _child(config, "meta"), "box")
        if not isinstance(box, yaml.MappingNode):
            break
        if (memory := _child(box, "memory_gib")) is not None:
            return Declaration(path, memory.start_mark.index, memory.end_mark.index)
        if box.value:
            last = box.value[-1][1].end_mark.index
            apart = ", " if box.flow_style else "\n" + " " * box.value[0][0].start_mark.column
            return Declaration(path, last, last, f"{apart}memory_gib: ")
    raise UserError(
        f"{path}: the model {model} has no box in its meta.",
        "Write one: `meta: {box: {cpu: 1, memory_gib: 2}}`.",
    )


def diff(changes: Mapping[Declaration, float], root: Path) -> str:
    """A unified diff, as `git apply` takes it, that writes these sizes in GiB; empty if nothing changes.

    Files outside of `root` (of a company's project) are named by their whole path.
    """
    made: list[str] = []
    for path, text in rewritten(changes).items():
        name = (path.relative_to(root) if path.is_relative_to(root) else path).as_posix().lstrip("/")
        old = path.read_text(encoding="utf-8").splitlines(keepends=True)
        made += difflib.unified_diff(old, text.splitlines(keepends=True), f"a/{name}", f"b/{name}")
    return "".join(made)


def rewritten(changes: Mapping[Declaration, float]) -> dict[Path, str]:
    """The text of each file with its sizes changed; nothing is written."""
    texts: dict[Path, str] = {}
    for one in sorted(changes, reverse=True):  # from the end, so that what is before it stays where it is
        text = texts.get(one.path) or one.path.read_text(encoding="utf-8")
        texts[one.path] = text[: one.start] + f"{one.before}{changes[one]:g}" + text[one.end :]
    return dict(sorted(texts.items()))


def shared(found: Iterable[tuple[Declaration, float]]) -> dict[Declaration, float]:
    """One size a declaration; steps that share one get the largest of theirs."""
    sizes: dict[Declaration, float] = {}
    for declaration, gib in found:
        sizes[declaration] = max(gib, sizes.get(declaration, 0.0))
    return sizes


def _assigned(tree: ast.Module, name: str) -> ast.Call | None:
    """The call that a name of the module stands for, in `A = Box()` and in `A, B = Box(), Box()`."""
    for node in tree.body:
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            pairs = [(target, node.value)]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = list(zip(target.elts, node.value.elts, strict=True))
            for one, value in pairs:
                if isinstance(one, ast.Name) and one.id == name and isinstance(value, ast.Call):
                    return value
    return None


def _memory_of(call: ast.Call, path: Path, text: str) -> Declaration:
    given = [keyword.value for keyword in call.keywords if keyword.arg == "memory_gib"] or call.args[1:2]
    if given:
        (value,) = given
        start, end = (_index(text, *at) for at in _ends(value))
        return Declaration(path, start, end)
    inside = [*call.args, *(keyword.value for keyword in call.keywords)]
    if inside:
        at = max(_index(text, *_ends(value)[1]) for value in inside)
        return Declaration(path, at, at, ", memory_gib=")
    at = _index(text, *_ends(call)[1]) - 1
    return Declaration(path, at, at, "memory_gib=")


def _ends(node: ast.expr) -> tuple[tuple[int, int], tuple[int, int]]:
    assert node.end_lineno is not None and node.end_col_offset is not None  # of text that was parsed
    return (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)


def _index(text: str, line: int, column: int) -> int:
    """Of a place that ast has given: lines from 1, columns in bytes."""
    lines = text.splitlines(keepends=True)
    return sum(map(len, lines[: line - 1])) + len(lines[line - 1].encode()[:column].decode())


def _child(node: Any, key: str) -> Any:
    """What stands under a key of a mapping of PyYAML's, which has no types; None for anything else."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == key:
                return value
    return None
