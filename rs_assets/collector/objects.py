"""Lines in an object store: each batch is put as one object a site and log date, and is acknowledged then.

Belongs here: putting batches. Does not belong here: who waits for it (`committer`), or disks (`journal`).

There is nothing to recover: an object is there whole, or not at all and nobody was told that it is. Of a store that
does not answer it is not known whether it has an object: nobody is told that it has, and it may be there.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait

from rs_assets.collector.envelopes import folder
from rs_assets.log.seals.collecting import FOLDER
from rs_assets.log.writer import LogWriter

SIZE = 8 << 20
SECONDS = 1.0
AT_ONCE = 8
PATIENCE = 30.0
"""Of storage, in seconds. A put that is under way then ends by itself within ten minutes, one way or the other."""


class Objects:
    """A raw log at any fsspec path, as a store of lines.

    Args:
        raw_log: where.
        size: a batch waits for no more at so many bytes…
        seconds: …or after so long.
        patience: how long a batch may take to be put, in seconds.

    Attributes:
        late: how many lines came after their log date was sealed, by that log date; they are on the log date on
            which they were written, with the time at which they were received.
    """

    def __init__(
        self, raw_log: str, *, size: int = SIZE, seconds: float = SECONDS, patience: float = PATIENCE
    ) -> None:
        self.size, self.seconds, self.trouble, self.late = size, seconds, "", dict[str, int]()
        self._patience = patience
        self._writer = LogWriter(raw_log)
        self._pool = ThreadPoolExecutor(AT_ONCE)

    def keep(self, lines: Sequence[bytes]) -> None:
        """Put them. If one object cannot be put, all of the batch count as not kept, though some may be there."""
        found: dict[tuple[str, str], list[bytes]] = {}
        for request in lines:
            found.setdefault(folder(request), []).append(request)
        now = dt.datetime.now(dt.UTC)
        name = f"{now:%Y%m%dT%H%M%S%f}-{uuid.uuid4().hex[:12]}"
        puts = {
            where: self._pool.submit(
                self._writer.write_once, *where, name, b"".join(of_it), late=str(now.date())
            )
            for where, of_it in sorted(found.items())
        }
        wait(puts.values(), self._patience)
        if [put for put in puts.values() if put.cancel() or not put.done()]:
            raise TimeoutError(f"storage did not answer within {self._patience:g} s")
        for where, put in puts.items():
            if f"/log_date={where[1]}/" not in put.result():
                self.late[where[1]] = self.late.get(where[1], 0) + len(found[where])

    def tick(self) -> None:
        """Nothing is open between batches."""

    def probe(self) -> None:
        """Put an object where no reader of the log looks."""
        probe = self._pool.submit(
            self._writer.fs.pipe_file, self._writer.log.files.path(f"{FOLDER}/probe"), b"probe"
        )
        wait([probe], self._patience)
        if probe.cancel() or not probe.done():
            raise TimeoutError(f"storage does not answer within {self._patience:g} s")
        probe.result()

    def close(self) -> None:
        """The end."""
        self._pool.shutdown(wait=False, cancel_futures=True)
