"""What is said of a step that was killed for memory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rs_assets.compute.docker.memory import Kill, oom_kills, proposed_gib


def test_it_names_the_asset_its_limit_and_a_larger_one():
    assert str(Kill("dbt_session_features", 512)) == (
        "session_features needs more than its 0.5 GiB: the kernel killed it. "
        "Give it Box(memory_gib=0.75), or see `rs-assets boxes`."
    )


def test_a_process_of_the_steps_own_is_told_apart_and_so_is_another_attempt():
    said = str(Kill("split", 2048, 4096, child=True))
    assert "split needs more than its 2 GiB: the kernel killed one of its processes." in said
    assert said.endswith("It is tried again with 4 GiB.")


@pytest.mark.parametrize(
    ("file", "text", "kills"),
    [
        ("memory/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n", 3),
        ("memory/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\n", 0),
        ("memory.events", "low 0\nhigh 0\nmax 17\noom 2\noom_kill 1\noom_group_kill 0\n", 1),
        ("unrelated", "", 0),
    ],
)
def test_kills_are_counted_by_either_version_of_cgroups_or_by_none(tmp_path, file, text, kills):
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(text)
    assert oom_kills(tmp_path) == kills


@given(st.integers(1, 2**20))
def test_what_is_proposed_is_half_as_much_again_in_quarters(memory_mib):
    proposed = proposed_gib(memory_mib)
    assert proposed * 4 == int(proposed * 4)
    assert 0 <= proposed - memory_mib / 1024 * 1.5 < 0.25
