"""What no environment needs any more.

Belongs here: finding and removing it. Does not belong here: deciding what an environment needs (`versions`).

Kept are, of each environment, its current version, that before its last publication, so that it can be undone, and
every version of the last day; the tables and objects of all of these; and objects and staging folders of a step that
may be at work, or that was interrupted and may go on.
"""

from __future__ import annotations

import math
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass

from rs_assets.errors import UserError
from rs_assets.lake import versions
from rs_assets.lake.locks import alone_if_free

KEPT_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Collected:
    """What was removed: staging folders, versions, tables and objects, and the bytes that this freed."""

    staging: int = 0
    versions: int = 0
    tables: int = 0
    objects: int = 0
    bytes: int = 0


def collect(root: str, *, older_than: float = KEPT_SECONDS) -> Collected:
    """Remove what is left over and older than that many seconds; nothing if a step is publishing just now.

    Staging folders of steps that died are removed whatever their age.
    """
    if not os.path.isdir(root):
        return Collected()
    with alone_if_free(os.path.join(root, versions.LOCK)) as free:
        # Of files' times alone; no object depends on it.
        return _collect(root, time.time() - older_than, undo=True) if free else Collected()


def purge(root: str) -> Collected:
    """Remove whatever no environment shows just now: what an undo would need, and what an interrupted step kept, too.

    Raises:
        UserError: a step is at work.
    """
    if not os.path.isdir(root):
        return Collected()
    with alone_if_free(os.path.join(root, versions.LOCK)) as free:
        list(_remove(_dead(root)))
        at_work = os.listdir(os.path.join(root, versions.STAGING)) if _has_staging(root) else []
        if not free or at_work:
            raise UserError(
                "A step is writing to the lake; nothing was removed.", "Call this again once it has ended."
            )
        return _collect(root, math.inf, undo=False)


def _has_staging(root: str) -> bool:
    return os.path.isdir(os.path.join(root, versions.STAGING))


def _collect(root: str, before: float, *, undo: bool) -> Collected:
    staging = list(_remove(_dead(root)))
    old = list(_remove(_old_versions(root, before, undo=undo)))
    needed = _needed(root)
    tables = list(_remove(_unneeded(os.path.join(root, versions.TABLES), needed[0], before)))
    objects = list(_remove(_unneeded(os.path.join(root, versions.OBJECTS), needed[1], before)))
    freed = sum([*staging, *old, *tables, *objects])
    return Collected(len(staging), len(old), len(tables), len(objects), freed)


def _dead(root: str) -> Iterator[str]:
    place = os.path.join(root, versions.STAGING)
    for name in os.listdir(place) if os.path.isdir(place) else []:
        with alone_if_free(os.path.join(place, name)) as free:
            if free:
                yield os.path.join(place, name)


def _old_versions(root: str, before: float, *, undo: bool) -> Iterator[str]:
    home = os.path.join(root, versions.VERSIONS)
    for environment in os.listdir(home) if os.path.isdir(home) else []:
        place = os.path.join(home, environment)
        if not os.path.isdir(place):
            continue
        kept = versions.kept(root, environment, undo=undo)
        for name in os.listdir(place):
            path = os.path.join(place, name)
            if (not name.isdigit() or int(name) not in kept) and os.lstat(path).st_mtime < before:
                yield path


def _needed(root: str) -> tuple[set[str], set[str]]:
    """The tables and objects that the versions there are lead to, as paths."""
    home = os.path.join(root, versions.VERSIONS)
    links = [
        os.path.join(home, environment, str(number), asset)
        for environment in (os.listdir(home) if os.path.isdir(home) else [])
        for number in versions.numbers(root, environment)
        for asset in os.listdir(versions.folder(root, environment, number))
        if asset != versions.FACTS
    ]
    tables = {os.path.realpath(link) for link in links}
    objects = {os.path.realpath(entry.path) for table in tables for entry in os.scandir(table)}
    return tables, objects


def _unneeded(home: str, needed: set[str], before: float) -> Iterator[str]:
    """Folders two or three levels below `home` (`<asset>/<table>`, `<asset>/log_date=…/<object>`)."""
    for asset in os.scandir(home) if os.path.isdir(home) else []:
        for entry in list(os.scandir(asset.path)):
            inside = list(os.scandir(entry.path)) if entry.name.startswith("log_date=") else [entry]
            for folder in inside:
                real = os.path.realpath(folder.path)
                if real not in needed and folder.stat().st_mtime < before:
                    yield folder.path


def _remove(paths: Iterator[str]) -> Iterator[int]:
    """Remove folders and links; yields the bytes of each that no other name holds."""
    for path in paths:
        if os.path.islink(path):
            os.unlink(path)
            yield 0
            continue
        size = sum(
            stat.st_size
            for folder, _, names in os.walk(path)
            for stat in (os.lstat(os.path.join(folder, name)) for name in names)
            if stat.st_nlink == 1
        )
        shutil.rmtree(path, ignore_errors=True)
        yield size
