"""`rs-assets model`: which models there are, who serves, and a person's word on it.

Belongs here: the command and its pages. Does not belong here: promotion itself (`rs_assets.models.promotion`).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import getpass
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from rs_assets.cli.options import Json
from rs_assets.errors import UserError
from rs_assets.settings import Settings

if TYPE_CHECKING:
    from rs_assets.lake import Lake
    from rs_assets.models.promotion.decisions import Decision
    from rs_assets.models.promotion.publish import Family


def model(
    action: Annotated[
        Literal["list", "show", "promote", "rollback"],
        typer.Argument(
            help="list: every model, and who serves. show: one model's history and its last comparison. promote: let "
            "the model of CUT serve. rollback: let the champion before serve again."
        ),
    ] = "list",
    name: Annotated[str | None, typer.Argument(help="next_item or purchase_intent.")] = None,
    cut: Annotated[str | None, typer.Argument(help="For promote: the Monday that the model is of.")] = None,
    why: Annotated[
        str, typer.Option(help="For promote and rollback: the reason, for those who come after.")
    ] = "",
    log_date: Annotated[
        str | None,
        typer.Option("--from", help="From which log date on; the first that is not replayed yet by default."),
    ] = None,
    by: Annotated[str, typer.Option(help="Who decides; you by default.")] = "",
    as_json: Json = False,
) -> None:
    """Models: which there are, which one serves and why; promote one, or roll back.

    Each Monday a challenger is trained, and the gate lets it serve unless it is shown to be worse than the champion.
    A person's decision is an entry in the decisions log (RS_DECISIONS), which a replay repeats: log dates that were
    replayed already are made anew by `rs-assets replay --stale`.
    """
    from rs_assets.lake import Lake
    from rs_assets.models.promotion.registry import FAMILIES, family_of

    settings = Settings.from_env()
    lake = Lake(settings.lake, settings.environment)
    if action == "list":
        _list(lake, [family_of(one) for one in ([name] if name else FAMILIES)], as_json)
        return
    if name is None:
        raise UserError(f"`rs-assets model {action}` needs a model.", f"One of {', '.join(FAMILIES)}.")
    family = family_of(name)
    if action == "show":
        _show(lake, family, as_json)
    else:
        decision = _decided(lake, family, action, cut, log_date, why, by or getpass.getuser())
        _note(settings.decisions, decision, as_json)


def _decided(
    lake: Lake, family: Family, action: str, cut: str | None, log_date: str | None, why: str, by: str
) -> Decision:
    from rs_assets.models.promotion import registry

    if not why.strip():
        raise UserError("A decision needs a reason.", "Give it with --why, in a sentence.")
    now = dt.datetime.now(dt.UTC)
    if action == "rollback":
        return registry.rollback(lake, family, log_date=log_date, by=by, why=why, at=now)
    if cut is None:
        raise UserError("Which model?", f"`rs-assets model list {family.name}` has the cuts.")
    return registry.promote(lake, family, cut, log_date=log_date, by=by, why=why, at=now)


def _note(path: str, decision: Decision, as_json: bool) -> None:
    from rs_assets.cli.output import out, print_json
    from rs_assets.models.promotion.decisions import append

    append(path, decision)
    if as_json:
        print_json(decision)
    else:
        out().print(
            f"The {decision.model} of cut {decision.cut} serves from log date {decision.log_date} on, until the gate "
            f"promotes another. Noted in {path}; log dates that are replayed already follow with "
            "`rs-assets replay --stale`.",
            markup=False,
        )


def _list(lake: Lake, families: list[Family], as_json: bool) -> None:
    from rs_assets.cli.output import cell, out, print_json, table
    from rs_assets.models.promotion.registry import turns, versions

    rows = []
    for family in families:
        held = turns(lake, family)
        champion = held[-1].standing.champion if held else None
        outcomes = {turn.standing.cut.isoformat(): turn.standing.outcome for turn in held}
        rows += [
            {
                "model": family.name,
                "cut": version.cut,
                "first": version.first,
                "last": version.last,
                "outcome": str(outcomes.get(version.cut, "")),
                "serves": champion is not None and version.cut == champion.isoformat(),
                "digest": version.digest,
            }
            for version in versions(lake, family)
        ]
    if as_json:
        print_json(rows)
        return
    if not rows:
        out().print("There is no model yet; `rs-assets replay` trains one each week.")
        return
    page = table("model", "cut", "log dates", "challenger was", "serves", "digest")
    for row in rows:
        page.add_row(
            cell(row["model"]),
            cell(row["cut"]),
            cell(f"{row['first']} to {row['last']}"),
            cell(row["outcome"]),
            cell("champion" if row["serves"] else ""),
            cell(str(row["digest"])[:12]),
        )
    out().print(page)


def _show(lake: Lake, family: Family, as_json: bool) -> None:
    from rs_assets.cli.output import cell, out, print_json, table
    from rs_assets.models.promotion.registry import comparison, turns

    held = turns(lake, family)
    if as_json:
        print_json([dataclasses.asdict(turn) for turn in held])
        return
    if not held:
        out().print(f"There is no promotion of {family.name} yet; `rs-assets replay` makes them.")
        return
    page = table("log dates", "champion", "challenger", "outcome", "by", "why", folded=("why",))
    for turn in held:
        standing = turn.standing
        page.add_row(
            cell(f"{turn.first} to {turn.last}"),
            cell(standing.champion or "nobody"),
            cell(standing.cut),
            cell(str(standing.outcome)),
            cell(standing.by),
            cell("; ".join(standing.reasons)),
        )
    out().print(page)
    found = comparison(lake, family, held[-1].last)
    if found.is_empty():
        return
    out().print(f"\nThe challenger of {held[-1].standing.cut} against the champion before it")
    numbers = ("champion", "challenger")
    page = table("slice", "metric", *numbers, "difference, 95 %", "", right=numbers)
    for row in found.iter_rows(named=True):
        page.add_row(
            cell(row["slice"]),
            cell(row["metric"]),
            cell(f"{row['champion']:.3f}"),
            cell(f"{row['challenger']:.3f}"),
            cell(f"{row['low']:+.3f} to {row['high']:+.3f}"),
            cell("" if row["passed"] else "worse"),
        )
    out().print(page)
