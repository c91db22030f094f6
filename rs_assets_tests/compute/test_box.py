"""What a box renders to."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rs_assets.compute import Box
from rs_assets.compute.fargate import SIZES
from rs_assets.errors import UserError


@pytest.mark.parametrize(
    ("cpu", "memory_gib", "pair"),
    [
        (1, 0.5, (1024, 2048)),
        (1, 2, (1024, 2048)),
        (1, 2.25, (1024, 3072)),
        (1, 8.5, (2048, 9216)),
        (2, 3, (2048, 4096)),
        (2, 17, (4096, 17408)),
        (3, 1, (4096, 8192)),
        (4, 31, (8192, 32768)),
        (8, 17, (8192, 20480)),
        (9, 33, (16384, 40960)),
        (16, 120, (16384, 122880)),
    ],
)
def test_a_box_is_rounded_up_to_a_task_that_fargate_has(cpu, memory_gib, pair):
    assert Box(cpu, memory_gib).fargate() == pair


@given(st.integers(1, 16), st.floats(0.01, 120))
def test_a_fargate_task_is_valid_and_never_smaller_than_its_box(cpu, memory_gib):
    units, mib = Box(cpu, memory_gib).fargate()
    assert mib in SIZES[units]
    assert units >= cpu * 1024
    assert mib >= memory_gib * 1024


@pytest.mark.parametrize("box", [Box(17, 1), Box(1, 121), Box(1, 2, gpu=1)])
def test_what_fargate_does_not_have_is_refused(box):
    with pytest.raises(UserError, match="Fargate has no"):
        box.fargate()


@pytest.mark.parametrize(
    "asked",
    [{"cpu": 0}, {"memory_gib": 0}, {"memory_gib": float("nan")}, {"gpu": -1}, {"retry_memory_factor": 0.5}],
)
def test_a_box_that_no_machine_is_is_refused(asked):
    with pytest.raises(UserError):
        Box(**asked)


def test_kubernetes_is_asked_for_cpu_without_a_limit_and_for_as_much_memory_as_the_limit():
    container = json.loads(Box(2, 0.75, image="own:1", gpu=1).op_tags()["dagster-k8s/config"])[
        "container_config"
    ]
    assert container == {
        "image": "own:1",
        "resources": {
            "requests": {"cpu": "2", "memory": "768Mi"},
            "limits": {"memory": "768Mi", "nvidia.com/gpu": "1"},
        },
    }


@given(
    st.builds(
        Box,
        cpu=st.integers(1, 64),
        memory_gib=st.floats(0.01, 120),
        image=st.none() | st.just("registry.example/team/torch:2.1"),
        gpu=st.integers(1, 4),
        retry_memory_factor=st.floats(1, 8),
    )
)
def test_a_box_is_read_back_from_its_tags(box):
    assert Box.of_tags(box.op_tags()) == box


def test_no_tag_is_the_default_box_and_a_broken_one_is_named():
    assert Box.of_tags({}) == Box()
    with pytest.raises(UserError, match="is no box"):
        Box.of_tags({"rs_assets/box": "cpu=many"})
