"""Questions of many requests, answered together.

Belongs here: gathering what is asked within a turn of the event loop. Does not belong here: the answers.

A lone question is answered at once. While one batch is computed others wait in their sockets, and make the next: so
batches grow with the load, and the cost of a call to numpy is shared where it matters.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")

MOST = 64
"""Questions in a batch: more would not be much cheaper each, and those behind would wait for them."""


WAITING = 1_000
"""Questions that wait for a thread at most: what comes on top is refused, so that memory is bounded."""


class Busy(Exception):
    """More questions wait than should."""


class Batching(Generic[Q, A]):
    """Asks for one, answers for many.

    Args:
        answer: from questions to answers, in their order; quick, for it runs in the event loop.
    """

    def __init__(self, answer: Callable[[Sequence[Q]], Sequence[A]]) -> None:
        self._answer = answer
        self._asked: list[tuple[Q, asyncio.Future[A]]] = []

    async def ask(self, question: Q) -> A:
        """The answer to one question."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[A] = loop.create_future()
        if not self._asked:
            loop.call_soon(self._turn)
        self._asked.append((question, future))
        return await future

    def _turn(self) -> None:
        batch, self._asked = self._asked[:MOST], self._asked[MOST:]
        if self._asked:
            asyncio.get_running_loop().call_soon(self._turn)
        waiting = [(question, future) for question, future in batch if not future.done()]
        if not waiting:
            return
        try:
            answers = self._answer([question for question, _ in waiting])
        except Exception as problem:  # is raised where it was asked
            for _, future in waiting:
                future.set_exception(problem)
            return
        for (_, future), answer in zip(waiting, answers, strict=True):
            future.set_result(answer)


class Threaded(Generic[Q, A]):
    """The same for what is slow: computed in a thread, one batch at a time, while the event loop goes on.

    Args:
        answer: as of `Batching`.
    """

    def __init__(self, answer: Callable[[Sequence[Q]], Sequence[A]]) -> None:
        self._answer = answer
        self._asked: list[tuple[Q, asyncio.Future[A]]] = []
        self._at_work: asyncio.Task[None] | None = None

    async def ask(self, question: Q) -> A:
        """The answer to one question.

        Raises:
            Busy: too many wait already.
        """
        if len(self._asked) >= WAITING:
            raise Busy
        future: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._asked.append((question, future))
        if self._at_work is None or self._at_work.done():
            self._at_work = asyncio.create_task(self._work())
        return await future

    async def _work(self) -> None:
        while self._asked:
            batch, self._asked = self._asked[:MOST], self._asked[MOST:]
            try:
                answers = await asyncio.to_thread(self._answer, [question for question, _ in batch])
            except Exception as problem:  # is raised where it was asked
                for _, future in batch:
                    if not future.done():
                        future.set_exception(problem)
                continue
            for (_, future), answer in zip(batch, answers, strict=True):
                if not future.done():
                    future.set_result(answer)
