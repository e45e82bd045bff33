"""The page on the articles says what the tests prove, and every term of it finds a model."""

import ast
import importlib.util
import pathlib
import re

import pytest

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[1]
SPEC = importlib.util.spec_from_file_location("kerasrec_articles_page", HERE / "page.py")
PAGE = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(PAGE)
IDEAS = PAGE.ideas()
# The ideas of the five articles, and of the project's card.
LAST = 141


def test_the_page_is_what_the_docstrings_say():
    assert PAGE.PAGE.read_text(encoding="utf-8") == PAGE.page(), "python tests/articles/page.py"


def test_every_idea_has_a_row():
    missing = set(range(1, LAST + 1)) - {idea.number for idea in IDEAS}
    assert not missing


def test_every_proof_is_a_test_that_exists():
    for idea in IDEAS:
        if not idea.proof:
            assert idea.keys["why_not"].endswith("."), idea
            continue
        path, _, name = idea.proof.partition("::")
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        assert name.startswith("test_") and name in {
            node.name for node in tree.body if isinstance(node, ast.FunctionDef)
        }, idea.proof


def test_every_config_of_a_command_exists():
    for idea in IDEAS:
        for path in re.findall(r"configs/\S+\.yaml", idea.keys.get("command", "")):
            assert (ROOT / path).is_file(), (idea.number, path)


def test_every_term_finds_a_model():
    from kerasrec.cli.listing import models, search

    cards = models()
    for idea in IDEAS:
        for term in (*idea.english.split(", "), *idea.chinese.split("、")):
            assert search(cards, term), f"{idea.number}: no card has the term {term!r}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("one | 000 | a | b", "expected `number"),
        ("1 | 000 | a | b\nformla: x", "expected `number"),
        ("1 | 000 | a | b\nuse: x", "give either proof"),
        ("1 | 000 | a | b\nproof: x\nwhy_not: y", "give either proof"),
    ],
)
def test_a_docstring_in_another_form_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        PAGE.read(text, "tests/articles/elsewhere_000_001.py::a")


def test_a_value_may_have_several_lines():
    text = "1 | 000 2 | a | b\n2 | 000 3 | c | d\n\nuse: one\n    two\nproof: tests/x.py::test_y"
    first, second = PAGE.read(text, "tests/articles/elsewhere_000_001.py::a")
    assert (first.number, second.english) == (1, "c") and first.keys == {"use": "one two"}
    assert first.proof == second.proof == "tests/x.py::test_y"
