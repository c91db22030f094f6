"""A page around what it says: its head, its one main part, its facts and its tables.

Belongs here: what makes a page one for a phone, a printer and a screen reader alike. Does not belong here: its looks
(`style`), text made safe (`markup`), or what any page says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rs_assets.pages.style import STYLE


def document(title: str, body: Iterable[str], *, style: str = "") -> str:
    """A whole page.

    Args:
        title: its name and first heading, as HTML.
        body: its parts, as HTML; headings begin with h2.
        style: rules of its own, after those of all pages.
    """
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            f"<title>{title}</title><style>{STYLE}{style}</style></head>",
            f"<body><main><h1>{title}</h1>",
            *body,
            "</main></body></html>\n",
        ]
    )


def facts(each: Iterable[tuple[str, str]]) -> str:
    """Large numbers beside each other, each with what it counts; both as HTML."""
    boxes = "".join(f"<div><dt>{what}</dt><dd>{number}</dd></div>" for number, what in each)
    return f'<dl class="facts">{boxes}</dl>'


def head(
    says: str,
    columns: Sequence[str],
    *,
    numbers: Iterable[str] = (),
    wide: Iterable[str] = (),
    stacked: bool = False,
) -> str:
    """The beginning of a table up to its rows; `</tbody></table></div>` ends it.

    Args:
        says: what the table is of, for those who cannot see where it stands.
        columns: their names, as HTML.
        numbers: those of the columns that hold numbers.
        wide: those that a phone has no room for.
        stacked: on a phone, a row's name is above its three other cells.
    """
    number, hidden = set(numbers), set(wide)
    heads = "".join(f'<th scope="col"{_kind(name in number, name in hidden)}>{name}</th>' for name in columns)
    kind = ' class="stacked"' if stacked else ""
    return f'<div class="table"><table{kind}><caption>{says}</caption><thead><tr>{heads}</tr></thead><tbody>'


def cell(value: str, *, number: bool = False, wide: bool = False, row: bool = False) -> str:
    """A cell of a table; the one that names its row is a header to those who listen."""
    tag = 'th scope="row"' if row else "td"
    return f"<{tag}{_kind(number, wide)}>{value}</{tag.partition(' ')[0]}>"


def table_of(
    says: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numbers: Iterable[str] = (),
    wide: Iterable[str] = (),
) -> str:
    """A whole table of cells that are HTML; the first of a row names it."""
    number, hidden = set(numbers), set(wide)
    made = [head(says, columns, numbers=number, wide=hidden)]
    for row in rows:
        cells = (
            cell(value, number=name in number, wide=name in hidden, row=at == 0)
            for at, (name, value) in enumerate(zip(columns, row, strict=True))
        )
        made.append(f"<tr>{''.join(cells)}</tr>")
    return "\n".join([*made, END])


END = "</tbody></table></div>"
"""What ends a table that `head` began."""


def _kind(number: bool, wide: bool) -> str:
    names = " ".join(name for name, holds in (("n", number), ("wide", wide)) if holds)
    return f' class="{names}"' if names else ""
