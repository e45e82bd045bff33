"""`train.validate_every` and `train.validate_users`: what is validated, and for whom."""

import csv
import types

import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec.config import load_config
from kerasrec.config.train_node import TrainNode
from kerasrec.errors import InputError
from kerasrec.evaluation import evaluate
from kerasrec.models import load
from kerasrec.training import BestCheckpoint, RunFolder, run
from kerasrec.training.callbacks import validation_users
from kerasrec.training.callbacks.every_nth_epoch import EveryNthEpoch
from kerasrec.training.callbacks.training_state import TrainingState
from kerasrec.training.callbacks.validation_users import ValidationUsers
from kerasrec.training.fit import fit
from kerasrec.training.tune.tune import tune
from kerasrec_zoo import MatrixFactorization

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("without_graphs")]

NAME = "val_ndcg@10"
# By epoch from 0; the best of all is epoch 2, of epochs 1, 3, 5 and 6 it is epoch 3.
VALUES = [0.1, 0.2, 0.9, 0.5, 0.3, 0.4, 0.5]


class Planted(keras.callbacks.Callback):
    """Stands in for the ranking."""

    def __init__(self, *given):
        super().__init__()

    def on_epoch_end(self, epoch, logs=None):
        logs[NAME] = VALUES[epoch]


class StopAfter(keras.callbacks.Callback):
    """Stands in for Ctrl-C in an epoch, or with `softly` for an early stop by another callback."""

    def __init__(self, epoch, softly=False):
        super().__init__()
        self.epoch, self.softly = epoch, softly

    def on_epoch_begin(self, epoch, logs=None):
        if epoch > self.epoch and not self.softly:
            raise KeyboardInterrupt

    def on_epoch_end(self, epoch, logs=None):
        if epoch == self.epoch and self.softly:
            self.model.stop_training = True


def factors(split, seed=0):
    keras.utils.set_random_seed(seed)
    model = MatrixFactorization(split.train.schema(), dim=4)
    model.adapt(split.train)
    return model


def node(**changed):
    adam = {"class": "adam", "learning_rate": 0.01}
    start = {"epochs": 7, "batch_size": 2048, "optimizer": adam, "patience": None}
    return TrainNode(**{**start, **changed})


def folder_at(path):
    path.mkdir()
    return RunFolder(path)


def fitted(split, folder, **arguments):
    train = arguments.pop("train")
    return fit(factors(split), split, train, folder, progress=False, **arguments)


@pytest.fixture
def planted(monkeypatch):
    monkeypatch.setattr("kerasrec.training.fit.RankingValidation", Planted)


def validated(history):
    return [epoch for epoch, logs in enumerate(history) if NAME in logs]


def validations(every, epochs=7, patience=None, history=()):
    """The logs of epochs that are validated and counted by the callbacks alone, without a model."""
    best = BestCheckpoint(None, NAME, patience, history)
    every_nth = EveryNthEpoch(every, [Planted()])
    every_nth.set_params({"epochs": epochs})
    model, history = types.SimpleNamespace(stop_training=best.is_over()), [*history]
    for callback in (every_nth, best):
        callback.set_model(model)
    while len(history) < epochs and not model.stop_training:
        logs = {"loss": 1.0}
        for callback in (every_nth, best):
            callback.on_epoch_end(len(history), logs)
        history.append(logs)
    return history


@pytest.mark.parametrize(
    "every,epochs,expected",
    [(1, 3, [0, 1, 2]), (2, 7, [1, 3, 5, 6]), (3, 6, [2, 5]), (99, 4, [3])],
)
def test_every_nth_epoch_and_the_last_are_validated(every, epochs, expected):
    history = validations(every, epochs)
    assert validated(history) == expected and len(history) == epochs


def test_an_epoch_that_is_cut_short_is_validated():
    every_nth = EveryNthEpoch(3, [Planted()])
    every_nth.set_params({"epochs": 7})
    every_nth.set_model(types.SimpleNamespace(stop_training=True))
    logs = {}
    every_nth.on_epoch_end(3, logs)
    assert NAME in logs


@pytest.mark.parametrize(
    "every,patience,epochs",
    [
        # Of epochs 1, 3, 5 and 6 the best is 3: the first that is not better is 5, the second 6.
        (2, 1, 6),
        (2, 2, 7),
        # Of epochs 2, 5 and 6 the best is 2.
        (3, 1, 6),
        # Epoch 5 is the third one after epoch 2.
        (1, 3, 6),
    ],
)
def test_patience_counts_validations(every, patience, epochs):
    history = validations(every, patience=patience)
    assert len(history) == epochs
    for done in range(epochs + 1):
        assert validations(every, patience=patience, history=history[:done]) == history


def test_a_resumed_fit_equals_an_uninterrupted_one(split, planted, tmp_path):
    whole, stopped = folder_at(tmp_path / "whole"), folder_at(tmp_path / "stopped")
    train = node(validate_every=2, patience=1)
    expected = fitted(split, whole, train=train)
    with pytest.raises(KeyboardInterrupt):
        fitted(split, stopped, train=train, callbacks=[StopAfter(4)])
    found = fitted(split, stopped, train=train, resume=True)
    assert found == [pytest.approx(logs, rel=1e-6) for logs in expected]
    assert validated(found) == [1, 3, 5] and len(found) == 6
    # The best of the validated epochs is epoch 3.
    four = factors(split)
    fit(four, split, node(epochs=4), None, progress=False)
    for folder in (whole, stopped):
        kept = load(folder.checkpoint).get_weights()
        for one, other in zip(kept, four.get_weights(), strict=True):
            np.testing.assert_allclose(one, other, rtol=0, atol=1e-6)
    with open(stopped.history, newline="") as file:
        written = [row[NAME] for row in csv.DictReader(file)]
    assert written == ["", "0.2", "", "0.5", "", "0.4"]


def test_a_fit_stopped_before_its_first_validation_keeps_its_last_epoch(split, planted, tmp_path):
    folder, stop = folder_at(tmp_path / "run"), StopAfter(1, softly=True)
    model = factors(split)
    train = node(validate_every=5)
    history = fit(model, split, train, folder, progress=False, callbacks=[stop])
    assert len(history) == 2 and validated(history) == []
    for one, other in zip(model.get_weights(), load(folder.checkpoint).get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    # Going on, a validated epoch takes its place.
    history = fitted(split, folder, train=train, resume=True)
    assert validated(history) == [4, 6]


class Recorder(keras.callbacks.Callback):
    """Compares the metrics in the logs with an evaluation of the same users."""

    def __init__(self, split, **asked):
        super().__init__()
        self.split, self.asked, self.equal = split, asked, []

    def on_epoch_end(self, epoch, logs=None):
        if NAME in logs:
            expected = evaluate(
                self.model, self.split, "validation", baselines=(), bootstrap=0, **self.asked
            )
            mean = expected.rows[0]["metrics"]["ndcg@10"]["mean"]
            self.equal.append(logs[NAME] == mean)


@pytest.mark.parametrize("asked,measured", [("auto", {}), (7, {"users": 7, "seed": 3})])
def test_the_users_of_a_validation_are_drawn_by_the_seed(split, asked, measured):
    recorder = Recorder(split, **measured)
    train = node(epochs=2, validate_users=asked, seed=3)
    users = ValidationUsers(split, train)
    fitted(split, None, train=train, callbacks=[recorder], validation_users=users)
    assert recorder.equal == [True, True] and users.number == measured.get("users", 60)


def test_values_are_compared_for_the_same_users(rated):
    train = node(epochs=1, validate_users=7, seed=3, loss="mse", monitor="rmse")
    keras.utils.set_random_seed(0)
    model = MatrixFactorization(rated.train.schema(), dim=2, candidates="pair")
    model.adapt(rated.train)
    recorder = Recorder(rated, users=7, seed=3)
    (logs,) = fit(model, rated, train, None, progress=False, callbacks=[recorder])
    # As `evaluate` draws them: of the 40 users, by the second of the seed's generators.
    users = np.unique(rated.validation.user)
    drawn = np.random.default_rng([3, 1]).choice(len(users), 7, replace=False)
    asked = rated.validation.select(np.isin(rated.validation.user, users[drawn]))
    errors = model.score_pairs({"user": asked.user}, asked.item) - asked.value
    assert logs["val_rmse"] == pytest.approx(np.sqrt(np.mean(errors**2)), rel=1e-5)
    assert recorder.equal == [True] and len(asked) < len(rated.validation)


@pytest.fixture
def slow_ranking(monkeypatch):
    """`auto` draws at least 8 of more users, and whatever is ranked for takes too long."""
    monkeypatch.setattr(validation_users, "FEWEST", 8)
    monkeypatch.setattr(validation_users, "TIMED", 4)
    monkeypatch.setattr(validation_users, "SHARE", 0.0)


def test_a_resumed_fit_keeps_its_users_and_cutoffs(split, tmp_path, monkeypatch, slow_ranking):
    folder, recorder = folder_at(tmp_path / "run"), Recorder(split, users=8, seed=0)
    train = node(epochs=3, validate_every=2)
    with pytest.raises(KeyboardInterrupt):
        callbacks = [recorder, StopAfter(1)]
        fitted(split, folder, train=train, ks=(5, 10), callbacks=callbacks)
    # On another machine `auto` would choose another number: all validations rank for the same.
    monkeypatch.setattr(validation_users, "SHARE", 1e9)
    history = fitted(split, folder, train=train, ks=(7,), resume=True, callbacks=[recorder])
    assert validated(history) == [1, 2] and recorder.equal == [True, True]
    assert "val_ndcg@5" in history[2] and "val_ndcg@7" not in history[2]


@pytest.mark.parametrize("number", [None, 8])
def test_the_number_is_in_the_state(split, tmp_path, monkeypatch, number):
    monkeypatch.setattr(validation_users, "FEWEST", 8)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(), "mse")
    model.optimizer.build(model.trainable_variables)
    states = []
    for _ in range(2):
        users = ValidationUsers(split, node())
        files = tmp_path / "state.npz", tmp_path / "history.csv"
        states.append(TrainingState(*files, validation_users=users))
    first, second = states
    first.set_model(model)
    first.validation_users.number = number
    first.on_epoch_end(0, {"loss": 1.0})
    second.restore(model)
    assert second.validation_users.number == number and len(second.history) == 1


CONFIG = """\
data: {name: synthetic, options: {users: 50, items: 100}, history_length: 5}
model: {class: MatrixFactorization, dim: 4}
train: {epochs: 3, batch_size: 2048, validate_every: 2}
evaluate: {ks: [5, 10], baselines: []}
"""


@pytest.fixture
def config(tmp_path, monkeypatch):
    """`config(*changes)`: the config above with some of its values changed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run.yaml").write_text(CONFIG)
    return lambda *changes: load_config("run.yaml", changes)


TRIALS = "tune={trials: 2, parameters: {model.dim: [2, 4]}}"


def test_a_run_says_and_writes_what_was_validated(config, slow_ranking):
    lines = []
    folder, _, _ = run(config(), run_dir="out", say=lines.append, progress=False)
    metrics = folder.read_metrics()
    said = [line for line in lines if "Validation ranks" in line]
    assert len(said) == 1 and said[0].startswith("Validation ranks for 8 of 50 users, drawn at ")
    assert metrics["validated_users"] == 8 and metrics["epochs"] == 3
    history = pd.read_csv(folder.history)
    assert history[NAME].isna().tolist() == [True, False, False]
    assert metrics["best_epoch"] == 1 + history[NAME].idxmax()
    assert (folder.path / "metrics.png").exists()


@pytest.mark.parametrize(
    "changes,number",
    [
        (["train.validate_every=1"], 50),
        (["model={class: Popularity}"], None),
        (["split={protocol: none}", "train.validate_every=1"], None),
    ],
)
def test_what_was_validated_without_a_sample(config, changes, number):
    lines = []
    folder, _, _ = run(config(*changes), run_dir="out", say=lines.append, progress=False)
    assert folder.read_metrics()["validated_users"] == number
    assert not any("Validation ranks" in line for line in lines)


def test_all_trials_of_a_search_are_measured_alike(config, monkeypatch, slow_ranking):
    numbers = []

    def recorded(*given, **more):
        numbers.append(more["users"])
        return evaluate(*given, **more)

    monkeypatch.setattr("kerasrec.training.callbacks.ranking_validation.evaluate", recorded)
    lines, quiet = [], {"note": lambda line: None, "progress": False}
    found = tune(config(TRIALS, "tune.trials=1"), run_dir="out", say=lines.append, **quiet)
    # 1 and 4 users are timed once, then the validations are for 8.
    assert numbers == [1, 1, 4, 4, 8, 8]
    assert sum("Validation ranks for 8 of 50" in line for line in lines) == 1
    best = found["best"]
    assert best["epochs"] == 3 and best["best_epoch"] in (2, 3)
    monkeypatch.setattr(validation_users, "SHARE", 1e9)
    found = tune(config(TRIALS), run_dir="out", resume=True, say=lines.append, **quiet)
    assert numbers[6:] == [8, 8] and found["states"]["complete"] == 2


def test_a_model_that_counts_is_validated_for_all(config, monkeypatch, slow_ranking):
    search = ["model={class: ItemKNN}", "tune={parameters: {model.shrinkage: [4.0]}}"]
    quiet = {"say": lambda line: None, "note": lambda line: None, "progress": False}
    found = {}
    for asked in ("auto", "all", "7"):
        changed = config(*search, f"train.validate_users={asked}")
        found[asked] = tune(changed, run_dir=asked, **quiet)["best"]["value"]
    assert found["auto"] == found["all"] != found["7"]


@pytest.mark.parametrize("value", ["0", "-1", "some", "2.5", "true", "null"])
def test_a_wrong_number_of_users_is_named(config, value):
    with pytest.raises(InputError, match="auto, all or a whole number of at least 1"):
        config(f"train.validate_users={value}")


def test_a_wrong_interval_is_named(config):
    with pytest.raises(InputError, match="train.validate_every"):
        config("train.validate_every=0")


@pytest.mark.parametrize("name,values", [("every", [1, 2]), ("users", [7, 9])])
def test_a_search_does_not_change_how_it_validates(config, name, values):
    with pytest.raises(InputError, match="all trials are measured in the same way"):
        config(f"tune={{parameters: {{train.validate_{name}: {values}}}}}")
