"""A bar that moves while a command works, on standard error and on terminals only.

Belongs here: the bar. Does not belong here: what moves it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rs_assets.cli.output import err


@contextmanager
def bar(what: str) -> Iterator[Callable[[int, int, str], None]]:
    """A bar named `what`; the function it gives takes how much is done, of how much, and a remark."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = err()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[remark]}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=None, remark="")

        def move(done: int, of: int, remark: str) -> None:
            progress.update(task, completed=done, total=of, remark=remark)

        yield move
