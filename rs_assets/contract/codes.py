"""Reason codes: the names of everything the contract can hold against an event.

Belongs here: each code with its meaning. Does not belong here: the rule behind a code (that is a pandera
check of the same name in `schemas/`, or a line of `exact` where the payload is not even an event).
"""

from __future__ import annotations

from enum import StrEnum

from rs_assets.extending import source

CONTRACT_VERSION = "+".join(filter(None, ("4", source("events"))))
"""Of the contract here, and of the event types that companies' projects add to it."""


class Code(StrEnum):
    """A reason for quarantine. The value is what users see, count and alert on."""

    JSON_MALFORMED = "JSON_MALFORMED"
    LINE_TRUNCATED = "LINE_TRUNCATED"
    SEGMENT_DAMAGED = "SEGMENT_DAMAGED"
    ENCODING_INVALID = "ENCODING_INVALID"
    NUL_BYTE = "NUL_BYTE"
    BODY_TOO_LARGE = "BODY_TOO_LARGE"
    TOO_MANY_EVENTS = "TOO_MANY_EVENTS"
    TOO_MANY_PARAMS = "TOO_MANY_PARAMS"
    NAME_INVALID = "NAME_INVALID"
    NAME_RESERVED = "NAME_RESERVED"
    NAME_DUPLICATED = "NAME_DUPLICATED"
    EVENT_UNKNOWN = "EVENT_UNKNOWN"
    FIELD_MISSING = "FIELD_MISSING"
    CLIENT_ID_MISSING = "CLIENT_ID_MISSING"
    TYPE_MISMATCH = "TYPE_MISMATCH"
    ENUM_INVALID = "ENUM_INVALID"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    VALUE_TOO_LONG = "VALUE_TOO_LONG"
    VALUE_CURRENCY_PAIR = "VALUE_CURRENCY_PAIR"
    ITEMS_MALFORMED = "ITEMS_MALFORMED"
    TS_INVALID = "TS_INVALID"
    TS_FUTURE = "TS_FUTURE"
    SITE_UNKNOWN = "SITE_UNKNOWN"
    DUPLICATE = "DUPLICATE"
    TRANSACTION_REPEATED = "TRANSACTION_REPEATED"


class Flag(StrEnum):
    """What is said of an event that is valid all the same."""

    TS_LATE = "TS_LATE"
    FIELD_UNEXPECTED = "FIELD_UNEXPECTED"
    TOTAL_MISMATCH = "TOTAL_MISMATCH"
    PLACEHOLDER = "PLACEHOLDER"
    BOT_SUSPECTED = "BOT_SUSPECTED"
    REPAIRED = "REPAIRED"


MEANINGS: dict[Code, str] = {
    Code.JSON_MALFORMED: "the line or its payload is not JSON",
    Code.LINE_TRUNCATED: "the line ends before its JSON does",
    Code.SEGMENT_DAMAGED: "the segment's compression breaks off; what follows could not be read",
    Code.ENCODING_INVALID: "the line is not UTF-8",
    Code.NUL_BYTE: "the line holds a NUL byte",
    Code.BODY_TOO_LARGE: "the request's body has more bytes than GA4 takes",
    Code.TOO_MANY_EVENTS: "the request holds more events than GA4 takes in one",
    Code.TOO_MANY_PARAMS: "the event holds more parameters than GA4 takes",
    Code.NAME_INVALID: "an event or a parameter is not named by letters, digits and underscores, 40 at most",
    Code.NAME_RESERVED: "the name of an event or a parameter is Google's own",
    Code.NAME_DUPLICATED: "the event says one field twice, and which counts is anybody's guess",
    Code.EVENT_UNKNOWN: "the event's name is not one of the contract's",
    Code.FIELD_MISSING: "a required field is not there",
    Code.CLIENT_ID_MISSING: "nobody sent it: no client_id",
    Code.TYPE_MISMATCH: "a field is of another JSON type than the contract's",
    Code.ENUM_INVALID: "a field's value is not one of those allowed",
    Code.OUT_OF_RANGE: "a number is outside of its range",
    Code.VALUE_TOO_LONG: "a text has more characters than GA4 keeps of it",
    Code.VALUE_CURRENCY_PAIR: "value and currency come together or not at all",
    Code.ITEMS_MALFORMED: "items is not an array of objects that each name an item",
    Code.TS_INVALID: "a timestamp is not in microseconds since 1970, or lies before the year 2000",
    Code.TS_FUTURE: "the event's time is more than 15 minutes after it was received",
    Code.SITE_UNKNOWN: "sites are declared (RS_SITES), and this is none of them",
    Code.DUPLICATE: "an equal event was received before, on the same log date or the one before it",
    Code.TRANSACTION_REPEATED: "another purchase of the same site and transaction_id was received before",
}

FLAG_MEANINGS: dict[Flag, str] = {
    Flag.TS_LATE: "it happened more than 72 hours before it was received",
    Flag.FIELD_UNEXPECTED: "it has a field that the contract does not know, kept in the log and nowhere else",
    Flag.TOTAL_MISMATCH: "the purchase's value is not the sum of its items, nor that with tax and shipping",
    Flag.PLACEHOLDER: "a text holds a template that was never filled, such as ${title}",
    Flag.BOT_SUSPECTED: "its user agent says that it is a machine",
    Flag.REPAIRED: "a repair made it valid; the column repairs says which",
}
