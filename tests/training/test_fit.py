import csv
import errno

import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec.config.factories import LOSSES
from kerasrec.config.train_node import TrainNode
from kerasrec.data import Interactions, splits
from kerasrec.errors import InputError
from kerasrec.models import FiniteLoss, load
from kerasrec.training import RankingValidation, RunFolder
from kerasrec.training.fit import fit
from kerasrec_zoo import Hybrid, MatrixFactorization, Popularity

pytestmark = pytest.mark.slow


def hybrid(split, seed=0):
    keras.utils.set_random_seed(seed)
    schema = split.train.schema(history_length=8)
    model = Hybrid(schema, dim=6, dropout=0.5, id_dropout=0.2)
    model.adapt(split.train)
    return model


def factors(split, dim=4, **arguments):
    keras.utils.set_random_seed(0)
    model = MatrixFactorization(split.train.schema(), dim=dim, **arguments)
    model.adapt(split.train)
    return model


def node(**changed):
    adam = {"class": "adam", "learning_rate": 0.01}
    return TrainNode(**{"epochs": 3, "batch_size": 64, "optimizer": adam, **changed})


def new_folder(path):
    path.mkdir()
    return RunFolder(path)


def weights(model):
    return [np.asarray(keras.ops.convert_to_numpy(variable)) for variable in model.variables]


class StopAt(keras.callbacks.Callback):
    """Stands in for Ctrl-C in the middle of epoch 2 (from 0)."""

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.epoch == 2:
            raise KeyboardInterrupt


def test_a_resumed_fit_equals_an_uninterrupted_one(split, tmp_path, monkeypatch):
    train = node(epochs=4, patience=None)
    whole, stopped = new_folder(tmp_path / "whole"), new_folder(tmp_path / "stopped")
    model = hybrid(split)
    history = fit(model, split, train, whole, progress=False)
    assert len(history) == 4

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("kerasrec.training.fit.FiniteLoss", StopAt)
        # An epoch of 4 steps: it stops between its two executions of 3.
        fit(hybrid(split), split, node(steps_per_execution=3), stopped, progress=False)
    # Another seed: all that counts must come from the state.
    again = hybrid(split, seed=5)
    assert fit(again, split, train, stopped, resume=True, progress=False) == history
    for one, other in zip(weights(model), weights(again), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-6)
    best = [load(folder.checkpoint).get_weights() for folder in (whole, stopped)]
    for one, other in zip(*best, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-6)
    for one, other in zip(model.get_weights(), best[0], strict=True):
        np.testing.assert_array_equal(one, other)
    assert whole.history.read_text() == stopped.history.read_text()


def test_steps_per_execution_do_not_change_results(split, tmp_path):
    # 28 steps an epoch: one execution of 16 and one of 12, or nine of 3 and one of 1.
    assert -(-len(split.train) // 64) == 28
    found = {}
    for steps in (1, 3, "auto"):
        model = factors(split)
        train = node(optimizer="auto", steps_per_execution=steps)
        found[steps] = fit(model, split, train, new_folder(tmp_path / f"{steps}"), progress=False)
        assert int(model.optimizer.iterations) == 3 * 28
    for steps in (3, "auto"):
        for one, other in zip(found[1], found[steps], strict=True):
            assert other["loss"] == pytest.approx(one["loss"], abs=1e-6)
            assert other["val_ndcg@10"] == pytest.approx(one["val_ndcg@10"], abs=1e-6)


def test_resume_before_the_first_epoch_starts_at_the_beginning(split, tmp_path):
    one = fit(factors(split), split, node(), new_folder(tmp_path / "a"), progress=False)
    folder = new_folder(tmp_path / "b")
    assert fit(factors(split), split, node(), folder, resume=True, progress=False) == one


def test_history_and_checkpoint_of_the_best_epoch(split, tmp_path):
    folder = new_folder(tmp_path / "run")
    model = factors(split)
    history = fit(model, split, node(), folder, progress=True)
    with open(folder.history, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert float(rows[2]["loss"]) == history[2]["loss"]
    assert {"val_recall@5", "val_ndcg@10", "val_coverage@20"} <= set(rows[0])
    best = max(logs["val_ndcg@10"] for logs in history)
    again = {}
    validation = RankingValidation(split)
    validation.set_model(load(folder.checkpoint))
    validation.on_epoch_end(0, again)
    assert again["val_ndcg@10"] == pytest.approx(best, abs=1e-12)


class Planted(keras.callbacks.Callback):
    """Stands in for the validation: the best epoch is 1 (from 0)."""

    values = [0.2, 0.5, 0.4, 0.5, 0.3, 0.9]

    def __init__(self, split, *others):
        super().__init__()

    def on_epoch_end(self, epoch, logs=None):
        logs["val_ndcg@10"] = self.values[epoch]


def test_patience_is_counted_across_a_resume(split, tmp_path, monkeypatch):
    monkeypatch.setattr("kerasrec.training.fit.RankingValidation", Planted)
    folder = new_folder(tmp_path / "run")
    first = fit(factors(split), split, node(epochs=3, patience=3), folder, progress=False)
    assert len(first) == 3
    kept = weights(load(folder.checkpoint))
    train = node(epochs=6, patience=3)
    # Epoch 4 (from 0) is the third without a better value than epoch 1; equal is not better.
    for _ in range(2):  # the second time there is no epoch left
        model = factors(split)
        history = fit(model, split, train, folder, resume=True, progress=False)
        assert [logs["val_ndcg@10"] for logs in history] == Planted.values[:5]
        for found in (weights(load(folder.checkpoint)), weights(model)):
            assert all(np.array_equal(one, other) for one, other in zip(kept, found, strict=True))


def test_a_nan_loss_stops_and_names_epoch_and_steps(split, tmp_path):
    folder = new_folder(tmp_path / "run")
    train = node(optimizer={"class": "sgd", "learning_rate": 1e30})
    with pytest.raises(InputError, match="became (nan|inf) in epoch 1, steps 1 to ") as error:
        fit(factors(split), split, train, folder, progress=False)
    assert "no epoch was finished, so there is no checkpoint" in str(error.value)
    assert not folder.checkpoint.exists()


def test_finite_loss_names_epoch_and_step():
    callback = FiniteLoss()
    callback.set_params({"steps": 20})
    callback.on_epoch_begin(2)
    callback.on_train_batch_begin(0)
    callback.on_train_batch_end(0, {"loss": 1.0})
    callback.on_train_batch_begin(16)
    with pytest.raises(InputError, match="became nan in epoch 3, step 17: lower .*data"):
        callback.on_train_batch_end(16, {"loss": float("nan")})
    # Several steps at once: Keras counts on to 32, the epoch has 20.
    with pytest.raises(InputError, match="became nan in epoch 3, steps 17 to 20: lower"):
        callback.on_train_batch_end(31, {"loss": float("nan")})
    # Before the first update no learning rate can be the cause.
    callback.on_epoch_begin(0)
    callback.on_train_batch_begin(0)
    with pytest.raises(InputError, match="step 1: nothing was learnt before it") as error:
        callback.on_train_batch_end(0, {"loss": float("inf")})
    assert "learning rate" not in str(error.value)
    with pytest.raises(InputError, match="in epoch 1, steps 1 to 16: lower"):
        callback.on_train_batch_end(15, {"loss": float("inf")})


class Poison(FiniteLoss):
    """From epoch 1 (from 0) on a weight is infinite, and gradients with it."""

    def on_epoch_begin(self, epoch, logs=None):
        super().on_epoch_begin(epoch)
        if epoch == 1:
            weight = self.model.trainable_variables[-1]
            weight.assign(weight + np.inf)


@pytest.mark.parametrize("steps_per_execution", [1, "auto"])
def test_a_nan_gradient_stops_and_names_its_step(split, tmp_path, monkeypatch, steps_per_execution):
    train = node(epochs=2, optimizer="auto", steps_per_execution=steps_per_execution)
    whole, stopped = new_folder(tmp_path / "whole"), new_folder(tmp_path / "stopped")
    history = fit(factors(split), split, train, whole, progress=False)
    with monkeypatch.context() as patch:
        patch.setattr("kerasrec.training.fit.FiniteLoss", Poison)
        with pytest.raises(InputError) as error:
            fit(factors(split), split, train, stopped, progress=False)
    # Epoch 1 (from 0) begins with the step after those of the first.
    steps = -(-len(split.train) // 64)
    said = str(error.value)
    assert f"step {steps + 1} has a NaN or infinite gradient of" in said and "\n" not in said
    assert said.endswith("; it was epoch 2, the best checkpoint before is kept")
    # What the first epoch left is whole: it is the best so far, and where a resumed fit goes on.
    again = factors(split)
    assert fit(again, split, train, stopped, resume=True, progress=False) == history
    assert all(np.isfinite(one).all() for one in weights(load(stopped.checkpoint)))


def full_disk(*args, **kwargs):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("target", ["keras.Model.save_weights", "numpy.lib.format.write_array"])
def test_a_full_disk_keeps_the_old_checkpoint(split, tmp_path, monkeypatch, target):
    folder = new_folder(tmp_path / "run")
    fit(factors(split), split, node(epochs=1, patience=None), folder, progress=False)
    before = {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}
    # Every further epoch is better, so each wants to save.
    monkeypatch.setattr(Planted, "values", [0.1, 99.0])
    monkeypatch.setattr("kerasrec.training.fit.RankingValidation", Planted)
    monkeypatch.setattr(target, full_disk)
    with pytest.raises(InputError, match="cannot be written: No space left on device.*is kept"):
        train = node(epochs=2, patience=None)
        fit(factors(split), split, train, folder, resume=True, progress=False)
    after = {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}
    assert set(after) == set(before)
    if target == "keras.Model.save_weights":
        assert after == before
    load(folder.checkpoint)


def test_a_damaged_state_is_named(split, tmp_path):
    folder = new_folder(tmp_path / "run")
    folder.state.write_bytes(b"PK\x03\x04 not an archive")
    with pytest.raises(InputError, match="state.npz is damaged"):
        fit(factors(split), split, node(), folder, resume=True, progress=False)


def test_the_state_of_another_model_is_refused(split, tmp_path):
    folder = new_folder(tmp_path / "run")
    fit(factors(split), split, node(epochs=1), folder, progress=False)
    with pytest.raises(InputError, match="belongs to another model or optimizer"):
        fit(factors(split, biases=False), split, node(), folder, resume=True, progress=False)


def test_a_model_without_trainable_weights_is_not_fitted(split, tmp_path):
    folder = new_folder(tmp_path / "run")
    model = Popularity(split.train.schema())
    model.adapt(split.train)
    assert fit(model, split, node(), folder) == []
    assert list(folder.path.iterdir()) == []


def test_a_loss_without_candidates_is_refused(split, tmp_path):
    model = factors(split, candidates="pair")
    with pytest.raises(InputError, match="model.candidates to in_batch"):
        fit(model, split, node(), new_folder(tmp_path / "run"))


@pytest.mark.parametrize(
    "loss,arguments",
    [
        ("softmax", {"candidates": "all"}),
        ("softmax", {"candidates": "sampled", "num_negatives": 20}),
        ("gbce", {"candidates": "sampled", "num_negatives": 20, "log_q": False}),
        ("bce", {"candidates": "sampled", "num_negatives": 20, "log_q": False}),
    ],
)
def test_each_catalogue_loss_learns(split, loss, arguments):
    model = factors(split, **arguments)
    calibration = {"gbce_t": 0.9} if loss == "gbce" else {}
    history = fit(model, split, node(loss=loss, **calibration), None, progress=False)
    assert history[-1]["loss"] < history[0]["loss"]
    assert type(model.loss).__name__ == LOSSES[loss]
    if loss == "gbce":
        assert (model.loss.num_items, model.loss.t) == (split.train.schema().num_items, 0.9)


class Errors(Planted):
    """The validation error of epoch 1 (from 0) is the smallest."""

    def on_epoch_end(self, epoch, logs=None):
        logs["val_rmse"] = [0.9, 0.5, 0.7, 0.5, 0.8][epoch]


def test_the_epoch_with_the_smallest_error_is_the_best(rated, tmp_path, monkeypatch):
    monkeypatch.setattr("kerasrec.training.fit.RatingValidation", Errors)
    folder = new_folder(tmp_path / "run")
    train = node(epochs=2, patience=3, loss="mse", monitor="rmse")
    model = factors(rated, candidates="pair")
    fit(model, rated, train, folder, progress=False)
    kept = weights(load(folder.checkpoint))
    train = node(epochs=5, patience=3, loss="mse", monitor="rmse")
    model = factors(rated, candidates="pair")
    history = fit(model, rated, train, folder, resume=True, progress=False)
    assert len(history) == 5
    after = weights(load(folder.checkpoint))
    assert all(np.array_equal(one, other) for one, other in zip(kept, after, strict=True))


def test_factors_predict_planted_ratings_better_than_their_mean(rated, tmp_path):
    folder = new_folder(tmp_path / "run")
    adam = {"class": "adam", "learning_rate": 0.05}
    train = node(epochs=25, batch_size=128, optimizer=adam, loss="mse", monitor="rmse")
    model = factors(rated, dim=2, candidates="pair", l2=0.01)
    history = fit(model, rated, train, folder, progress=False)
    test, best = rated.test, load(folder.checkpoint)
    predicted = best.score_pairs({"user": test.user}, test.item)
    rmse = np.sqrt(np.mean((predicted - test.value) ** 2))
    of_mean = np.sqrt(np.mean((rated.train.value.mean() - test.value) ** 2))
    # What was planted explains all but a standard deviation of 0.1.
    assert 0.09 < rmse < 0.15 and of_mean > 0.9
    asked = rated.validation
    errors = np.abs(best.score_pairs({"user": asked.user}, asked.item) - asked.value)
    chosen = min(history, key=lambda logs: logs["val_rmse"])
    assert chosen["val_rmse"] == pytest.approx(np.sqrt(np.mean(errors**2)), rel=1e-5)
    assert chosen["val_mae"] == pytest.approx(np.mean(errors), rel=1e-5)
    assert "val_ndcg@10" in chosen


def test_the_monitored_metric_follows_the_model():
    # Everybody takes their own two items in turn, so that everything asked for was seen before.
    frame = pd.DataFrame(
        {
            "user": np.repeat(np.arange(9), 8),
            "item": [2 * user + week % 2 for user in range(9) for week in range(8)],
            "timestamp": np.tile(np.arange(8), 9),
        }
    )
    weekly, found = splits.next_item(Interactions.from_frame(frame)), {}
    train = TrainNode(epochs=12, optimizer={"class": "adam", "learning_rate": 0.1})
    for repeats in ("mask", "allow"):
        keras.utils.set_random_seed(0)
        model = MatrixFactorization(weekly.train.schema(), dim=16, candidates="all")
        model.adapt(weekly.train)
        model.repeats = repeats
        logs = fit(model, weekly, train, None, ks=(2, 10), progress=False)
        found[repeats] = [epoch["val_recall@2"] for epoch in logs]
    assert max(found["mask"]) == 0.0
    assert found["allow"][-1] == 1.0
