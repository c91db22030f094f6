"""What stands around the events of a line: lines whose envelope or body holds a field twice.

Belongs here: finding those lines, on whole batches. Does not belong here: which field it is (`exact` tells), events
(`plain` and `shapes`).

A reader of columns takes one of two fields of a name and says nothing. Most lines are cleared by their length: a line
without white space is exactly as long as the values that were read from it, with their names and punctuation, if it
holds nothing else. All others are looked at for their names, natively if they are many. (A number with an exponent is
written out by the native reader, and may be longer than it was sent: it takes one of those, and as many bytes more,
to hide a field.)
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from rs_assets.contract.doubt import Positions
from rs_assets.contract.names import FEW_LINES, repeats
from rs_assets.contract.parse import MisalignedError, Parser
from rs_assets.contract.plain import members_length
from rs_assets.contract.queries import LINE_BYTES, OF_BODY
from rs_assets.contract.schemas import ENVELOPE
from rs_assets.contract.verdict import Mask
from rs_assets.log.blocks import Batch

NAMES = {
    **{str(name): str(name) for name in ENVELOPE.columns},
    **{name: name for name in OF_BODY},
    "body_timestamp_micros": "timestamp_micros",
}
"""The name of each column's field."""
AROUND = len('{"body":{"events":[]}}') - 1  # the events have one comma less than there are of them


def repeating(parser: Parser, events: pl.DataFrame, batch: Batch, doubtful: Positions) -> Positions:
    """Positions of the lines whose envelope or body may hold a field twice, ascending.

    Args:
        parser: asked for the names of lines that are not as long as they should be, where `names` cannot tell them.
        events: what the native parser made of the batch, with `length`, in its order.
        batch: the lines themselves.
        doubtful: positions of lines that are read exactly in any case, which tells this, too.
    """
    sizes = batch.end - batch.start
    asked = np.flatnonzero((_lengths(events) != sizes) & (sizes <= LINE_BYTES))
    if len(asked) > FEW_LINES:
        return asked[_repeat(parser, batch, asked)]
    told = [repeats(batch.text(k)) for k in asked.tolist()]
    unread = asked[[answer is None for answer in told]]
    left = np.setdiff1d(unread, doubtful)
    left = left[_repeat(parser, batch, left)] if len(left) else left
    sure = asked[[answer is True for answer in told]]
    return np.sort(np.concatenate([sure, np.intersect1d(unread, doubtful), left]))


def _repeat(parser: Parser, batch: Batch, asked: Positions) -> Mask:
    """What the native reader says of these lines; true where it cannot tell, for the exact reading to decide."""
    try:
        return parser.repeat([batch.text(k) for k in asked.tolist()])
    except MisalignedError:
        return np.ones(len(asked), np.bool_)


def _lengths(events: pl.DataFrame) -> npt.NDArray[np.int64]:
    """How long each line is, if it has no white space and nothing but what was read."""
    starts = np.flatnonzero(events["event_index"].to_numpy() == 0)
    of_events = events["length"].fill_null(0).to_numpy().astype(np.int64) + len(",")
    columns = list(NAMES)
    around = events.select(columns)[starts].select(members_length(columns, [*NAMES.values()]))
    lengths: npt.NDArray[np.int64] = (
        AROUND + around.to_series().to_numpy() + np.add.reduceat(of_events, starts)
    )
    return lengths
