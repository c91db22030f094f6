"""The validation step against dataframely's `Schema.filter` of the same rules, as ratios taken in one run.

Both are handed the same frames, which lie in memory: candidate events, their items and their shapes, as the split's
judge has them after parsing, in the batches of the split (18 MiB of the log each), so that what a call costs by
itself counts for both. Both use polars with the threads that it has. They take turns on each batch, round by round;
a round's ratio is of the sums over all batches.

Ours is what the judge does between parsing and typing: every violation of every row with its code, path, message,
expected and observed, and the rows that pass. Rules of columns that are empty are not evaluated; that is ours.

dataframely is 3.1.2 with eager frames and `cast=False` (its lazy form with `collect_all`, and the streaming engine,
take as long), a schema a frame, made beforehand, each rule of which is the expression that the contract's rule
compiles to. It gives the rows that pass and the rows that fail with a Boolean for each rule. It does not bring what
fails of items and shapes to their events, has no words and no values observed, and its schema must name every
column, so that a column that no event has is there, full of nulls, for both. Beside `filter` alone stand:

    sent     without the columns that the split has not parsed, since no event has them, and without their rules
    reasons  the whole contract, and then the failing rules of each row, a line each, by `counts()` and `details()`
    rules    our rules' first answers and nothing else: what no step that evaluates them can be faster than

What the rules on keys hold against a shape is remembered by ours, as in a log date after its first batches.

Left out of both: lines in which no event can be told, and what only the exact reading of a line can tell; dataframely
has no rules for those. Before the clock runs, both must have found the same rows for each rule in every batch.

    make bench            500,000 events, with 2 % and 100 % of them broken
"""

from __future__ import annotations

import argparse
import tempfile
import time
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import dataframely as dy
import numpy as np
import polars as pl

from benchmarks.split import DATE, ROUNDS, write_log
from rs_assets.contract.candidates import MISSHAPEN, Candidates, candidates
from rs_assets.contract.flags import FLAGGED_BY
from rs_assets.contract.judge import (
    EVENT_RULES,
    ITEM_RULES,
    _items,
    _violations,
    _with_place,
)
from rs_assets.contract.parse import Parser
from rs_assets.contract.queries import Fields
from rs_assets.contract.repairs.apply import repaired
from rs_assets.contract.rules import Rule, looked_at
from rs_assets.contract.shape_rules import SHAPE_RULES, shape_table
from rs_assets.contract.shapes import Shapes
from rs_assets.contract.verdict import first_answers
from rs_assets.log import RawLog
from rs_assets.log.blocks import BATCH_BYTES, read_batches

RULES = (EVENT_RULES, ITEM_RULES, SHAPE_RULES)
FIRST_RULES = (0, len(EVENT_RULES), len(EVENT_RULES) + len(ITEM_RULES))
KEYS = (["row"], ["row", "at"], ["shape"])
RULE = "rule "  # before a rule's number: its name at dataframely, which no column may have


@dataclass(frozen=True)
class Asked:
    """What dataframely is asked of a batch: a schema each for events, items and shapes, and their frames."""

    schemas: list[type[dy.Schema]]
    frames: list[pl.DataFrame]

    @classmethod
    def of(cls, frames: list[pl.DataFrame]) -> Asked:
        return cls([_schema(*pair) for pair in zip(frames, RULES, FIRST_RULES, strict=True)], frames)


@dataclass(frozen=True)
class Work:
    """A batch, as both have it. `whole` has every column that a rule looks at, `sent` those that were parsed."""

    read: Candidates
    whole: Asked
    sent: Asked

    def __len__(self) -> int:
        return self.read.events.height


def works(log: RawLog, batch_bytes: int) -> Iterator[Work]:
    """The log date's batches, parsed as the split does."""
    shapes = Shapes()
    always = Fields.known(looked_at(EVENT_RULES), looked_at(ITEM_RULES) | FLAGGED_BY)
    with Parser(threads=2, memory_gib=4, always=always) as parser:
        for batch, parsed in parser.stream(read_batches(log, DATE, batch_bytes)):
            read = candidates(parser, shapes, batch, parsed)
            sound = read.events if read.void is None else read.events.filter(~read.void)
            events = _with_place(repaired(sound, (), DATE), batch, DATE)
            frames = [events, _items(events), shape_table(read.shapes)]
            whole = [_completed(*pair) for pair in zip(frames, RULES, strict=True)]
            read = replace(read, events=whole[0], void=None, misshapen=pl.DataFrame(schema=MISSHAPEN))
            yield Work(read, Asked.of(whole), Asked.of(frames))


def _completed(frame: pl.DataFrame, rules: list[Rule]) -> pl.DataFrame:
    looked = sorted({name for rule in rules for name in rule.holds.meta.root_names()} - {*frame.columns})
    return frame.with_columns(pl.lit(None, pl.String).alias(name) for name in looked)


def _schema(frame: pl.DataFrame, rules: list[Rule], first: int) -> type[dy.Schema]:
    """The frame's columns, and the rules that look at no other, as dataframely has them."""
    columns = {
        f"column {i}": dy.String(nullable=True, alias=name) if kind == pl.String else dy.Any(alias=name)
        for i, (name, kind) in enumerate(frame.schema.items())
    }
    held = {
        f"{RULE}{i}": dy.rule()(partial(_holds, rule))
        for i, rule in enumerate(rules, first)
        if {*rule.holds.meta.root_names()} <= {*frame.columns}
    }
    return types.new_class("Rows", (dy.Schema,), exec_body=lambda body: body.update(columns | held))


def _holds(rule: Rule, _: type[dy.Schema]) -> pl.Expr:
    return rule.holds


def ours(work: Work) -> pl.DataFrame:
    """The validation step; returns the violations."""
    events, items, _ = work.whole.frames
    found = _violations(events, items, work.read)
    sound = np.ones(events.height, np.bool_)
    sound[found["row"].to_numpy()] = False
    events[np.flatnonzero(sound)]
    items.filter(sound[items["row"].to_numpy()])
    return found


def filtered(asked: Asked) -> list[dy.FailureInfo]:
    """dataframely's `filter`, with the rows that pass made as well."""
    return [schema.filter(frame)[1] for schema, frame in zip(asked.schemas, asked.frames, strict=True)]


def reasons(asked: Asked) -> list[pl.DataFrame]:
    """`filter`, and a line for each rule that a row fails: the row's key and `rule`."""
    return [_reasons(failure, keys) for failure, keys in zip(filtered(asked), KEYS, strict=True)]


def _reasons(failure: dy.FailureInfo, keys: list[str]) -> pl.DataFrame:
    told = failure.details().select(*keys, *failure.counts())
    long = told.unpivot(index=keys, variable_name="rule", value_name="is")
    return long.filter(pl.col("is") == "invalid").drop("is")


def agreed(work: Work) -> int:
    """How many violations there are: the same rows for each rule, by both, or an AssertionError."""
    at = pl.col("path").str.extract(r"^params\.items\[(\d+)\]").cast(pl.Int64)
    of_item = pl.col("rule").is_between(FIRST_RULES[1], FIRST_RULES[2], closed="left")
    found = ours(work).select("rule", "row", at=pl.when(of_item).then(at))
    for asked in (work.whole, work.sent):
        of_events, of_items, of_shapes = reasons(asked)
        of_shapes = of_shapes.join(asked.frames[0].select("row", "shape"), on="shape")
        theirs = pl.concat([of_events, of_items, of_shapes], how="diagonal_relaxed").select(
            pl.col("rule").str.strip_prefix(RULE).cast(pl.UInt32), "row", pl.col("at").cast(pl.Int64)
        )
        differ = pl.concat([found, theirs]).group_by(pl.all()).len().filter(pl.col("len") != 2)
        assert differ.is_empty(), f"Not the same rows: {differ}"
        assert found.height == theirs.height
    return found.height


def answers(work: Work) -> list[pl.DataFrame]:
    """The first answers of our rules on events and items: Booleans."""
    return [
        first_answers(frame, rules)[1] for frame, rules in zip(work.whole.frames[:2], RULES, strict=False)
    ]


FORMS: dict[str, Callable[[Work], object]] = {
    "ours": ours,
    "filter": lambda work: filtered(work.whole),
    "sent": lambda work: filtered(work.sent),
    "reasons": lambda work: reasons(work.whole),
    "rules": answers,
}


class Clock:
    """Seconds that each form took, round by round, over all batches so far."""

    def __init__(self, rounds: int) -> None:
        self.taken = {name: np.zeros(rounds) for name in FORMS}

    def measure(self, work: Work) -> None:
        """The forms in turn, on one batch."""
        for i in range(len(self.taken["ours"])):
            for name, form in FORMS.items():
                start = time.perf_counter()
                form(work)
                self.taken[name][i] += time.perf_counter() - start

    def ratio(self, name: str, to: str = "ours") -> str:
        """How many times as long as another (ours) a form took: the median of the rounds, the least, the most."""
        ratios = self.taken[name] / self.taken[to]
        return f"{np.median(ratios):.2f} times ({ratios.min():.2f} to {ratios.max():.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--batch-mib", type=int, default=BATCH_BYTES >> 20)
    asked = parser.parse_args()
    for broken in (0.02, 1.0):
        with tempfile.TemporaryDirectory() as folder:
            print(f"{asked.events:,} events, {broken:.0%} of them asked to be broken")
            write_log(Path(folder), asked.events, broken)
            clock, batches, events, violations = Clock(asked.rounds), 0, 0, 0
            for work in works(RawLog(f"{folder}/raw"), asked.batch_mib << 20):
                batches, events, violations = batches + 1, events + len(work), violations + agreed(work)
                clock.measure(work)
        print(f"  {violations:,} violations of {sum(map(len, RULES))} rules, by both, in {batches} batches")
        print(
            f"validation of {events:,} events, {broken:.0%} broken: {clock.ratio('filter')} as fast as dataframely"
        )
        print(f"  {clock.ratio('sent')} as one that is not asked about columns that no event has")
        print(f"  {clock.ratio('reasons')} as one that lists the failing rules of each row, too")
        print(
            f"  {clock.ratio('filter', 'rules')} is the limit: our rules' first answers alone, against dataframely"
        )


if __name__ == "__main__":
    main()
