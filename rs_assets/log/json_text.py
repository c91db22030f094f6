"""JSON written by columns: polars expressions whose value is JSON text.

Belongs here: the few builders with which the generator and the importers write a million bodies without a
Python loop. Does not belong here: what a body or an envelope contains.

A null field is left out of its object, as GA4 clients do; it is never written as `null`.
"""

from __future__ import annotations

import polars as pl


def string(value: pl.Expr) -> pl.Expr:
    """`value` (String) as a JSON string, quoted and escaped; null stays null."""
    text = pl.struct(value.alias("v")).struct.json_encode()
    return pl.when(value.is_not_null()).then(text.str.slice(5).str.strip_suffix("}"))


def number(value: pl.Expr) -> pl.Expr:
    """`value` (integer, Float64 or Boolean) as a JSON number or literal; null stays null."""
    return value.cast(pl.String)


def obj(fields: dict[str, pl.Expr]) -> pl.Expr:
    """An object of fields that are JSON text themselves; the null ones are left out."""
    if not fields:
        return pl.lit("{}")
    members = [pl.lit(f'"{name}":') + value for name, value in fields.items()]
    return pl.lit("{") + pl.concat_str(members, separator=",", ignore_nulls=True) + pl.lit("}")


def array(*elements: pl.Expr) -> pl.Expr:
    """An array of the given JSON texts; the null ones are left out."""
    return pl.lit("[") + pl.concat_str(elements, separator=",", ignore_nulls=True) + pl.lit("]")
