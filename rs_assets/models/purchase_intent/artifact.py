"""The artifact: a trained model, or the reason why there is none, as bytes that equal rows make equal.

Belongs here: the format. Does not belong here: where the bytes are kept.

An artifact is three parts: a line with the format and the SHA-256 of what follows; a line of JSON (the card and the
kind of scoring, readable without running anything); and the arrays, as numpy's `.npz` under zstd. No pickle is
written, and none is read: loading an artifact of a stranger can fail, but not harm. JSON keeps every Float64 exactly,
and nothing in an artifact tells the time or the machine.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import zipfile
from dataclasses import asdict
from typing import Any

import numpy as np
import zstandard

from rs_assets.errors import UserError
from rs_assets.models.purchase_intent.card import Card, card_from_json, card_to_json
from rs_assets.models.purchase_intent.model import NotTrained, Trained
from rs_assets.models.purchase_intent.scoring import Scoring

NAME = "rs_assets purchase_intent artifact"
FORMAT = 2
AGAIN = "Materialize the model of this cut again: equal rows give an equal model."
LEVEL = 3

MALFORMED = (
    AttributeError,
    EOFError,
    KeyError,
    OSError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zstandard.ZstdError,
)
"""What json, zstandard, numpy and the card say of bytes that somebody else has written."""


def dump(model: Trained | NotTrained) -> bytes:
    """The artifact of `model`: equal models give equal bytes, in any process."""
    if isinstance(model, NotTrained):
        return _join({"not_trained": asdict(model)}, b"")
    scoring = {"kind": model.scoring.kind, "sites": model.scoring.sites}
    return _join({"card": card_to_json(model.card), "scoring": scoring}, _packed(model.scoring))


def load(data: bytes) -> Trained | NotTrained:
    """The model in an artifact.

    Raises:
        UserError: the bytes are no such artifact, of another format, cut short, altered, or not as `dump` writes.
    """
    header, packed = _parts(data)
    if "not_trained" in header:
        return _not_trained(header)
    try:
        unpacked = zstandard.ZstdDecompressor().decompress(packed)
        with np.load(io.BytesIO(unpacked), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        scoring = Scoring(header["scoring"]["kind"], header["scoring"]["sites"], arrays)
        return Trained(card_from_json(header["card"]), scoring)
    except MALFORMED as problem:
        raise UserError(
            f"The purchase_intent artifact is not as it is written: {problem!r}.", AGAIN
        ) from problem


def read_card(data: bytes) -> Card | NotTrained:
    """The card in an artifact; no array is read.

    Raises:
        UserError: the bytes are no such artifact, of another format, or cut short or altered.
    """
    header, _ = _parts(data)
    return _not_trained(header) if "not_trained" in header else card_from_json(header["card"])


def _packed(scoring: Scoring) -> bytes:
    buffer = io.BytesIO()
    arrays: dict[str, Any] = scoring.arrays
    np.savez(buffer, allow_pickle=False, **arrays)
    return zstandard.ZstdCompressor(LEVEL).compress(buffer.getvalue())


def _join(header: dict[str, Any], arrays: bytes) -> bytes:
    text = json.dumps(header, default=dt.date.isoformat, allow_nan=False, separators=(",", ":"))
    rest = text.encode() + b"\n" + arrays
    return f"{NAME} {FORMAT} {hashlib.sha256(rest).hexdigest()}\n".encode() + rest


def _parts(data: bytes) -> tuple[dict[str, Any], bytes]:
    first, _, rest = data.partition(b"\n")
    if not first.startswith(f"{NAME} ".encode()):
        raise UserError(
            f"These {len(data)} bytes are no purchase_intent artifact.",
            "Check which asset's object was read.",
        )
    found, _, digest = first.decode(errors="replace").removeprefix(f"{NAME} ").partition(" ")
    if found != str(FORMAT):
        raise UserError(f"The artifact is of format {found}; this code reads format {FORMAT}.", AGAIN)
    if hashlib.sha256(rest).hexdigest() != digest:
        raise UserError("The purchase_intent artifact is cut short or altered.", AGAIN)
    text, _, packed = rest.partition(b"\n")
    header: dict[str, Any] = json.loads(text)
    return header, packed


def _not_trained(header: dict[str, Any]) -> NotTrained:
    fields = header["not_trained"]
    return NotTrained(**fields | {"cut": dt.date.fromisoformat(fields["cut"])})
