"""Raw logs made by hand, and what the split makes of them.

Belongs here: what several tests of the core write and read. Does not belong here: expectations.
"""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import zstandard

from rs_assets.contract.split import SplitReport, split_log_date
from rs_assets.log import RawLog

LOG_DATE = "2024-01-02"
SITE = "shop-a"
RECEIVED = "2024-01-02T10:00:00.000000Z"
MICROS = 1_704_189_600_000_000
"""RECEIVED in microseconds since 1970."""
ENDINGS = {"none": ".ndjson", "gz": ".ndjson.gz", "zst": ".ndjson.zst"}

Json = dict[str, object]
Place = tuple[str, str]
Where = tuple[str, str, int, int | None]


def event(event_name: str = "page_view", /, **params: object) -> Json:
    """An event of the payload; `items` is a parameter like any other."""
    return {"name": event_name, "params": params}


def envelope(*events: object, body: Mapping[str, object] | None = None, **fields: object) -> bytes:
    """A request as a line of the log; `fields` and `body` replace and add members."""
    whole = {
        "received_at": RECEIVED,
        "site": SITE,
        "request_id": "r-1",
        "body": {"client_id": "c-1", "events": list(events), **(body or {})},
        **fields,
    }
    return orjson.dumps(whole)


def encoded(data: bytes, codec: str) -> bytes:
    """A segment's bytes as they lie."""
    if codec == "zst":
        return zstandard.ZstdCompressor(write_checksum=True).compress(data)
    return gzip.compress(data, mtime=0) if codec == "gz" else data


def write_log(root: Path, segments: Mapping[Place, bytes], log_date: str = LOG_DATE) -> RawLog:
    """Put down each (site, file name) as it is, name endings and compression included."""
    for (site, name), data in segments.items():
        folder = root / f"site={site}" / f"log_date={log_date}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return RawLog(str(root))


@dataclass(frozen=True)
class Outcome:
    """A log date after the split, read back from the two files."""

    report: SplitReport
    valid: pl.DataFrame
    quarantined: pl.DataFrame
    files: tuple[bytes, bytes]

    @property
    def reasons(self) -> dict[tuple[int, int | None], list[str]]:
        """The reasons by (line, event index), for logs of one segment."""
        table = self.quarantined.select("line", "event_index", "reasons")
        return {(line, index): reasons for line, index, reasons in table.iter_rows()}

    @property
    def where_valid(self) -> list[Where]:
        """(site, segment, line, event index) of the valid events, in the table's order."""
        places = [event_id.rsplit(":", 2) for event_id in self.valid["event_id"]]
        split = [(file.split("/"), int(line), int(index)) for file, line, index in places]
        return [(site, segment, line, index) for (site, _, segment), line, index in split]

    @property
    def where_quarantined(self) -> list[Where]:
        """(site, segment, line, event index) of the quarantined ones, in the table's order."""
        return list(self.quarantined.select("site", "segment", "line", "event_index").iter_rows())


def split(log: RawLog, log_date: str = LOG_DATE, **how: Any) -> Outcome:
    """Split one log date into files that are thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        paths = Path(folder, "valid.parquet"), Path(folder, "quarantined.parquet")
        report = split_log_date(log, log_date, *map(str, paths), **how)
        files = paths[0].read_bytes(), paths[1].read_bytes()
    return Outcome(report, pl.read_parquet(files[0]), pl.read_parquet(files[1]), files)


def split_lines(*lines: bytes, **how: int) -> Outcome:
    """The split of one segment of these lines."""
    with tempfile.TemporaryDirectory() as folder:
        log = write_log(Path(folder), {(SITE, "000001.ndjson"): b"".join(line + b"\n" for line in lines)})
        return split(log, **how)
