"""The source: an importer's files, read as frames of lines of which none is lost.

Belongs here: finding the files, and cutting their bytes into numbered lines. Does not belong here: what a
line says (the importers), or that it becomes a request (`requests`).

A line ends with a newline, or with the file. No CSV reader is involved: those drop, merge or coerce lines.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

import fsspec
import polars as pl
from fsspec.spec import AbstractFileSystem

from rs_assets.errors import UserError
from rs_assets.log.importers.importer import Importer

# A line of 36 bytes becomes an envelope of 300 and is held in several forms on the way: 8 MB peak at 0.5 GB.
BLOCK = 8 << 20


@dataclass(frozen=True)
class Source:
    """The files of one import, in the order in which they are read."""

    fs: AbstractFileSystem
    paths: tuple[str, ...]

    def blocks(self, header: str | None) -> Iterator[pl.DataFrame]:
        """The lines of every file, some megabytes at a time, without headers and blank lines.

        Each frame has `file` and `line_number` (Int64, both from 1; lines count in their own file), `exact`
        (the line as it stands; null if it is not UTF-8), `raw` (its bytes, if it is not) and `text` (`exact`
        without a carriage return at its end, or a byte order mark before the file's first line).
        """
        for file, path in enumerate(self.paths, 1):
            first = 1
            for block in self._bytes(path):
                lines = _lines(block, first)
                first += lines.height
                wanted = (pl.col("text") != "").fill_null(True)
                if header is not None:
                    wanted &= ~((pl.col("line_number") == 1) & (pl.col("text") == header)).fill_null(False)
                yield lines.filter(wanted).with_columns(file=pl.lit(file, pl.Int64))

    def _bytes(self, path: str) -> Iterator[bytes]:
        try:
            with self.fs.open(path, "rb", compression="gzip" if path.endswith(".gz") else None) as file:
                held = file.read(BLOCK)
                while chunk := file.read(BLOCK):
                    whole, newline, tail = held.rpartition(b"\n")
                    if newline:
                        yield whole
                        held = tail
                    held += chunk
                yield held
        except (OSError, EOFError, zlib.error) as error:
            raise UserError(f"{path} cannot be read to its end: {error}.", "Fetch the file again.") from error


def find(importer: Importer, source: str) -> Source:
    """The file `source`, or the importer's files in the folder `source`."""
    fs, path = fsspec.url_to_fs(source)
    if fs.isfile(path):
        return Source(fs, (path,))
    if not fs.isdir(path):
        raise UserError(
            f"There is no file or folder {source} for the importer {importer.name}, "
            f"which reads {_names(importer)}.",
            "Give the path of the file, or of the folder it lies in.",
        )
    inside = [str(entry["name"]) for entry in fs.ls(path, detail=True) if entry["type"] == "file"]
    by_name = {p.rsplit("/", 1)[-1]: p for p in inside}
    paths: list[str] = []
    for pattern in importer.files:
        found = [p for name, p in sorted(by_name.items()) if fnmatchcase(name.removesuffix(".gz"), pattern)]
        if not found:
            raise UserError(
                f"The folder {source} has no file named {pattern}; "
                f"the importer {importer.name} reads {_names(importer)}.",
                "Put the file there, or give the path of another folder or of a single file.",
            )
        paths += found
    return Source(fs, tuple(dict.fromkeys(paths)))


def _names(importer: Importer) -> str:
    return " and ".join(importer.files)


def _lines(block: bytes, first: int) -> pl.DataFrame:
    # Bytes that are no UTF-8 come out of the decoder changed, which is how their lines are told; and it never
    # swallows a newline, so both lists have the same lines.
    raw = pl.Series("raw", block.split(b"\n"), dtype=pl.Binary)
    exact = pl.Series("exact", block.decode(errors="replace").split("\n"), dtype=pl.String)
    is_utf8 = pl.col("exact").cast(pl.Binary) == pl.col("raw")
    text = pl.col("exact").str.strip_suffix("\r")
    lines = pl.DataFrame([raw, exact]).with_columns(
        line_number=pl.int_range(first, first + len(raw), dtype=pl.Int64),
        exact=pl.when(is_utf8).then(pl.col("exact")),
        raw=pl.when(~is_utf8).then(pl.col("raw")),
    )
    is_first = pl.col("line_number") == 1
    return lines.with_columns(text=pl.when(is_first).then(text.str.strip_prefix("\ufeff")).otherwise(text))
