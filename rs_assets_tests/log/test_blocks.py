"""Reading lines: each once, at its number, in the order of the log, up to where the compression breaks."""

from __future__ import annotations

import random
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from rs_assets.errors import UserError
from rs_assets.log import RawLog
from rs_assets.log.blocks import BATCH_BYTES, Batch, read_batches
from rs_assets_tests.logs import ENDINGS, LOG_DATE, encoded, write_log

Decompress = Callable[[bytes], bytes]
Numbered = tuple[str, str, int, bytes]

SPACE = b" \t\r\x0b\x0c"
LINES = st.lists(
    st.one_of(
        st.sampled_from([b"", b" ", b"\r", b"\x0b\x0c", b"{}", b'{"a":1}', b"{}\r", b"\xff", b"\0"]),
        st.binary(max_size=20).map(lambda line: line.replace(b"\n", b"")),
    ),
    max_size=12,
)


def numbered(batches: list[Batch]) -> list[Numbered]:
    """(site, segment, line number, line) of everything read."""
    return [
        (batch.segments[segment].site, batch.segments[segment].name, int(number), line)
        for batch in batches
        for segment, number, line in zip(batch.segment, batch.line, batch.lines, strict=True)
    ]


def damage(batches: list[Batch]) -> list[tuple[str, int, str]]:
    """(segment, after line, problem) of everything found broken."""
    return [(b.segments[d.segment].name, d.after_line, d.problem) for b in batches for d in b.damage]


def read(root: Path, data: bytes, codec: str, batch_bytes: int = BATCH_BYTES) -> list[Batch]:
    log = write_log(root, {("shop-a", "1" + ENDINGS[codec]): data})
    return list(read_batches(log, LOG_DATE, batch_bytes))


def incompressible(lines: int, seed: int = 3) -> list[bytes]:
    """Lines of 1,000 hexadecimal digits: compressed, half of that is left of them."""
    draws = random.Random(seed)
    return [b"%06d" % n + draws.randbytes(497).hex().encode() for n in range(lines)]


@settings(deadline=None, max_examples=60)
@given(
    segments=st.lists(st.tuples(LINES, st.booleans(), st.sampled_from(["none", "gz", "zst"])), max_size=5),
    batch_bytes=st.sampled_from([1, 7, 40, BATCH_BYTES]),
)
def test_every_filled_line_comes_once_with_its_number_whatever_the_codec_and_batch(
    segments: list[tuple[list[bytes], bool, str]], batch_bytes: int
) -> None:
    files, expected = {}, []
    for n, (lines, newline_at_end, codec) in enumerate(segments):
        site, name = f"shop-{n // 2}", f"{n}{ENDINGS[codec]}"
        data = b"\n".join(lines) + (b"\n" if newline_at_end else b"")
        files[site, name] = encoded(data, codec)
        expected += [(site, name, i, line) for i, line in enumerate(lines, 1) if line.strip(SPACE)]
    with tempfile.TemporaryDirectory() as folder:
        batches = list(read_batches(write_log(Path(folder), files), LOG_DATE, batch_bytes))
    assert numbered(batches) == expected
    assert damage(batches) == []
    filled = [line for batch in batches for line in bytes(batch.data[: batch.size]).split(b"\n")]
    assert [line for line in filled if line.strip(SPACE)] == [line for *_, line in expected]


def test_batches_are_cut_at_lines_and_close_to_their_size(tmp_path: Path) -> None:
    lines = incompressible(5_000)
    batches = read(tmp_path, encoded(b"\n".join(lines), "zst"), "zst", 1 << 20)
    assert [line for batch in batches for line in batch.lines] == lines
    sizes = [batch.size for batch in batches]
    assert len(sizes) > 2
    assert min(sizes[:-1]) >= 1 << 20
    assert max(sizes) < 3 << 20  # one read of compressed bytes may give more than is asked for


def test_small_segments_share_a_batch(tmp_path: Path) -> None:
    log = write_log(tmp_path, {("shop-a", f"{n:03d}.ndjson"): b"{}\n" for n in range(50)})
    [batch] = read_batches(log, LOG_DATE)
    assert batch.segment.tolist() == list(range(50))
    assert set(batch.line.tolist()) == {1}


@pytest.mark.parametrize("codec", ["none", "gz", "zst"])
@pytest.mark.parametrize("data", [b"", b"\n", b" \n\r\n\t\n"])
def test_a_segment_without_a_filled_line_is_no_batch(tmp_path: Path, codec: str, data: bytes) -> None:
    assert read(tmp_path, encoded(data, codec), codec) == []


@pytest.mark.parametrize("codec", ["gz", "zst"])
def test_an_empty_file_holds_nothing_and_is_no_damage(tmp_path: Path, codec: str) -> None:
    assert read(tmp_path, b"", codec) == []


@pytest.mark.parametrize("codec", ["gz", "zst"])
def test_frames_that_follow_each_other_are_one_text(tmp_path: Path, codec: str) -> None:
    parts = [b'{"a":1}\n{"b"', b"", b":2}\n", b"{}"]
    batches = read(tmp_path, b"".join(encoded(part, codec) for part in parts), codec)
    assert [(n, line) for *_, n, line in numbered(batches)] == [(1, b'{"a":1}'), (2, b'{"b":2}'), (3, b"{}")]
    assert damage(batches) == []


def readable(data: bytes, codec: str) -> bytes:
    """What a decompressor gives of a beginning of a stream of frames, without the library's file objects."""
    out = b""
    while data:
        frame = zlib.decompressobj(31) if codec == "gz" else zstandard.ZstdDecompressor().decompressobj()
        out += frame.decompress(data)
        data = frame.unused_data
    return out


@pytest.mark.parametrize("codec", ["gz", "zst"])
def test_wherever_a_segment_is_cut_all_that_is_readable_before_the_cut_is_read(
    tmp_path: Path, codec: str
) -> None:
    frames = [encoded(b"".join(line + b"\n" for line in incompressible(n, n)), codec) for n in (1, 3, 300)]
    data = b"".join(frames)
    edges = [len(frames[0]), len(frames[0]) + len(frames[1])]
    cuts = {*range(1, 40), *range(1, len(data), len(data) // 40), *(e + d for e in edges for d in (-1, 0, 1))}
    for cut in sorted(cuts):
        batches = read(tmp_path, data[:cut], codec)
        text = readable(data[:cut], codec)
        lines = text.removesuffix(b"\n").split(b"\n") if text else []
        assert [(n, line) for *_, n, line in numbered(batches)] == list(enumerate(lines, 1))
        if cut in edges:
            assert damage(batches) == []
        else:
            problem = f"its {codec} data ends before its end mark: the file was cut"
            assert damage(batches) == [(f"1{ENDINGS[codec]}", len(lines), problem)]


@pytest.mark.parametrize("codec", ["gz", "zst"])
@pytest.mark.parametrize("count", [300, 1_500])
@pytest.mark.parametrize("share", [0.6, 0.9])
def test_a_corrupt_byte_costs_nothing_that_stands_before_it(
    tmp_path: Path, codec: str, count: int, share: float
) -> None:
    lines = incompressible(count)
    data = bytearray(encoded(b"\n".join(lines), codec))
    at = int(len(data) * share)
    data[at : at + 8] = bytes(255 - byte for byte in data[at : at + 8])
    batches = read(tmp_path, bytes(data), codec)
    [(_, after_line, problem)] = damage(batches)
    assert f"its {codec} data is corrupt" in problem
    got = [line for batch in batches for line in batch.lines]
    assert after_line >= len(got)
    block = 131 if codec == "zst" else 40  # lines: a block of 128 KiB is there as a whole or not at all
    sound = int(count * share) - block
    assert got[:sound] == lines[:sound]


@pytest.mark.parametrize("codec", ["gz", "zst"])
def test_a_fault_in_a_later_frame_and_a_later_read_costs_nothing_before_it(
    tmp_path: Path, codec: str
) -> None:
    parts = [b"".join(line + b"\n" for line in incompressible(n, n)) for n in (200, 700)]
    frames = [bytearray(encoded(part, codec)) for part in parts]
    at = len(frames[1]) - 100_000
    frames[1][at : at + 8] = bytes(255 - byte for byte in frames[1][at : at + 8])
    got = [line for batch in read(tmp_path, b"".join(frames), codec) for line in batch.lines]
    lines = b"".join(parts).splitlines()
    assert got[:550] == lines[:550]


@pytest.mark.parametrize("codec", ["gz", "zst"])
def test_a_corrupt_frame_costs_nothing_of_the_whole_ones_before_it(tmp_path: Path, codec: str) -> None:
    whole = encoded(b"one\ntwo\n", codec)
    bad = bytearray(encoded(b"three\n", codec))
    bad[len(bad) // 2] ^= 0xFF
    batches = read(tmp_path, whole + bytes(bad) + encoded(b"four\n", codec), codec)
    got = [line for batch in batches for line in batch.lines]
    assert got[:2] == [b"one", b"two"]
    assert b"four" not in got
    [(_, after_line, _)] = damage(batches)
    assert after_line == len(got)


@pytest.mark.parametrize("codec", ["gz", "zst"])
@pytest.mark.parametrize("garbage", [b"x", b"not compressed at all", b"\0" * 100])
def test_garbage_behind_the_end_is_damage_and_costs_no_line(
    tmp_path: Path, codec: str, garbage: bytes
) -> None:
    batches = read(tmp_path, encoded(b"one\ntwo\n", codec) + garbage, codec)
    assert [line for batch in batches for line in batch.lines] == [b"one", b"two"]
    [(_, after_line, _)] = damage(batches)
    assert after_line == 2


@pytest.mark.parametrize("codec", ["gz", "zst"])
def test_a_file_that_was_never_compressed_is_damage_from_its_first_line_on(
    tmp_path: Path, codec: str
) -> None:
    batches = read(tmp_path, b'{"a":1}\n{"b":2}\n', codec)
    assert numbered(batches) == []
    [(_, after_line, problem)] = damage(batches)
    assert after_line == 0
    assert f"its {codec} data is corrupt" in problem


@pytest.mark.parametrize("batch_bytes", [1, BATCH_BYTES])
def test_the_segments_after_a_damaged_one_are_read(tmp_path: Path, batch_bytes: int) -> None:
    names = [f"{n}.ndjson.gz" for n in range(3)]
    data = encoded(b"one\ntwo\n", "gz")
    log = write_log(tmp_path, {("shop-a", name): data if name[0] != "1" else data[:-3] for name in names})
    batches = list(read_batches(log, LOG_DATE, batch_bytes))
    assert [(name, n) for _, name, n, _ in numbered(batches)] == [(name, n) for name in names for n in (1, 2)]
    assert [(name, after) for name, after, _ in damage(batches)] == [(names[1], 2)]


def test_damage_comes_with_the_last_lines_of_its_segment_whatever_the_batch(tmp_path: Path) -> None:
    data = encoded(b"one\n", "gz")
    log = write_log(tmp_path, {("a", "0.ndjson.gz"): data[:-3], ("a", "1.ndjson.gz"): data})
    for batch_bytes in (1, BATCH_BYTES):
        found = [b for b in read_batches(log, LOG_DATE, batch_bytes) if b.damage]
        assert [b.segments[s].name for b in found for s in b.segment] in ([], ["0.ndjson.gz"])


def test_a_segment_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    write_log(tmp_path, {("shop-a", "1.ndjson"): b"{}\n"})
    folder = tmp_path / "site=shop-a" / f"log_date={LOG_DATE}"
    (folder / "2.ndjson").mkdir()
    with pytest.raises(UserError) as error:
        list(read_batches(RawLog(str(tmp_path)), LOG_DATE))
    assert "site=shop-a/log_date=2024-01-02/2.ndjson cannot be read" in error.value.what


def test_a_caller_that_stops_early_meets_no_later_fault(tmp_path: Path) -> None:
    log = write_log(tmp_path, {("shop-a", "1.ndjson"): b"one\n"})
    (tmp_path / "site=shop-a" / f"log_date={LOG_DATE}" / "3.ndjson").symlink_to("nowhere")
    batches = read_batches(log, LOG_DATE, 1)
    assert next(batches).lines == [b"one"]
    batches.close()
