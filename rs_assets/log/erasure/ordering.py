"""Giving an erasure order: the search for its clients, and the entry in the log's history.

Belongs here: writing orders, and the ids beside them. Does not belong here: what an order says (`entries`), or taking
lines out of segments (`rewriting`). The graph does not import it.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable
from contextlib import suppress

from rs_assets.errors import UserError
from rs_assets.log.erasure import history as histories
from rs_assets.log.erasure.clients import SALT_BYTES, Client, require_id
from rs_assets.log.erasure.entries import Entry, Order
from rs_assets.log.erasure.matching import Matcher
from rs_assets.log.erasure.orders import ENDING, encode_ids, ids_place, read_orders
from rs_assets.log.erasure.search import open_from, search
from rs_assets.log.files import MEND, reach, trouble
from rs_assets.log.layout import RawLog
from rs_assets.log.seals.hashing import Progress
from rs_assets.log.seals.manifest import GENESIS
from rs_assets.log.whole import create


def order_erasure(
    log: RawLog,
    clients: Iterable[Client],
    *,
    by: str,
    why: str,
    now: dt.datetime,
    progress: Progress | None = None,
) -> Order:
    """Write an order to forget clients; from now on the graph drops their events.

    Args:
        clients: whoever is under an order already is left out.
        now: when; the one clock of it.

    Raises:
        UserError: all of them are under an order already, the history is not whole, the log cannot be read, or
            somebody else wrote to the history meanwhile.
    """
    log.require()
    asked = frozenset(Client(client.kind, require_id(client.id)) for client in clients)
    if not why.strip():
        raise UserError("An erasure order needs a reason.", "Give one: --why 'request 1234 of 2026-05-04'.")
    orders = read_orders(log)
    _sweep(log, {order.digest for order in orders.history.orders})
    salt = orders.salt or secrets.token_hex(SALT_BYTES)
    held = {one for order in orders.history.orders for one in order.clients}
    new = frozenset(client for client in asked if (client.kind, client.digest(salt)) not in held)
    if not new:
        raise UserError(
            "All of these are under an erasure order already; no other was written.",
            "`rs-assets forget --list` shows what is in force.",
        )
    entries = orders.history.entries
    order = Order(
        number=len(entries) + 1,
        previous=entries[-1].digest if entries else GENESIS,
        at=written(now),
        by=by,
        why=why.strip(),
        salt=salt,
        clients=tuple(sorted((client.kind, client.digest(salt)) for client in new)),
        found=search(log, Matcher(new), progress),
        open_from=open_from(now),
    )
    # First the ids: an order without them could never find what it is about in a page's address.
    fs, root = reach(log.root)
    ids = f"{root}/{ids_place(order)}"
    try:
        create(fs, ids, encode_ids(new))
        try:
            add(log, order)
        except UserError:
            delete(log, ids_place(order))
            raise
        with suppress(FileExistsError):  # swept by whoever gave an order at the same time
            create(fs, ids, encode_ids(new))
    except trouble() as problem:
        raise UserError(f"The order cannot be written: {problem}.", MEND) from None
    return order


def add(log: RawLog, entry: Entry) -> None:
    """Put an entry behind the last one of the history.

    Raises:
        UserError: there is one of its number already.
    """
    fs, root = reach(log.root)
    try:
        create(fs, f"{root}/{histories.place(entry.number)}", entry.encode())
    except FileExistsError:
        raise UserError(
            f"Somebody else wrote {histories.place(entry.number)} at the same time; nothing was replaced.",
            "Call this again.",
        ) from None


def written(now: dt.datetime) -> str:
    """A time as entries have it."""
    return now.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def delete(log: RawLog, place: str) -> None:
    """Take away a file of ids."""
    fs, root = reach(log.root)
    try:
        fs.rm_file(f"{root}/{place}")
    except FileNotFoundError:
        return
    except trouble() as problem:
        raise UserError(f"{place} cannot be deleted: {problem}.", MEND) from None


def _sweep(log: RawLog, known: set[str]) -> None:
    """Take away ids of orders that were never written: whoever wrote them was killed before."""
    for entry in log.files.inside(histories.FOLDER):
        if entry.name.endswith(ENDING) and entry.name.removesuffix(ENDING) not in known:
            delete(log, entry.place)
