"""The exports of all configs of the repository hold only operations that are served without trust.

Those of models with default arguments are written and compared in tests/zoo/test_zoo.py.
"""

import inspect
import pathlib

import numpy as np
import pytest
import yaml

import kerasrec_zoo
from kerasrec.export.search import ExactIndex
from kerasrec.export.serving_graph import ServingGraph
from kerasrec.models import Ranker
from kerasrec.models.contract.every_kind import every_kind
from kerasrec.savedmodel.operations import OPERATIONS

CONFIGS = pathlib.Path(__file__).resolve().parents[2] / "configs"
# They change the sizes of layers, the numbers in them, or only the training.
SAME_OPERATIONS = {"class", "candidates", "log_q", "filters", "mlp", "dilations", "feature_weights"}

pytestmark = pytest.mark.slow


def forms():
    """The classes of all configs, each with the arguments that can change its operations."""
    found = {}
    for path in sorted(CONFIGS.rglob("*.yaml")):
        model = yaml.safe_load(path.read_text(encoding="utf-8")).get("model") or {}
        given = {
            name: value
            for name, value in model.items()
            if name not in SAME_OPERATIONS and not _is_number(value)
        }
        cls = getattr(kerasrec_zoo, model.get("class", ""), None)
        if cls is None:  # a Blend, whose parts have configs of their own
            continue
        if issubclass(cls, Ranker):
            continue  # their exports are checked in tests/zoo/test_rankers.py
        defaults = {name: each.default for name, each in inspect.signature(cls).parameters.items()}
        if any(defaults[name] != value for name, value in given.items()):
            found[" ".join([cls.__name__, *map(str, given.values())])] = cls, given
    return [pytest.param(*form, id=name) for name, form in found.items()]


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


@pytest.mark.parametrize("cls,given", forms())
def test_no_operation_is_foreign(cls, given):
    train = every_kind()
    small = {"dim", "hidden_dim"} & inspect.signature(cls).parameters.keys()
    model = cls(train.schema(history_length=4), **dict.fromkeys(small, 4), **given)
    model.adapt(train)
    index = ExactIndex(np.asarray(model.encode_catalog())) if model.searchable else None
    name = "recommend_explained"
    graph = ServingGraph(model, 3, index)
    traced = graph.function(name if name in graph.signatures else "recommend")
    definition = traced.get_concrete_function().graph.as_graph_def()
    nodes = [*definition.node]
    nodes += [node for function in definition.library.function for node in function.node_def]
    assert {node.op for node in nodes} - OPERATIONS == set()
