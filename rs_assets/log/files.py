"""The place a raw log lies in, as far as it can be read: any file system that fsspec knows.

Belongs here: listing and reading below a root, and storage that fails, in words. Does not belong here: names of
folders and segments (`layout`), or writing (`whole`), which the graph is never given.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import fsspec
from fsspec.spec import AbstractFileSystem

from rs_assets.errors import UserError

MEND = "Look at its permissions, and for a store in the net at the credentials and the address (AWS_ENDPOINT_URL)."


@dataclass(frozen=True)
class Entry:
    """A file or a folder; `place` is its path below the root."""

    place: str
    size: int

    @property
    def name(self) -> str:
        """The end of its place."""
        return self.place.rpartition("/")[2]


class OpenFile:
    """A file that is open to be read; nothing of it writes."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes; none at the end."""
        return bytes(self._file.read(size))

    def seek(self, to: int, /) -> int:
        """Go to a position."""
        return int(self._file.seek(to))


class Files:
    """What lies below a root. It is looked at afresh by each new instance, and after `refresh`.

    Args:
        root: any fsspec path.

    Raises:
        UserError: there is no such kind of place; of its methods, storage does not answer.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._fs, self._at = reach(root)
        self.refresh()

    def refresh(self) -> None:
        """Forget listings: object stores keep them in memory, and others write there."""
        self._fs.invalidate_cache()

    def path(self, place: str) -> str:
        """A place as the file system names it."""
        return f"{self._at}/{place}"

    def exists(self) -> bool:
        """Whether there is anything at the root."""
        with self._answering():
            return bool(self._fs.exists(self._at or "/"))

    def has(self, place: str) -> bool:
        """Whether something lies at a place now."""
        self.refresh()
        with self._answering():
            return bool(self._fs.exists(self.path(place)))

    def inside(self, folder: str = "") -> list[Entry]:
        """What lies in a folder, by name; nothing, if there is no such folder."""
        with self._answering():
            try:
                found = self._fs.ls(self.path(folder).rstrip("/") or "/", detail=True)
            except (FileNotFoundError, NotADirectoryError):
                return []
            return self._entries(found)

    def below(self, folder: str) -> list[Entry]:
        """What lies in a folder and in the folders below it, by place; of an object store, a thousand a request."""
        with self._answering():
            found = self._fs.find(self.path(folder), withdirs=True, detail=True)
            return self._entries(found.values())

    def read(self, places: Sequence[str]) -> list[bytes | OSError]:
        """What lies at these places, or why it cannot be read; object stores answer side by side."""
        paths = [self.path(place) for place in places]
        found = self._fs.cat_ranges(paths, None, None, on_error="return") if paths else []
        return [_data(one) for one in found]

    @contextmanager
    def open(self, place: str) -> Iterator[OpenFile]:
        """A file to read from.

        Raises:
            OSError: it cannot be read.
        """
        try:
            with self._fs.open(self.path(place), "rb") as file:
                yield OpenFile(file)
        except OSError:
            raise
        except trouble() as problem:
            raise OSError(str(problem)) from None

    def _entries(self, found: Any) -> list[Entry]:
        skip = len(self._at) + 1
        entries = (Entry(str(one["name"]).rstrip("/")[skip:], int(one["size"] or 0)) for one in found)
        return sorted(entries, key=lambda entry: entry.place)

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except trouble() as problem:
            raise UserError(f"The raw log at {self._root} cannot be listed: {problem}.", MEND) from None


def reach(root: str) -> tuple[AbstractFileSystem, str]:
    """The file system of a root, and the root there without a slash at its end.

    Raises:
        UserError: there is no such kind of file system, or its package is not installed.
    """
    try:
        fs, path = fsspec.url_to_fs(root)
    except ImportError as problem:
        raise UserError(
            f"A raw log at {root} needs a package that is not installed: {problem}.",
            "For S3: `pip install 'rs_assets[s3]'`.",
        ) from None
    except (ValueError, OSError) as problem:
        raise UserError(
            f"A raw log cannot lie at {root}: {problem}.", "Give a folder, or a URL such as s3://bucket/raw."
        ) from None
    return fs, str(path).rstrip("/")


def trouble() -> tuple[type[Exception], ...]:
    """What storage raises when it fails. S3's client has exceptions that are no `OSError`; it may not be loaded."""
    client = sys.modules.get("botocore.exceptions")
    return (OSError, client.BotoCoreError, client.ClientError) if client else (OSError,)


def _data(found: bytes | Exception) -> bytes | OSError:
    if isinstance(found, bytes | OSError):
        return found
    if isinstance(found, trouble()):
        return OSError(str(found))
    raise found
