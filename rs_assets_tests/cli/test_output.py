from __future__ import annotations

import pytest

from rs_assets.cli import output


@pytest.mark.parametrize(
    ("values", "bars"),
    [
        ([], ""),
        ([0.0, 0.0], "▁▁"),
        ([1.0], "█"),
        ([0.0, 1.0, 2.0, 4.0], "▁▃▅█"),
        ([1.0] * 10 + [2.0] * 10, "▅█"),
    ],
)
def test_a_sparkline_shows_values_from_zero_to_the_largest(values: list[float], bars: str) -> None:
    assert output.sparkline(values, width=2 if len(values) > 4 else 30) == bars


def test_a_sparkline_is_never_wider_than_asked() -> None:
    for n in range(1, 200):
        assert len(output.sparkline(list(range(n)), width=20)) == min(n, 20)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (2 * 10**12, "2.0 TB"),
    ],
)
def test_a_size_is_said_in_the_unit_that_fits(number: int, text: str) -> None:
    assert output.size(number) == text


def test_what_cannot_be_seen_is_shown_as_an_escape() -> None:
    assert output.visible("Crème, 日本") == "Crème, 日本"
    assert output.visible("a\x1b[31m\x00\r\n\u202eb") == "a\\x1b[31m\\x00\\r\\n\\u202eb"


def test_one_of_a_thing_is_not_several() -> None:
    assert output.plural(1, "log date") == "1 log date"
    assert output.plural(1200, "log date") == "1,200 log dates"
