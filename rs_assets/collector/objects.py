"""Lines in an object store: each batch is put as one object a site and log date, and is acknowledged then.

Belongs here: putting batches. Does not belong here: who waits for it (`committer`), or disks (`journal`).

There is nothing to recover: an object is there whole, or not at all and nobody was told that it is.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from rs_assets.collector.envelopes import folder
from rs_assets.log.writer import LogWriter

SIZE = 8 << 20
SECONDS = 1.0
AT_ONCE = 8


class Objects:
    """A raw log at any fsspec path, as a store of lines.

    Args:
        raw_log: where.
        size: a batch waits for no more at so many bytes…
        seconds: …or after so long.
    """

    def __init__(self, raw_log: str, *, size: int = SIZE, seconds: float = SECONDS) -> None:
        self.size, self.seconds, self.trouble = size, seconds, ""
        self._writer = LogWriter(raw_log)
        self._pool = ThreadPoolExecutor(AT_ONCE)

    def keep(self, lines: Sequence[bytes]) -> None:
        """Put them. If one object cannot be put, all of the batch count as not kept, though some may be there."""
        found: dict[tuple[str, str], list[bytes]] = {}
        for request in lines:
            found.setdefault(folder(request), []).append(request)
        name = f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S%f}-{uuid.uuid4().hex[:12]}"
        puts = [
            self._pool.submit(self._writer.write_once, site, log_date, name, b"".join(of_it))
            for (site, log_date), of_it in sorted(found.items())
        ]
        for put in puts:
            put.result()

    def tick(self) -> None:
        """Nothing is open between batches."""

    def probe(self) -> None:
        """Put an object where no reader of the log looks."""
        self._writer.fs.pipe_file(self._writer.log.files.path("_collecting/probe"), b"probe")

    def close(self) -> None:
        """The end."""
        self._pool.shutdown()
