"""A box's declaration is changed in its one number."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from rs_assets.compute.declarations import diff, in_python, in_yaml, rewritten, shared
from rs_assets.errors import UserError

PYTHON = '''"""Größe."""
import dagster as dg
LIGHT, FITTING = Box(cpu=1, memory_gib=4), Box(2, 8)  # ä
BARE = Box()
FEW = Box(cpu=2)

@dg.asset(op_tags=LIGHT.op_tags())
def light(): ...

@dg.multi_asset(
    name="x",
    op_tags=FITTING.op_tags(),
)
def fitting(): ...

@dg.asset(op_tags=BARE.op_tags())
def bare(): ...

@dg.asset(op_tags=FEW.op_tags())
def few(): ...

@dg.asset(op_tags=Box(cpu=1, memory_gib=3).op_tags())
def inline(): ...

@dg.asset(op_tags=tags())
def unknown(): ...
'''


def line_of(name: str) -> int:
    lines = PYTHON.splitlines()
    at = lines.index(f"def {name}(): ...")
    return next(n for n in range(at, -1, -1) if lines[n].startswith("@")) + 1


@pytest.fixture
def module(tmp_path: Path) -> Path:
    path = tmp_path / "assets.py"
    path.write_text(PYTHON, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("light", "memory_gib=4)", "memory_gib=0.75)"),
        ("fitting", "Box(2, 8)", "Box(2, 0.75)"),
        ("bare", "BARE = Box()", "BARE = Box(memory_gib=0.75)"),
        ("few", "FEW = Box(cpu=2)", "FEW = Box(cpu=2, memory_gib=0.75)"),
        ("inline", "memory_gib=3", "memory_gib=0.75"),
    ],
)
def test_the_number_in_python_is_changed_and_nothing_else(module, name, old, new):
    found = in_python(module, line_of(name))
    assert rewritten({found: 0.75}) == {module: PYTHON.replace(old, new)}


@pytest.mark.parametrize("line", [line_of("unknown"), 1])
def test_a_form_that_is_not_known_is_told_with_the_one_that_is(module, line):
    with pytest.raises(UserError, match="no box that can be changed") as refused:
        in_python(module, line)
    assert "op_tags=BOX.op_tags()" in refused.value.hint


def test_several_numbers_of_a_file_are_changed_together(module):
    changes = shared(
        (in_python(module, line_of(name)), 0.5) for name in ("light", "fitting", "few", "inline")
    )
    text = rewritten(changes)[module]
    assert text.count("0.5") == 4


def test_steps_that_share_a_declaration_get_the_largest_size(module):
    place = in_python(module, line_of("light"))
    assert shared([(place, 0.5), (place, 2.0), (place, 1.0)]) == {place: 2.0}


YAML = """models:
  - name: flow
    meta: {key: [a], box: {cpu: 1, memory_gib: 2}, group: g}  # why
  - name: block
    config:
      meta:
        box:
          cpu: 1
          memory_gib: 3   # much
  - name: lacking
    meta: {box: {cpu: 1}}
  - name: lacking_block
    meta:
      box:
        cpu: 2
        image: own
    description: d
  - name: none
"""


@pytest.mark.parametrize("model", ["flow", "block", "lacking", "lacking_block"])
def test_the_number_in_yaml_is_changed_and_nothing_else(tmp_path, model):
    path = tmp_path / "schema.yml"
    path.write_text(YAML)
    text = rewritten({in_yaml(path, model): 0.75})[path]
    expected = yaml.safe_load(YAML)
    (one,) = [node for node in expected["models"] if node["name"] == model]
    (one.get("meta") or one["config"]["meta"])["box"]["memory_gib"] = 0.75
    assert yaml.safe_load(text) == expected
    assert ("# why" in text, "# much" in text) == (True, True)


@pytest.mark.parametrize("model", ["none", "nobody"])
def test_a_model_without_a_box_is_told(tmp_path, model):
    path = tmp_path / "schema.yml"
    path.write_text(YAML)
    with pytest.raises(UserError, match=f"the model {model} has no box"):
        in_yaml(path, model)


def test_git_applies_the_diff(module, tmp_path):
    schema = tmp_path / "schema.yml"
    schema.write_text(YAML)
    changes = {in_python(module, line_of("light")): 1.5, in_yaml(schema, "flow"): 1.25}
    wanted = rewritten(changes)
    patch = diff(changes, tmp_path)
    subprocess.run(["git", "apply", "-"], input=patch, text=True, cwd=tmp_path, check=True)
    assert {path: path.read_text(encoding="utf-8") for path in wanted} == wanted
    assert patch.count("@@ -") == 2
