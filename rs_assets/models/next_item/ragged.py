"""Rows of unequal length in flat arrays, and what to do with all of them at once.

Belongs here: arithmetic on starts and lengths, of anything. Does not belong here: what the rows are.

A ragged array is a flat array of values and `starts`, one longer than there are rows: row i is
`values[starts[i]:starts[i + 1]]`. That is also what a CSR matrix is made of.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_BLOCK = 256


def starts_of(lengths: npt.NDArray[np.integer[Any]]) -> Ints:
    """The starts of rows of these lengths, with the total at the end."""
    starts = np.zeros(lengths.size + 1, dtype=np.int64)
    np.cumsum(lengths, out=starts[1:])
    return starts


def lengths_of(starts: npt.NDArray[np.integer[Any]]) -> Ints:
    """The length of each row. (`np.diff` of so few numbers spends its time on its options.)"""
    return np.asarray(starts[1:] - starts[:-1], dtype=np.int64)


def spans_of(starts: Ints, rows: npt.NDArray[np.integer[Any]]) -> tuple[Ints, Ints]:
    """The positions of the values of some rows, and the place in `rows` of the row that each is of."""
    first = starts[rows]
    return spans(first, starts[rows + 1] - first)


def spans(first: npt.NDArray[np.integer[Any]], lengths: npt.NDArray[np.integer[Any]]) -> tuple[Ints, Ints]:
    """The positions of `lengths[i]` values from `first[i]` on, one span after another, and which span each is of."""
    owner = np.repeat(np.arange(lengths.size, dtype=np.int64), lengths)
    within = np.arange(owner.size, dtype=np.int64) - starts_of(lengths)[owner]
    return first.astype(np.int64)[owner] + within, owner


def group_starts(keys: npt.NDArray[np.integer[Any]]) -> Ints:
    """Where each run of equal keys begins."""
    new = np.empty(keys.size, dtype=np.bool_)
    new[:1] = True
    np.not_equal(keys[1:], keys[:-1], out=new[1:])
    return np.flatnonzero(new)


def ranks_within(owner: npt.NDArray[np.integer[Any]]) -> Ints:
    """The place of each entry among those of its owner, from 0; owners stand together."""
    starts = group_starts(owner)
    lengths = lengths_of(np.append(starts, owner.size))
    return np.arange(owner.size, dtype=np.int64) - np.repeat(starts, lengths)


def largest(owner: npt.NDArray[np.integer[Any]], value: Floats, owners: int, k: int) -> Flags:
    """Which entries are among their owner's k largest; of equal ones the first.

    Args:
        owner: rising, below `owners`.
        value: above 0, of the same length.
    """
    lengths = np.bincount(owner, minlength=owners)
    keep = np.ones(owner.size, dtype=np.bool_)
    starts = starts_of(lengths)
    long = np.flatnonzero(lengths > k)
    # Rows are padded to the longest of their block: so many together as they come, and never much memory.
    for first in range(0, long.size, _BLOCK):
        rows = long[first : first + _BLOCK]
        entry, row = spans(starts[rows], lengths[rows])
        width = int(lengths[rows].max())
        padded = np.zeros((rows.size, width))
        padded[row, ranks_within(row)] = value[entry]
        kth = np.partition(padded, width - k, axis=1)[:, width - k][row]
        above, equal = value[entry] > kth, value[entry] == kth
        left = k - np.bincount(row[above], minlength=rows.size)
        before = np.cumsum(equal) - equal
        turn = before - before[starts_of(lengths[rows])[:-1]][row]
        keep[entry] = above | equal & (turn < left[row])
    return keep
