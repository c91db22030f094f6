"""What an object was made of: the code, the inputs, the bytes that came out.

Belongs here: `Origin` and `Record`, and their JSON beside each object. Does not belong here: what an asset reads
(each asset's own module declares it), whether an object is stale (`lineage`).

A record holds no clock and no run, so the same code and inputs give the same record.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache

NAME, PART = "record.json", "part.parquet"
ABSENT = "-"
"""The digest of an input that is not there."""


@dataclass(frozen=True, order=True)
class Input:
    """Objects of one asset over log dates that an object was made of.

    Attributes:
        first, last: both inclusive and `YYYY-MM-DD`; an empty `first` is the beginning.
        digest: of one log date, its object's; of several, a digest over the log dates there are and theirs.
    """

    asset: str
    first: str
    last: str
    digest: str

    def __str__(self) -> str:
        if self.first == self.last:
            return f"{self.asset} of {self.last}"
        return f"{self.asset} of {self.first or 'the beginning'} to {self.last}"


@dataclass(frozen=True)
class Origin:
    """What an object follows from: the version of its code, and its inputs."""

    code: str
    inputs: tuple[Input, ...] = ()

    def key(self, asset: str, log_date: str) -> str:
        """A name for all that follows from it: known before anything is computed."""
        return _digest([asset, log_date, self.code, [asdict(one) for one in self.inputs]])[:16]


@dataclass(frozen=True)
class Record:
    """One object of the lake, and what it was made of.

    Attributes:
        rows: of its table.
        files: the SHA-256 of each of its files, by name.
    """

    asset: str
    log_date: str
    origin: Origin
    rows: int
    files: Mapping[str, str]

    @property
    def digest(self) -> str:
        """The SHA-256 of its table; of what has none, one over all of its files."""
        return self.files.get(PART) or _digest(dict(self.files))

    @property
    def name(self) -> str:
        """Of the folder that holds it: what it follows from, and what came out."""
        return f"{self.origin.key(self.asset, self.log_date)}-{_digest(dict(self.files))[:16]}"

    def to_json(self) -> str:
        """As it lies beside the object."""
        return json.dumps(asdict(self), sort_keys=True, indent=1) + "\n"


UNREADABLE = (OSError, ValueError, KeyError, TypeError)
"""What reading a record raises if it is gone, or is not what was written."""


@lru_cache(maxsize=100_000)
def read(path: str) -> Record:
    """The record in a file; its object never changes, so it is read once."""
    with open(path, encoding="utf-8") as file:
        found = json.load(file)
    inputs = tuple(Input(**one) for one in found["origin"]["inputs"])
    return Record(
        found["asset"],
        found["log_date"],
        Origin(found["origin"]["code"], inputs),
        found["rows"],
        found["files"],
    )


def together(digests: Mapping[str, str]) -> str:
    """One digest over those of several log dates."""
    return hashlib.sha256("".join(f"{d} {digests[d]}\n" for d in sorted(digests)).encode()).hexdigest()


def _digest(of: object) -> str:
    return hashlib.sha256(json.dumps(of, sort_keys=True).encode()).hexdigest()
