"""The receipt of a replay: the log, the code and every output, as digests.

Belongs here: making one from the lake, and holding a lake and a log to one. Does not belong here: where it is kept.

It holds no clock, no path and no run, so two replays of the same log by the same code have equal receipts, in
whatever chunks, by whatever executor and into whatever environment they were done.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version

from rs_assets.errors import UserError
from rs_assets.lake import Lake
from rs_assets.lake.objects import sound
from rs_assets.log import RawLog
from rs_assets.log.digests import log_date_digest
from rs_assets.log.erasure import read_orders

PACKAGES = (
    "dagster",
    "dbt-core",
    "dbt-duckdb",
    "duckdb",
    "numpy",
    "orjson",
    "pandera",
    "polars",
    "pyarrow",
    "scikit-learn",
    "scipy",
    "zstandard",
)
"""Those that have a hand in an object's bytes."""


@dataclass(frozen=True)
class Receipt:
    """What a replay was of, and what came out.

    Attributes:
        log: the data version of each log date that has outputs.
        head: the digest of the newest seal among them, which stands for everything before; None if none is sealed.
        code: the versions of each asset's code; more than one if objects are of several.
        packages: versions, Python's among them.
        outputs: the digest of each object, by asset and log date.
        erasures: the digest of the newest erasure order in force, which stands for all of them; None without one.
    """

    log: Mapping[str, str]
    head: str | None
    code: Mapping[str, Sequence[str]]
    packages: Mapping[str, str]
    outputs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    erasures: str | None = None

    @property
    def digest(self) -> str:
        """One digest for all of it."""
        return hashlib.sha256(json.dumps(self._said(), sort_keys=True).encode()).hexdigest()

    def to_json(self) -> str:
        """As it is kept."""
        return json.dumps({**self._said(), "digest": self.digest}, sort_keys=True, indent=1) + "\n"

    def _said(self) -> dict[str, object]:
        """Its fields; nothing is said of erasures where there is none."""
        said = asdict(self)
        if self.erasures is None:
            del said["erasures"]
        return said


def load(path: str) -> Receipt:
    """A receipt from a file.

    Raises:
        UserError: there is none, or it is not as it was written.
    """
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
        digest = found.pop("digest")
        receipt = Receipt(**found)
    except FileNotFoundError:
        raise UserError(f"There is no receipt at {path}.", "`rs-assets replay` writes one.") from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise UserError(f"{path} is no receipt.", "`rs-assets replay` writes one.") from None
    if receipt.digest != digest:
        raise UserError(
            f"The receipt at {path} was changed: it is not what its digest says.",
            "Take it from a backup, or replay: that writes another.",
        )
    return receipt


def receipt(
    lake: Lake, log_versions: Mapping[str, str], head: str | None, erasures: str | None = None
) -> Receipt:
    """The receipt of an environment as it is.

    Args:
        lake: the environment.
        log_versions: the data versions of the raw log's log dates.
        head: of the chain of seals.
        erasures: the digest of the newest erasure order.
    """
    records = {
        asset: [found for d in lake.log_dates(asset) if (found := lake.record(asset, d))]
        for asset in lake.assets()
    }
    dates = {one.log_date for of_asset in records.values() for one in of_asset}
    return Receipt(
        {log_date: log_versions[log_date] for log_date in sorted(dates & log_versions.keys())},
        head,
        {asset: sorted({one.origin.code for one in of_asset}) for asset, of_asset in records.items()},
        packages(),
        {asset: {one.log_date: one.digest for one in of_asset} for asset, of_asset in records.items()},
        erasures,
    )


def packages() -> dict[str, str]:
    """The versions in use."""
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}


def check(
    of: Receipt,
    lake: Lake,
    log: RawLog,
    code: Mapping[str, str],
    on_date: Callable[[str], None] = lambda log_date: None,
) -> Iterator[str]:
    """What is no longer as the receipt says, in sentences; every byte of the log and the lake is read.

    Args:
        of: the receipt.
        lake: the environment that should hold its outputs.
        log: that should be its log.
        code: the versions of the assets' code as it is now.
        on_date: called before each log date is read.
    """
    there = set(log.log_dates())
    dates = sorted({*of.log, *(log_date for by_date in of.outputs.values() for log_date in by_date)})
    for log_date in dates:
        on_date(log_date)
        if log_date in of.log:
            found = log_date_digest(log, log_date) if log_date in there else None
            if found != of.log[log_date]:
                yield f"raw_events of log date {log_date} is not what was replayed."
        for asset, by_date in of.outputs.items():
            if log_date in by_date and (problem := _problem(lake, asset, log_date, by_date[log_date])):
                yield f"{asset} of log date {log_date} {problem}."
    erasures = read_orders(log).history.orders_digest
    if erasures != of.erasures:
        yield f"The erasure orders in force are others: {of.erasures or 'none'} then, {erasures or 'none'} now."
    for asset, versions in of.code.items():
        if [code.get(asset)] != list(versions) and code.get(asset):
            yield f"{asset}: its code has changed since ({', '.join(versions)}; now {code[asset]})."
    for name, now in packages().items():
        if of.packages.get(name) != now:
            yield f"{name} was {of.packages.get(name, 'not there')} and is {now}."


def _problem(lake: Lake, asset: str, log_date: str, digest: str) -> str | None:
    record, folder = lake.record(asset, log_date), lake.folder(asset, log_date)
    if record is None or folder is None:
        return "is not published"
    if record.digest != digest:
        return "is another object"
    return None if sound(folder) else "is damaged: its bytes are not those that were written"
