"""A mapping file: a TOML file that makes an importer of a flat log, without a line of code.

Belongs here: what such a file says, refusing what it cannot, and the `Importer` it becomes. Does not belong here:
cutting lines into fields (`flat`), or GA4's outline of a body (`ga4`). `docs/your-own-logs.md` shows one.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from rs_assets.errors import UserError
from rs_assets.log import json_text as js
from rs_assets.log.importers import ga4
from rs_assets.log.importers.flat import DELIMITERS, FORMATS, PREFIX, reader
from rs_assets.log.importers.importer import Importer
from rs_assets.log.layout import SITE

EPOCHS = {"seconds": 1_000_000, "milliseconds": 1_000, "microseconds": 1}
KEYS = {
    "": {"site", "description", "files", "format", "header", "columns", "client_id", "user_id", "time", "event"}
    | {"params", "item"},
    "time": {"column", "format", "zone"},
    "event": {"column", "names", "name"},
    "params": None,
    "item": None,
}  # fmt: skip
FIELD_KEYS = {"column", "value", "number", "only_for"}
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
NUMBER = r"^-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?$"
ZONED = r"(?:Z|[+-][0-9]{2}:?[0-9]{2})$"


def read_mapping(path: str) -> Importer:
    """The importer that a mapping file describes; its name is the file's.

    Raises:
        UserError: the file cannot be read, or something in it is not understood; file and key are named.
    """
    try:
        given = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as problem:
        raise UserError(
            f"The mapping file {path} cannot be read: {problem.strerror}.", "Name another."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise UserError(f"The mapping file {path} is no TOML: {problem}.", "Mend it there.") from None
    return _File(path, given).importer()


class _File:
    """A mapping file, read key by key."""

    def __init__(self, path: str, given: Mapping[str, Any]) -> None:
        self.path, self.given = path, given
        self.used: dict[str, None] = {}  # the columns that are read, in the order of their mention

    def importer(self) -> Importer:
        given = self.given
        self._only(given, KEYS[""], "")
        form, site = self._text(given, "format", ""), self._text(given, "site", "")
        if form not in FORMATS:
            self._refuse("format", f"is {form!r}", f"It is one of {', '.join(FORMATS)}.")
        if not SITE.fullmatch(site):
            self._refuse("site", f"is {site!r}", "A site's name has small letters, digits and hyphens.")
        columns = self._columns(form)
        time, name = self._time(), self._event()
        client = self._column(given, "client_id", "")
        user = self._column(given, "user_id", "") if "user_id" in given else None
        params, item = self._fields("params"), self._fields("item")
        if item:
            there = pl.any_horizontal(text.is_not_null() for text in item.values())
            params["items"] = pl.when(there).then(ga4.one_item(**item))
        unknown = [one for one in self.used if columns and one not in columns]
        if unknown:
            self._refuse("columns", f"has no {unknown[0]!r}", f"It has {', '.join(columns)}.")
        read = reader(form, columns or list(self.used))

        def lines(frame: pl.DataFrame) -> pl.DataFrame:
            return read(frame).with_columns(event_time=time, event_name=name)

        return Importer(
            name=Path(self.path).stem,
            site=site,
            description=str(given.get("description") or f"{form}, as {Path(self.path).name} describes it"),
            files=tuple(self._texts(given, "files", "")) if "files" in given else (f"*.{form}",),
            read=lines,
            body=ga4.body(client_id=client, user_id=user, name=pl.col("event_name"), params=params),
            header=DELIMITERS[form].join(columns) if columns and given.get("header") else None,
        )

    def _columns(self, form: str) -> list[str]:
        if form in DELIMITERS:
            columns = self._texts(self.given, "columns", "")
            if len(set(columns)) < len(columns):
                self._refuse("columns", "names one twice", "Name each field once, in the order of a row.")
            return columns
        for key in ("columns", "header"):
            if key in self.given:
                self._refuse(key, "is given", "The fields of objects have names; leave it out.")
        return []

    def _time(self) -> pl.Expr:
        table = self._table("time")
        text, form = self._column(table, "column", "time."), self._text(table, "format", "time.")
        zone = table.get("zone", "UTC")
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, TypeError):
            self._refuse("time.zone", f"is {zone!r}", "It is a name such as Europe/Berlin.")
        if form in EPOCHS:
            number = pl.when(text.str.contains(r"^[0-9]{1,17}$")).then(text).cast(pl.Int64, strict=False)
            most = (1 << 62) // EPOCHS[form]  # beyond it is no time, and multiplied no number
            return pl.from_epoch(pl.when(number < most).then(number) * EPOCHS[form], time_unit="us")
        if form == "iso":
            whole = pl.when(text.str.contains(ZONED)).then(text)
            aware = whole.str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False)
            local = text.str.replace(" ", "T", literal=True)
            naive = local.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)
            return pl.coalesce(aware.dt.replace_time_zone(None), _utc(naive, zone))
        if "%" not in form:
            self._refuse(
                "time.format", f"is {form!r}", f"It is iso, {', '.join(EPOCHS)} or of the kind %d.%m.%Y."
            )
        return _utc(text.str.to_datetime(form, time_unit="us", strict=False), zone)

    def _event(self) -> pl.Expr:
        table = self._table("event")
        if ("name" in table) == ("column" in table):
            self._refuse("event", "must have one of name and column", "name is that of all events.")
        if "name" in table:
            return pl.lit(self._text(table, "name", "event."))
        names = table.get("names", {})
        if not (isinstance(names, dict) and all(isinstance(one, str) for one in names.values())):
            self._refuse("event.names", "is no table of texts", "A line: what the log says = what GA4 says.")
        text = self._column(table, "column", "event.")
        # A name that is not listed stays, and the contract says what it thinks of it.
        return text.replace(list(names), list(names.values())) if names else text

    def _fields(self, section: str) -> dict[str, pl.Expr]:
        found = {}
        for name, said in self._table(section).items() if section in self.given else ():
            key = f"{section}.{name}"
            if not NAME.fullmatch(name):
                self._refuse(key, "is no parameter's name", "It has letters, digits and _, 40 at most.")
            found[name] = self._field(key, {"column": said} if isinstance(said, str) else said)
        return found

    def _field(self, key: str, table: Any) -> pl.Expr:
        if not isinstance(table, dict):
            self._refuse(key, "is neither a column nor a table", f"A table may have {_listed(FIELD_KEYS)}.")
        self._only(table, FIELD_KEYS, f"{key}.")
        if ("value" in table) == ("column" in table):
            self._refuse(key, "must have one of column and value", "value is that of all events.")
        if "value" in table:
            value = table["value"]
            if isinstance(value, bool) or not isinstance(value, str | int | float):
                self._refuse(f"{key}.value", "is neither text nor number", "Write one.")
            found = js.string(pl.lit(value)) if isinstance(value, str) else pl.lit(str(value))
        else:
            text = self._column(table, "column", f"{key}.")
            found = js.string(text)
            if table.get("number"):  # what JSON has no number for stays text, and the contract says so
                found = pl.when(text.str.contains(NUMBER)).then(text).otherwise(found)
        if "only_for" not in table:
            return found
        events = self._texts(table, "only_for", f"{key}.")
        return pl.when(pl.col("event_name").is_in(events)).then(found)

    def _table(self, key: str) -> Mapping[str, Any]:
        table = self.given.get(key)
        if not isinstance(table, dict):
            self._refuse(key, "is no table" if key in self.given else "is missing", f"Begin one: [{key}]")
        self._only(table, KEYS[key], f"{key}.")
        return table

    def _column(self, table: Mapping[str, Any], key: str, within: str) -> pl.Expr:
        name = self._text(table, key, within)
        self.used.setdefault(name)
        return pl.col(PREFIX + name)

    def _text(self, table: Mapping[str, Any], key: str, within: str) -> str:
        found = table.get(key)
        if not (isinstance(found, str) and found):
            self._refuse(within + key, "is no text" if key in table else "is missing", "Write a text there.")
        return found

    def _texts(self, table: Mapping[str, Any], key: str, within: str) -> list[str]:
        found = table.get(key)
        if not (isinstance(found, list) and found and all(isinstance(one, str) and one for one in found)):
            what = "is no list of texts" if key in table else "is missing"
            self._refuse(within + key, what, f'Write one: {key} = ["…", "…"]')
        return found

    def _only(self, table: Mapping[str, Any], known: set[str] | None, within: str) -> None:
        for key in table:
            if known is not None and key not in known:
                self._refuse(within + key, "is not known", f"There may be {_listed(known)}.")

    def _refuse(self, key: str, what: str, hint: str) -> NoReturn:
        raise UserError(f"The mapping file {self.path}: {key} {what}.", hint)


def _utc(local: pl.Expr, zone: str) -> pl.Expr:
    """Times of a zone in UTC, without one; an hour that is there twice is the first, one that is not is none."""
    aware = local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return aware.dt.convert_time_zone("UTC").dt.replace_time_zone(None)


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names))
