"""Ready-made expressions for repairs.

Belongs here: what sites get wrong again and again, as expressions over JSON text. Does not belong here: whose
fault it was and when (a `Repair`).

Each leaves what it does not understand as it stands, for the contract to judge, and applied twice gives what it
gives once. `name` is a column of the candidate events, or a field in a repair's `items`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import polars as pl

_QUOTED_NUMBER = r'^"(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?)"$'
_QUOTED_UNESCAPED = r'^"[^"\\]*"$'


def json_text(value: str | int) -> str:
    """A value as the JSON text that columns hold: `EUR` is `"EUR"`, quotes included."""
    return json.dumps(value, ensure_ascii=False)


def event_is(*names: str) -> pl.Expr:
    """Whether the event is called one of these: for `matches`."""
    return pl.col("event_name").is_in([json_text(name) for name in names])


def item(name: str) -> pl.Expr:
    """A field of the item in `any_item`."""
    return pl.element().struct.field(name)


def any_item(holds: pl.Expr) -> pl.Expr:
    """Whether it holds for an item of the event: `any_item(item("price").str.starts_with('"'))`, for `matches`."""
    return pl.col("items").list.eval(holds.fill_null(False)).list.any().fill_null(False)


def number_from_string(name: str) -> pl.Expr:
    """The number of a string that is one as JSON writes it: `"12.5"` is `12.5`; `"12,5"` and `"1e3"` stay."""
    return _extracted(name, _QUOTED_NUMBER)


def string_from_integer(name: str) -> pl.Expr:
    """An integer as a string: `404` is `"404"`. Other numbers stay: their digits may not be the client's."""
    text = pl.col(name)
    quoted = pl.concat_str(pl.lit('"'), text, pl.lit('"'))
    return pl.when(text.str.contains(r"^-?[0-9]+$")).then(quoted).otherwise(text)


def micros_from_milliseconds(name: str) -> pl.Expr:
    """A time of 13 digits, in milliseconds since 1970, in microseconds."""
    return _padded(name, 13)


def micros_from_seconds(name: str) -> pl.Expr:
    """A time of 10 digits, in seconds since 1970, in microseconds."""
    return _padded(name, 10)


def upper_case(name: str) -> pl.Expr:
    """A string in capital letters: `"eur"` is `"EUR"`. One with a JSON escape in it stays: `\\n` has no capital."""
    text = pl.col(name)
    return pl.when(text.str.contains(_QUOTED_UNESCAPED)).then(text.str.to_uppercase()).otherwise(text)


def default(name: str, value: str | int) -> pl.Expr:
    """The value where the field is missing or null."""
    return pl.col(name).fill_null(pl.lit(json_text(value)))


def renamed_event(names: Mapping[str, str]) -> pl.Expr:
    """The event's new name by its old one: `{"addToCart": "add_to_cart"}`, for `event_name`.

    Raises:
        ValueError: a new name is an old one as well; which it ends up as would depend on how often this is applied.
    """
    if both := sorted(set(names) & set(names.values())):
        raise ValueError(f"{both[0]!r} is an old name and a new one.")
    texts = {json_text(old): json_text(new) for old, new in names.items()}
    return pl.col("event_name").replace(texts)


def _extracted(name: str, pattern: str) -> pl.Expr:
    return pl.coalesce(pl.col(name).str.extract(pattern, 1), pl.col(name))


def _padded(name: str, digits: int) -> pl.Expr:
    text = pl.col(name)
    micros = pl.concat_str(text, pl.lit("0" * (16 - digits)))
    return pl.when(text.str.contains(f"^[1-9][0-9]{{{digits - 1}}}$")).then(micros).otherwise(text)
