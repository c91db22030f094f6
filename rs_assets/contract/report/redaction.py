"""A line of the raw log as it may be shown to whoever reads a report.

Belongs here: which fields of an event are shown, by where they stand; all others keep their place, their JSON type
and nothing more. Does not belong here: patterns (`scrub`), layout (`payload`). A field that the contract gains is
hidden until it is listed here, and a value that is shown is scrubbed all the same: strangers sent it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TypeAlias

from rs_assets.contract.report.payload import Array, Node, Object
from rs_assets.contract.report.scrub import MASK, WORDS, cut, digits, mask, scrub, scrub_address

Path: TypeAlias = tuple[str, ...]
Known: TypeAlias = re.Pattern[str] | None

EVENT: Path = ("body", "events")
PARAMS: Path = (*EVENT, "params")
ITEM: Path = (*PARAMS, "items")

SHOWN: frozenset[Path] = frozenset(
    {
        ("received_at",),
        ("site",),
        ("path",),
        (*EVENT, "name"),
        *((*PARAMS, name) for name in ["currency", "affiliation", "payment_type", "shipping_tier", "method"]),
        *((*PARAMS, name) for name in ["item_list_id", "item_list_name", "page_location"]),
        *(
            (*ITEM, name)
            for name in ["item_id", "item_name", "item_category", "item_category2", "item_brand"]
        ),
        *((*ITEM, name) for name in ["item_variant", "coupon", "item_list_id", "item_list_name"]),
    }
)
"""Texts that are about a shop and its goods."""

NUMBERS: frozenset[Path] = frozenset(
    {
        ("body", "timestamp_micros"),
        (*EVENT, "timestamp_micros"),
        *((*PARAMS, name) for name in ["value", "tax", "shipping", "engagement_time_msec"]),
        *((*ITEM, name) for name in ["price", "quantity", "discount", "index"]),
    }
)
"""Numbers that are; a string there is shown if it looks like one."""

ADDRESSES: frozenset[Path] = frozenset({("path",), (*PARAMS, "page_location")})
IDENTITY = frozenset(["clientid", "userid", "ip", "useragent", "requestid", "sessionid", "transactionid"])
OBJECTS: frozenset[Path] = frozenset({(), ("body",), EVENT, PARAMS, ITEM})
"""Objects whose unknown keys are shown: a misspelt key is what the reader looks for."""

ECHO = 4
"""A shorter identity is not looked for elsewhere: it would take `12` out of every price."""
NUMERIC = re.compile(r"[-+]?[\d.,]{1,12}")
KEY = re.compile(r"[A-Za-z][A-Za-z_-]{0,39}\d{0,2}")


def redacted(root: Node) -> Node:
    """The tree of a line (`payload.parsed`) without what names a person; keys, types and places stay."""
    return _redacted(root, (), _known(root))


def redacted_value(value: Node, path: Path, whole: Node | None) -> Node:
    """A value that was observed at a path; `whole` is the line it is from, for echoes of its identities."""
    return _redacted(value, path, _known(whole))


def redacted_text(text: str, whole: Node | None) -> str:
    """A text of the contract, or a name, that may quote the line."""
    return scrub(_without(text, _known(whole)))


def decoded(token: str) -> str:
    """What a string token says (half a surrogate pair as its escape); a token that is none says itself."""
    if not token.startswith('"'):
        return token
    return str(json.loads(token, strict=False)).encode(errors="backslashreplace").decode()


def _redacted(node: Node, path: Path, known: Known) -> Node:
    if isinstance(node, Object):
        members = []
        for key, value in node.members:
            name = decoded(key)
            members.append((_key(key, name, path, known), _redacted(value, (*path, name), known)))
        return Object(members)
    if isinstance(node, Array):
        return Array([_redacted(element, path, known) for element in node.elements])
    if node.startswith('"'):
        return _string(node, path, known)
    if node in ("true", "false", "null") or node.startswith(MASK):
        return node
    number = _without(scrub(node), known) if path in NUMBERS | SHOWN else digits(node)
    return number if re.fullmatch(r"[-+.eE\d#…]*", number) else MASK


def _key(token: str, name: str, path: Path, known: Known) -> str:
    shown = name in WORDS or (path in OBJECTS and KEY.fullmatch(name))
    return token if shown and scrub(_without(name, known)) == name else f'"{MASK}"'


def _string(token: str, path: Path, known: Known) -> str:
    text = decoded(token)
    if not text:
        return token
    if path == ("body_text",):
        return json.dumps(mask(text), ensure_ascii=False)
    if path in NUMBERS and not NUMERIC.fullmatch(text):
        return f'"{digits(text)}"' if text.isdigit() else f'"{MASK}"'
    if path not in NUMBERS | SHOWN:
        return f'"{MASK}"'
    shown = (scrub_address if path in ADDRESSES else scrub)(_without(text, known))
    return token if shown == text else json.dumps(shown, ensure_ascii=False)


def _without(text: str, known: Known) -> str:
    return known.sub(MASK, cut(text)) if known else text


def _known(root: Node | None) -> Known:
    """A pattern of the line's identities, the longest first."""
    found = set() if root is None else set(_identities(root, False))
    longest_first = sorted(found, key=lambda identity: (-len(identity), identity))
    return re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE) if found else None


def _identities(node: Node, inside: bool) -> Iterator[str]:
    """Every value below a key that names somebody, as text."""
    if isinstance(node, Object):
        for key, value in node.members:
            plain = re.sub(r"[^a-z]", "", decoded(key).casefold())
            yield from _identities(value, inside or plain in IDENTITY)
    elif isinstance(node, Array):
        for element in node.elements:
            yield from _identities(element, inside)
    elif inside and len(text := decoded(node)) >= ECHO and text not in WORDS:
        yield text
