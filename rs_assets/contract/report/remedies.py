"""What would make a quarantined event valid.

Belongs here: a sentence a reason code, for whoever mends the sender. Does not belong here: the rules themselves,
which are the contract's; a violation says what it expected in the contract's own words.
"""

from __future__ import annotations

import difflib

from rs_assets.contract.codes import Code

REMEDIES: dict[Code, str] = {
    Code.JSON_MALFORMED: "Send the request's body as JSON; `observed` shows where, or that, it is not.",
    Code.LINE_TRUNCATED: "Send the request whole. Look for a limit of size, or a connection that is cut, on its way.",
    Code.SEGMENT_DAMAGED: "Put the segment's own bytes back from a copy, then replay its log date.",
    Code.ENCODING_INVALID: "Encode the request's body as UTF-8; `observed` are the bytes that are not.",
    Code.NUL_BYTE: "Take the NUL byte out of the request's body.",
    Code.BODY_TOO_LARGE: "Send the events in several requests: {expected} each.",
    Code.TOO_MANY_EVENTS: "Send the events in several requests: {expected} each.",
    Code.TOO_MANY_PARAMS: "Send {expected}.",
    Code.NAME_INVALID: "Use {expected}.",
    Code.NAME_RESERVED: "Use {expected}.",
    Code.NAME_DUPLICATED: "Send {expected}.",
    Code.VALUE_TOO_LONG: "Send {path} with {expected}.",
    Code.EVENT_UNKNOWN: "Send {expected}, or add an event type of this name to the contract and replay.",
    Code.FIELD_MISSING: "Send {path}: {expected}.",
    Code.CLIENT_ID_MISSING: "Send {path}: {expected}, the same for one browser or app at all times.",
    Code.TYPE_MISMATCH: "Send {path} as {expected}.",
    Code.ENUM_INVALID: "Send {path} as {expected}.",
    Code.OUT_OF_RANGE: "Send {path} as {expected}.",
    Code.VALUE_CURRENCY_PAIR: "Send {expected}.",
    Code.ITEMS_MALFORMED: "Send {path} as {expected}.",
    Code.TS_INVALID: "Send {path} as {expected}.",
    Code.TS_FUTURE: "Send {path} as {expected}. Look at the sender's clock.",
    Code.DUPLICATE: "Nothing: its twin is valid. If both happened, let them differ in their time or a parameter.",
    Code.SITE_UNKNOWN: "Add the site to RS_SITES and replay, or find out who sends in its name.",
    Code.TRANSACTION_REPEATED: (
        "Give each purchase {path} of its own. If a reloaded page sent the first one again: nothing, it is valid."
    ),
}


def remedy(code: str, path: str, message: str, expected: str, observed: str | None) -> str:
    """The sentence for one violation, given with its fields; empty for a code of a later contract."""
    if code not in set(Code):
        return ""
    sentence = REMEDIES[Code(code)].format(path=path or "it", expected=expected)
    meant = _meant(observed) if code == Code.EVENT_UNKNOWN and observed else ""
    return f"{sentence} {meant}".rstrip()


def _meant(observed: str) -> str:
    """The contract's name that looks most like the one observed."""
    from rs_assets.contract.schemas import EVENT_TYPES

    alike = difflib.get_close_matches(observed.strip('"').casefold(), EVENT_TYPES, n=1)
    return f"Is it {alike[0]}?" if alike else ""
