"""Text without what names a person: patterns, and text of no known structure.

Belongs here: what is taken out of any text. Does not belong here: which fields of an event may be shown at all
(`redaction`). A digit taken out leaves a `#`, so that 10 digits are told from 16; anything else leaves `…`.
"""

from __future__ import annotations

import re

MASK = "…"
LONGEST = 500
"""Characters of a text that are shown."""
LONG_DIGITS = 7
"""As many digits as a short telephone number; prices and counts of a shop are shorter."""

EMAIL = re.compile(r"""[^\s"'<>(),;:/?&=\\]*(?:@|%40|\uff20)[^\s"'<>(),;:/?&=\\]*""", re.IGNORECASE)
IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3,}")
IPV6 = re.compile(r"(?:[0-9a-f]+:)*[0-9a-f]*::[0-9a-f:.]*|(?:[0-9a-f]+:){3,}[0-9a-f.]*", re.IGNORECASE)
TOKEN = re.compile(r"(?=[A-Za-z_-]*\d)(?=[\d_-]*[A-Za-z])[\w-]{16,}")
"""Letters and digits mixed, too long for a word: a UUID, a hash, a cookie."""
DIGITS = re.compile(rf"\d(?:[ .\-/()]?\d){{{LONG_DIGITS - 1},}}")
"""Digits, also in groups as telephone and card numbers have them."""
TIME = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{1,6})?Z?)?")
QUERY = re.compile(r"([?&#;])([^=&#;\s]*)(=?)[^&#;\s]*")

WORDS = frozenset(
    {
        *(
            "received_at",
            "site",
            "request_id",
            "path",
            "ip",
            "user_agent",
            "body",
            "body_text",
            "body_base64",
        ),
        *(
            "client_id",
            "user_id",
            "timestamp_micros",
            "user_properties",
            "user_data",
            "events",
            "name",
            "params",
        ),
        *("items", "session_id", "engagement_time_msec", "page_location", "page_referrer", "page_title"),
        *("value", "currency", "transaction_id", "tax", "shipping", "coupon", "affiliation", "payment_type"),
        *("shipping_tier", "item_list_id", "item_list_name", "search_term", "method"),
        *("item_id", "item_name", "item_category", "item_category2", "item_brand", "item_variant"),
        *("price", "quantity", "discount", "index", "null", "true", "false"),
    }
)
"""The only words that are kept of text without a structure."""

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|\w+|[^\w"]+|"', re.DOTALL)


def scrub(text: str) -> str:
    """The text without e-mail addresses, IP addresses, long tokens and long digit strings; a time stays."""
    text = EMAIL.sub(MASK, cut(text))
    text = IPV6.sub(MASK, IPV4.sub(MASK, text))
    pieces, at = [], 0
    for time in TIME.finditer(text):
        # A time within a longer number is none.
        if (time.start() and text[time.start() - 1].isdigit()) or text[time.end() : time.end() + 1].isdigit():
            continue
        pieces += [_numbers(text[at : time.start()]), time.group()]
        at = time.end()
    return "".join([*pieces, _numbers(text[at:])])


def scrub_address(address: str) -> str:
    """A URL: the names of its query stay, the values do not."""
    return scrub(QUERY.sub(_named, cut(address)))


def cut(text: str) -> str:
    """The text's beginning, whole words of it: no name is cut in two and not known again, nor searched for ever."""
    return text if len(text) <= LONGEST else f"{re.sub(r'[^ ]*$', '', text[:LONGEST])}{MASK}"


def digits(text: str) -> str:
    """The text with `#` for every digit: what is left is its length."""
    return re.sub(r"\d", "#", text[:LONGEST])


def mask(text: str) -> str:
    """Text of no known structure: punctuation and the contract's own words; runs of all else become one `…`."""
    kept: list[str] = []
    for piece in _PIECE.findall(text):
        if piece[0] == '"' and len(piece) > 1:
            inner = piece[1:-1]
            shown = piece if inner in WORDS or not inner else f'"{MASK}"'
        elif re.match(r"\w", piece):
            shown = piece if piece in WORDS else MASK
        else:
            shown = re.sub(r"[^\s\"'{}\[\],:]+", MASK, piece)
        kept.append(shown)
    return re.sub(rf"{MASK}(?:\s*{MASK})+", MASK, "".join(kept))


def _named(part: re.Match[str]) -> str:
    sign, name, equals = part.groups()
    return f"{sign}{name}={MASK}" if equals else f"{sign}{MASK}"


def _numbers(text: str) -> str:
    return DIGITS.sub(lambda found: digits(found.group()), TOKEN.sub(MASK, text))
