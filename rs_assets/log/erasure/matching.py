"""Which texts are an erased client's: the one rule, for the graph, the search and the rewrite alike.

Belongs here: finding ids in lines. Does not belong here: batches (`reading`), or which orders are in force
(`orders`).

A line goes, whole, if

- a field or parameter that names a client in any of the payloads that the collector takes (KEYS) has the id, in the
  body, in `sent_text`, in text that is no JSON, in a query, in base64; or
- the id stands in it anywhere as a word of its own, be it in a page's address. This holds for ids of TOKEN_CHARS and
  more, and as long as the log knows the id itself: a number such as `42` is everywhere, and a digest cannot be
  searched for.

Lines are looked through natively. Only those that may match, a handful, are looked at in Python, one by one.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote, quote_plus, unquote, unquote_plus

import numpy as np
import numpy.typing as npt
import orjson
import polars as pl

from rs_assets.log.erasure.clients import KINDS, MOST_CHARS, Client, Kind, digests

KEYS: Mapping[Kind, tuple[str, ...]] = {
    "client_id": ("client_id", "cid", "duid", "nuid", "tnuid", "anonymousId"),
    "user_id": ("user_id", "uid", "userId"),
}
"""What names a client in GA4's Measurement Protocol and gtag.js, in Snowplow's and Segment's payloads."""
KIND_OF: Mapping[str, Kind] = {key: kind for kind, keys in KEYS.items() for key in keys}
TOKEN_CHARS = 8
"""An id at least so long is a name wherever it stands."""
MANY = 200
"""Texts to look for from which on an automaton is faster than a pattern."""

_KEY = "|".join(KIND_OF)
_VALUE = rf'\b(?:{_KEY})\b\\*"?\s*[:=]\s*(?:\\*"[^"\\]{{1,{MOST_CHARS}}}|[^"\\&,}}\]\s]{{1,{MOST_CHARS}}})'
"""A key and its value; as a pattern of polars without a look around."""
_PARTS = re.compile(rf'({_KEY})\\*"?\s*[:=]\s*\\*"?(.*)', re.DOTALL)
_NAMED = re.compile(_VALUE)
_WORD = re.compile(r"[\w.@+-]+")
_COOKIE = re.compile(r"^GA1\.\d\.")
_ESCAPE = re.compile(r'\\+(?:u([0-9a-fA-F]{4})|(["\\/bfnrt]))')
_BASE64 = re.compile(r'_base64\\*"\s*:\s*\\*"([A-Za-z0-9+/=_-]+)')
_SIGNS = (
    r"\\u00",
    r"_base64",
    rf'"(?:{_KEY})"\s*:\s*"[^"\\]*\\',
    rf'\\"(?:{_KEY})\\+"\s*:\s*\\+"[^"\\]*\\[^"\\]',
    rf"\b(?:{_KEY})=[^&\s]*%",
    rf"(?:{_KEY})%22",
)
"""Of lines whose ids may be written otherwise than they are."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Matcher:
    """Clients to be found, by their ids or, where nothing else is known, by the digests of these.

    Attributes:
        known: those whose ids are known.
        keyed: (kind, digest) of the others.
        salt: the digests' key, hex.
    """

    known: frozenset[Client] = frozenset()
    keyed: frozenset[tuple[str, str]] = frozenset()
    salt: str = ""

    def __bool__(self) -> bool:
        """Whether there is anybody to be found."""
        return bool(self.known or self.keyed)

    def matches(self, lines: pl.Series) -> Mask:
        """Which of these lines (String) are of an erased client."""
        found = np.zeros(len(lines), np.bool_)
        for k in np.flatnonzero(self._candidates(lines)).tolist():
            found[k] = self.names_one(lines[k])
        return found

    def names_one(self, line: str) -> bool:
        """Whether a line is of an erased client."""
        return next(self.named(line), None) is not None

    def named(self, line: str) -> Iterator[Client | tuple[str, str]]:
        """The erased clients that a line names; (kind, digest) of one whose id is not kept. May repeat."""
        for kind, value in claims(line):
            client = Client(kind, value)
            if client in self.known:
                yield client
            elif self.keyed and (kind, client.digest(self.salt)) in self.keyed:
                yield kind, client.digest(self.salt)
        if self._words:
            for word in (word for text in texts(line) for word in self._words_in(text)):
                yield self._words[word]

    def digests_in(self, line: bytes) -> set[tuple[str, str]]:
        """The erased clients that a line names, each by its kind and digest."""
        named = self.named(line.decode(errors="replace"))
        return {(one.kind, one.digest(self.salt)) if isinstance(one, Client) else one for one in named}

    @cached_property
    def _words(self) -> Mapping[str, Client]:
        return {client.id: client for client in self.known if len(client.id) >= TOKEN_CHARS}

    @cached_property
    def _phrases(self) -> re.Pattern[str] | None:
        """The long ids that are more than one word."""
        several = [re.escape(one) for one in self._words if not _WORD.fullmatch(one) or one[-1] == "."]
        return re.compile(rf"(?<![\w.@+-])(?:{'|'.join(several)})(?![\w@+-])") if several else None

    def _words_in(self, text: str) -> Iterator[str]:
        """The long ids that stand in a text as words; behind `GA1.1.`, as in Google's cookie, too."""
        for match in _WORD.finditer(text):
            word = match[0].rstrip(".")
            for one in (word, _COOKIE.sub("", word)):
                if one in self._words:
                    yield one
        if self._phrases is not None:
            yield from (match[0] for match in self._phrases.finditer(text))

    def _candidates(self, lines: pl.Series) -> Mask:
        found: Mask = lines.str.contains("|".join(_SIGNS)).fill_null(True).to_numpy().copy()
        if self._literals:
            if len(self._literals) > MANY:
                found |= lines.str.contains_any(self._literals).to_numpy()
            else:
                found |= lines.str.contains("|".join(map(re.escape, self._literals))).to_numpy()
        if self.keyed:
            found[self._hit_by_digest(lines)] = True
        return found

    @cached_property
    def _literals(self) -> list[str]:
        """The known ids in every way in which a client writes them."""
        ways: set[str] = set()
        for one in (client.id for client in self.known):
            for text in (one, quote(one, safe=""), quote(one), quote_plus(one)):
                ways |= {text, json.dumps(text)[1:-1], orjson.dumps(text).decode()[1:-1]}
        return sorted(ways | {re.sub("%..", lambda match: match[0].lower(), way) for way in ways})

    def _hit_by_digest(self, lines: pl.Series) -> list[int]:
        """Lines that hold a key whose value has a digest that is looked for; each value is hashed once."""
        held = pl.DataFrame({"k": pl.arange(len(lines), dtype=pl.UInt32, eager=True), "text": lines})
        held = held.select("k", text=pl.col("text").str.extract_all(_VALUE)).explode(
            "text", empty_as_null=False, keep_nulls=False
        )
        hits = []
        for text in held["text"].unique().to_list():
            if any((k, digests(k, [value], self.salt)[0]) in self.keyed for k, value in values(text)):
                hits.append(text)
        return held.filter(pl.col("text").is_in(hits))["k"].unique().to_list() if hits else []


def values(text: str) -> Iterator[tuple[Kind, str]]:
    """The kind and the value of every key in a text that names a client."""
    for match in _NAMED.finditer(text):
        if parts := _PARTS.fullmatch(match[0]):
            kind, value = KIND_OF[parts[1]], parts[2]
            yield kind, value
            if "%" in value or "+" in value:  # of a query
                yield kind, unquote(value)
                yield kind, unquote_plus(value)


def claims(line: str) -> Iterator[tuple[Kind, str]]:
    """The kind and the value of every key of a line that names a client, however it is written. May repeat."""
    yield from _of_body(line)
    for text in texts(line):
        yield from values(text)


def texts(line: str) -> Iterator[str]:
    """A line, and what it says where something in it is escaped, percent-encoded or base64."""
    yield line
    if "\\" in line:
        line = _ESCAPE.sub(_unescaped, line).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        yield line
    if "%" in line:
        yield unquote(line)
        yield unquote(line.replace("+", " "))
    for match in _BASE64.finditer(line):
        try:
            data = base64.b64decode(match[1] + "=" * (-len(match[1]) % 4), altchars=b"-_")
        except (binascii.Error, ValueError):
            continue
        yield data.decode(errors="replace")
        yield data.decode("utf-16-le", errors="replace")


def _of_body(line: str) -> Iterator[tuple[Kind, str]]:
    """The ids of a body that is JSON, whatever they are made of."""
    if "\\" not in line:
        return  # `values` reads those
    try:
        body = orjson.loads(line)["body"]
        held = [(kind, body.get(kind)) for kind in KINDS]
    except (orjson.JSONDecodeError, TypeError, KeyError, AttributeError):
        return
    yield from ((kind, value) for kind, value in held if isinstance(value, str))


def _unescaped(match: re.Match[str]) -> str:
    if match[1]:
        return chr(int(match[1], 16))
    return {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}.get(match[2], match[2])
