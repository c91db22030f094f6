"""Iterating ahead of whoever asks.

Belongs here: the one helper that several steps of a pipeline share. Does not belong here: what is iterated.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items; the next one is made in a thread while the caller works on this one.

    No more than one is ahead: when the caller asks for an item, it is done with the one before.
    """
    end = object()
    with ThreadPoolExecutor(max_workers=1) as worker:
        waiting = worker.submit(next, items, end)
        while (item := waiting.result()) is not end:
            waiting = worker.submit(next, items, end)
            yield item  # type: ignore[misc]  # it is not `end`
