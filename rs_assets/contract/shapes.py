"""The shapes events come in: which keys they have, in which order.

Belongs here: what follows from the keys alone. A log date has thousands of events and a few dozen shapes, so it is
worked out once a shape. Does not belong here: values.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import polars as pl

from rs_assets.contract.flags import unexpected_fields
from rs_assets.contract.parse import MisalignedError, Parser


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
    """Those met so far, by the hash that the parser gives."""

    def __init__(self) -> None:
        self._known: dict[int, Shape] = {}

    def of(
        self, parser: Parser, text: Callable[[int], bytes], events: pl.DataFrame
    ) -> dict[int, Shape | None]:
        """The shapes of events; None where the keys cannot be told. `text` gives the line of a `k`."""
        met = events.select("shape", "k", "event_index", "is_object").filter("is_object")
        met = met.drop("is_object").unique("shape", keep="first", maintain_order=True)
        unknown = [place for place in met.iter_rows() if place[0] not in self._known]
        if unknown:
            with suppress(MisalignedError):
                found = parser.keys([text(k) for _, k, _ in unknown])
                at = {(n, event_index): n for n, (_, _, event_index) in enumerate(unknown)}
                for n, event_index, shape, of_event, of_params, of_items in found.iter_rows():
                    if (n, event_index) in at and shape == unknown[n][0]:
                        items = tuple(tuple(keys or ()) for keys in of_items or ())
                        self._known[shape] = Shape(tuple(of_event or ()), tuple(of_params or ()), items)
        return {shape: self._known.get(shape) for shape in met["shape"].to_list()}
