"""The kinds of field a schema is declared with.

Belongs here: one builder a kind, giving a pandera column whose checks are named by reason code. Does not
belong here: which fields an event has (`schemas/`), or how checks are evaluated (`rules`).

Every column holds the field's **JSON text** (`12.5`, `"12.5"`, `true`), or null where the field is missing or
`null`. That is what makes the contract strict: no parser has had the chance to turn "12" into 12.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pandera.polars as pa
import polars as pl
from pandera.api.polars.types import PolarsData

from rs_assets.contract.codes import Code

NUMBER, INTEGER, TEXT, SCALAR, OBJECT = "number", "integer", "string", "string or integer", "object"
LARGEST = sys.float_info.max
PARAM_CHARS = 100  # of a parameter's or an item's text, where GA4 says nothing else
ESCAPE = r"\\(?:u[0-9a-fA-F]{4}|.)"


@dataclass(frozen=True)
class Expectation:
    """What a check wants, in words: `expected` for the violation's column, `message` for its sentence."""

    expected: str
    message: str


def check(
    code: Code,
    holds: Callable[[pl.Expr], pl.Expr],
    expected: str,
    message: str,
    *,
    on_null: bool = True,
    quick: Callable[[pl.Expr], pl.Expr] | None = None,
    **knows: object,
) -> pa.Check:
    """A pandera check on one column that is a single polars expression.

    Args:
        code: the reason code; it becomes the check's name.
        holds: from the column to a Boolean expression, true where the value is fine.
        expected: what would be right, for the violation (`a number >= 0`).
        message: a sentence's predicate (`must not be negative`); the field's path goes before it.
        on_null: the verdict where the expression is null; True leaves missing fields to FIELD_MISSING.
        quick: what is cheaper and never true where `holds` is not: `holds` is only asked where it is false.
        knows: limits for `description` to read: `required`, `at_least`, `at_most`, `pattern`, `members`.
    """

    def column_check(data: PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(holds(pl.col(data.key)).fill_null(on_null))

    return pa.Check(
        column_check,
        name=code,
        ignore_na=False,
        statistics={"says": Expectation(expected, message), "quick": quick, "on_null": on_null, **knows},
    )


def frame_check(
    code: Code, holds: pl.Expr, expected: str, message: str, path: str, **knows: object
) -> pa.Check:
    """A check over several columns of one row. `path` is the field that the violation points at.

    `knows` is as of `check`; `presence` says that nothing counts but which of the columns are there.
    """

    def whole_row_check(data: PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(holds.fill_null(True))

    says = Expectation(expected, message)
    knows |= {"says": says, "path": path}
    return pa.Check(whole_row_check, name=code, ignore_na=False, statistics=knows)


def number_of(text: pl.Expr) -> pl.Expr:
    """JSON text as Float64; null where it is not a finite JSON number (strings, NaN and 1e999 included)."""
    value = _value(text)
    return pl.when(value.is_finite()).then(value)


def integer_of(text: pl.Expr) -> pl.Expr:
    """JSON text as Int64; null where it is not a whole number. `12.0` is one, as in JSON Schema.

    The parser writes every whole number below 1e21 out, `1.2e1` as `12.0`.
    """
    return written_out(text.str.strip_suffix(".0"))


def written_out(text: pl.Expr) -> pl.Expr:
    """JSON text as Int64; null where it is not written as a whole number, without a point."""
    return text.cast(pl.Int64, strict=False)


def _value(text: pl.Expr) -> pl.Expr:
    """JSON text as Float64, be it infinite or NaN; null where it is no number."""
    return text.cast(pl.Float64, strict=False)


def is_string(text: pl.Expr) -> pl.Expr:
    """Whether JSON text is a string."""
    return text.str.starts_with('"')


def column(path: str, kind: str, checks: list[pa.Check]) -> pa.Column:
    """A column of JSON text, nullable, that knows its place in the payload."""
    return pa.Column(pl.String, checks, nullable=True, metadata={"path": path, "kind": kind})


def text(path: str, *more: pa.Check, chars: int | None = PARAM_CHARS) -> pa.Column:
    """A string of so many characters at most; None is any number."""
    typed = check(Code.TYPE_MISMATCH, is_string, "a string", "must be a string")
    limit = [] if chars is None else [_no_longer_than(chars)]
    return column(path, TEXT, [typed, *limit, *more])


def _no_longer_than(chars: int) -> pa.Check:
    return check(
        Code.VALUE_TOO_LONG,
        lambda c: ~is_string(c) | (c.str.replace_all(ESCAPE, "_").str.len_chars() <= chars + len('""')),
        f"at most {chars:,} characters",
        f"has more than {chars:,} characters",
        at_most=chars,
        quick=lambda c: c.str.len_bytes() <= chars + len('""'),
    )


def json_object(path: str, *more: pa.Check) -> pa.Column:
    """An object, kept as JSON."""
    typed = check(Code.TYPE_MISMATCH, lambda c: c.str.starts_with("{"), "an object", "must be an object")
    return column(path, OBJECT, [typed, *more])


def scalar(path: str, *more: pa.Check) -> pa.Column:
    """A string or an integer: what GA4 clients send as `session_id`. It is kept as text."""
    typed = check(
        Code.TYPE_MISMATCH,
        lambda c: is_string(c) | integer_of(c).is_not_null(),
        "a string or an integer",
        "must be a string or an integer",
        quick=lambda c: is_string(c) | written_out(c).is_not_null(),
    )
    return column(path, SCALAR, [typed, *more])


def number(path: str, *more: pa.Check, at_least: float, at_most: float) -> pa.Column:
    """A finite number within limits."""
    typed = check(
        Code.TYPE_MISMATCH,
        lambda c: number_of(c).is_not_null() | c.is_null(),
        "a number",
        "must be a number",
        quick=lambda c: _lies_within(_value(c), at_least, at_most) | c.is_null(),
    )
    return column(path, NUMBER, [typed, _within(at_least, at_most, _value), *more])


def integer(
    path: str, *more: pa.Check, at_least: float | None = None, at_most: float | None = None
) -> pa.Column:
    """A whole number, within limits if there are some."""
    typed = check(
        Code.TYPE_MISMATCH,
        lambda c: integer_of(c).is_not_null() | c.is_null(),
        "an integer",
        "must be a whole number",
        quick=lambda c: written_out(c).is_not_null() | c.is_null(),
    )
    limits = [] if at_least is None or at_most is None else [_within(at_least, at_most, written_out)]
    return column(path, INTEGER, [typed, *limits, *more])


def required(code: Code = Code.FIELD_MISSING) -> pa.Check:
    """The field must be there."""
    return check(
        code,
        lambda c: c.is_not_null(),
        "a value",
        "is required and is not there",
        on_null=False,
        required=True,
    )


def filled(code: Code) -> pa.Check:
    """The field must be there and not be the empty string."""
    return check(
        code,
        lambda c: c.is_not_null() & (c != '""'),
        "a value that is not empty",
        "is required and is not there, or empty",
        on_null=False,
        required=True,
        at_least=1,
    )


def _within(at_least: float, at_most: float, cheaply: Callable[[pl.Expr], pl.Expr]) -> pa.Check:
    """The number lies within limits, both allowed."""
    limits = f"{at_least:,.0f} to {at_most:,.0f}"
    return check(
        Code.OUT_OF_RANGE,
        lambda c: number_of(c).is_between(at_least, at_most),
        f"a number from {limits}",
        f"must be from {limits}",
        at_least=at_least,
        at_most=at_most,
        quick=lambda c: _lies_within(cheaply(c), at_least, at_most) | c.is_null(),
    )


def _lies_within(value: pl.Expr, at_least: float, at_most: float) -> pl.Expr:
    # An infinite value lies within no limits, be they infinite themselves.
    return value.is_between(max(at_least, -LARGEST), min(at_most, LARGEST)).fill_null(False)
