"""Locks between the processes that work on one lake. Nothing else belongs here.

They are `flock`s, which the kernel gives back when their holder dies, however it dies.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def shared(path: str) -> Iterator[None]:
    """Hold `path` with others that share it, once nobody has it to themselves."""
    with _held(path, fcntl.LOCK_SH):
        yield


@contextmanager
def alone(path: str) -> Iterator[None]:
    """Hold `path` alone, once nobody else does."""
    with _held(path, fcntl.LOCK_EX):
        yield


@contextmanager
def alone_if_free(path: str) -> Iterator[bool]:
    """Hold `path` alone if nobody holds it; whether that is so is what the block is given."""
    try:
        with _held(path, fcntl.LOCK_EX | fcntl.LOCK_NB):
            yield True
    except BlockingIOError:
        yield False


@contextmanager
def _held(path: str, how: int) -> Iterator[None]:
    folder = os.path.isdir(path)
    handle = os.open(path, os.O_RDONLY if folder else os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(handle, how)
        yield
    finally:
        os.close(handle)
