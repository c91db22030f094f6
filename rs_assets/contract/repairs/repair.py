"""What a repair is.

Belongs here: the declaration, and refusing one that is wrong when it is loaded. Does not belong here: whether its
expressions are pure (`pure`), ready-made ones (`expressions`), or applying them (`apply`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from rs_assets.contract.repairs.pure import EVENT, ITEM, fault
from rs_assets.contract.schemas import BODY, PARAMS
from rs_assets.contract.schemas import ITEM as ITEM_SCHEMA
from rs_assets.errors import UserError
from rs_assets.log.layout import SITE, is_date

ALL = ("*",)
"""The sites of a repair that is for every site."""
REPAIRABLE = ("event_name", *BODY, *PARAMS)
"""What a transform may give: the name, who and when, the parameters. The envelope is the collector's own."""
ITEM_FIELDS = tuple(map(str, ITEM_SCHEMA.columns))
NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


@dataclass(frozen=True, eq=False)
class Repair:
    """One of them. Its expressions are over candidate events (`Parser.parse`): JSON text, or null for no field.

    Attributes:
        name: snake_case, unique among the repairs.
        version: from 1; raised with every change.
        sites: whose events, or `ALL`.
        matches: a Boolean over an event's columns, `items` included; null is no.
        transforms: by column (`REPAIRABLE`), its new JSON text; null takes the field away. All see the event as it
            was before this repair.
        items: by item field, its new JSON text, over the fields of an item, for every item of an event that matches.
        first_log_date: `YYYY-MM-DD`, itself included; None is since ever.
        last_log_date: likewise; None is until further notice.

    Raises:
        UserError: it cannot be a repair; says which and why.
    """

    name: str
    version: int
    sites: tuple[str, ...]
    matches: pl.Expr
    transforms: Mapping[str, pl.Expr] = field(default_factory=dict)
    items: Mapping[str, pl.Expr] = field(default_factory=dict)
    first_log_date: str | None = None
    last_log_date: str | None = None

    def __post_init__(self) -> None:
        if NAME.fullmatch(self.name) is None:
            raise UserError(
                f"A repair is called {self.name!r}.", "Use snake_case, such as shop_b_price_strings."
            )
        if type(self.version) is not int or self.version < 1:
            raise self._wrong(f"has the version {self.version!r}", "Count them from 1.")
        self._check_sites()
        self._check_dates()
        self._check_expressions()

    @property
    def label(self) -> str:
        """How rows name it: `shop_b_price_strings@1`."""
        return f"{self.name}@{self.version}"

    @property
    def params(self) -> set[str]:
        """The parameters that it asks for or gives: columns that it needs."""
        asked = (
            name for expr in (self.matches, *self.transforms.values()) for name in expr.meta.root_names()
        )
        return {*asked, *self.transforms} & set(PARAMS)

    def in_force(self, log_date: str) -> bool:
        """Whether it holds for a log date (`YYYY-MM-DD`)."""
        return (self.first_log_date or log_date) <= log_date <= (self.last_log_date or log_date)

    def _wrong(self, what: str, hint: str = "") -> UserError:
        return UserError(f"The repair {self.name} {what}.", hint)

    def _check_sites(self) -> None:
        if not isinstance(self.sites, tuple) or not self.sites:
            raise self._wrong(
                f"is for the sites {self.sites!r}", 'Give a tuple, such as ("shop-b",), or ALL.'
            )
        for site in () if self.sites == ALL else self.sites:
            if SITE.fullmatch(site) is None:
                raise self._wrong(f"is for {site!r}, which is no site's name", "For every site, say ALL.")

    def _check_dates(self) -> None:
        for date in (self.first_log_date, self.last_log_date):
            if date is not None and not is_date(date):
                raise self._wrong(f"names {date!r}, which is no log date", "Write it as YYYY-MM-DD.")
        if self.first_log_date and self.last_log_date and self.first_log_date > self.last_log_date:
            raise self._wrong(f"begins on {self.first_log_date}, after its end on {self.last_log_date}")

    def _check_expressions(self) -> None:
        if not self.transforms and not self.items:
            raise self._wrong("transforms nothing", "Give it transforms, or items.")
        for mapping, allowed, of in (
            (self.transforms, REPAIRABLE, "column"),
            (self.items, ITEM_FIELDS, "item field"),
        ):
            if unknown := sorted(set(mapping) - set(allowed)):
                raise self._wrong(
                    f"transforms {unknown[0]!r}, which is no {of} that can be repaired",
                    f"Those that can: {', '.join(allowed)}.",
                )
        found = [
            ("matches", fault(self.matches, EVENT, pl.Boolean())),
            *((name, fault(expr, EVENT, pl.String())) for name, expr in self.transforms.items()),
            *((f"items.{name}", fault(expr, ITEM, pl.String())) for name, expr in self.items.items()),
        ]
        for name, problem in found:
            if problem is not None:
                raise self._wrong(f"cannot use its expression for {name}: it {problem[0]}", problem[1])


def unique(repairs: Sequence[Repair]) -> tuple[Repair, ...]:
    """The repairs, in their order.

    Raises:
        UserError: two share a name.
    """
    names = [repair.name for repair in repairs]
    for name in names:
        if names.count(name) > 1:
            raise UserError(
                f"Two repairs are called {name}.", "Rename one; a new version takes the old one's place."
            )
    return tuple(repairs)
