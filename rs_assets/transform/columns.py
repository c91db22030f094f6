"""Column lineage: which columns of the tables it reads a column of a query comes from.

Belongs here: one query, as dbt has compiled it. Does not belong here: which models there are (`manifest`), what the
UI shows of it (`rs_assets.defs.dbt`).

Traced is what a value is computed from. Conditions inside of an expression (`case`, `filter`) are part of it; how
rows are joined, chosen and ordered is not, but for figures that count rows and nothing else (`count(*)`,
`row_number()`): those come from what chooses, parts and orders the rows. A query that cannot be read has no lineage.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from sqlglot import errors, exp, parse_one

Source: TypeAlias = tuple[str, str]
"""A table, and a column of it."""
Columns: TypeAlias = dict[str, frozenset[Source]]
"""A query's columns in their order, each with what it comes from."""
NOTHING: frozenset[Source] = frozenset()


def trace(sql: str, known: Mapping[str, Sequence[str]] | None = None) -> dict[str, list[Source]]:
    """The columns of a query of DuckDB's in their order, each with its sources, sorted; empty for a literal.

    Args:
        sql: one query.
        known: the columns of tables that it may read. Of other tables `*` cannot be written out, so that the columns
            it stands for are left out.
    """
    try:
        query = parse_one(sql, dialect="duckdb")
        if not isinstance(query, exp.Query):
            return {}
        found = _query(query, _Around(known or {}))
    except (errors.SqlglotError, RecursionError):
        return {}
    return {name: sorted(sources) for name, sources in found.columns.items()}


@dataclass
class _Found:
    """What a query selects, and what decides which rows it has."""

    columns: Columns = field(default_factory=dict)
    rows: frozenset[Source] = NOTHING


@dataclass
class _Relation(_Found):
    """What stands in a FROM: `columns` that are known, or a `table` or value any column of which may be asked for."""

    table: str = ""
    every: frozenset[Source] | None = None

    def get(self, name: str) -> frozenset[Source] | None:
        if name in self.columns:
            return self.columns[name]
        if self.table:
            return frozenset({(self.table, name)})
        return self.every


@dataclass
class _Around:
    """What a query finds around it."""

    known: Mapping[str, Sequence[str]]
    ctes: Mapping[str, _Found] = field(default_factory=dict)
    outer: _Select | None = None


def _query(node: exp.Expr, around: _Around) -> _Found:
    ctes = dict(around.ctes)
    around = _Around(around.known, ctes, around.outer)
    if clause := node.args.get("with_"):
        for cte in clause.expressions:
            if clause.args.get("recursive") and isinstance(cte.this, exp.SetOperation):
                ctes[cte.alias.lower()] = _renamed(_query(cte.this.this, around), cte)
            ctes[cte.alias.lower()] = _renamed(_query(cte.this, around), cte)
    if isinstance(node, exp.Subquery):
        return _query(node.this, around)
    if isinstance(node, exp.SetOperation):
        return _union(
            _query(node.this, around), _query(node.expression, around), bool(node.args.get("by_name"))
        )
    return _Select(node, around).found() if isinstance(node, exp.Select) else _Found()


def _union(one: _Found, other: _Found, by_name: bool) -> _Found:
    rows = one.rows | other.rows
    a, b = one.columns, other.columns
    if by_name:
        return _Found({name: a.get(name, NOTHING) | b.get(name, NOTHING) for name in {**a, **b}}, rows)
    behind = [*b.values(), *[NOTHING] * len(a)]
    return _Found(
        {name: sources | more for (name, sources), more in zip(a.items(), behind, strict=False)}, rows
    )


def _renamed(found: _Found, aliased: exp.Expr) -> _Found:
    """The columns under the names that stand behind an alias: `t(a, b)`."""
    old = list(found.columns)
    names = [str(name).lower() for name in aliased.alias_column_names]
    named = zip([*names, *old[len(names) :]], old, strict=False)
    return _Found({new: found.columns[name] for new, name in named}, found.rows)


class _Select:
    """One SELECT: its relations, and what an expression in it is computed from."""

    def __init__(self, node: exp.Select, around: _Around) -> None:
        self._node, self._around = node, around
        self._relations: dict[str, _Relation] = {}
        self._aliases: Columns = {}
        self._windows = {window.name.lower(): window for window in node.args.get("windows") or ()}
        joined = [join.this for join in node.args.get("joins") or ()]
        first = [node.args["from_"].this] if node.args.get("from_") else []
        for place in [*first, *joined, *(node.args.get("laterals") or ())]:
            self._add(place)

    def found(self) -> _Found:
        """What it selects, and what chooses and groups its rows, here and in what it reads."""
        for one in self._node.expressions:
            if one.is_star:
                for name, sources in self._star(one):
                    self._aliases.setdefault(name, sources)
            else:
                self._aliases[one.alias_or_name.lower() or one.sql("duckdb").lower()] = self._counted(one)
        return _Found(self._aliases, self._rows())

    def _rows(self) -> frozenset[Source]:
        clauses = (self._node.args.get(name) for name in ("where", "group"))
        below = (relation.rows for relation in self._relations.values())
        return self._all(clause for clause in clauses if clause).union(*below)

    def _add(self, place: exp.Expr) -> None:
        name = place.alias_or_name.lower()
        if isinstance(place, exp.Table) and isinstance(place.this, exp.Identifier):
            self._relations[name] = self._table(place)
            for join in place.args.get("joins") or ():
                self._add(join.this)
        elif isinstance(place, exp.Subquery):
            inside = _renamed(_query(place.this, self._around), place)
            self._relations[name] = _Relation(inside.columns, inside.rows)
        else:  # unnest(…), a function, values: any column of it comes from what it is given
            self._relations[name] = _Relation({}, every=self.values(place))

    def _table(self, place: exp.Table) -> _Relation:
        table = place.name.lower()
        if not place.db and table in self._around.ctes:
            inside = _renamed(self._around.ctes[table], place)
            return _Relation(inside.columns, inside.rows)
        if table in self._around.known:
            return _Relation({name: frozenset({(table, name)}) for name in self._around.known[table]})
        return _Relation({}, table=table)

    def _star(self, one: exp.Expr) -> Iterator[tuple[str, frozenset[Source]]]:
        star = one if isinstance(one, exp.Star) else one.this
        of = one.args.get("table") if isinstance(one, exp.Column) else None
        chosen = [self._relations[of.name.lower()]] if of else list(self._relations.values())
        left_out = {each.name.lower() for each in star.args.get("except_") or ()}
        instead = {each.alias.lower(): self._counted(each) for each in star.args.get("replace") or ()}
        named = {each.this.name.lower(): each.alias.lower() for each in star.args.get("rename") or ()}
        for relation in chosen:
            for name, sources in relation.columns.items():
                if name not in left_out:
                    yield named.get(name, name), instead.get(name, sources)

    def _counted(self, one: exp.Expr) -> frozenset[Source]:
        """The values, or of a figure that only counts rows what chooses and groups them."""
        found = self.values(one)
        return found if found or not one.find(exp.AggFunc) else self._rows()

    def values(self, node: exp.Expr, bound: frozenset[str] = frozenset()) -> frozenset[Source]:
        """What an expression is computed from; `bound` are the names that lambdas around it have given."""
        if isinstance(node, exp.Column):
            return self._column([part.name.lower() for part in node.parts], bound)
        if isinstance(node, exp.Lambda):
            return self.values(node.this, bound | {each.name.lower() for each in node.expressions})
        if isinstance(node, exp.Window):
            return self.values(node.this, bound) or self._over(node, bound)
        if isinstance(node, exp.Query):
            inside = _query(node, _Around(self._around.known, self._around.ctes, self))
            return NOTHING.union(*inside.columns.values())
        return self._all(node.iter_expressions(), bound)

    def _all(self, nodes: Iterable[exp.Expr], bound: frozenset[str] = frozenset()) -> frozenset[Source]:
        return NOTHING.union(*(self.values(node, bound) for node in nodes))

    def _over(self, window: exp.Window, bound: frozenset[str]) -> frozenset[Source]:
        """What parts and orders the rows of a window, which may be one of the WINDOW clause."""
        parts = [*(window.args.get("partition_by") or ()), window.args.get("order")]
        here = self._all((part for part in parts if part), bound)
        named = self._windows.get(window.alias.lower()) if window.alias else None
        return here | (self._over(named, bound) if named is not None and named is not window else NOTHING)

    def _column(self, parts: Sequence[str], bound: frozenset[str]) -> frozenset[Source]:
        first = parts[0]
        if first in bound:
            return NOTHING
        if len(parts) > 1 and first in self._relations:
            found = self._relations[first].get(parts[1])
        else:  # with a dot, a field of a struct
            found = self._named(first)
        if found is None and self._around.outer is not None:
            return self._around.outer._column(parts, bound)
        return found or NOTHING

    def _named(self, name: str) -> frozenset[Source] | None:
        for relation in self._relations.values():
            if name in relation.columns:
                return relation.columns[name]
        if name in self._aliases:
            return self._aliases[name]
        if name in self._relations and self._relations[name].every is not None:
            return self._relations[name].every  # unnest(…) as item
        found = (relation.get(name) for relation in self._relations.values())
        return next((sources for sources in found if sources is not None), None)
