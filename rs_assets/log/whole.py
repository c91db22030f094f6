"""Writing a file whole: the one way in which anything comes into a raw log.

Belongs here: `create`, for segments and seals, and what makes folders last. Does not belong here: which file
(`writer`, `seals.sealing`). The graph does not import it.
"""

from __future__ import annotations

import os
import uuid
from contextlib import suppress

from fsspec.implementations.local import LocalFileSystem
from fsspec.spec import AbstractFileSystem


def create(fs: AbstractFileSystem, path: str, data: bytes) -> None:
    """Put down a file that nobody ever sees half of, and never in the place of another.

    On a disk it is written under a temporary name, and lasts through a power cut once it is there. Object stores show
    an object when it is whole, and are told to refuse a second one.

    Raises:
        FileExistsError: there is one already.
    """
    if isinstance(fs, LocalFileSystem):
        folder = os.path.dirname(path)
        make_folders(folder)
        _link(path, data)
        sync_folder(folder)
    else:
        fs.pipe_file(path, data, mode="create")


def make_folders(folder: str) -> None:
    """A folder and those above it, that last through a power cut."""
    missing = []
    above = folder
    while not os.path.isdir(above):
        missing.append(above)
        above = os.path.dirname(above)
    os.makedirs(folder, exist_ok=True)
    for made in missing:
        sync_folder(os.path.dirname(made))


def sync_folder(path: str) -> None:
    """What a folder says of its files, on stable storage: a file that was synced is not there without."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _link(path: str, data: bytes) -> None:
    """A link refuses where a rename would replace."""
    temporary = f"{path}.{uuid.uuid4().hex}.tmp"
    try:
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)
        except OSError as problem:
            if isinstance(problem, FileExistsError) or os.path.exists(path):
                raise FileExistsError(path) from None
            os.rename(temporary, path)  # a disk that has no links
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
