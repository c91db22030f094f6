"""Candidate events of a batch: parsed natively, and exactly where that is in doubt.

Belongs here: putting the two readings together. Does not belong here: either of them (`parse`, `exact`), or
the rules (`verdict`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import polars as pl

from rs_assets.contract.around import repeating
from rs_assets.contract.doubt import Positions, in_doubt
from rs_assets.contract.exact import WHOLE_LINE, Examined, examine
from rs_assets.contract.parse import NO_EVENT, MisalignedError, Parser
from rs_assets.contract.queries import ITEM_FIELDS, LINE_BYTES, Fields
from rs_assets.contract.schemas import ITEM, PARAMS
from rs_assets.contract.shapes import Shape, Shapes
from rs_assets.contract.verdict import Mask
from rs_assets.log.blocks import Batch

MISSHAPEN = {
    "k": pl.UInt32,
    "event_index": pl.Int32,
    **{name: pl.String for name in ("code", "path", "message", "expected", "observed")},
}


@dataclass(frozen=True)
class Candidates:
    """What a batch of lines holds.

    Attributes:
        events: a row an event, as `Parser.parse` gives it, ordered by (`k`, `event_index`). A parameter that no
            event has may lack its column, unless it is one of those that the parser knows to be looked at always.
        void: which rows are none: they are of lines in which no event can be told.
        misshapen: a row a violation that only the exact reading can tell, as `MISSHAPEN`. Those with
            null `event_index` are of lines whose rows are void.
        shapes: those of `events` that are not plain, by number; None where the keys cannot be told.
        templated: lines that may hold a template.
    """

    events: pl.DataFrame
    void: Mask | None
    misshapen: pl.DataFrame
    shapes: Mapping[int, Shape | None]
    templated: Positions

    @property
    def unexpected(self) -> list[int]:
        """Shapes with a field that the contract does not know."""
        return [of for of, shape in self.shapes.items() if shape is not None and shape.unexpected]


def candidates(parser: Parser, shapes: Shapes, batch: Batch, parsed: pl.DataFrame | None) -> Candidates:
    """Every event of the batch's lines, none of them twice, and every line that has none.

    Args:
        parser: for the lines that are read again.
        shapes: those met so far.
        batch: the lines.
        parsed: what `Parser.stream` made of them.
    """
    events, found = _read(parser, shapes, batch, parsed)
    doubtful, templated = in_doubt(events, found, batch)
    twice = repeating(parser, events, batch, doubtful)
    doubtful = np.union1d(doubtful, twice)
    if not len(doubtful):
        return Candidates(
            _judged_by(events, parser.always), None, pl.DataFrame(schema=MISSHAPEN), found, templated
        )
    repeats = frozenset(twice.tolist())
    examined = {k: examine(batch.text(k), repeats=k in repeats) for k in doubtful.tolist()}
    if otherwise := _otherwise_read(events, examined):
        events, met = _read_again(parser, shapes, events, otherwise)
        found |= met
    eventless = np.zeros(len(batch), np.bool_)
    eventless[[k for k, seen in examined.items() if seen.envelope is None]] = True
    void = eventless[events["k"].to_numpy()]
    return Candidates(_judged_by(events, parser.always), void, _misshapen(examined), found, templated)


def _read(
    parser: Parser, shapes: Shapes, batch: Batch, parsed: pl.DataFrame | None
) -> tuple[pl.DataFrame, dict[int, Shape | None]]:
    """The events of a batch with all that they have of the contract's fields, and their shapes."""
    if parsed is None:
        return shapes.of(parser, batch.text, _parse(parser, _short(batch.lines)))
    events, found = shapes.of(parser, batch.text, parsed)
    read = Fields.known(events.columns, _item_fields(events))
    if more := [of for of, shape in found.items() if shape is None or not _sent([shape]) <= read]:
        parser.learn(_sent(found.values()))
        ks = events["k"].filter(events["shape"].is_in(more)).unique(maintain_order=True)
        events, met = _read_again(parser, shapes, events, {k: batch.text(k) for k in ks.to_list()})
        found |= met
    return events, found


def _read_again(
    parser: Parser, shapes: Shapes, events: pl.DataFrame, lines: Mapping[int, bytes]
) -> tuple[pl.DataFrame, dict[int, Shape | None]]:
    """The events with those of some lines, by `k`, read anew, with every field that they have; and their shapes."""
    texts = list(lines.values())
    again, met = shapes.of(parser, texts.__getitem__, _parse(parser, texts))
    items = ITEM_FIELDS.intersection(_item_fields(events)) | _sent(met.values()).items
    items = ITEM_FIELDS if None in met.values() else items  # whatever they are, none is lost
    ks = pl.Series(list(lines), dtype=pl.UInt32)
    again = _of_use(again, events).with_columns(k=pl.lit(ks).gather(pl.col("k")))
    both = [_with_items(events.filter(~pl.col("k").is_in(ks.implode())), items), _with_items(again, items)]
    return pl.concat(both, how="diagonal").sort("k", "event_index"), met


def _with_items(events: pl.DataFrame, fields: frozenset[str]) -> pl.DataFrame:
    """Events whose items have these fields, in the contract's order."""
    of = _item_fields(events)
    wanted = [name for name in map(str, ITEM.columns) if name in fields]
    if wanted == of:
        return events
    item = pl.element().struct
    each = (item.field(name) if name in of else pl.lit(None, pl.String).alias(name) for name in wanted)
    return events.with_columns(pl.col("items").list.eval(pl.struct(*each)))


def _otherwise_read(events: pl.DataFrame, examined: Mapping[int, Examined]) -> dict[int, bytes]:
    """Lines of which the native reader has not the events that are there, as they are to be parsed again, by `k`.

    A container of the wrong shape is none to the native reader: such an event it has read rightly.
    """
    ks = events["k"]
    rows = ks.is_in(pl.Series(list(examined), dtype=pl.UInt32)).arg_true()
    read = pl.DataFrame([ks.gather(rows), events["is_object"].gather(rows)])
    counted = read.group_by("k").agg(pl.len(), objects=pl.col("is_object").sum())
    native = {k: (count, objects) for k, count, objects in counted.iter_rows()}
    return {
        k: seen.sound or NO_EVENT
        for k, seen in examined.items()
        if seen.envelope is not None and native.get(k) != (seen.events, seen.objects)
    }


def _sent(shapes: Iterable[Shape | None]) -> Fields:
    """The contract's fields that events of these shapes have."""
    known = [shape for shape in shapes if shape is not None]
    return Fields.known(
        {name for shape in known for name in shape.params},
        {name for shape in known for name in chain(*shape.items)},
    )


def _judged_by(events: pl.DataFrame, always: Fields) -> pl.DataFrame:
    """The events with an empty column for each field that is always looked at and that none of them has."""
    unsent = [name for name in PARAMS if name in always.params and name not in events.columns]
    return events.drop("length").with_columns(pl.lit(None, pl.String).alias(name) for name in unsent)


def _item_fields(events: pl.DataFrame) -> Sequence[str]:
    """The fields of an item that were read."""
    lists = events.schema["items"]
    return [field.name for field in lists.inner.fields]  # type: ignore[attr-defined]


def _of_use(again: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Without the columns that are empty and that `events` has not."""
    return again.select(
        name for name in again.columns if name in events.columns or again[name].null_count() < again.height
    )


def _short(lines: list[bytes]) -> list[bytes]:
    return [NO_EVENT if len(line) > LINE_BYTES else line for line in lines]


def _parse(parser: Parser, lines: Sequence[bytes]) -> pl.DataFrame:
    """Parse, and find by halves the line that the native reader does not answer with one row."""
    try:
        return parser.parse(lines)
    except MisalignedError:
        if len(lines) == 1:
            return parser.parse([NO_EVENT])  # in doubt: the exact reading decides
        half = len(lines) // 2
        first, second = _parse(parser, lines[:half]), _parse(parser, lines[half:])
        return pl.concat([first, second.with_columns(k=(pl.col("k") + half).cast(pl.UInt32))])


def _misshapen(examined: dict[int, Examined]) -> pl.DataFrame:
    rows = [
        (
            k,
            None if v.event_index == WHOLE_LINE else v.event_index,
            v.code,
            v.path,
            v.message,
            v.expected,
            v.observed,
        )
        for k, seen in examined.items()
        for v in seen.violations
    ]
    return pl.DataFrame(rows, schema=MISSHAPEN, orient="row")
