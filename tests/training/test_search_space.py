import math

import pytest

from kerasrec.training.tune.search_space import SearchSpace

PARAMETERS = {
    "model.dim": [8, 16],
    "model.mlp": [[64], [64, 32], None],
    "train.epochs": {"low": 2, "high": 3},
}


class Highest:
    """Stands in for an Optuna trial: the last of a list, the upper end of a range."""

    def __init__(self):
        self.params, self.log = {}, {}

    def suggest_categorical(self, key, choices):
        self.params[key] = choices[-1]

    def suggest_float(self, key, low, high, log):
        assert isinstance(log, bool)
        self.params[key], self.log[key] = high, log

    suggest_int = suggest_float


def test_combinations_are_distinct_and_ordered_by_the_seed():
    space = SearchSpace(PARAMETERS)
    found = space.combinations(seed=0)
    assert space.size == len(found) == 12
    assert len({str(one) for one in found}) == 12
    assert found == space.combinations(seed=0) != space.combinations(seed=1)


@pytest.mark.parametrize(
    "given,size", [({"low": 0, "high": 1.0}, math.inf), ({"low": -1, "high": 1}, 3), (["a"], 1)]
)
def test_size(given, size):
    assert SearchSpace({"a": given}).size == size


def test_values_keep_their_types():
    space, trial = SearchSpace({**PARAMETERS, "model.mlp": [[64], {"a": 1}]}), Highest()
    space.suggest(trial)
    assert trial.params["model.mlp"] == '{"a": 1}'
    assert space.values(trial.params) == {
        "model.dim": 16,
        "model.mlp": {"a": 1},
        "train.epochs": 3,
    }


def test_a_log_range_is_drawn_log_uniformly():
    trial = Highest()
    SearchSpace({"a": {"low": 1, "high": 9, "log": True}, "b": {"low": 0.0, "high": 1}}).suggest(
        trial
    )
    assert trial.log == {"a": True, "b": False}
