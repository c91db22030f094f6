"""Importers: other people's logs as envelopes of the raw log, losing nothing, broken lines included.

Belongs here: the front (`import_dataset`, `IMPORTERS`), and ours, one module each. Does not
belong here: how a line of one format reads (its own module), or what all imports share (`source` finds the
lines, `run` makes requests of them).

A new importer is a module like `taobao`: a pattern or a function that reads lines, one expression that
writes a GA4 body, and an `Importer` that names both, here or in the `importers` room of a company's project; or pass
one to `import_dataset` itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType

from rs_assets.errors import UserError
from rs_assets.extending import declared
from rs_assets.log.importers.importer import Importer
from rs_assets.log.importers.run import Imported, Progress, run
from rs_assets.log.writer import LogWriter

__all__ = ["IMPORTERS", "Imported", "Importer", "import_dataset"]

IMPORTERS: Mapping[str, Importer] = MappingProxyType({i.name: i for i in declared("importers", Importer)})


def import_dataset(
    name: str | Importer,
    source: str,
    raw_log: str,
    *,
    site: str | None = None,
    shift_to: dt.date | None = None,
    codec: str = "zst",
    progress: Progress | None = None,
) -> Imported:
    """Write a data set to the raw log: one envelope a request, every line of the source accounted for.

    Args:
        name: one of `IMPORTERS`, or an `Importer` of your own.
        source: a file, or a folder that holds the importer's `files`; any fsspec path, plain or `.gz`.
        raw_log: the raw log's root. It must not hold the site on any of the same log dates yet.
        site: the site that the requests are of; the importer's own unless given.
        shift_to: move everything by whole days, so that the first log date is this one.
        codec: the segments': `zst`, `gz` or `none`.
        progress: called with the lines written so far and the lines in all.
    """
    if isinstance(name, str) and name not in IMPORTERS:
        raise UserError(f"There is no importer {name!r}.", f"Choose one of {', '.join(IMPORTERS)}.")
    importer = IMPORTERS[name] if isinstance(name, str) else name
    writer = LogWriter(raw_log, codec)
    return run(importer, source, writer, site=site or importer.site, shift_to=shift_to, progress=progress)
