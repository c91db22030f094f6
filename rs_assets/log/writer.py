"""Writing segments: for the generator, the importers and the collector only.

Belongs here: `LogWriter`, which appends segments to a raw log and never touches one that is there. Does
not belong here: anything an asset is given. The graph observes the log; it has no writer.
"""

from __future__ import annotations

import gzip

import fsspec
import zstandard

from rs_assets.errors import UserError
from rs_assets.log.layout import CODECS, SITE, RawLog, is_date
from rs_assets.log.seals import chain

ENDINGS = {codec: ending for ending, codec in CODECS.items()}


class LogWriter:
    """Adds whole segments to a raw log. Same bytes in, same bytes on disk.

    Args:
        root: any fsspec path.
        codec: `zst` (default), `gz` or `none`.
    """

    def __init__(self, root: str, codec: str = "zst") -> None:
        if codec not in ENDINGS:
            raise UserError(f"There is no codec {codec!r}.", f"Choose one of {', '.join(ENDINGS)}.")
        self.log = RawLog(root)
        self.fs, self._root = fsspec.url_to_fs(root)
        self.codec = codec

    def write(self, site: str, log_date: str, data: bytes) -> str:
        """Write newline-ended envelopes as the next segment of a site's log date; returns its path.

        Segments are numbered from 000001; the file is written under a temporary name and renamed when it
        is whole, so that a reader never meets half of it.

        Raises:
            UserError: the log date is sealed, or the names cannot be folders of the log.
        """
        if not SITE.fullmatch(site) or not is_date(log_date):
            raise UserError(
                f"site {site!r}, log date {log_date!r}: one of them cannot name a folder of the log.",
                "A site is letters, digits, '.', '_' and '-'; a log date is YYYY-MM-DD.",
            )
        if chain.is_sealed(self.log, log_date):
            raise UserError(
                f"Log date {log_date} is sealed: nothing can be added to it.",
                "What comes late belongs to the log date that received it: write it there.",
            )
        folder = f"{self._root.rstrip('/')}/site={site}/log_date={log_date}"
        self.fs.makedirs(folder, exist_ok=True)
        taken = {str(p).rsplit("/", 1)[-1].split(".", 1)[0] for p in self.fs.ls(folder, detail=False)}
        number = next(n for n in range(1, 10**6) if f"{n:06d}" not in taken)
        path = f"{folder}/{number:06d}{ENDINGS[self.codec]}"
        with self.fs.open(f"{path}.tmp", "wb") as out:
            out.write(self._encode(data))
        self.fs.mv(f"{path}.tmp", path)
        return path

    def _encode(self, data: bytes) -> bytes:
        if self.codec == "zst":
            return zstandard.ZstdCompressor(level=3, write_checksum=True).compress(data)
        return gzip.compress(data, compresslevel=6, mtime=0) if self.codec == "gz" else data
