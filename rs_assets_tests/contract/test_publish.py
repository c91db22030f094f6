"""When log dates are begun: the next one while the last batches of this one are written, and never more."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from threading import Event, get_ident
from typing import Any

import pytest

from rs_assets.contract.publish import _begun_in_time

Hear = Callable[[], None]


class Log:
    """Log dates of so many batches each, and what was done with them, in order."""

    def __init__(self, **batches: int) -> None:
        self.batches = batches
        self.done: list[str] = []

    def judged(self, log_date: str, all_read: Hear) -> Generator[Any]:
        """As `judged_batches`: the last batch is given out after it has been told that there are no more."""
        self.done.append(f"{log_date} begun")
        return self._given(log_date, all_read)

    def _given(self, log_date: str, all_read: Hear) -> Generator[Any]:
        try:
            for number in range(self.batches[log_date]):
                if number == self.batches[log_date] - 1:
                    all_read()
                yield f"{log_date}{number}"
        finally:
            self.done.append(f"{log_date} left")

    def written(self) -> list[str]:
        """All batches, as they are written."""
        with closing(_begun_in_time(iter(self.batches), self.judged)) as dates:
            for log_date, batches in dates:
                for batch in batches:
                    self.done.append(f"{batch} written")
                self.done.append(f"{log_date} finished")
        return [one.removesuffix(" written") for one in self.done if one.endswith(" written")]


@pytest.mark.parametrize("sizes", [(3, 3, 3), (1, 1, 1), (0, 2, 0, 0, 1, 4), (0,), ()])
def test_every_batch_is_written_once_in_the_order_of_the_log(sizes):
    log = Log(**{chr(ord("a") + n): size for n, size in enumerate(sizes)})
    assert log.written() == [f"{date}{n}" for date, size in log.batches.items() for n in range(size)]


def test_the_next_log_date_is_begun_before_the_last_batch_of_this_one_is_written():
    log = Log(a=3, b=3, c=3)
    log.written()
    for before, after in (("a", "b"), ("b", "c")):
        assert log.done.index(f"{before}1 written") < log.done.index(f"{after} begun")
        assert log.done.index(f"{after} begun") < log.done.index(f"{before} finished")


def test_no_log_date_is_begun_before_the_one_before_it_has_its_turn():
    log = Log(a=1, b=1, c=1, d=1)  # each is all in its first batch, which is made ahead
    log.written()
    for before, after in (("a", "c"), ("b", "d")):
        assert log.done.index(f"{before} finished") < log.done.index(f"{after} begun")


def test_log_dates_are_asked_for_in_the_thread_that_writes_however_late_a_first_batch_is():
    asked, taken = [], Event()

    def log_dates() -> Iterator[str]:
        for log_date in "ab":
            asked.append(get_ident())
            yield log_date

    def judged(log_date: str, all_read: Hear) -> Generator[Any]:
        assert taken.wait(60)  # its turn has come, and nothing of it is read
        all_read()
        yield log_date

    written = []
    with closing(_begun_in_time(log_dates(), judged)) as dates:
        for _, batches in dates:
            taken.set()
            written += batches
    assert written == ["a", "b"]
    assert asked == [get_ident()] * 2


def test_a_log_date_that_cannot_be_read_fails_in_its_turn():
    log = Log(a=2, b=2)

    def judged(log_date: str, all_read: Hear) -> Generator[Any]:
        if log_date == "b":
            raise OSError("b is gone")
        yield from log.judged(log_date, all_read)

    written = []
    with pytest.raises(OSError, match="b is gone"), closing(_begun_in_time(iter("ab"), judged)) as dates:
        for _, batches in dates:
            written += batches
    assert written == ["a0", "a1"]


def test_what_was_begun_is_left_when_the_writing_fails():
    log = Log(a=2, b=2)
    with pytest.raises(ZeroDivisionError), closing(_begun_in_time(iter("ab"), log.judged)) as dates:
        for _, batches in dates:
            for batch in batches:
                if batch == "a1":
                    raise ZeroDivisionError
    assert "b begun" in log.done
    assert "b left" in log.done
