"""Every model of the zoo is exported, and has a test with a value worked out by hand."""

import ast
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def classes(path):
    """Names of the public classes of a file."""
    nodes = ast.parse(path.read_text(encoding="utf-8")).body
    found = [node.name for node in nodes if isinstance(node, ast.ClassDef)]
    return [name for name in found if not name.startswith("_")]


def not_exported(zoo):
    """A sentence for each public class of a folder that its __init__.py does not export."""
    exported = (zoo / "__init__.py").read_text(encoding="utf-8").splitlines()
    for path in sorted(zoo.glob("[!_]*.py")):
        for name in classes(path):
            line = f"from kerasrec_zoo.{path.stem} import {name} as {name}"
            if line not in exported:
                yield f"zoo/__init__.py does not export {name}: add the line {line!r}"


def not_worked_by_hand(zoo, tests):
    """A sentence for each model without a test whose name says that it was worked out by hand."""
    shared = tests / "test_ranker_formulas.py"
    of_rankers = shared.read_text(encoding="utf-8") if shared.exists() else ""
    for path in sorted(zoo.glob("[!_]*.py")):
        test = tests / f"test_{path.stem}.py"
        text = test.read_text(encoding="utf-8") if test.exists() else ""
        if f"def test_{path.stem}_by_hand(" in of_rankers:
            continue
        if not re.search(r"^def test_\w*by_hand", text, re.MULTILINE):
            yield (
                f"tests/zoo/{test.name} has no test with by_hand in its name: a wrong formula is "
                "seen by a score that was worked out from the formula, and by nothing else"
            )


def test_every_model_is_exported():
    assert list(not_exported(ROOT / "zoo")) == []


def test_every_model_has_a_value_worked_out_by_hand():
    assert list(not_worked_by_hand(ROOT / "zoo", ROOT / "tests" / "zoo")) == []


@pytest.fixture
def zoo(tmp_path):
    """A folder with one model that is not exported and has no test."""
    (tmp_path / "pool.py").write_text("class Pool:\n    pass\n\n\nclass _Part:\n    pass\n")
    (tmp_path / "__init__.py").write_text('"""The zoo."""\n')
    return tmp_path


def test_a_model_that_is_not_exported_is_named(zoo):
    line = "from kerasrec_zoo.pool import Pool as Pool"
    assert list(not_exported(zoo)) == [
        f"zoo/__init__.py does not export Pool: add the line {line!r}"
    ]
    (zoo / "__init__.py").write_text(line + "\n")
    assert list(not_exported(zoo)) == []


@pytest.mark.parametrize(
    "text", [None, "def test_learns():\n    pass\n", "def by_hand():\n    1\n"]
)
def test_a_model_without_a_value_worked_out_by_hand_is_named(zoo, text):
    tests = zoo / "tests"
    tests.mkdir()
    if text:
        (tests / "test_pool.py").write_text(text)
    (said,) = not_worked_by_hand(zoo, tests)
    assert said.startswith("tests/zoo/test_pool.py has no test with by_hand in its name")
    (tests / "test_pool.py").write_text("def test_the_score_by_hand():\n    pass\n")
    assert list(not_worked_by_hand(zoo, tests)) == []
