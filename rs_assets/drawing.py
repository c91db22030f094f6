"""Plots as PNG bytes, small enough to stand in an asset's metadata.

Belongs here: what all plots share. Does not belong here: what is drawn (`models.plots`, `contract.report.plot`).

Equal data gives equal bytes, whatever the machine's matplotlibrc says: the default style, no metadata. A
palette of 64 colours makes them a quarter of the size; Dagster's event log keeps them for ever, and the eye
sees no difference. `pyplot` is never imported: its figures are global state, which leaks memory in a
long-lived process. Colours are Okabe and Ito's, which are told apart with any colour vision.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
INCHES = (6.0, 4.0)
DPI = 100
PALETTE = 64


def as_markdown(png: bytes, alt: str) -> str:
    """`png` as an image inside Markdown, its bytes in a data URI: Dagster's metadata shows it in place.

    Args:
        png: the bytes of a PNG.
        alt: what the image says, for those who cannot see it. Square brackets become round ones.
    """
    safe = alt.replace("[", "(").replace("]", ")").replace("\n", " ")
    return f"![{safe}](data:image/png;base64,{base64.b64encode(png).decode('ascii')})"


@contextmanager
def figure() -> Iterator[tuple[Axes, io.BytesIO]]:
    """One pair of axes to draw on; the PNG is in the buffer once the block has ended."""
    import matplotlib.style
    from matplotlib.figure import Figure
    from PIL import Image

    full, png = io.BytesIO(), io.BytesIO()
    with matplotlib.style.context("default"):
        drawn = Figure(figsize=INCHES, dpi=DPI, layout="constrained")
        axes = drawn.add_subplot()
        axes.grid(color="#dddddd", linewidth=0.5)
        yield axes, png
        drawn.savefig(full, format="png")
        picture = Image.open(full).convert("RGB").quantize(PALETTE, dither=Image.Dither.NONE)
        picture.save(png, format="PNG", optimize=True)
