"""A corpus of lines that break readers: each is valid or has its reason, and its neighbours are untouched.

All of it is read twice: as one batch, where lines could be mistaken for one another, and line by line.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from rs_assets.contract.codes import Code
from rs_assets.log.blocks import BATCH_BYTES
from rs_assets_tests.logs import SITE, envelope, event, split, split_lines, write_log

VALID: tuple[Code, ...] = ()
MALFORMED, TYPE = (Code.JSON_MALFORMED,), (Code.TYPE_MISMATCH,)
MISSING, RANGE = (Code.FIELD_MISSING,), (Code.OUT_OF_RANGE,)
ITEMS, TRUNCATED = (Code.ITEMS_MALFORMED,), (Code.LINE_TRUNCATED,)
ENCODING, NUL = (Code.ENCODING_INVALID,), (Code.NUL_BYTE,)
UNKNOWN, TIME = (Code.EVENT_UNKNOWN,), (Code.TS_INVALID,)


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


def view(params: str) -> str:
    """A page view with these parameters, as JSON text."""
    return '{"name":"page_view","params":' + params + "}"


def titled(*members: str) -> str:
    """A page view with a title and these members of its parameters."""
    return view("{" + ",".join(['"page_title":"t"', *members]) + "}")


def priced(value: str) -> str:
    return titled('"currency":"EUR"', f'"value":{value}')


EVENTS: dict[str, tuple[str, tuple[Code, ...]]] = {
    "an event that is null": ("null", TYPE),
    "an event that is a text": ('"page_view"', TYPE),
    "an event that is a number": ("5", TYPE),
    "an event that is an array": ("[]", TYPE),
    "an event within an array": (f"[{titled()}]", TYPE),
    "an event nested 300 deep": (nested(300), TYPE),
    "an empty event": ("{}", MISSING),
    "no name": ('{"params":{"page_title":"t"}}', MISSING),
    "a name that is null": ('{"name":null,"params":{"page_title":"t"}}', MISSING),
    "a name that is a number": ('{"name":5,"params":{"page_title":"t"}}', TYPE),
    "a name that is an object": ('{"name":{"a":1},"params":{"page_title":"t"}}', TYPE),
    "an empty name": ('{"name":"","params":{"page_title":"t"}}', (Code.NAME_INVALID,)),
    "a name with a space": ('{"name":" page_view","params":{"page_title":"t"}}', (Code.NAME_INVALID,)),
    "a name of another case": ('{"name":"Page_View","params":{"page_title":"t"}}', UNKNOWN),
    "a name written with escapes": ('{"name":"\\u0070age_view","params":{"page_title":"t"}}', VALID),
    "a key written with escapes": ('{"n\\u0061me":"page_view","params":{"page_title":"t"}}', VALID),
    "no params": ('{"name":"page_view"}', VALID),
    "params that are null": (view("null"), VALID),
    "empty params": (view("{}"), VALID),
    "params that are a text": (view('"page_title"'), TYPE),
    "params that are a number": (view("1"), TYPE),
    "params that are true": (view("true"), TYPE),
    "params that are an empty array": (view("[]"), TYPE),
    "params that are an array": (view("[1]"), TYPE),
    "params that are an array of objects": (view('[{"key":"page_title","value":"t"}]'), TYPE),
    "params nested 300 deep": (view(nested(300)), TYPE),
    "params of a type that requires some are an array": ('{"name":"view_item","params":[1]}', TYPE),
    "params the contract does not know": (view('{"a":1,"b":{"c":[2]}}'), VALID),
    "parameters the contract does not know": (titled('"a":1', '"b":{"c":[2]}'), VALID),
    "a parameter of another case": (titled('"Value":"x"'), VALID),
    "a key before a space": ('{"name" : "page_view" , "params" : {"page_title" : "t"}}', VALID),
    "everything twice": (
        '{"name":"page_view","name":"page_view","params":{"method":"m","method":"m"}}',
        (Code.NAME_DUPLICATED,),
    ),
    "items that are an object": (titled('"items":{"item_id":"i"}'), ITEMS),
    "items that are an empty object": (titled('"items":{}'), ITEMS),
    "items that are a text": (titled('"items":"i"'), ITEMS),
    "items that are a number": (titled('"items":5'), ITEMS),
    "items that are false": (titled('"items":false'), ITEMS),
    "items and nothing else, an object": (view('{"items":{}}'), ITEMS),
    "items that are nested 300 deep": (titled(f'"items":{nested(300)}'), ITEMS),
    "items that are null": (titled('"items":null'), VALID),
    "no item where none is required": (titled('"items":[]'), VALID),
    "an item that is null": (titled('"items":[null,{"item_id":"i"}]'), ITEMS),
    "an item that is an array": (titled('"items":[[{"item_id":"i"}]]'), ITEMS),
    "an item that is an empty array": (titled('"items":[[],{"item_id":"i"}]'), ITEMS),
    "an item that is a text": (titled('"items":["i",{"item_id":"i"}]'), ITEMS),
    "an item that is empty": (titled('"items":[{},{"item_id":"i"}]'), ITEMS),
    "an item of null fields": (titled('"items":[{"item_id":null,"item_name":null}]'), ITEMS),
    "an item that is deep": (titled(f'"items":[{{"item_id":"i","a":{nested(300)}}}]'), VALID),
    "items within an item": (titled('"items":[{"item_id":"i","items":[1]}]'), VALID),
    "items within another parameter": (titled('"a":{"items":{}}'), VALID),
    "items within another parameter and none of its own": (view('{"a":{"items":[{"item_id":"i"}]}}'), VALID),
    "items beside a space": (titled('"items" : [{"item_id":"i"}]'), VALID),
    "items that are an object beside a space": (titled('"items" : {"item_id":"i"}'), ITEMS),
    "items that are a text beside a tab": (titled('"items"\t:"i"'), ITEMS),
    "items written with an escape": (titled('"\\u0069tems":[{"item_id":"i"}]'), VALID),
    "items that are an object, with an escape": (titled('"\\u0069tems":{"item_id":"i"}'), ITEMS),
    "items that are an object, with another escape": (titled('"ite\\u006Ds":{}'), ITEMS),
    "items twice": (titled('"items":[{"item_id":"i"}]', '"items":[{"item_id":"i"}]'), (Code.NAME_DUPLICATED,)),
    "items as a text": (titled('"method":"items"'), VALID),
    "items within a text": (titled(r'"method":"\"items\":{} \"params\":[1] {\"events\":[]}"'), VALID),
    "trailing commas within a text": (titled('"method":"a,} b,] , }"'), VALID),
    "a number as a text": (priced('"12.5"'), TYPE),
    "a number with a comma, as a text": (priced('"12,50"'), TYPE),
    "a value that is true": (priced("true"), TYPE),
    "a value that is an object": (priced('{"amount":1}'), TYPE),
    "a value nested 5,000 deep": (priced(nested(5_000)), TYPE),
    "a value of 400 digits": (priced("1" * 400), TYPE),
    "a value that no float holds": (priced("1e400"), TYPE),
    "a value that is NaN": (priced("NaN"), TYPE),
    "a value that is infinite": (priced("Infinity"), TYPE),
    "a value that is infinitely low": (priced("-Infinity"), TYPE),
    "a value too small for a float": (priced("1e-400"), VALID),
    "a value of many digits": (priced("0." + "1" * 400), VALID),
    "a value with an exponent": (priced("1E+2"), VALID),
    "a value of minus zero": (priced("-0.0"), VALID),
    "a value below zero": (priced("-0.01"), RANGE),
    "a value of twenty digits": (priced("12345678901234567890"), RANGE),
    "a whole number with a point": (titled('"engagement_time_msec":12.0'), VALID),
    "a whole number with a fraction": (titled('"engagement_time_msec":12.5'), TYPE),
    "a whole number as a text": (titled('"engagement_time_msec":"12"'), TYPE),
    "a whole number above its range": (titled('"engagement_time_msec":86400001'), RANGE),
    "a session_id that is a number": (titled('"session_id":1704189600'), VALID),
    "a session_id with a fraction": (titled('"session_id":1.5'), TYPE),
    "a session_id that is false": (titled('"session_id":false'), TYPE),
    "a time as a text": ('{"name":"page_view","timestamp_micros":"1704189600000000"}', TYPE),
    "a time in seconds": ('{"name":"page_view","timestamp_micros":1704189600}', TIME),
    "a time in milliseconds": ('{"name":"page_view","timestamp_micros":1704189600000}', TIME),
    "a time of zero": ('{"name":"page_view","timestamp_micros":0}', TIME),
    "a time in nanoseconds": (
        '{"name":"page_view","timestamp_micros":1704189600000000000}',
        (Code.TS_FUTURE,),
    ),
    "a time that no integer holds": ('{"name":"page_view","timestamp_micros":1e30}', TYPE),
    "a time with a fraction": ('{"name":"page_view","timestamp_micros":1704189600000000.5}', TYPE),
    "a text of every escape": (titled(r'"method":"\"\\\/\b\f\n\r\t\u0000\u00e9\ud83d\ude00"'), VALID),
    "a text of strange characters": (titled('"method":"\ufeff\u2028\u0085\uffff\U0010ffff\u202e"'), VALID),
    "a text of 50,000 characters": (titled(f'"method":"{"é" * 50_000}"'), (Code.VALUE_TOO_LONG,)),
    "a hundred characters that take more bytes": (titled(f'"method":"{"é" * 100}"'), VALID),
    "a hundred characters that are escapes": (titled('"method":"' + r"\u0001" * 100 + '"'), VALID),
    "a text that is empty": (titled('"method":""'), VALID),
}  # fmt: skip


def whole(body: str) -> bytes:
    """A line with this in the place of its body."""
    return envelope().replace(b'{"client_id":"c-1","events":[]}', body.encode())


def of(events: str) -> bytes:
    return whole('{"client_id":"c","events":' + events + "}")


LINE = of(f"[{titled()}]")

LINES: dict[str, tuple[bytes, tuple[Code, ...]]] = {
    "a carriage return at the end": (LINE + b"\r", VALID),
    "blanks around": (b" \t" + LINE + b" \t \r", VALID),
    "an empty object": (b"{}", MISSING),
    "an empty array": (b"[]", TYPE),
    "an array of envelopes": (b"[" + LINE + b"]", TYPE),
    "a number": (b"1", TYPE),
    "a text": (b'"text"', TYPE),
    "null": (b"null", TYPE),
    "true": (b"true", TYPE),
    "an array nested 300 deep": (nested(300).encode(), TYPE),
    "an array nested 5,000 deep": (nested(5_000).encode(), MALFORMED),
    "an object nested 100,000 deep": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, MALFORMED),
    "an array that never ends": (b"[" * 5_000, MALFORMED),
    "no body": (LINE.replace(b'"body"', b'"corpus"'), MISSING),
    "a body that is null": (whole("null"), MISSING),
    "a body that is empty": (whole("{}"), MISSING),
    "a body that is an array": (whole("[]"), TYPE),
    "a body that is a text": (whole('"events"'), TYPE),
    "a body that is a number": (whole("0"), TYPE),
    "a body nested 300 deep": (whole(nested(300)), TYPE),
    "no events": (whole('{"client_id":"c"}'), MISSING),
    "events that are null": (of("null"), MISSING),
    "events that are empty": (of("[]"), MISSING),
    "events that are an object": (of(titled()), TYPE),
    "events that are a text": (of('"page_view"'), TYPE),
    "events that are a number": (of("1"), TYPE),
    "events that are an object and empty": (of("{}"), TYPE),
    "a payload that was no JSON": (envelope(body_text="<xml/>").replace(b'"body":', b'"b":'), MALFORMED),
    "a payload that was no text": (envelope(body_base64="/w==").replace(b'"body":', b'"b":'), ENCODING),
    "a comma behind the last member": (LINE[:-1] + b",}", MALFORMED),
    "a comma behind the last event": (of(f"[{titled()},]"), MALFORMED),
    "a comma behind the last parameter": (of("[" + view('{"page_title":"t" , }') + "]"), MALFORMED),
    "a comma and nothing else": (b"{,}", MALFORMED),
    "two commas": (LINE.replace(b",", b",,", 1), MALFORMED),
    "two documents": (LINE + LINE, MALFORMED),
    "two documents and a blank": (LINE + b" " + LINE, MALFORMED),
    "two documents and a carriage return": (LINE + b"\r" + LINE, MALFORMED),
    "something behind the end": (LINE + b" x", MALFORMED),
    "a comment": (LINE + b" // sent by hand", MALFORMED),
    "single quotes": (LINE.replace(b'"', b"'"), MALFORMED),
    "a key without quotes": (LINE.replace(b'"site"', b"site"), MALFORMED),
    "a zero before a number": (of(f"[{priced('01')}]"), MALFORMED),
    "a plus before a number": (of(f"[{priced('+1')}]"), MALFORMED),
    "a number that starts with its point": (of(f"[{priced('.5')}]"), MALFORMED),
    "a hexadecimal number": (of(f"[{priced('0x1F')}]"), MALFORMED),
    "a tab within a text": (LINE.replace(b'"t"', b'"\t"'), MALFORMED),
    "a carriage return within a text": (LINE.replace(b'"t"', b'"\r"'), MALFORMED),
    "a vertical tab within a text": (LINE.replace(b'"t"', b'"\x0b"'), MALFORMED),
    "a form feed between members": (LINE.replace(b',"', b',\x0c"', 1), MALFORMED),
    "half of a surrogate pair": (LINE.replace(b'"t"', rb'"\ud83d"'), MALFORMED),
    "the other half": (LINE.replace(b'"t"', rb'"\ude00 "'), MALFORMED),
    "an escape that is none": (LINE.replace(b'"t"', rb'"\x41"'), MALFORMED),
    "a byte order mark": (b"\xef\xbb\xbf" + LINE, MALFORMED),
    "cut within its envelope": (LINE[:40], TRUNCATED),
    "cut within its body": (LINE[:-30], TRUNCATED),
    "cut by one bracket": (LINE[:-1], TRUNCATED),
    "cut after its first byte": (b"{", TRUNCATED),
    "cut within an escape": (LINE.partition(b'"t"')[0] + b'"\\', TRUNCATED),
    "the end of a line": (LINE[-30:], MALFORMED),
    "a quotation mark": (b'"', MALFORMED),
    "no JSON at all": (b"GET / HTTP/1.1", MALFORMED),
    "NUL within a text": (LINE.replace(b'"t"', b'"\0"'), NUL),
    "NUL at the end": (LINE + b"\0", NUL),
    "NUL and nothing else": (b"\0\0\0", NUL),
    "NUL within a line that is no UTF-8": (b"\xff\0", NUL),
    "UTF-16": (LINE.decode().encode("utf-16-be"), NUL),
    "Latin-1": (LINE.replace(b'"t"', "é".join('""').encode("latin-1")), ENCODING),
    "a byte that is never UTF-8": (LINE.replace(b'"t"', b'"\xff"'), ENCODING),
    "an overlong character": (LINE.replace(b'"t"', b'"\xc0\x80"'), ENCODING),
    "a surrogate in UTF-8": (LINE.replace(b'"t"', b'"\xed\xa0\xbd\xed\xb8\x80"'), ENCODING),
    "cut within a character": (LINE.replace(b'"t"', '"é"'.encode())[: LINE.index(b'"t"') + 2], ENCODING),
    "a byte that is never UTF-8 between members": (LINE.replace(b',"', b',\xfe"', 1), ENCODING),
}  # fmt: skip


@dataclass(frozen=True)
class Corpus:
    """What became of one line for each entry of EVENTS and LINES, in that order."""

    lines: list[bytes]
    reasons: list[dict[int | None, list[str]]]
    valid: list[list[int | None]]
    raw: list[list[bytes]]


def place_of(name: str) -> int:
    return [*EVENTS, *LINES].index(name)


def own(line: bytes, place: int) -> bytes:
    """The line with a client of its own, so that no two are duplicates."""
    return line.replace(b'"client_id":"c"', b'"client_id":"%d"' % place)


def nasty_lines() -> list[bytes]:
    sides = [view(f'{{"page_title":"{side}"}}') for side in ("before", "after")]
    lines = [of(f"[{sides[0]},{text},{sides[1]}]") for text, _ in EVENTS.values()]
    lines += [line for line, _ in LINES.values()]
    return [own(line, place) for place, line in enumerate(lines)]


@pytest.fixture(scope="module", params=["one batch", "a batch a line"])
def corpus(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    lines = nasty_lines()
    segments = [b"\n".join(lines)] if request.param == "one batch" else lines
    files = {(SITE, f"{n:04d}.ndjson"): data for n, data in enumerate(segments)}
    outcome = split(
        write_log(tmp_path_factory.mktemp("nasty"), files),
        batch_bytes=1 if len(segments) > 1 else BATCH_BYTES,
    )
    found = Corpus(lines, [{} for _ in lines], [[] for _ in lines], [[] for _ in lines])
    for _, segment, line, index in outcome.where_valid:
        found.valid[int(segment[:4]) + line - 1].append(index)
    table = outcome.quarantined.select("segment", "line", "event_index", "reasons", "raw")
    for segment, line, index, reasons, raw in table.iter_rows():
        found.reasons[int(segment[:4]) + line - 1][index] = reasons
        found.raw[int(segment[:4]) + line - 1].append(raw)
    return found


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_is_judged_for_itself_and_its_neighbours_in_the_request_are_valid(
    corpus: Corpus, name: str
) -> None:
    expected = EVENTS[name][1]
    assert corpus.reasons[place_of(name)] == ({1: sorted(expected)} if expected else {})
    assert corpus.valid[place_of(name)] == ([0, 2] if expected else [0, 1, 2])


@pytest.mark.parametrize("name", LINES)
def test_a_line_is_valid_or_has_one_row_with_its_reason(corpus: Corpus, name: str) -> None:
    expected = LINES[name][1]
    assert corpus.reasons[place_of(name)] == ({None: list(expected)} if expected else {})
    assert corpus.valid[place_of(name)] == ([] if expected else [0])


def test_every_line_is_kept_to_the_byte(corpus: Corpus) -> None:
    assert sum(map(len, corpus.raw)) > 100
    for line, raw in zip(corpus.lines, corpus.raw, strict=True):
        assert set(raw) <= {line}


def test_the_sound_lines_between_them_are_valid() -> None:
    lines = nasty_lines()
    sound = [envelope(event(page_title=f"sound {place}")) for place in range(len(lines))]
    outcome = split_lines(*(line for pair in zip(sound, lines, strict=True) for line in pair))
    assert [line for *_, line, _ in outcome.where_valid if line % 2] == list(range(1, 2 * len(lines), 2))


@pytest.mark.parametrize(
    "sound", ['"items" : [{"item_id":"i"}]', '"\\u0069tems":[{"item_id":"i"}]', '"method":"items"']
)
def test_a_line_that_spells_items_otherwise_hides_no_line_whose_items_are_none(sound: str) -> None:
    lines = [of(f"[{titled(sound)}]"), of("[" + titled('"items":{}') + "]")]
    assert split_lines(*lines).reasons == {(2, 0): [Code.ITEMS_MALFORMED]}
    together = of(f"[{titled(sound)}," + titled('"items":{}') + "]")
    assert split_lines(together).reasons == {(1, 1): [Code.ITEMS_MALFORMED]}


def test_a_line_of_50_megabytes_is_too_large_and_its_neighbours_are_valid() -> None:
    large = envelope(event(page_title="x" * 50_000_000))
    outcome = split_lines(envelope(event(page_title="1")), large, envelope(event(page_title="2")))
    assert outcome.reasons == {(2, None): [Code.BODY_TOO_LARGE]}
    assert outcome.quarantined["raw"].to_list() == [large]
    assert outcome.report.valid == 2


@pytest.mark.parametrize(("size", "valid"), [(130_000, True), (130_001, False)])
def test_a_body_is_too_large_above_130_000_bytes_as_it_stands(size: int, valid: bool) -> None:
    def line(numbers: int, title: str) -> bytes:
        sent = b'{"name":"login","params":{"page_title":"%s","a":[0%s]}}' % (
            title.encode(),
            b",9e15" * numbers,
        )
        return envelope("SENT").replace(b'"SENT"', sent)

    body = line(20_000, "").partition(b'"body":')[2][:-1]
    found = split_lines(line(20_000, "x" * (size - len(body)))).reasons
    assert found == ({(1, 0): [Code.VALUE_TOO_LONG]} if valid else {(1, None): [Code.BODY_TOO_LARGE]})


@pytest.mark.parametrize(("size", "valid"), [(1 << 20, True), ((1 << 20) + 1, False)])
def test_a_line_is_too_large_above_one_mebibyte(size: int, valid: bool) -> None:
    padding = size - len(envelope(event(page_title="t"), ip=""))
    outcome = split_lines(envelope(event(page_title="t"), ip="x" * padding))
    assert outcome.reasons == ({} if valid else {(1, None): [Code.BODY_TOO_LARGE]})


def test_a_line_that_grows_when_it_is_read_exactly_is_still_read() -> None:
    numbers = ",".join(["9e15"] * 25_000)
    lines = [
        of(f'[{titled()},{view("[1]")},{{"name":"login","params":{{"a":[{numbers}]}}}}]') for _ in range(3)
    ]
    outcome = split_lines(*(own(line, n) for n, line in enumerate(lines)))
    assert outcome.reasons == {(n, 1): [Code.TYPE_MISMATCH] for n in (1, 2, 3)}


@pytest.mark.parametrize("levels", [200, 253, 254, 255, 256, 300, 1_000])
def test_deep_members_the_contract_does_not_know_cost_no_neighbour_of_a_broken_event(levels: int) -> None:
    deep = view(f'{{"page_title":"t","a":{nested(levels)}}}')
    outcome = split_lines(own(of(f"[{titled()},{deep},{view('[1]')}]"), 1).replace(b'"t"', b'"u"', 1))
    assert outcome.reasons == {(1, 2): [Code.TYPE_MISMATCH]}


@pytest.mark.parametrize("blank", [b"", b" ", b"\t\t", b"\r", b"\x0b", b"\x0c", b" \r\x0b "])
def test_blank_lines_are_no_events_but_are_counted_as_lines(blank: bytes) -> None:
    outcome = split_lines(blank, LINE, blank, b"{", blank)
    assert [line for *_, line, _ in outcome.where_valid] == [2]
    assert outcome.reasons == {(4, None): [Code.LINE_TRUNCATED]}
    assert outcome.report.lines == 2


def test_a_segment_of_blank_lines_is_an_empty_log_date() -> None:
    outcome = split_lines(b"", b"\r", b" ")
    assert (outcome.report.events, outcome.valid.height, outcome.quarantined.height) == (0, 0, 0)
