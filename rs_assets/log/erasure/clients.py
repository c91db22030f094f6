"""Who is to be forgotten: an id and its kind, and the keyed digest that stands for it.

Belongs here: what can be an id, and its digest. Does not belong here: finding it in a line (`matching`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from rs_assets.errors import UserError

Kind: TypeAlias = Literal["client_id", "user_id"]
KINDS: tuple[Kind, ...] = ("client_id", "user_id")
MOST_CHARS = 256
SALT_BYTES = 32


@dataclass(frozen=True, order=True)
class Client:
    """A client (`client_id`) or a person with an account (`user_id`), by the id that its events carry."""

    kind: Kind
    id: str

    def digest(self, salt: str) -> str:
        """What stands for it once nothing of it is left: BLAKE2b of kind and id, keyed by the log's salt (hex)."""
        return digests(self.kind, [self.id], salt)[0]


def digests(kind: Kind, ids: Iterable[str], salt: str) -> list[str]:
    """The digests of ids of one kind; half a microsecond each."""
    start = hashlib.blake2b(kind.encode() + b"\0", key=bytes.fromhex(salt), digest_size=32)
    found = []
    for one in ids:
        keyed = start.copy()
        keyed.update(one.encode("utf-8", "surrogatepass"))
        found.append(keyed.hexdigest())
    return found


def require_id(text: str) -> str:
    """An id as it was given.

    Raises:
        UserError: no event can carry it, or it would be found everywhere.
    """
    if not text or text != text.strip() or len(text) > MOST_CHARS or not text.isprintable():
        raise UserError(
            f"{text[:40]!r} cannot be the id of a client.",
            f"An id has 1 to {MOST_CHARS} printable characters and no space at its ends.",
        )
    return text
