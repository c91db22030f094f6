"""`rs-assets graph`: the asset graph as one picture, drawn from the code.

Belongs here: the command, and what of the graph is drawn. Does not belong here: drawing (`layout`, `svg`).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import dagster as dg


def graph(
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to; to the terminal if not given.")
    ] = None,
) -> None:
    """Draw the asset graph as SVG: its groups from left to right, each with its assets."""
    from rs_assets.cli.output import err
    from rs_assets.definitions import build_defs

    picture = pictured(build_defs())
    if output is None:
        sys.stdout.write(picture)
    else:
        output.write_text(picture, encoding="utf-8")
        err().print(f"Drawn to {output}.", markup=False)


def pictured(defs: dg.Definitions) -> str:
    """The graph of these definitions as SVG; the same one always in the same bytes."""
    from rs_assets.cli.graph.svg import drawn

    assets = defs.resolve_asset_graph()
    groups: dict[str, list[str]] = {}
    edges: set[tuple[str, str]] = set()
    for level in assets.toposorted_asset_keys_by_level:
        for key in sorted(level):
            node = assets.get(key)
            groups.setdefault(node.group_name, []).append(key.to_user_string())
            edges |= {(assets.get(parent).group_name, node.group_name) for parent in node.parent_keys}
    apart = sorted((start, end) for start, end in edges if start != end)
    says = f"The asset graph: {len(assets.get_all_asset_keys())} assets in {len(groups)} groups, from the raw log on."
    return drawn(groups, apart, says)
