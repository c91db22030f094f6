"""Iterating ahead: the same items in the same order, one ahead and no more, and errors where they belong."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from rs_assets.log.ahead import ahead


def test_the_items_are_the_same() -> None:
    assert list(ahead(iter(range(20)))) == list(range(20))
    assert list(ahead(iter(()))) == []
    assert list(ahead(iter([None, None]))) == [None, None]


def test_no_more_than_one_is_ahead() -> None:
    made: list[int] = []
    third = threading.Event()

    def items() -> Iterator[int]:
        for n in range(4):
            made.append(n)
            if n == 2:
                third.set()
            yield n

    got = ahead(items())
    next(got)
    assert not third.wait(0.05)
    assert made[0] == 0
    next(got)
    assert third.wait(5)


def test_an_error_comes_after_the_items_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("second")

    got = ahead(items())
    assert next(got) == 1
    with pytest.raises(ValueError, match="second"):
        next(got)
