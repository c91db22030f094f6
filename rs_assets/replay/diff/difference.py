"""What a comparison of two environments is made of.

Belongs here: the results as dataclasses, which scripts get as JSON. Does not belong here: finding them (`compare`
and the modules it calls), words (`markdown`, `page`).

`before` is the first environment named, `after` the second; what `after` has more is added. Counts are of rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["added", "removed", "changed"]
KINDS: tuple[Kind, ...] = ("added", "removed", "changed")
State: TypeAlias = Literal["equal", "same rows", "different", "only before", "only after"]
"""Of an asset's object: the same bytes; other bytes with the same columns and rows; other columns or rows; published
in one environment only."""


@dataclass(frozen=True)
class Sample:
    """A row that is not the same.

    Attributes:
        key: names and texts of what identifies the row; of a table compared by whole rows, the columns that may be
            shown.
        column, before, after: of a changed row, one column of it. A text is as DuckDB writes the value, None is
            NULL, and `…` stands for what is not shown.
    """

    log_date: str
    kind: Kind
    key: dict[str, str | None]
    column: str | None = None
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True)
class SchemaChange:
    """A column that one environment lacks (its type is None there), or has with another type, on these log dates."""

    column: str
    before: str | None
    after: str | None
    log_dates: list[str]


@dataclass(frozen=True)
class Rows:
    """Two objects, row by row.

    Attributes:
        by_key: whether rows were matched by the asset's key. Otherwise whole rows are compared, as often as each
            occurs, and a row that has changed counts as one removed and one added.
        columns: how many rows have changed in each column, of those that have; only by key.
    """

    by_key: bool
    added: int
    removed: int
    changed: int
    columns: dict[str, int] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)


@dataclass(frozen=True)
class LogDate:
    """An asset's objects of one log date; `rows_before` or `rows_after` is None where there is none."""

    log_date: str
    state: State
    rows_before: int | None
    rows_after: int | None
    rows: Rows | None = None
    artifacts: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Bin:
    """Rows of a feature within one bin; `label` says which values that are."""

    label: str
    before: int
    after: int


@dataclass(frozen=True)
class Shift:
    """How the distribution of a feature moved, over the log dates that both environments have (`shift`)."""

    column: str
    psi: float
    mean_before: float | None
    mean_after: float | None
    missing_before: int
    missing_after: int
    rows_before: int
    rows_after: int
    bins: list[Bin]


@dataclass(frozen=True)
class Metric:
    """A metric of a candidate on a slice that is not the same, on `dates` log dates from `first` to `last`."""

    candidate: str
    slice: str
    metric: str
    before: float | None
    after: float | None
    first: str
    last: str
    dates: int

    @property
    def change(self) -> float | None:
        """After less before; None if either is missing."""
        return None if self.before is None or self.after is None else self.after - self.before


@dataclass(frozen=True)
class Moves:
    """How far predictions moved, of rows that both environments have.

    Attributes:
        matched: rows in both.
        moved: those whose probability is not the same, among them `appeared` and `vanished` from or to NULL.
        mean, largest: of the absolute differences over all matched rows with both probabilities; None if there
            is none.
        bins: rows that moved, by after less before.
    """

    matched: int
    moved: int
    appeared: int
    vanished: int
    mean: float | None
    largest: float | None
    bins: list[tuple[str, int]]


@dataclass(frozen=True)
class TopK:
    """Recommendation lists that both environments have, each cut after its first `k` places.

    Attributes:
        lists: in both.
        moved: those with another item among the k; `reordered` have the same items in another order.
        overlap: the mean share of items in common, of the longer list's; None if there is no list.
    """

    k: int
    lists: int
    moved: int
    reordered: int
    overlap: float | None


@dataclass(frozen=True)
class Verdict:
    """A verdict that is another one, for `rows` rows on these log dates."""

    column: str
    before: str | None
    after: str | None
    rows: int
    log_dates: list[str]


@dataclass(frozen=True)
class Asset:
    """One asset in both environments.

    Attributes:
        key: what rows are matched by; None if whole rows are compared on at least one log date.
    """

    asset: str
    key: list[str] | None
    log_dates: list[LogDate]
    schema: list[SchemaChange] = field(default_factory=list)
    shifts: list[Shift] = field(default_factory=list)
    metrics: list[Metric] = field(default_factory=list)
    moves: Moves | None = None
    top_k: list[TopK] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def differs(self) -> bool:
        """Whether anything a reader of its tables or artifacts could see is not the same."""
        return any(day.state not in ("equal", "same rows") or day.artifacts for day in self.log_dates)

    @property
    def state(self) -> str:
        """`equal`, `same rows`, `different`, `only before` or `only after`, of all log dates together."""
        states = {day.state for day in self.log_dates}
        if len(states) == 1 and not (self.differs and states <= {"equal", "same rows"}):
            return states.pop()
        return "different" if self.differs else "same rows"

    def rows(self, kind: Kind) -> int:
        """Rows added, removed or changed, over all log dates."""
        return sum(getattr(day.rows, kind) for day in self.log_dates if day.rows)

    @property
    def rows_before(self) -> int:
        """Rows over all log dates."""
        return sum(day.rows_before or 0 for day in self.log_dates)

    @property
    def rows_after(self) -> int:
        """Rows over all log dates."""
        return sum(day.rows_after or 0 for day in self.log_dates)

    @property
    def share(self) -> float:
        """Rows that are not the same, of those of the environment that has more; 0 to 1, or above by whole rows."""
        moved = self.rows("added") + self.rows("removed") + self.rows("changed")
        return moved / max(1, self.rows_before, self.rows_after)

    @property
    def columns(self) -> dict[str, int]:
        """Rows changed by column over all log dates, most first."""
        counts: dict[str, int] = {}
        for day in self.log_dates:
            for name, changed in (day.rows.columns if day.rows else {}).items():
                counts[name] = counts.get(name, 0) + changed
        return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))

    @property
    def samples(self) -> list[Sample]:
        """Of all log dates, in order."""
        return [sample for day in self.log_dates if day.rows for sample in day.rows.samples]


@dataclass(frozen=True)
class Difference:
    """Two environments, asset by asset; `first` and `last` are the log dates that were compared."""

    before: str
    after: str
    first: str
    last: str
    assets: list[Asset]

    @property
    def equal(self) -> bool:
        """Whether no asset differs."""
        return not self.differing

    @cached_property
    def differing(self) -> list[Asset]:
        """The assets that differ, the largest share of rows first."""
        found = [asset for asset in self.assets if asset.differs]
        return sorted(found, key=lambda asset: (-asset.share, asset.asset))
