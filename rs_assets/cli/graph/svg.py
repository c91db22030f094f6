"""The drawing as SVG: one file, readable in light and dark, without a script or an outside request.

Belongs here: boxes, curves, colours. Does not belong here: where they stand (`layout`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from rs_assets.cli.graph.layout import Layout, layered
from rs_assets.drawing import COLOURS

WIDTH, ROW, TITLE, PAD = 214, 17, 26, 10
BETWEEN, MARGIN = 40, 12
STYLE = """
  .box { fill: #ffffff; stroke: #c4c9d1; }
  .asset { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #24292f; }
  .group { font: 600 13px system-ui, -apple-system, Segoe UI, sans-serif; fill: #24292f; }
  .edge { fill: none; stroke: #8c959f; stroke-width: 1.4; }
  .head { fill: #8c959f; }
  @media (prefers-color-scheme: dark) {
    .box { fill: #161b22; stroke: #3d444d; }
    .asset, .group { fill: #e6edf3; }
  }
"""


def drawn(groups: Mapping[str, Sequence[str]], edges: Sequence[tuple[str, str]], says: str) -> str:
    """Groups of assets as boxes, left to right.

    Args:
        groups: the assets of each, in the order in which they are written.
        edges: between groups.
        says: what the drawing says, for those who cannot see it.
    """
    heights = {name: float(TITLE + ROW * len(assets) + PAD) for name, assets in groups.items()}
    layout = layered(heights, edges)
    columns = max(layout.layer.values()) + 1
    wide = columns * WIDTH + (columns - 1) * BETWEEN + 2 * MARGIN
    high = layout.height + 2 * MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high:.0f}" role="img" '
        f'aria-label="{escape(says)}">',
        f"<title>{escape(says)}</title>",
        f"<style>{STYLE}</style>",
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path class="head" d="M0 0 8 4 0 8z"/></marker></defs>',
        *(_edge(layout, start, end) for start, end in sorted(edges)),
        *(
            _box(layout, name, heights[name], assets, COLOURS[n % len(COLOURS)])
            for n, (name, assets) in enumerate(groups.items())
        ),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _left(layer: int) -> int:
    return MARGIN + layer * (WIDTH + BETWEEN)


def _edge(layout: Layout, start: str, end: str) -> str:
    x, y = _left(layout.layer[start]) + WIDTH, layout.y[start] + MARGIN
    path = f"M{x} {y:.1f}"
    bend = BETWEEN / 2
    for passed, lane in enumerate(layout.ways[start, end], layout.layer[start] + 1):
        to, height = _left(passed), lane + MARGIN
        path += f"C{x + bend} {y:.1f} {to - bend} {height:.1f} {to} {height:.1f}H{to + WIDTH}"
        x, y = to + WIDTH, height
    to, height = _left(layout.layer[end]), layout.y[end] + MARGIN
    path += f"C{x + bend} {y:.1f} {to - bend} {height:.1f} {to - 1} {height:.1f}"
    return f'<path class="edge" marker-end="url(#head)" d="{path}"/>'


def _box(layout: Layout, name: str, height: float, assets: Sequence[str], colour: str) -> str:
    x, y = _left(layout.layer[name]), layout.y[name] - height / 2 + MARGIN
    lines = [
        f'<text class="asset" x="{x + 12}" y="{y + TITLE + ROW * n + 12:.1f}">{escape(asset)}</text>'
        for n, asset in enumerate(assets)
    ]
    return "\n".join(
        [
            f'<rect class="box" x="{x}" y="{y:.1f}" width="{WIDTH}" height="{height:.1f}" rx="6"/>',
            f'<rect x="{x}" y="{y:.1f}" width="4" height="{height:.1f}" rx="2" fill="{colour}"/>',
            f'<text class="group" x="{x + 12}" y="{y + 18:.1f}">{escape(name)}</text>',
            *lines,
        ]
    )
