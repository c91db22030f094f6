"""An environment's objects as a file system that can be read and nothing else.

Belongs here: the one door through which a person's query reaches the lake's bytes. Does not belong here: what
a query sees there (`views`).

DuckDB's own permission for a folder (`allowed_directories`) is one to write in it too, and the type of a
statement proves nothing: `WITH x AS (COPY … TO 'file') SELECT …` is a SELECT. So a query is given no local
file system at all, but this one, which has no method that writes. It costs nothing that can be measured.
"""

from __future__ import annotations

import datetime as dt
import os
import posixpath
import threading
from collections.abc import Mapping
from io import FileIO
from typing import Any

from fsspec import AbstractFileSystem

SCHEME = "lake"


class ReadOnlyFiles(AbstractFileSystem):  # type: ignore[misc]  # fsspec is untyped
    """Some files, as `lake://<name>`; nothing else is found, whatever the path says.

    Args:
        files: local paths by name; a name may have folders, `sessions/log_date=2024-01-01/part.parquet`.
    """

    protocol = SCHEME
    cachable = False  # instances of other files are not this one

    def __init__(self, files: Mapping[str, str]) -> None:
        super().__init__(skip_instance_cache=True)
        self._files = dict(files)
        self._folders: dict[str, set[str]] = {"": set()}
        for name in files:
            while name:
                above = posixpath.dirname(name)
                self._folders.setdefault(above, set()).add(name)
                name = above

    def open(self, path: str, mode: str = "rb", **_: Any) -> ReadOnlyFile:
        """The file, to read.

        Raises:
            PermissionError: it is to be written.
            FileNotFoundError: it is none of the files.
        """
        if mode not in ("rb", "r"):
            raise PermissionError(f"a query reads the lake and cannot write to it ({path})")
        return ReadOnlyFile(self._local(path))

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        """Name, size and kind of one file or folder."""
        return self._entry(self._name(path))

    def modified(self, path: str) -> dt.datetime:
        """When the file was written, by which DuckDB tells that its cache is stale."""
        return dt.datetime.fromtimestamp(os.stat(self._local(path)).st_mtime, dt.UTC)

    def ls(self, path: str, detail: bool = True, **_: Any) -> list[Any]:
        """What lies in a folder, or the file itself."""
        name = self._name(path)
        inside = sorted(self._folders[name]) if name in self._folders else [name]
        return [self._entry(one) for one in inside] if detail else inside

    def _name(self, path: str) -> str:
        return posixpath.normpath(f"/{self._strip_protocol(path)}").lstrip("/")

    def _local(self, path: str) -> str:
        try:
            return self._files[self._name(path)]
        except KeyError:
            raise FileNotFoundError(f"{path} is not in the lake") from None

    def _entry(self, name: str) -> dict[str, Any]:
        if name in self._folders:
            return {"name": name, "size": 0, "type": "directory"}
        return {"name": name, "size": os.stat(self._local(name)).st_size, "type": "file"}


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
