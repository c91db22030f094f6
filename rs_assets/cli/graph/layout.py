"""Where the boxes of a layered drawing stand, left to right.

Belongs here: layers, the order in each, heights, and the way of edges that pass other layers. Does not belong here:
what the boxes are (the command), or how they look (`svg`).

Sugiyama's method, small: an edge that passes layers has a lane in each of them, and boxes and lanes of a layer are
ordered by the mean of their neighbours, to and fro.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

SWEEPS = 24
GAP = 22.0
LANE = 8.0

Key = tuple[str, str, int]
"""A box (`name, "", layer`), or the lane of an edge (`from, to, layer`)."""


@dataclass(frozen=True)
class Layout:
    """Layers and centres.

    Attributes:
        layer: of each box.
        y: the centre of each box.
        ways: of each edge, its height in each layer that it passes.
        height: of everything.
    """

    layer: dict[str, int]
    y: dict[str, float]
    ways: dict[tuple[str, str], list[float]]
    height: float


def layered(heights: Mapping[str, float], edges: Sequence[tuple[str, str]]) -> Layout:
    """Lay boxes out; the same ones always in the same way.

    Args:
        heights: of each box.
        edges: from and to; without a cycle.
    """
    layer = _layers(list(heights), edges)
    keys: dict[int, list[Key]] = {}
    for name in sorted(heights):
        keys.setdefault(layer[name], []).append((name, "", layer[name]))
    chains: dict[tuple[str, str], list[Key]] = {}
    for start, end in sorted(edges):
        lanes = [(start, end, at) for at in range(layer[start] + 1, layer[end])]
        for lane in lanes:
            keys[lane[2]].append(lane)
        chains[start, end] = [(start, "", layer[start]), *lanes, (end, "", layer[end])]
    beside: dict[Key, list[Key]] = {}
    for chain in chains.values():
        for one, other in pairwise(chain):
            beside.setdefault(one, []).append(other)
            beside.setdefault(other, []).append(one)
    size = {key: LANE if key[1] else heights[key[0]] for layer_keys in keys.values() for key in layer_keys}
    y = _settled([keys[at] for at in sorted(keys)], size, beside)
    top = min(y[key] - size[key] / 2 for key in y)
    y = {key: value - top for key, value in y.items()}
    return Layout(
        layer,
        {key[0]: value for key, value in y.items() if not key[1]},
        {edge: [y[key] for key in chain[1:-1]] for edge, chain in chains.items()},
        max(y[key] + size[key] / 2 for key in y),
    )


def _layers(names: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    """The longest way from any start."""
    layer = dict.fromkeys(names, 0)
    for _ in names:
        for start, end in edges:
            layer[end] = max(layer[end], layer[start] + 1)
    if any(layer[start] >= layer[end] for start, end in edges):
        raise ValueError("The edges go in a circle.")
    return layer


def _settled(
    layers: Sequence[list[Key]], size: Mapping[Key, float], beside: Mapping[Key, list[Key]]
) -> dict[Key, float]:
    y: dict[Key, float] = {}
    for keys in layers:
        _stack(keys, size, y, dict.fromkeys(keys, 0.0))
    for sweep in range(SWEEPS):
        to_and_fro = list(layers) if sweep % 2 == 0 else list(reversed(layers))
        for keys in to_and_fro:
            wanted = {
                key: sum(y[other] for other in beside[key]) / len(beside[key]) if beside.get(key) else y[key]
                for key in keys
            }
            keys.sort(key=lambda key: (wanted[key], key))
            _stack(keys, size, y, wanted)
    return y


def _stack(
    keys: Sequence[Key], size: Mapping[Key, float], y: dict[Key, float], wanted: Mapping[Key, float]
) -> None:
    """Each as near to where it wants to stand as those before it let it, and all together in the middle of that."""
    edge = float("-inf")
    for key in keys:
        y[key] = max(wanted[key], edge + GAP + size[key] / 2)
        edge = y[key] + size[key] / 2
    pushed = sum(y[key] - wanted[key] for key in keys) / len(keys)
    for key in keys:
        y[key] -= pushed
