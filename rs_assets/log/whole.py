"""Writing a file whole: the one way in which anything comes into a raw log.

Belongs here: `create`, for segments and seals. Does not belong here: which file (`writer`, `seals.sealing`). The
graph does not import it.
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
        os.makedirs(os.path.dirname(path), exist_ok=True)
        _link(path, data)
    else:
        fs.pipe_file(path, data, mode="create")


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
