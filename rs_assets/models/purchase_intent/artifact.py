"""The artifact: a trained model, or the reason why there is none, as bytes that equal rows make equal.

Belongs here: the format. Does not belong here: where the bytes are kept.

An artifact is three parts: a line with the format and the SHA-256 of what follows; a line of JSON (the card,
readable without scikit-learn and without running anything); and the pickled pipeline. Unpickling runs what
the bytes say, and a SHA-256 tells accidents, not attackers: load artifacts of your own lake only.

Equal bytes: a pickle normally refers back to an object it has already written, so whether two equal strings
are one object (an accident of interning) shows. Here each is written out where it stands. JSON keeps every
Float64 exactly, and nothing in an artifact tells the time or the machine.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import pickle
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rs_assets.errors import UserError
from rs_assets.models.purchase_intent.card import Card, card_from_json, card_to_json, installed
from rs_assets.models.purchase_intent.model import NotTrained, Trained

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

NAME = "rs_assets purchase_intent artifact"
FORMAT = 1
PICKLE_PROTOCOL = 5
AGAIN = "Materialize the model of this cut again: equal rows give an equal model."


def dump(model: Trained | NotTrained) -> bytes:
    """The artifact of `model`: equal models give equal bytes, in any process."""
    if isinstance(model, NotTrained):
        return _join({"not_trained": asdict(model)}, b"")
    return _join({"card": card_to_json(model.card)}, _pickled(model.pipeline))


def load(data: bytes) -> Trained | NotTrained:
    """The model in an artifact.

    Raises:
        UserError: the bytes are no such artifact, of another format, cut short or altered, or were made
            with other versions of the packages than those installed.
    """
    header, pipeline = _parts(data)
    if "not_trained" in header:
        return _not_trained(header)
    card = card_from_json(header["card"])
    if card.versions != installed():
        made, here = (", ".join(" ".join(pair) for pair in pairs) for pairs in (card.versions, installed()))
        raise UserError(
            f"The purchase_intent model of cut {card.cut} was made with {made}; installed is {here}.", AGAIN
        )
    return Trained(card, pickle.loads(pipeline))


def read_card(data: bytes) -> Card | NotTrained:
    """The card in an artifact, whatever versions it was made with; nothing is unpickled.

    Raises:
        UserError: the bytes are no such artifact, of another format, or cut short or altered.
    """
    header, _ = _parts(data)
    return _not_trained(header) if "not_trained" in header else card_from_json(header["card"])


def _pickled(pipeline: Pipeline) -> bytes:
    buffer = io.BytesIO()
    pickler = pickle.Pickler(buffer, PICKLE_PROTOCOL)
    pickler.fast = True  # no references back; pipelines have no cycles, which this could not write
    pickler.dump(pipeline)
    return buffer.getvalue()


def _join(header: dict[str, Any], pipeline: bytes) -> bytes:
    text = json.dumps(header, default=dt.date.isoformat, allow_nan=False, separators=(",", ":"))
    rest = text.encode() + b"\n" + pipeline
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
    text, _, pipeline = rest.partition(b"\n")
    header: dict[str, Any] = json.loads(text)
    return header, pipeline


def _not_trained(header: dict[str, Any]) -> NotTrained:
    fields = header["not_trained"]
    return NotTrained(**fields | {"cut": dt.date.fromisoformat(fields["cut"])})
