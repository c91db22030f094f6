"""Batches without the lines of erased clients.

Belongs here: taking lines out of a batch. Does not belong here: which lines (`matching`).

What stays keeps its place: a line's number counts the erased ones, before a rewrite, which leaves them blank, and
after it. So nothing of any other event changes, not even its id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import polars as pl
import pyarrow as pa

from rs_assets.log.blocks import Batch
from rs_assets.log.erasure.matching import Mask, Matcher

SPACE = ord(" ")


def unerased(batches: Iterable[Batch], matcher: Matcher) -> Iterator[Batch]:
    """The same batches without the lines of erased clients, which stand in `erased`; their bytes are overwritten."""
    if not matcher:
        yield from batches
        return
    for batch in batches:
        gone = erased(batch, matcher)
        yield _without(batch, gone) if gone.any() else batch


def erased(batch: Batch, matcher: Matcher) -> Mask:
    """(n,) which lines of a batch are of erased clients."""
    return matcher.matches(_texts(batch)) if len(batch) else np.zeros(0, np.bool_)


def _without(batch: Batch, gone: Mask) -> Batch:
    lines = [batch.text(k) for k in np.flatnonzero(gone).tolist()]
    octets = np.frombuffer(batch.data, np.uint8)  # a view: what it is set to, the batch's bytes are
    for k in np.flatnonzero(gone).tolist():
        octets[batch.start[k] : batch.end[k]] = SPACE
    stays = ~gone
    return replace(
        batch,
        start=batch.start[stays],
        end=batch.end[stays],
        segment=batch.segment[stays],
        line=batch.line[stays],
        erased=lines,
    )


def _texts(batch: Batch) -> pl.Series:
    """The lines as text, without a copy where they are UTF-8; what is not becomes the sign for that."""
    # From the start of one line to that of the next: newlines and blank lines between them match nothing.
    borders = pa.py_buffer(np.append(batch.start, batch.size).astype(np.int64))
    data = pa.py_buffer(memoryview(batch.data)[: batch.size])
    whole = pa.Array.from_buffers(pa.large_binary(), len(batch), [None, borders, data])
    try:
        found = pl.from_arrow(whole.cast(pa.large_string()))
    except pa.ArrowInvalid:
        texts = (batch.text(k).decode(errors="replace") for k in range(len(batch)))
        found = pl.Series(list(texts), dtype=pl.String)
    assert isinstance(found, pl.Series)
    return found
