"""The shapes events come in: which keys they have, in which order.

Belongs here: what follows from the keys alone. A log date has thousands of events and a few dozen shapes, so it is
worked out once a shape. Does not belong here: values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from rs_assets.contract.flags import unexpected_fields
from rs_assets.contract.names import FEW_LINES, Names, names_of_events, number_of
from rs_assets.contract.parse import PLAIN, MisalignedError, Parser

UNTOLD = 1
"""The shape of events whose keys cannot be told."""


@dataclass(frozen=True)
class Shape:
    """One of them.

    Attributes:
        keys: of the event, as written; repeated ones repeat.
        params: of its params; empty where params is no object as well.
        items: of each of its items; empty where one is no object.
    """

    keys: tuple[str, ...]
    params: tuple[str, ...]
    items: tuple[tuple[str, ...], ...] = ()

    @property
    def hollow(self) -> bool:
        """Whether params may not be an object: it is there and has no key."""
        return "params" in self.keys and not self.params

    @property
    def has_items(self) -> bool:
        """Whether there is an items, be it null."""
        return "items" in self.params

    @property
    def unexpected(self) -> bool:
        """Whether it has a field that the contract does not know."""
        return any(unexpected_fields(self.keys, self.params, self.items))


class Shapes:
    """Those met so far, by number: a hash that the parser gives, or one of ours."""

    def __init__(self) -> None:
        self._known: dict[int, Shape] = {}

    def of(
        self, parser: Parser, text: Callable[[int], bytes], events: pl.DataFrame
    ) -> tuple[pl.DataFrame, dict[int, Shape | None]]:
        """The events with the shape of each that is an object, and those shapes but for PLAIN.

        Args:
            parser: asked for the keys of many lines, and of those that `names` does not read.
            text: gives the line of a `k`.
            events: as the parser gives them.

        Returns:
            A shape is None where its keys cannot be told.
        """
        objects = events.select("k", "event_index", "is_object", "shape").with_row_index().filter("is_object")
        unasked = objects.filter(pl.col("shape").is_null())
        if not unasked.is_empty():
            told = events["shape"].scatter(unasked["index"], self._told(parser, text, unasked))
            events = events.with_columns(told)
            objects = objects.with_columns(told.gather(objects["index"]))
        met = objects.filter(pl.col("shape") != PLAIN).unique("shape", keep="first", maintain_order=True)
        unknown = met.filter(~pl.col("shape").is_in([UNTOLD, *self._known]))
        if not unknown.is_empty():
            self._told(parser, text, unknown)
        return events, {shape: self._known.get(shape) for shape in met["shape"].to_list()}

    def _told(self, parser: Parser, text: Callable[[int], bytes], events: pl.DataFrame) -> pl.Series:
        """Look at the keys of these events and keep them; the shape of each, that which it has if it has one."""
        ks = events["k"].unique(maintain_order=True)
        if len(ks) > FEW_LINES:
            return self._asked(parser, text, events)
        names = {k: names_of_events(text(k)) for k in ks.to_list()}
        shapes = [
            self._kept(names[k], index, shape)
            for k, index, shape in events.select("k", "event_index", "shape").iter_rows()
        ]
        told = pl.Series(shapes, dtype=pl.UInt64)
        unread = told.is_null().arg_true()
        return told.scatter(unread, self._asked(parser, text, events[unread])) if len(unread) else told

    def _kept(self, names: list[Names | None] | None, index: int, shape: int | None) -> int | None:
        """The shape of an event of a line with these names; None where nobody has read them."""
        if names is None:
            return None
        found = names[index] if index < len(names) else None
        if found is None:
            return UNTOLD
        shape = number_of(found) if shape is None else shape
        self._known[shape] = Shape(*found)
        return shape

    def _asked(self, parser: Parser, text: Callable[[int], bytes], events: pl.DataFrame) -> pl.Series:
        ks = events["k"].unique(maintain_order=True)
        try:
            found = parser.keys([text(k) for k in ks.to_list()])
        except MisalignedError:
            return pl.Series([UNTOLD], dtype=pl.UInt64).new_from_index(0, events.height)
        found = found.with_columns(k=ks.gather(found["k"]))
        found = events.select("k", "event_index").join(
            found, on=["k", "event_index"], how="left", maintain_order="left"
        )
        names = found.drop_nulls("shape").unique("shape", keep="first")
        for shape, of_event, of_params, of_items in names.select(
            "shape", "of_event", "of_params", "of_items"
        ).iter_rows():
            items = tuple(tuple(keys or ()) for keys in of_items or ())
            self._known[shape] = Shape(tuple(of_event or ()), tuple(of_params or ()), items)
        return found["shape"].fill_null(UNTOLD)
