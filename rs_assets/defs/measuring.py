"""What every step does around its work: it takes its memory, sets its threads, measures what it used.
Dagster concepts: the function of an op, metadata.

Belongs here: when these things happen. Does not belong here: how (`compute.room`, `compute.threads`,
`compute.usage`), what is made of the figures (`compute.report`).

It is done to every asset in one place, `build_defs`, so none has to ask for it. Threads are set before the function
is called, since its first line may import polars, which counts them once.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

import dagster as dg
from dagster._core.definitions.decorators.op_decorator import DecoratedOpFunction

from rs_assets.compute.box import Box
from rs_assets.compute.threads import limit_threads
from rs_assets.compute.usage import Meter

if TYPE_CHECKING:
    from rs_assets.compute.room import Room
    from rs_assets.compute.usage import Usage

Asset = TypeVar("Asset")

_now: list[Meter] = []
"""The meter of the step that this process is in: none or one, since a process is in one step at a time."""


def used() -> Usage | None:
    """What the step has used so far; None outside of one."""
    return _now[-1].read() if _now else None


def measured(assets: Iterable[Asset], room: Room | None = None) -> list[Asset]:
    """The assets, each of whose steps is measured, in threads as many as its box has cores.

    Args:
        assets: those that are made here are changed, in place.
        room: the memory that steps take before they begin; None where their executor sees to it.
    """
    found = list(assets)
    for one in found:
        if isinstance(one, dg.AssetsDefinition) and one.is_executable:
            _measure(one.op, room)
    return found


def boxes(assets: Iterable[object]) -> dict[str, Box]:
    """The box of each step, by the step's name."""
    made = [one for one in assets if isinstance(one, dg.AssetsDefinition) and one.is_executable]
    return {one.op.name: Box.of_tags(one.op.tags) for one in made}


def _measure(op: dg.OpDefinition, room: Room | None) -> None:
    compute = op.compute_fn
    if isinstance(compute, DecoratedOpFunction):
        # An op's function is given when it is made, by a decorator that each asset has; it has no public setter.
        op._compute_fn = DecoratedOpFunction(_wrapped(compute.decorated_fn, Box.of_tags(op.tags), room))


def _wrapped(function: Callable[..., Any], box: Box, room: Room | None) -> Callable[..., Any]:
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def step(*args: Any, **kwargs: Any) -> Iterator[Any]:
            with _step(box, room):
                yield from function(*args, **kwargs)

    else:

        @functools.wraps(function)
        def step(*args: Any, **kwargs: Any) -> Any:
            with _step(box, room):
                return function(*args, **kwargs)

    return step


@contextmanager
def _step(box: Box, room: Room | None) -> Iterator[None]:
    waiting = room.take(box.memory_mib, _tell) if room else nullcontext()
    with waiting:
        limit_threads(box.cpu)
        meter = Meter().start()
        _now.append(meter)
        try:
            yield
        finally:
            _now.remove(meter)
            meter.stop()


def _tell(says: str) -> None:
    dg.OpExecutionContext.get().log.info(says)
