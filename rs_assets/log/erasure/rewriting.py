"""Taking erased clients out of the log's bytes: the one exception to its being immutable, under orders alone.

Belongs here: which segments, in which order things are written, and what is refused. Does not belong here: a
segment's new bytes (`segments`), or the entry that is left (`entries`). The graph does not import it.

A log date is done in three steps: its segments are written anew beside the old ones, the entry is added that names
old and new digests, and then each segment is replaced in one step. Whoever is killed in between leaves every segment
whole, old or new; `rs-assets verify` says which are unfinished, and the next rewrite finishes them.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TypeAlias

from fsspec.implementations.local import LocalFileSystem

from rs_assets.errors import UserError
from rs_assets.log.erasure.entries import Order, Rewrite
from rs_assets.log.erasure.history import FOLDER, History, read_history
from rs_assets.log.erasure.matching import Matcher
from rs_assets.log.erasure.ordering import add, delete, written
from rs_assets.log.erasure.orders import Orders, ids_place, read_orders
from rs_assets.log.erasure.search import Found, named_in, open_from, search
from rs_assets.log.erasure.segments import Cleaned, clean
from rs_assets.log.files import MEND, reach, trouble
from rs_assets.log.layout import RawLog, Segment
from rs_assets.log.seals import chain
from rs_assets.log.seals.collecting import collecting
from rs_assets.log.seals.hashing import Progress
from rs_assets.log.seals.manifest import GENESIS
from rs_assets.log.whole import sync_folder

PathOf: TypeAlias = Callable[[Segment], str]

LOCK = "lock"
ENDING = ".erasing"
"""Of a segment that is written and not yet in its place; no reader of the log takes it for one."""


@dataclass(frozen=True)
class Done:
    """What a rewrite did.

    Attributes:
        rewrites: the entries that were written.
        replaced: the places of the segments that were replaced; more than those of `rewrites` where another rewrite
            had been stopped.
        forgotten: orders whose ids were deleted, for nothing of their clients is left.
        remaining: the lines of erased clients of log dates that are not over yet.
    """

    rewrites: list[Rewrite]
    replaced: list[str]
    forgotten: list[Order]
    remaining: Found


def rewrite(log: RawLog, *, by: str, why: str, now: dt.datetime, progress: Progress | None = None) -> Done:
    """Take the lines of all erased clients out of every closed log date.

    Args:
        why: the reason; the orders' numbers unless given.
        now: when; the one clock of it.

    Raises:
        UserError: there is no order; a collector still holds lines of a closed log date; somebody writes there, or
            rewrites as well; a segment is not what was sealed. What was done until then stands.
    """
    log.require()
    with _alone(log):
        orders = read_orders(log)
        if not orders:
            raise UserError(
                "There is no erasure order, so nothing may be rewritten.",
                "Give one: `rs-assets forget --client-id … --why …`.",
            )
        first_open = open_from(now)
        _require_written(log, first_open)
        _sweep(log)
        found = search(log, orders.matcher, progress)
        rewrites, replaced = list[Rewrite](), list[str]()
        for log_date in sorted(log_date for log_date in found if log_date < first_open):
            entry, places = _rewrite_log_date(log, orders, log_date, set(found[log_date]), by, why, now)
            rewrites += [entry] if entry else []
            replaced += places
        remaining = {log_date: found[log_date] for log_date in found if log_date >= first_open}
        return Done(rewrites, replaced, _forget_ids(log, orders, remaining), remaining)


def _rewrite_log_date(
    log: RawLog, orders: Orders, log_date: str, places: set[str], by: str, why: str, now: dt.datetime
) -> tuple[Rewrite | None, list[str]]:
    listed = log.segments(log_date)
    with _beside(log) as path_of:
        cleaned = [
            one
            for segment in listed
            if segment.place in places and (one := clean(log, segment, orders.matcher, path_of(segment)))
        ]
        history = read_history(log)
        history.require_whole()
        _require_sealed(log, history, log_date, cleaned)
        log.files.refresh()
        if log.segments(log_date) != listed:
            raise UserError(
                f"Log date {log_date} changed while it was read, so nothing of it was rewritten.",
                "A closed log date must have no writer: find out who writes there, then call this again.",
            )
        entry = _entry(history, orders, log_date, cleaned, by, why, now)
        if entry:
            add(log, entry)
        for one in cleaned:
            _replace(log, one)
    return entry, [one.segment.place for one in cleaned]


def _entry(
    history: History,
    orders: Orders,
    log_date: str,
    cleaned: list[Cleaned],
    by: str,
    why: str,
    now: dt.datetime,
) -> Rewrite | None:
    """The entry for what no stopped rewrite has announced already; None if all of it is."""
    new = [one for one in cleaned if history.now(one.rewritten.was) != one.rewritten.now]
    if not new:
        return None
    named = frozenset[tuple[str, str]]().union(*(one.named for one in new))
    under = [order for order in orders.history.orders if named.intersection(order.clients)]
    numbers = ", ".join(str(order.number) for order in under)
    entries = history.entries
    return Rewrite(
        number=len(entries) + 1,
        previous=entries[-1].digest if entries else GENESIS,
        at=written(now),
        by=by,
        why=why.strip() or f"erasure order {numbers}",
        orders=tuple(order.digest for order in under),
        log_date=log_date,
        segments=tuple(one.rewritten for one in new),
    )


def _require_sealed(log: RawLog, history: History, log_date: str, cleaned: list[Cleaned]) -> None:
    """A rewrite must not make good what somebody else has changed."""
    if not chain.is_sealed(log, log_date):
        return
    seal = chain.read(log, [log_date])[0].seal
    sealed = {segment.place: segment for segment in (seal.segments if seal else ())}
    for one in cleaned:
        was = sealed.get(one.segment.place)
        if was is None or one.rewritten.was not in history.since(was):
            raise UserError(
                f"{one.segment.place} is not what was sealed, so it was not rewritten.",
                "`rs-assets verify` names all that differs. Put it back as it was sealed, then call this again.",
            )


def _replace(log: RawLog, one: Cleaned) -> None:
    """Put the new bytes in the place of the old ones, in one step."""
    fs, root = reach(log.root)
    target = f"{root}/{one.segment.place}"
    try:
        if isinstance(fs, LocalFileSystem):
            shutil.copymode(target, one.path)
            os.replace(one.path, target)
            sync_folder(os.path.dirname(target))
        else:
            fs.put_file(one.path, target)
    except trouble() as problem:
        raise UserError(f"{one.segment.place} cannot be replaced: {problem}.", MEND) from None


def _forget_ids(log: RawLog, orders: Orders, remaining: Found) -> list[Order]:
    """Delete the ids of orders of whose clients nothing is left."""
    left: set[tuple[str, str]] = set()
    known = Matcher(orders.matcher.known, salt=orders.salt)
    for log_date, of_date in remaining.items():
        held = [segment for segment in log.segments(log_date) if segment.place in of_date]
        left |= named_in(log, known, held)
    forgotten = []
    for order in orders.history.orders:
        if order.digest in orders.ids and not left.intersection(order.clients):
            delete(log, ids_place(order))
            forgotten.append(order)
    return forgotten


def _require_written(log: RawLog, first_open: str) -> None:
    waiting = [one for one in collecting(log) if one.log_date < first_open]
    if waiting:
        raise UserError(
            f"A collector still holds lines of {waiting[0].log_date} in {waiting[0].place}; nothing was rewritten.",
            "It closes that within a minute; where none runs, start one (`rs-assets collect`): it takes it up.",
        )


@contextmanager
def _alone(log: RawLog) -> Iterator[None]:
    """Refuse to rewrite beside another rewrite; on an object store, the history refuses a second entry."""
    fs, root = reach(log.root)
    if not isinstance(fs, LocalFileSystem):
        yield
        return
    folder = f"{root}/{FOLDER}"
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/{LOCK}", "ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                "Another rewrite of this log is at work; nothing was done.", "Wait until it has ended."
            ) from None
        yield


@contextmanager
def _beside(log: RawLog) -> Iterator[PathOf]:
    """Where the new bytes of segments are written: on a disk in their own folder, so that a rename replaces."""
    fs, root = reach(log.root)
    with ExitStack() as stack:
        if not isinstance(fs, LocalFileSystem):
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="rs-assets-erasing-"))
            yield lambda segment: f"{folder}/{uuid.uuid4().hex}"
            return

        def path_of(segment: Segment) -> str:
            path = f"{root}/{segment.place}.{uuid.uuid4().hex}{ENDING}"
            stack.callback(_unlink, path)
            return path

        yield path_of


def _sweep(log: RawLog) -> None:
    """Take away what a rewrite that was killed had written and not put in its place."""
    fs, root = reach(log.root)
    if not isinstance(fs, LocalFileSystem):
        return
    for site in log.sites():
        for entry in log.files.below(f"site={site}"):
            if entry.name.endswith(ENDING):
                _unlink(f"{root}/{entry.place}")


def _unlink(path: str) -> None:
    if os.path.exists(path):
        os.unlink(path)
