"""Seals: closed log dates as manifests that name every segment, each chained to the one before.

`<raw>/_seals/log_date=<YYYY-MM-DD>.json` is canonical JSON and holds no clock, so the same bytes always get the
same seal. A seal names the SHA-256 of the previous log date's seal (the first one names `GENESIS`): the digest of
the last, the chain's head, stands for every byte that was ever received.

This front only reads. What writes seals, and never replaces one, is `rs_assets.log.seals.sealing`, which the command
line imports and nothing of the graph does.
"""

from rs_assets.log.seals.broken import Broken
from rs_assets.log.seals.chain import Head
from rs_assets.log.seals.choices import Sample, everything, nothing
from rs_assets.log.seals.manifest import GENESIS, MalformedSeal, Seal, SealedSegment
from rs_assets.log.seals.standing import require_seals
from rs_assets.log.seals.verify import Verified, verify
from rs_assets.log.seals.versions import data_versions

__all__ = [
    "GENESIS",
    "Broken",
    "Head",
    "MalformedSeal",
    "Sample",
    "Seal",
    "SealedSegment",
    "Verified",
    "data_versions",
    "everything",
    "nothing",
    "require_seals",
    "verify",
]
