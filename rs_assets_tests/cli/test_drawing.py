"""The layout of a drawing: nothing stands on anything else, and edges go from left to right."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rs_assets.cli.graph.layout import GAP, layered
from rs_assets.cli.graph.svg import drawn

NAMES = "abcdefghij"


@st.composite
def graphs(draw: st.DrawFn) -> tuple[dict[str, float], list[tuple[str, str]]]:
    names = NAMES[: draw(st.integers(1, len(NAMES)))]
    pairs = [(a, b) for n, a in enumerate(names) for b in names[n + 1 :]]
    edges = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    return {name: draw(st.integers(20, 200)) * 1.0 for name in names}, edges


@given(graphs())
def test_boxes_of_a_layer_stand_apart_and_edges_go_on_to_later_layers(graph) -> None:
    heights, edges = graph
    layout = layered(heights, edges)
    assert all(layout.layer[start] < layout.layer[end] for start, end in edges)
    for at in set(layout.layer.values()):
        column = sorted((layout.y[name], heights[name]) for name in heights if layout.layer[name] == at)
        for (above, one), (below, other) in pairwise(column):
            assert below - other / 2 - (above + one / 2) >= GAP - 1e-6
    for name, height in heights.items():
        assert layout.y[name] - height / 2 >= -1e-6 and layout.y[name] + height / 2 <= layout.height + 1e-6
    for (start, end), way in layout.ways.items():
        assert len(way) == layout.layer[end] - layout.layer[start] - 1
    assert layered(dict(reversed(heights.items())), edges[::-1]) == layout


def test_a_circle_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="circle"):
        layered({"a": 1.0, "b": 1.0}, [("a", "b"), ("b", "a")])


def test_the_drawing_is_xml_that_names_everything_and_says_what_it_is() -> None:
    picture = drawn({"log <1>": ["raw & whole"], "events": ["valid"]}, [("log <1>", "events")], 'a "graph"')
    root = ElementTree.fromstring(picture)
    assert root.attrib["aria-label"] == 'a "graph"'
    texts = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["log <1>", "raw & whole", "events", "valid"]
