"""Published tables in a notebook: `rs_assets.load("sessions", since="2024-03-04")`.

Belongs here: `load`, what it refuses, and the four forms in which it answers. Does not belong here: which objects an
environment has (`lake.paths`), the views (`lake.views`), SQL that a person typed (`cli.query`).

`import rs_assets` does not import this module, nor anything it needs, until `load` is asked for.
"""

from __future__ import annotations

import datetime as dt
from difflib import get_close_matches
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal, TypeAlias, overload

from rs_assets.errors import UserError
from rs_assets.lake import Lake, views
from rs_assets.log.layout import is_date
from rs_assets.settings import Settings

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import polars as pl
    import pyarrow as pa

Form: TypeAlias = Literal["polars", "pandas", "arrow", "duckdb"]
FORMS = ("polars", "pandas", "arrow", "duckdb")

Date: TypeAlias = "str | dt.date | None"


@overload
def load(
    asset: str,
    *,
    since: Date = ...,
    until: Date = ...,
    environment: str | None = ...,
    memory_gib: float = ...,
) -> pl.DataFrame: ...
@overload
def load(
    asset: str,
    *,
    since: Date = ...,
    until: Date = ...,
    environment: str | None = ...,
    as_: Literal["polars"],
    memory_gib: float = ...,
) -> pl.DataFrame: ...
@overload
def load(
    asset: str,
    *,
    since: Date = ...,
    until: Date = ...,
    environment: str | None = ...,
    as_: Literal["pandas"],
    memory_gib: float = ...,
) -> pd.DataFrame: ...
@overload
def load(
    asset: str,
    *,
    since: Date = ...,
    until: Date = ...,
    environment: str | None = ...,
    as_: Literal["arrow"],
    memory_gib: float = ...,
) -> pa.Table: ...
@overload
def load(
    asset: str,
    *,
    since: Date = ...,
    until: Date = ...,
    environment: str | None = ...,
    as_: Literal["duckdb"],
    memory_gib: float = ...,
) -> duckdb.DuckDBPyRelation: ...
def load(
    asset: str,
    *,
    since: Date = None,
    until: Date = None,
    environment: str | None = None,
    as_: Form = "polars",
    memory_gib: float = 2.0,
) -> pl.DataFrame | pd.DataFrame | pa.Table | duckdb.DuckDBPyRelation:
    """A published asset's rows, one state of it whatever is published meanwhile.

    Args:
        asset: its name, such as `sessions`.
        since: the first log date, `YYYY-MM-DD` or a date; the asset's first unless given.
        until: the last log date, itself included; the asset's last unless given.
        environment: RS_ENVIRONMENT unless given.
        as_: `polars`, `pandas` (which must be installed) or `arrow` for all rows in memory; `duckdb` for a relation
            that reads when it is asked, and knows the environment's other assets by name in its `query`.
        memory_gib: what DuckDB may take while it reads; what it hands over comes on top.

    Raises:
        UserError: no such asset or environment, nothing in the range, an unreadable object, no pandas.
    """
    if as_ not in FORMS:
        raise UserError(f"as_={as_!r} is no form of a table.", f"Use one of {', '.join(FORMS)}.")
    settings = Settings.from_env()
    lake = Lake(settings.lake, environment or settings.environment)
    first, last = _date("since", since), _date("until", until)
    _require(lake, asset, first, last)
    connection = views.connect(lake, memory_gib=memory_gib)
    relation = connection.view(asset)
    if first:
        relation = relation.filter(f"log_date >= DATE '{first}'")  # is_date has seen it
    if last:
        relation = relation.filter(f"log_date <= DATE '{last}'")
    return _as(relation, as_)


def _as(
    relation: duckdb.DuckDBPyRelation, form: Form
) -> pl.DataFrame | pd.DataFrame | pa.Table | duckdb.DuckDBPyRelation:
    if form == "duckdb":
        return relation
    if form == "polars":
        return relation.pl()
    if form == "arrow":
        return relation.to_arrow_table()
    if find_spec("pandas") is None:
        raise UserError(
            "as_='pandas' needs pandas, which is not installed.",
            "Run `pip install pandas`, or take polars.",
        )
    return relation.df()


def _date(name: str, value: Date) -> str | None:
    if value is None:
        return None
    text = value.date().isoformat() if isinstance(value, dt.datetime) else str(value)
    if not is_date(text):
        raise UserError(f"{name}={text!r} is no log date.", "Write one as YYYY-MM-DD, such as 2024-01-31.")
    return text


def _require(lake: Lake, asset: str, first: str | None, last: str | None) -> None:
    there = lake.assets()
    if not there:
        raise UserError(
            f"Nothing is published in the environment {lake.environment} of {lake.root}.",
            "Set RS_HOME to the folder of your installation, or run `rs-assets replay`.",
        )
    if asset not in there:
        near = get_close_matches(asset, there, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(near)}?" if near else f"There are {', '.join(there)}."
        raise UserError(f"There is no asset {asset!r} in the environment {lake.environment}.", hint)
    dates = lake.log_dates(asset)
    if first and last and first > last:
        raise UserError(f"The range ends before it begins: {first} to {last}.", "Exchange since and until.")
    if not any((not first or date >= first) and (not last or date <= last) for date in dates):
        raise UserError(
            f"{asset} has no log date from {first or 'the first'} to {last or 'the last'}.",
            f"It is published for {len(dates)} log dates from {dates[0]} to {dates[-1]}.",
        )
