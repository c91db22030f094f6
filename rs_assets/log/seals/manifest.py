"""A seal: what it says, and its bytes.

Belongs here: the manifest of one log date, its canonical form, and reading it strictly. Does not belong here: where
seals lie and how they are linked (`chain`), or the segments' bytes (`hashing`).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from rs_assets.log.digests import combined

GENESIS = "0" * 64
"""What the first seal of a log names as the previous one."""

VERSION = 1
SHA256 = re.compile(r"[0-9a-f]{64}")
FIELDS = {"log_date", "previous", "segments", "version"}
SEGMENT_FIELDS = {"damaged", "lines", "place", "sha256", "size"}


class MalformedSeal(ValueError):
    """Why bytes are no seal, in words that follow "it"."""


@dataclass(frozen=True)
class SealedSegment:
    """A segment as it was sealed.

    Attributes:
        place: `site=shop-a/log_date=2024-01-01/000001.ndjson.zst`.
        size: its bytes as they lie, compressed or not.
        sha256: their digest.
        lines: how many can be read; blank ones count, and so does a last one without its newline.
        damaged: whether its compression breaks off behind them.
    """

    place: str
    size: int
    sha256: str
    lines: int
    damaged: bool = False


@dataclass(frozen=True)
class Seal:
    """The manifest of one closed log date; `previous` is the digest of the seal of the log date before."""

    log_date: str
    previous: str
    segments: tuple[SealedSegment, ...] = ()

    def encode(self) -> bytes:
        """Its bytes: the one form there is of it."""
        fields = asdict(self) | {"version": VERSION}
        return (json.dumps(fields, sort_keys=True, separators=(",", ":")) + "\n").encode("ascii")

    @property
    def digest(self) -> str:
        """The SHA-256 of its bytes, which the next seal names."""
        return hashlib.sha256(self.encode()).hexdigest()

    @property
    def data_version(self) -> str:
        """What `log_date_digest` makes of the segments' bytes, without reading them."""
        return combined((segment.place, segment.sha256) for segment in self.segments)

    @property
    def size(self) -> int:
        """Bytes of all segments."""
        return sum(segment.size for segment in self.segments)

    @property
    def lines(self) -> int:
        """Lines of all segments."""
        return sum(segment.lines for segment in self.segments)


def parse(data: bytes, log_date: str) -> Seal:
    """The seal of a log date, from its bytes.

    Raises:
        MalformedSeal: they are anything but what `encode` makes of a seal of this log date.
    """
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError):
        raise MalformedSeal("is not JSON") from None
    if not isinstance(fields, dict) or set(fields) != FIELDS or fields["version"] != VERSION:
        raise MalformedSeal(f"does not have the fields of a seal of version {VERSION}")
    if fields["log_date"] != log_date:
        raise MalformedSeal("names another log date")
    if not _is_digest(fields["previous"]) or not isinstance(fields["segments"], list):
        raise MalformedSeal("has a field that cannot be one")
    segments = tuple(_segment(fields, log_date) for fields in fields["segments"])
    if not _in_order(segment.place for segment in segments):
        raise MalformedSeal("names a segment twice, or not in order")
    seal = Seal(log_date, fields["previous"], segments)
    if seal.encode() != data:
        raise MalformedSeal("is not in canonical form")
    return seal


def _segment(fields: object, log_date: str) -> SealedSegment:
    if not isinstance(fields, dict) or set(fields) != SEGMENT_FIELDS:
        raise MalformedSeal("has a segment without its fields")
    place = fields["place"]
    numbers = (fields["size"], fields["lines"])
    if (
        not isinstance(place, str)
        or not re.fullmatch(rf"site=[^/]*/log_date={log_date}/[^/]+", place, re.DOTALL)
        or not all(type(number) is int and number >= 0 for number in numbers)
        or not _is_digest(fields["sha256"])
        or type(fields["damaged"]) is not bool
    ):
        raise MalformedSeal("has a segment with a field that cannot be one")
    return SealedSegment(**fields)


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and SHA256.fullmatch(value) is not None


def _in_order(places: Iterable[str]) -> bool:
    """By site, then by name, each once: the order in which a log date is read."""
    keys = [tuple(place.split("/")) for place in places]
    return keys == sorted(set(keys))
