"""The `tune` node of a config, and configs with other values."""

import pytest

from kerasrec.config import load_config
from kerasrec.config.change import change
from kerasrec.errors import InputError

BASE = """\
data: {name: synthetic, options: {users: 50}}
model: {class: MatrixFactorization, dim: 8}
"""


@pytest.fixture
def load(tmp_path):
    def load(parameters="{model.dim: [4, 8]}", more="", base=BASE):
        (tmp_path / "run.yaml").write_text(f"{base}tune: {{{more}parameters: {parameters}}}\n")
        return load_config(tmp_path / "run.yaml")

    return load


def test_defaults_and_values(load):
    config = load("{model.dim: [4, 8], train.epochs: {low: 1, high: 9, log: true}}", "trials: 7, ")
    assert (config.tune.trials, config.tune.seed) == (7, 0)
    assert config.tune.parameters == {
        "model.dim": [4, 8],
        "train.epochs": {"low": 1, "high": 9, "log": True},
    }
    # It is not the run's: one with other ranges can be resumed.
    assert "tune" not in config.to_dict()


@pytest.mark.parametrize(
    "parameters,words",
    [
        ("{model.dmi: [4]}", ["parameters.model.dmi: ", "no argument dmi", "did you mean dim?"]),
        ("{modle.dim: [4]}", ["cannot change modle.dim", "did you mean model.dim?"]),
        ("{train.epoch: [4]}", ["cannot change train.epoch;", "did you mean train.epochs?"]),
        ("{train.epochs: [4, 0]}", ["parameters.train.epochs: ", "greater", "got 0"]),
        ("{train.optimizer.lr: [1]}", ["LazyAdam has no argument lr"]),
        ("{train.optimizer.learning_rate: {low: 0.0, high: 1.0}}", ["above 0", "got 0.0"]),
        ("{train.optimizer: [adam, adamm]}", ["did you mean adam?"]),
        ("{train.loss: [softmax, softmx]}", ["did you mean softmax?"]),
        ("{train.monitor: [ndcg@5]}", ["cannot change train.monitor", "measured in the same way"]),
        ("{split.seed: [1]}", ["cannot change split.seed", "measured in the same way"]),
        ("{model.dim.a: [1]}", ["model.dim is 8, which has no key a"]),
        ("{model.dim: []}", ["run.yaml:3", "one or more values"]),
        ("{model.dim: [4, 4]}", ["all different"]),
        ("{model.dim: 4}", ["a list of values, or a range", "got 4"]),
        ("{model.dim: {low: 4}}", ["low below high", "got {'low': 4}"]),
        ("{model.dim: {low: 4, high: 2}}", ["low below high"]),
        ("{model.dim: {low: true, high: 2}}", ["low below high"]),
        ("{model.dim: {low: 1, high: .inf}}", ["low below high"]),
        ("{model.dim: {low: 0, high: 2, log: true}}", ["with true, low above 0"]),
        ("{model.dim: {low: 1, high: 2, logs: true}}", ["model.dim.logs", "did you mean log?"]),
        ("{}", ["tune.parameters:", "at least 1"]),
    ],
)
def test_what_is_wrong_is_named_before_the_search(load, parameters, words):
    with pytest.raises(InputError) as error:
        load(parameters)
    assert all(word in str(error.value) for word in words), error.value


def test_trials_and_keys_of_the_node_are_checked(load):
    for more, words in (("trials: 0, ", "greater"), ("trails: 3, ", "did you mean trials?")):
        with pytest.raises(InputError, match=words):
            load(more=more)


def test_change_sets_dotted_keys_and_leaves_the_config(load):
    config = load()
    values = {"model.dim": 3, "train.optimizer.learning_rate": 0.5, "data.history_length": 7}
    changed = change(config, values)
    assert changed.model.arguments == {"dim": 3} and changed.data.history_length == 7
    assert changed.train.optimizer.class_ == "auto"
    assert changed.train.optimizer.arguments == {"learning_rate": 0.5}
    assert config.model.arguments == {"dim": 8} and config.train.optimizer == "auto"
    # A name that gets arguments keeps its name, a mapping its others.
    named = change(load(base=f"{BASE}train: {{optimizer: sgd}}\n"), values)
    assert named.train.optimizer.class_ == "sgd"
    again = change(changed, {"train.optimizer.beta_1": 0.8})
    assert again.train.optimizer.arguments == {"learning_rate": 0.5, "beta_1": 0.8}
    with pytest.raises(InputError, match="train.epochs: .*got 0"):
        change(config, {"train.epochs": 0})
