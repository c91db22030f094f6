"""Which storage a raw log lies in.

Belongs here: choosing between a disk and an object store. Does not belong here: either.
"""

from __future__ import annotations

from fsspec.implementations.local import LocalFileSystem

from rs_assets.collector import disk, objects
from rs_assets.collector.committer import Store
from rs_assets.collector.disk import Disk
from rs_assets.collector.objects import Objects
from rs_assets.log.files import reach


def store_at(raw_log: str, *, size: int | None = None, seconds: float | None = None) -> Store:
    """The store of a raw log.

    Args:
        raw_log: any fsspec path.
        size: segments are closed at so many bytes…
        seconds: …or after so long. The default is that of the storage.

    Raises:
        UserError: nothing can be written there.
    """
    if isinstance(reach(raw_log)[0], LocalFileSystem):
        return Disk(
            raw_log,
            size=disk.SIZE if size is None else size,
            seconds=disk.SECONDS if seconds is None else seconds,
        )
    return Objects(
        raw_log,
        size=objects.SIZE if size is None else size,
        seconds=objects.SECONDS if seconds is None else seconds,
    )
