"""Objects: an asset's files for one log date, which never change once they are there.

Belongs here: putting a finished object among the others, and finding it again. Does not belong here: which objects an
environment has (`versions`).

An object is named by what it follows from and what came out, and belongs to no environment: one that follows from the
same is the same, whoever made it.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable

import pyarrow.parquet as pq

from rs_assets.lake import records
from rs_assets.lake.records import PART, Origin, Record
from rs_assets.lake.tables import digest
from rs_assets.lake.versions import OBJECTS


def home(root: str, asset: str, log_date: str) -> str:
    """The folder of all objects of an asset's log date."""
    return os.path.join(root, OBJECTS, asset, f"log_date={log_date}")


def describe(
    folder: str, names: Iterable[str], asset: str, log_date: str, origin: Origin, twin: str | None
) -> Record:
    """Record what lies in `folder`, which then is a whole object but for its place.

    Args:
        folder: where the files were written; `record.json` is added.
        names: theirs.
        asset, log_date, origin: of the object.
        twin: the folder of another object; if its bytes are the same, they are stored once.

    Raises:
        FileNotFoundError: one of them was not written.
    """
    files = {name: digest(os.path.join(folder, name)) for name in sorted(names)}
    rows = pq.read_metadata(os.path.join(folder, PART)).num_rows if PART in files else 0
    record = Record(asset, log_date, origin, int(rows), files)
    if twin is not None and _holds(twin, files) and sound(twin):
        for name in files:
            os.unlink(os.path.join(folder, name))
            os.link(os.path.join(twin, name), os.path.join(folder, name))
    with open(os.path.join(folder, records.NAME), "w", encoding="utf-8") as file:
        file.write(record.to_json())
    return record


def keep(root: str, record: Record, folder: str) -> str:
    """Move a described object to its place among the objects; returns the place.

    The same object may be there: it stays, if it is whole, and a damaged one is mended.
    """
    place = os.path.join(home(root, record.asset, record.log_date), record.name)
    os.makedirs(os.path.dirname(place), exist_ok=True)
    if os.path.isdir(place) and not sound(place):
        os.rename(place, f"{place}.{uuid.uuid4().hex}.damaged")
    try:
        os.rename(folder, place)
    except OSError:
        if not os.path.isdir(place):
            raise
        os.utime(place)  # in use again: not to be collected
    return place


def _holds(folder: str, files: dict[str, str]) -> bool:
    """Whether an object says that these are its files; one that is gone says nothing."""
    try:
        return records.read(os.path.join(folder, records.NAME)).files == files
    except records.UNREADABLE:
        return False


def sound(folder: str) -> bool:
    """Whether an object's files are there, with the bytes that were written."""
    try:
        files = records.read(os.path.join(folder, records.NAME)).files
        return all(digest(os.path.join(folder, name)) == expected for name, expected in files.items())
    except records.UNREADABLE:
        return False


def of_origin(root: str, asset: str, log_date: str, origin: Origin) -> list[str]:
    """The folders of objects that follow from `origin`; more than one if the same code gave other bytes."""
    place = home(root, asset, log_date)
    key = origin.key(asset, log_date)
    names = os.listdir(place) if os.path.isdir(place) else []
    return sorted(
        os.path.join(place, name) for name in names if name.startswith(f"{key}-") and "." not in name
    )
