"""Mistakes that people make in a model, one at a time: each is answered with its cause."""

import pathlib

import keras
import pytest

import kerasrec.cli.skeletons
from kerasrec.errors import InputError
from kerasrec.models import check_model

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("without_graphs")]
POOL = pathlib.Path(__file__).with_name("gated_pool.py")
SKELETONS = pathlib.Path(kerasrec.cli.skeletons.__file__).parent
# Model, what is replaced in its source, by what, and what is said.
MISTAKES = {
    "not registered": (
        "pool",
        "@register\n",
        "",
        "the class is not registered.*put @register of kerasrec.register in front of the class",
    ),
    "untrained items have vectors of their own": (
        "retriever",
        "items(item.known), item.known",
        "items(item.row), item.row",
        "without train interactions has a score that differs from the unknown.*ItemInputs",
    ),
    "untrained items are read in a history": (
        "pool",
        "item_table(schema), dropout)",
        "item_table(schema), dropout, known_only=False)",
        "in a history is read otherwise than the unknown item.*known_only of HistoryInputs",
    ),
    "a bias column is not counted": (
        "retriever",
        "    def __init__",
        "    bias_columns = 0\n\n    def __init__",
        "bias_columns is 0, and the last 1 columns .* are the same for all queries or for all",
    ),
    "a column too many is a bias": (
        "pool",
        "    def __init__",
        "    bias_columns = 2\n\n    def __init__",
        "bias_columns is 2, and the last 1 columns",
    ),
    "behaviors and times are left out": (
        "pool",
        "gate(history.vectors) * history.vectors",
        "gate(history.item_vectors) * history.item_vectors",
        "do not change with the behaviors of a history.*\n.*with the times of a history.*Step",
    ),
    "the next step is read": (
        "pool",
        "history, query, states,",
        "history, query, ops.pad(states, [[0, 0], [0, 1], [0, 0]])[:, 1:],",
        "position 0 of the training query changes when step 1 changes .*reads the future",
    ),
    "a later step is read": (
        "pool",
        "history, query, states,",
        "history, query, ops.pad(states, [[0, 0], [0, 3], [0, 0]])[:, 3:],",
        "position 0 of the training query changes when step 1 changes .*reads the future",
    ),
    "a query where states belong": (
        "pool",
        "super().__init__(history, query, states,",
        "super().__init__(history, query, query,",
        r"learns from every position of a history \(steps 'all'\).*\(batch, length, dim\)",
    ),
    "an argument is changed": (
        "pool",
        "candidates, name=name)",
        "candidates, name=name)\n        self.window = window - 1",
        "argument window was given as 3 and is kept as 2: a checkpoint would build another",
    ),
    "inputs are written out, and wrong": (
        "pool",
        "candidates, name=name)",
        'candidates, name=name)\n        self.query_inputs = ("history", "user")',
        r"query_inputs is \('history', 'user'\) and the graph reads \('history', 'behavior'",
    ),
    "histories are not declared": (
        "pool",
        "    def __init__",
        '    capabilities = frozenset({"users"})\n\n    def __init__',
        "capabilities lack 'histories', and a query reads a history and no user",
    ),
    "histories are declared by a model of users": (
        "retriever",
        "    def __init__",
        '    capabilities = frozenset({"users", "histories"})\n\n    def __init__',
        "capabilities hold 'histories', and a query reads the user alone",
    ),
    "cold items are declared without features": (
        "neighbour",
        "        super().__init__(schema=schema, scores=scores, name=name)",
        "        super().__init__(schema=schema, scores=scores, name=name)\n"
        '        self.capabilities = frozenset({"users", "histories", "cold_items"})',
        "capabilities hold 'cold_items', and no item feature is read",
    ),
    "a capability that there is not": (
        "joint",
        "    def __init__",
        '    capabilities = frozenset({"users", "sessions"})\n\n    def __init__',
        "capabilities hold 'sessions': there are users, histories and cold_items",
    ),
    "context is dropped at a rate of its own": (
        "pool",
        "item_table(schema), dropout)",
        "item_table(schema), 0.5)",
        r"two passes in training mode differ, by the rates .*step_context \(0.1\): tie each rate",
    ),
    "a rate is no argument": (
        "pool",
        "Dropout(dropout,",
        "Dropout(0.3,",
        r"two passes in training mode differ, by the rates .*state_dropout \(0.3\): tie each rate",
    ),
    "a hook is misspelt as a method": (
        "pool",
        "    def __init__",
        "    def contribution(self, inputs, history, items):\n        return 0\n\n    def __init__",
        "GatedPool.contribution overrides nothing: did you mean contributions",
    ),
    "a hook is misspelt as an attribute of the class": (
        "pool",
        "    def __init__",
        '    capabilites = frozenset({"users"})\n\n    def __init__',
        "GatedPool.capabilites overrides nothing: did you mean capabilities",
    ),
    "a hook is misspelt in the constructor": (
        "pool",
        "candidates, name=name)",
        "candidates, name=name)\n        self.bias_column = 2",
        "GatedPool.bias_column is never read: did you mean bias_columns",
    ),
}  # fmt: skip
ARGUMENTS = {"pool": {"dim": 4, "window": 3}, "neighbour": {}}


def source(model):
    return (POOL if model == "pool" else SKELETONS / f"{model}.py").read_text(encoding="utf-8")


def check(model, text):
    """Runs the source of a model and checks its class, with the same weights every time."""
    keras.utils.set_random_seed(0)
    space = {"__name__": "models_of_strangers"}
    exec(compile(text, model, "exec"), space)
    check_model(
        space["GatedPool" if model == "pool" else "NewModel"], **ARGUMENTS.get(model, {"dim": 4})
    )


@pytest.mark.parametrize("model", ["pool", "retriever", "sequence", "neighbour", "joint"])
def test_the_models_are_right_as_they_stand(model):
    check(model, source(model))


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named(mistake):
    model, right, wrong, said = MISTAKES[mistake]
    assert source(model).count(right) == 1
    with pytest.raises(InputError, match=f"(?s){said}") as told:
        check(model, source(model).replace(right, wrong))
    lines = str(told.value).splitlines()
    assert len(lines) <= 3, "one mistake, and what follows from it"


def test_a_model_may_declare_that_it_reads_no_context():
    text = source("pool").replace("history.vectors", "history.item_vectors")
    check("pool", text.replace("    def __init__", "    context_read = False\n\n    def __init__"))


def test_of_a_model_of_an_evening_little_is_boilerplate():
    nextitnet = code_lines(SKELETONS.parents[2] / "zoo" / "nextitnet.py")
    own = code_lines(POOL)
    assert len(own) <= 25
    assert len([line for line in own if line in nextitnet]) <= 0.35 * len(own)


def code_lines(path):
    """The lines of code of a model below its docstring."""
    below = path.read_text(encoding="utf-8").rpartition('"""')[2].splitlines()
    return [line.strip() for line in below if line.strip() and not line.strip().startswith("#")]
