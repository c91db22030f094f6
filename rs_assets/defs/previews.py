"""What a person sees on an asset's page: counts, tables, a preview of rows. Dagster concept: metadata.

Belongs here: turning frames and reports into metadata. Does not belong here: computing anything new.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import dagster as dg

if TYPE_CHECKING:
    import polars as pl
    from polars.datatypes import DataType, DataTypeClass

    from rs_assets.contract.split import SplitReport

PREVIEW_ROWS = 10
PERSONS = ("client_id", "user_id")
"""Columns that no preview shows: Dagster's storage is no place that an erasure reaches."""
CELL_CHARS = 60
SOURCES = 4
"""So many sources of a column are told."""

Sources: TypeAlias = Mapping[str, Sequence[tuple[str, str]]]
"""Of each column: the tables and columns that it comes from."""


def columns(
    asset: str, path: str, said: Mapping[str, str] | None = None, sources: Sources | None = None
) -> dict[str, object]:
    """An object's column schema, which is that of every date's, with what each column means.

    Args:
        said: descriptions that go before the dictionary's.
        sources: what each column comes from, which is told as well: Dagster's own UI draws no column lineage.
    """
    import polars as pl

    from rs_assets.lake.dictionary import meaning

    schema = pl.scan_parquet(path).collect_schema()
    words = {name: (said or {}).get(name) or meaning(asset, name) or "" for name in schema}
    told = {
        name: " ".join(filter(None, (words[name], _fields(dtype), _from((sources or {}).get(name, ())))))
        for name, dtype in schema.items()
    }
    return {
        "dagster/column_schema": dg.TableSchema(
            [dg.TableColumn(name, _type(dtype), told[name] or None) for name, dtype in schema.items()]
        )
    }


def _type(dtype: DataType | DataTypeClass) -> str:
    """A type as it fits into a column: what is inside of a struct is told beside it."""
    import polars as pl

    if isinstance(dtype, pl.List):
        return f"List({_type(dtype.inner)})"
    if isinstance(dtype, pl.Decimal):
        return f"Decimal({dtype.precision}, {dtype.scale})"
    return str(dtype.base_type())


def _fields(dtype: DataType | DataTypeClass) -> str:
    """The fields of a struct, or of each in a list of them."""
    import polars as pl

    inner = dtype.inner if isinstance(dtype, pl.List) else dtype
    if not isinstance(inner, pl.Struct):
        return ""
    return f"Fields: {', '.join(f'{field.name} {_type(field.dtype)}' for field in inner.fields)}."


def column_lineage(sources: Sources) -> dict[str, object]:
    """What each column of an asset comes from, as Dagster knows it; nothing where nothing is known."""
    deps = {
        name: [dg.TableColumnDep(dg.AssetKey(table), column) for table, column in found]
        for name, found in sources.items()
    }
    return {"dagster/column_lineage": dg.TableColumnLineage(deps)} if deps else {}


def _from(sources: Sequence[tuple[str, str]]) -> str:
    """`From table.column, …`, no more of them than a person reads."""
    names = [f"{table}.{column}" for table, column in sources]
    more = f" and {len(names) - SOURCES} more" if len(names) > SOURCES + 1 else ""
    shown = names[:SOURCES] if more else names
    return f"From {', '.join(shown)}{more}." if shown else ""


def preview(path: str, leave_out: tuple[str, ...] = ()) -> dict[str, object]:
    """An object's first rows. Meant for the last date of a run: every date's would swell the event store."""
    import polars as pl

    return {
        "preview": rows_table(
            pl.scan_parquet(path).head(PREVIEW_ROWS).collect().drop(*leave_out, *PERSONS, strict=False)
        )
    }


def split_metadata(report: SplitReport) -> dict[str, object]:
    """A log date's counts, by reason and by site."""
    reasons = [{"reason": code, "events": n} for code, n in report.by_reason.most_common()]
    sites = [{"site": s, "valid": v, "quarantined": q} for s, (v, q) in sorted(report.by_site.items())]
    return {
        "events": report.events,
        "erased": report.erased,
        "quarantine_rate": report.quarantine_rate,
        "by_reason": table(reasons, "reason", "events"),
        "by_site": table(sites, "site", "valid", "quarantined"),
    }


def rows_table(frame: pl.DataFrame) -> dg.TableMetadataValue:
    """A small frame as a table; cells are cut to what a page can show."""
    records = [{name: cell(value) for name, value in row.items()} for row in frame.iter_rows(named=True)]
    return table(records, *frame.columns)


def table(records: Iterable[Mapping[str, object]], *names: str) -> dg.TableMetadataValue:
    """Records as a metadata table; an empty one keeps its columns."""
    rows = [dg.TableRecord({name: cell(record[name]) for name in names}) for record in records]
    return dg.MetadataValue.table(rows, schema=dg.TableSchema([dg.TableColumn(name) for name in names]))


def cell(value: object) -> str | int | float | bool | None:
    """A value as a table's cell."""
    if isinstance(value, float):
        return round(value, 4)
    if value is None or isinstance(value, bool | int):
        return value
    text = str(value)
    return text if len(text) <= CELL_CHARS else f"{text[: CELL_CHARS - 1]}…"
