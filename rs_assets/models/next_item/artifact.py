"""The artifact: a model as bytes that equal rows make equal, and that nothing in them can make run.

Belongs here: the format. Does not belong here: where the bytes are kept.

An artifact is three parts: a line with the format and the SHA-256 of what follows; a line of JSON (the cards, the
settings, readable without numpy); and the arrays, as numpy's `.npz` under zstd. No pickle is written, and none is
read: loading an artifact of a stranger can fail, but not harm. Nothing in it tells the time or the machine.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import polars as pl
import zstandard

from rs_assets.errors import UserError
from rs_assets.models.next_item.blend import Blend
from rs_assets.models.next_item.catalog import Catalog
from rs_assets.models.next_item.embedding import ItemEmbedding
from rs_assets.models.next_item.measuring import METRICS
from rs_assets.models.next_item.model import NextItem, Site, SiteCard
from rs_assets.models.next_item.popularity import Popularity
from rs_assets.models.next_item.recommender import Array, Recommender
from rs_assets.models.next_item.revisits import Revisits
from rs_assets.models.next_item.rules import AssociationRules, SequentialRules
from rs_assets.models.next_item.session_knn import SessionKnn, VectorSessionKnn

NAME = "rs_assets next_item artifact"
FORMAT = 1
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
"""What json, zstandard, numpy and a recommender say of bytes that somebody else has written."""

KINDS: dict[str, type[Recommender]] = {
    kind.__name__: kind
    for kind in (
        AssociationRules,
        Blend,
        ItemEmbedding,
        Popularity,
        Revisits,
        SequentialRules,
        SessionKnn,
        VectorSessionKnn,
    )
}
"""What an artifact may name; nothing else is ever made of one."""


def dump(model: NextItem) -> bytes:
    """The artifact of `model`: equal models give equal bytes, in any process."""
    arrays: dict[str, Array] = {}
    sites = []
    for i, (name, site) in enumerate(model.sites.items()):
        sites.append({"site": name, "card": _card_out(site.card), "recommender": _settings(site.recommender)})
        catalog = site.recommender.catalog
        ids = json.dumps(catalog.item_ids.to_list(), separators=(",", ":"))
        own = site.recommender.arrays()
        own |= {"item_ids": np.frombuffer(ids.encode(), np.uint8), "counts": catalog.counts}
        arrays |= {f"{i}/{array}": values for array, values in own.items()}
    header = {"cut": model.cut.isoformat(), "sites": sites}
    text = json.dumps(header, allow_nan=False, separators=(",", ":"))
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    rest = text.encode() + b"\n" + zstandard.ZstdCompressor(LEVEL).compress(buffer.getvalue())
    return f"{NAME} {FORMAT} {hashlib.sha256(rest).hexdigest()}\n".encode() + rest


def load(data: bytes) -> NextItem:
    """The model in an artifact, which answers as the one that was written, to the bit.

    Raises:
        UserError: the bytes are no such artifact, of another format, cut short, altered, or not as `dump` writes.
    """
    header, packed = _parts(data)
    try:
        unpacked = zstandard.ZstdDecompressor().decompress(packed)
        with np.load(io.BytesIO(unpacked), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        sites = {entry["site"]: _site(entry, arrays, f"{i}/") for i, entry in enumerate(header["sites"])}
        return NextItem(dt.date.fromisoformat(header["cut"]), sites)
    except MALFORMED as problem:
        raise UserError(f"The next_item artifact is not as it is written: {problem!r}.", AGAIN) from problem


def read_cards(data: bytes) -> dict[str, SiteCard]:
    """The cards in an artifact by site; no array is read.

    Raises:
        UserError: the bytes are no such artifact, of another format, or cut short or altered.
    """
    header, _ = _parts(data)
    return {entry["site"]: _card_in(entry["card"]) for entry in header["sites"]}


def _parts(data: bytes) -> tuple[dict[str, Any], bytes]:
    first, _, rest = data.partition(b"\n")
    if not first.startswith(f"{NAME} ".encode()):
        raise UserError(
            f"These {len(data)} bytes are no next_item artifact.", "Check which asset's object was read."
        )
    found, _, digest = first.decode(errors="replace").removeprefix(f"{NAME} ").partition(" ")
    if found != str(FORMAT):
        raise UserError(f"The artifact is of format {found}; this code reads format {FORMAT}.", AGAIN)
    if hashlib.sha256(rest).hexdigest() != digest:
        raise UserError("The next_item artifact is cut short or altered.", AGAIN)
    text, _, packed = rest.partition(b"\n")
    header: dict[str, Any] = json.loads(text)
    return header, packed


def _settings(recommender: Recommender) -> dict[str, Any]:
    """What a recommender was made with, as JSON."""
    given = {field.name: getattr(recommender, field.name) for field in fields(recommender) if field.init}
    if isinstance(recommender, Blend):
        given["parts"] = {name: _settings(part) for name, part in recommender.parts.items()}
    return {"kind": type(recommender).__name__, "settings": given}


def _recommender(entry: Mapping[str, Any]) -> Recommender:
    """The recommender of such settings, not fitted."""
    given = dict(entry["settings"])
    if "parts" in given:
        given["parts"] = {name: _recommender(part) for name, part in given["parts"].items()}
    return KINDS[entry["kind"]](**given)


def _site(entry: Mapping[str, Any], arrays: Mapping[str, Array], prefix: str) -> Site:
    own = {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}
    item_ids = json.loads(own["item_ids"].tobytes())
    catalog = Catalog(pl.Series("item_id", item_ids, dtype=pl.String), own["counts"].astype(np.int64))
    return Site(_card_in(entry["card"]), _recommender(entry["recommender"]).restore(catalog, own))


def _card_out(card: SiteCard) -> dict[str, Any]:
    times = {name: time and time.isoformat() for name, time in _times(vars(card)).items()}
    return vars(card) | times | {"metrics": card.metrics.to_dict(as_series=False)}


def _card_in(given: Mapping[str, Any]) -> SiteCard:
    times = {name: time and dt.datetime.fromisoformat(time) for name, time in _times(given).items()}
    return SiteCard(**{**given, **times, "metrics": pl.DataFrame(given["metrics"], schema=METRICS)})


def _times(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: given[name] for name in ("learned_until", "boundary")}
