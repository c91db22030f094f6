"""`rs-assets forget`: erasure orders, the rewrite under them, and what an auditor asks about both.

Belongs here: the command, its options and its page. Does not belong here: finding and taking out lines
(`rs_assets.log.erasure`), or what the lake still shows (`rs_assets.lake.erased`).
"""

from __future__ import annotations

import datetime as dt
import getpass
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rs_assets.cli import options

if TYPE_CHECKING:
    from rs_assets.log import RawLog
    from rs_assets.log.erasure import Client, Order, Orders, Rewrite
    from rs_assets.log.erasure.rewriting import Done
    from rs_assets.settings import Settings


def forget(
    client_id: Annotated[
        list[str] | None,
        typer.Option("--client-id", metavar="ID", help="A client to forget. May be repeated."),
    ] = None,
    user_id: Annotated[
        list[str] | None,
        typer.Option("--user-id", metavar="ID", help="A person with an account to forget. May be repeated."),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            help="A file of ids, one a line: client ids, or `user_id` or `client_id`, a tab and an id."
        ),
    ] = None,
    why: Annotated[
        str, typer.Option(help="The reason, as an auditor shall read it. An order needs one.")
    ] = "",
    by: Annotated[str, typer.Option(help="Who orders or rewrites; you by default.")] = "",
    rewrite: Annotated[
        bool,
        typer.Option("--rewrite", help="Take the lines of all erased clients out of the log's segments."),
    ] = False,
    purge: Annotated[
        bool, typer.Option("--purge", help="Remove every object of the lake that no environment shows now.")
    ] = False,
    listing: Annotated[bool, typer.Option("--list", help="Show all orders and rewrites.")] = False,
    json: options.Json = False,
) -> None:
    """Erase clients from the log and from everything that follows from it.

    An order holds at once: a replay from then on drops the clients' events everywhere. It holds for what comes later,
    too. `rs-assets replay --stale` makes anew what held them. Then `--rewrite` takes their lines out of the log's
    bytes, under the seals, and `--purge` removes replaced objects from the lake. What was done stays in the log's
    history. Whoever orders must name no person in --why: it stays for good.
    """
    from rs_assets.log import RawLog
    from rs_assets.settings import Settings

    wanted = _clients(client_id or (), user_id or (), file)
    asked = [
        name for name, given in (("--list", listing), ("--rewrite", rewrite), ("--purge", purge)) if given
    ]
    if len(asked) + bool(wanted) != 1:
        raise typer.BadParameter(
            f"{' and '.join(asked)} go apart." if len(asked) > 1 else "Name clients, or give one of these.",
            param_hint="--client-id, --user-id, --file, --rewrite, --purge, --list",
        )
    settings = Settings.from_env()
    log, who, now = RawLog(settings.raw_log), by or getpass.getuser(), dt.datetime.now(dt.UTC)
    if listing:
        _list(log, json)
    elif purge:
        _purge(settings, json)
    elif rewrite:
        _rewrite(log, who, why, now, json)
    else:
        _order(log, wanted, who, why, now, json)


def _clients(client_ids: Iterable[str], user_ids: Iterable[str], file: Path | None) -> list[Client]:
    from rs_assets.log.erasure.clients import KINDS, Client

    found = [Client("client_id", one) for one in client_ids] + [Client("user_id", one) for one in user_ids]
    if file is None:
        return found
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise typer.BadParameter(f"{file} cannot be read: {problem}.", param_hint="--file") from None
    for number, text in enumerate(lines, 1):
        kind, tab, one = text.strip().rpartition("\t")
        named = next((known for known in KINDS if known == kind), None if tab else KINDS[0])
        if named is None:
            raise typer.BadParameter(
                f"{file}:{number} begins with {kind[:20]!r}, which is none of {', '.join(KINDS)}.",
                param_hint="--file",
            )
        if one:
            found.append(Client(named, one))
    if not found:
        raise typer.BadParameter(f"{file} holds no id.", param_hint="--file")
    return found


def _order(log: RawLog, clients: list[Client], by: str, why: str, now: dt.datetime, json: bool) -> None:
    from rs_assets.cli.output import facts, out, plural, print_json, size, visible
    from rs_assets.cli.progress import bar
    from rs_assets.cli.seal import span
    from rs_assets.log.erasure.ordering import order_erasure

    with bar("Searching") as move:
        order = order_erasure(
            log,
            clients,
            by=by,
            why=why,
            now=now,
            progress=lambda done, of, place: move(done, of, f"{size(done)} of {size(of)}  {visible(place)}"),
        )
    if json:
        print_json(_order_data(order, ids_kept=True))
        return
    out().print(
        facts(
            [
                ("order", f"{order.number}, for {plural(len(order.clients), 'id')}"),
                ("digest", order.digest),
                ("found", f"{plural(order.lines, 'line')} on {span(list(order.found))}"),
            ]
        ),
        soft_wrap=True,
    )
    out().print(
        "\nNext: [bold]rs-assets replay --stale[/], then [bold]rs-assets forget --rewrite[/] and "
        "[bold]rs-assets forget --purge[/]",
        soft_wrap=True,
    )


def _rewrite(log: RawLog, by: str, why: str, now: dt.datetime, json: bool) -> None:
    from rs_assets.cli.output import facts, out, plural, print_json, size, visible
    from rs_assets.cli.progress import bar
    from rs_assets.cli.seal import span
    from rs_assets.log.erasure.rewriting import rewrite

    with bar("Searching") as move:
        done = rewrite(
            log,
            by=by,
            why=why,
            now=now,
            progress=lambda done, of, place: move(done, of, f"{size(done)} of {size(of)}  {visible(place)}"),
        )
    if json:
        print_json(_done_data(done))
        return
    lines = sum(entry.lines for entry in done.rewrites)
    dates = [entry.log_date for entry in done.rewrites]
    rows = [
        ("rewritten", f"{plural(len(done.replaced), 'segment')} of {span(dates)}"),
        ("taken out", plural(lines, "line")),
    ]
    if done.forgotten:
        rows.append(("ids deleted", f"of order {', '.join(str(order.number) for order in done.forgotten)}"))
    out().print(facts(rows), soft_wrap=True)
    if done.remaining:
        out().print(
            f"Not over yet, so left alone: {span(list(done.remaining))}. Call this again once it is.",
            style="yellow",
            soft_wrap=True,
        )
    out().print(
        "\nNext: [bold]rs-assets replay --stale[/], then [bold]rs-assets forget --purge[/]", soft_wrap=True
    )


def _done_data(done: Done) -> dict[str, object]:
    return {
        "rewrites": [_rewrite_data(entry) for entry in done.rewrites],
        "replaced": done.replaced,
        "ids_deleted": [order.number for order in done.forgotten],
        "remaining": done.remaining,
    }


def _purge(settings: Settings, json: bool) -> None:
    from rs_assets.cli.output import out, plural, print_json, size
    from rs_assets.lake import Lake
    from rs_assets.lake.erased import made_before
    from rs_assets.lake.garbage import purge
    from rs_assets.lake.versions import environments
    from rs_assets.log import RawLog
    from rs_assets.log.erasure import read_orders

    orders = read_orders(RawLog(settings.raw_log))
    done = purge(settings.lake)
    behind = {name: made_before(Lake(settings.lake, name), orders) for name in environments(settings.lake)}
    behind = {name: found for name, found in behind.items() if found}
    if json:
        print_json({"removed": done, "made_before_an_order": behind})
    else:
        out().print(
            f"Removed {plural(done.objects, 'object')} that no environment shows, {size(done.bytes)}."
        )
        for name, found in behind.items():
            objects = plural(sum(map(len, found.values())), "object")
            out().print(
                f"{name} shows {objects} made before an erasure order: [bold]rs-assets replay --stale "
                f"--environment {name}[/], or drop it; then call this again.",
                style="yellow",
                soft_wrap=True,
            )
    if behind:
        raise typer.Exit(1)


def _list(log: RawLog, json: bool) -> None:
    from rs_assets.cli.output import cell, out, plural, print_json, table
    from rs_assets.cli.seal import span
    from rs_assets.log.erasure import Order, read_orders

    log.require()
    orders = read_orders(log)
    entries = orders.history.entries
    if json:
        print_json(_history_data(orders))
        return
    if not entries:
        out().print("There is no erasure order.")
        return
    page = table("entry", "", "when", "by", "why", "what", folded=("why", "what"))
    for entry in entries:
        if isinstance(entry, Order):
            kept = "ids still kept" if entry.digest in orders.ids else "digests only"
            where = f"{plural(entry.lines, 'line')} found, {span(list(entry.found))}"
            what = f"{plural(len(entry.clients), 'id')} ({kept}); {where}"
        else:
            numbers = [str(one.number) for one in orders.history.orders if one.digest in entry.orders]
            what = (
                f"{plural(entry.lines, 'line')} out of {plural(len(entry.segments), 'segment')} of {entry.log_date}, "
                f"under order {', '.join(numbers)}"
            )
        kind = "order" if isinstance(entry, Order) else "rewrite"
        page.add_row(*map(cell, (entry.number, kind, entry.at, entry.by, entry.why, what)))
    out().print(page)
    out().print(f"\nin force: {orders.history.orders_digest}", soft_wrap=True)


def _history_data(orders: Orders) -> dict[str, object]:
    from rs_assets.log.erasure import Order

    return {
        "head": orders.history.head or None,
        "in_force": orders.history.orders_digest,
        "entries": [
            _order_data(entry, ids_kept=entry.digest in orders.ids)
            if isinstance(entry, Order)
            else _rewrite_data(entry)
            for entry in orders.history.entries
        ],
    }


def _order_data(order: Order, *, ids_kept: bool) -> dict[str, object]:
    return {
        "entry": "order",
        "number": order.number,
        "digest": order.digest,
        "at": order.at,
        "by": order.by,
        "why": order.why,
        "clients": [{"kind": kind, "digest": digest} for kind, digest in order.clients],
        "ids_kept": ids_kept,
        "lines": order.lines,
        "found": order.found,
        "open_from": order.open_from,
    }


def _rewrite_data(entry: Rewrite) -> dict[str, object]:
    return {
        "entry": "rewrite",
        "number": entry.number,
        "digest": entry.digest,
        "at": entry.at,
        "by": entry.by,
        "why": entry.why,
        "orders": entry.orders,
        "log_date": entry.log_date,
        "lines": entry.lines,
        "segments": [
            {"place": one.was.place, "was": one.was, "now": one.now, "erased": one.erased}
            for one in entry.segments
        ],
    }
