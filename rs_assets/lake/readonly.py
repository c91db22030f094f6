"""An environment's folder as a file system that can be read and nothing else.

Belongs here: the one door through which a person's query reaches the lake's bytes. Does not belong here: what
a query sees there (`views`).

DuckDB's own permission for a folder (`allowed_directories`) is one to write in it too, and the type of a
statement proves nothing: `WITH x AS (COPY … TO 'file') SELECT …` is a SELECT. So a query is given no local
file system at all, but this one, which has no method that writes. It costs nothing that can be measured.
"""

from __future__ import annotations

import datetime as dt
import os
import threading
from io import FileIO
from typing import Any

from fsspec import AbstractFileSystem

SCHEME = "lake"


class ReadOnlyFolder(AbstractFileSystem):  # type: ignore[misc]  # fsspec is untyped
    """Files below `root`, as `lake://<path below root>`.

    Args:
        root: a local folder; nothing outside of it is found, whatever the path says.
    """

    protocol = SCHEME
    cachable = False  # instances of other roots are not this one

    def __init__(self, root: str) -> None:
        super().__init__(skip_instance_cache=True)
        self.root = os.path.abspath(root)

    def open(self, path: str, mode: str = "rb", **_: Any) -> ReadOnlyFile:
        """The file, to read.

        Raises:
            PermissionError: it is to be written.
        """
        if mode not in ("rb", "r"):
            raise PermissionError(f"a query reads the lake and cannot write to it ({path})")
        return ReadOnlyFile(self._local(path))

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        """Name, size and kind of one file or folder."""
        return self._entry(self._local(path))

    def modified(self, path: str) -> dt.datetime:
        """When the file was last published, by which DuckDB tells that its cache is stale."""
        return dt.datetime.fromtimestamp(os.stat(self._local(path)).st_mtime, dt.UTC)

    def ls(self, path: str, detail: bool = True, **_: Any) -> list[Any]:
        """What lies in a folder, or the file itself."""
        local = self._local(path)
        inside = [e.path for e in os.scandir(local)] if os.path.isdir(local) else [local]
        entries = [self._entry(each) for each in sorted(inside)]
        return entries if detail else [entry["name"] for entry in entries]

    def _local(self, path: str) -> str:
        local = os.path.normpath(os.path.join(self.root, self._strip_protocol(path).lstrip("/")))
        if local != self.root and not local.startswith(self.root + os.sep):
            raise PermissionError(f"{path} is not in the lake")
        return local

    def _entry(self, local: str) -> dict[str, Any]:
        kind = "directory" if os.path.isdir(local) else "file"
        name = os.path.relpath(local, self.root).replace(os.sep, "/")
        return {"name": name, "size": os.stat(local).st_size, "type": kind}


class ReadOnlyFile:
    """A file whose position is each thread's own: DuckDB reads one handle from several threads."""

    def __init__(self, path: str) -> None:
        self._file = FileIO(path)
        self._thread = threading.local()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move this thread's position; returns it."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self.tell(), os.SEEK_END: self._size()}[whence]
        self._thread.position = start + offset
        return self.tell()

    def tell(self) -> int:
        """This thread's position."""
        return int(getattr(self._thread, "position", 0))

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes from this thread's position on."""
        wanted = size if size >= 0 else max(0, self._size() - self.tell())
        data = os.pread(self._file.fileno(), wanted, self.tell())
        self._thread.position = self.tell() + len(data)
        return data

    def close(self) -> None:
        """Give the handle back."""
        self._file.close()

    def _size(self) -> int:
        return os.fstat(self._file.fileno()).st_size
