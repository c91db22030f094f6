"""How the commands speak: to a person on a terminal, to a file, to a script.

Belongs here: consoles, tables, numbers and text as all pages show them. Does not belong here: what any page says.

Text of the log is data that strangers sent. `visible` takes the control characters out of it, so that an event
cannot move the cursor of whoever looks at it; and it is never read as markup.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from rs_assets.visible import visible as visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

WIDTH = 120
"""Characters a line where there is no terminal that says otherwise."""

BARS = "▁▂▃▄▅▆▇█"


def out() -> Console:
    """The console of results."""
    return _console(stderr=False)


def err() -> Console:
    """The console of progress and errors, so that results can be piped."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    console = Console(stderr=stderr, highlight=False, emoji=False)
    if not console.is_terminal and not os.environ.get("COLUMNS"):
        console.width = WIDTH
    return console


def print_json(value: object) -> None:
    """Dataclasses, dates and plain values as indented JSON on standard output."""
    import orjson

    options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS | orjson.OPT_APPEND_NEWLINE
    sys.stdout.write(orjson.dumps(value, option=options).decode())


def table(*columns: str, right: Sequence[str] = (), folded: Sequence[str] = ()) -> Table:
    """An empty table in the style of all tables.

    Args:
        columns: headers.
        right: the headers of numbers.
        folded: the headers whose cells may take several lines; the others keep to one.
    """
    from rich import box
    from rich.table import Table

    made = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False, collapse_padding=True
    )
    for name in columns:
        made.add_column(
            name,
            justify="right" if name in right else "left",
            no_wrap=name not in folded,
            overflow="fold" if name in folded else "ellipsis",
        )
    return made


def facts(rows: Iterable[tuple[str, Any]]) -> Table:
    """Names and what they are, without a header."""
    from rich.table import Table

    made = Table.grid(padding=(0, 2))
    made.add_column(style="bold", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in rows:
        made.add_row(name, cell(value) if isinstance(value, str) else value)
    return made


def cell(text: object, style: str = "") -> Text:
    """Text of the log or the lake as it may be shown."""
    from rich.text import Text

    return Text(visible(str(text)), style=style)


def visible_lines(text: str) -> Text:
    """The same for text whose lines are to be kept."""
    from rich.text import Text

    return Text("\n".join(map(visible, text.splitlines())))


def size(of: int) -> str:
    """Bytes for a person: `18.2 MB`."""
    if of < 1000:
        return f"{of} B"
    for power, unit in enumerate(("kB", "MB", "GB"), 1):
        if of < 999.95 * 1000**power:
            return f"{of / 1000**power:.1f} {unit}"
    return f"{of / 1000**4:.1f} TB"


def share(part: int, whole: int) -> str:
    """A share in percent; a dash where there is no whole."""
    return f"{part / whole:.2%}" if whole else "-"


def plural(number: int, one: str, many: str = "") -> str:
    """`1 segment`, `1,200 segments`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def place(path: str) -> str:
    """A path as short as it can be named from here."""
    inside = "://" not in path and path.startswith(os.getcwd() + os.sep)
    return os.path.relpath(path) if inside else path


def sparkline(values: Sequence[float], width: int = 30) -> str:
    """Bars from 0 to the largest value; more values than `width` share bars, by their mean."""
    bars = min(len(values), width)
    edges = [round(n * len(values) / bars) for n in range(bars + 1)] if bars else []
    means = [sum(values[a:b]) / (b - a) for a, b in pairwise(edges)]
    top = max(means, default=0.0) or 1.0
    return "".join(BARS[min(len(BARS) - 1, int(mean / top * len(BARS)))] for mean in means)
