"""What a model may say: declared once, documented once, and nothing else is read."""

import ast
import inspect
import pathlib
import re

import pytest

import kerasrec_zoo
from kerasrec import models
from kerasrec.data.schema import Schema
from kerasrec.errors import InputError
from kerasrec.layers import TableScores
from kerasrec.models.hooks import HOOKS, Hooks
from kerasrec.models.recommender import Recommender

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHAPES = [
    models.FactorModel,
    models.NeighbourModel,
    models.JointModel,
    models.Retriever,
    models.SequenceModel,
    models.TowerModel,
]
ZOO = [cls for _, cls in inspect.getmembers(kerasrec_zoo, inspect.isclass)]
# What a model may extend besides: Keras's own methods, and those of every `Recommender`.
METHODS = {"call", "fit", "load_rows_from", "top_k"}
# What the constructors set: of every model, and of one with item vectors.
SET = {"schema", "query_model", "query_inputs", "train_inputs"}
SET |= {"catalog", "code", "item_model", "item_tower", "log_q", "content_scores"}
SET |= {"compiled", "loss", "name", "optimizer", "output_shape", "stop_training"}
# The node `model` of a config.
CONFIG = {"arguments", "class_", "trust"}


@pytest.mark.parametrize("cls", [*SHAPES, *ZOO], ids=lambda cls: cls.__name__)
def test_a_model_overrides_hooks_and_methods_that_are_listed(cls):
    bases = [base for base in cls.__mro__[1:] if base is not object]
    own = {name for name in vars(cls) if not name.startswith("_")}
    inherited = {name for name in own if any(name in vars(base) for base in bases)}
    assert inherited <= HOOKS | METHODS


def test_the_docs_list_the_hooks_with_their_meaning_and_that_of_none():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    section = text.partition("## What a model may say\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \|$", section, re.MULTILINE)
    assert sorted(name for name, _, _ in rows) == sorted(HOOKS)
    documented = inspect.getdoc(Hooks)
    for name, meaning, none in rows:
        assert meaning
        assert re.search(rf"^    {name}: |`{name}`", documented, re.MULTILINE), name
        assert bool(none) == (name in may_be_none()), name


def may_be_none():
    """Hooks whose default is None, or whose documentation says what None means."""
    said = re.findall(r"^    (\w+): ((?:.|\n        )*)", inspect.getdoc(Hooks), re.MULTILINE)
    by_default = {name for name in HOOKS if vars(Hooks)[name] is None}
    return by_default | {name for name, text in said if "None:" in text} | {"attend"}


def library():
    for path in sorted((ROOT / "kerasrec").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield path, node


def name_of(node):
    return getattr(node, "id", getattr(node, "attr", None))


def test_the_library_reads_nothing_of_a_model_by_a_name_in_a_string():
    for path, node in library():
        if isinstance(node, ast.Call) and name_of(node.func) in ("getattr", "hasattr"):
            assert name_of(node.args[0]) != "model", f"{path}:{node.lineno}"


def test_the_library_reads_nothing_of_a_model_but_hooks_and_what_the_base_gives():
    known = HOOKS | SET | CONFIG | set(dir(Recommender))
    for path, node in library():
        if isinstance(node, ast.Attribute) and name_of(node.value) == "model":
            assert node.attr in known, f"{path}:{node.lineno}: model.{node.attr}"


@pytest.mark.parametrize(
    "name,right",
    [
        ("capabilites", "capabilities"),
        ("bias_column", "bias_columns"),
        ("score_pair", "score_pairs"),
    ],
)
def test_a_name_that_is_nearly_a_hook_is_refused_in_a_class(name, right):
    with pytest.raises(InputError, match=f"Own.{name} overrides nothing: did you mean {right}?"):
        type("Own", (models.Retriever,), {name: None})


def test_names_of_ones_own_and_private_ones_are_free():
    own = {"attention_weights": None, "_capabilites": None, "friends": None}
    assert type("Own", (models.Retriever,), own)


def test_a_constructor_sets_no_attribute_that_is_nearly_a_hook():
    class Own(models.NeighbourModel):
        def __init__(self, schema, name=None):
            super().__init__(schema=schema, scores=TableScores(schema.num_items), name=name)
            self.predict_values = True

    with pytest.raises(InputError, match="Own.predict_values is never read: did you mean"):
        Own(Schema(num_users=3, num_items=4))
