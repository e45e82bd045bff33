"""NaN and infinity stop training and every answer, for every optimizer."""

import keras
import numpy as np
import pytest

from kerasrec import models
from kerasrec.data import batches, load
from kerasrec.data.splits import next_item
from kerasrec.errors import InputError
from kerasrec.evaluation import evaluate
from kerasrec.export import export
from kerasrec.losses import MeanSquaredError, Softmax
from kerasrec.models import FiniteLoss
from kerasrec_zoo import MatrixFactorization

OPTIMIZERS = [keras.optimizers.SGD, keras.optimizers.Adam]


@pytest.fixture(scope="module")
def train():
    return load("synthetic", users=30, items=100)


def adapted(train, **given):
    keras.utils.set_random_seed(0)
    model = MatrixFactorization(train.schema(), **{"dim": 4, **given})
    model.adapt(train)
    return model


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("own", [False, True])
def test_a_loss_that_is_not_finite_stops_any_optimizer(train, optimizer, own):
    model = adapted(train)
    model.compile(optimizer(1e30), Softmax())
    callbacks = [FiniteLoss()] if own else None
    with pytest.raises(InputError, match="the loss became (nan|inf) in epoch 1, step .*lower"):
        model.fit(batches(train, batch_size=64), epochs=2, verbose=0, callbacks=callbacks)


class Poison(keras.callbacks.Callback):
    """Makes a weight infinite after the last step."""

    def on_train_end(self, logs=None):
        weight = self.model.trainable_variables[0]
        weight.assign(weight + np.inf)


def test_weights_are_checked_after_the_last_step(train):
    model = adapted(train)
    model.compile("sgd", Softmax())
    callbacks = keras.callbacks.CallbackList([Poison()], model=model)
    with pytest.raises(InputError, match=r"MatrixFactorization.fit: the weight .*embeddings holds"):
        model.fit(batches(train, batch_size=64), verbose=0, callbacks=callbacks)


@pytest.mark.export
def test_a_model_with_a_weight_that_is_not_finite_gives_no_answer(train, tmp_path):
    split = next_item(train)
    model = adapted(split.train)
    user, item = train.users.vocabulary.ids[0], train.items.vocabulary.ids[0]
    table = model.trainable_weights[0]
    whole = table.numpy()
    for bad in (np.nan, np.inf):
        table.assign(np.where(np.arange(len(whole))[:, None] == 2, bad, whole))
        row = {"user": np.array([2], "int32")}
        calls = {
            "recommend": lambda: model.recommend(users=[user], k=2),
            "score": lambda: model.score(users=[user], items=[item]),
            "similar_items": lambda: model.similar_items([item], k=2),
            "top_k": lambda row=row: model.top_k(row, 2),
            "save": lambda: model.save(tmp_path / "checkpoint"),
            "export": lambda: export(model, tmp_path / "export" / "1"),
            "evaluate": lambda: evaluate(model, split, ks=(5,), baselines=()),
        }
        for method, call in calls.items():
            with pytest.raises(InputError, match=f"MatrixFactorization.{method}: .*{table.path}"):
                call()
    assert not list(tmp_path.iterdir())
    table.assign(whole)
    model.save(tmp_path / "checkpoint")
    assert len(models.load(tmp_path / "checkpoint").recommend(users=[user], k=2)) == 2


def test_large_numbers_whose_sum_overflows_are_finite(train):
    model = adapted(train, candidates="pair")
    model.trainable_weights[0].assign(np.full(model.trainable_weights[0].shape, 3e38))
    model.check_finite("test")


def test_a_table_is_checked_in_blocks(train, monkeypatch):
    monkeypatch.setattr("kerasrec.tables.rows.NUMBERS_PER_BLOCK", 10)
    model = adapted(train)
    model.check_finite("test")
    table = model.trainable_weights[0]
    last = np.arange(table.shape[0])[:, None] == table.shape[0] - 1
    table.assign(np.where(last, np.nan, table.numpy()))
    with pytest.raises(InputError, match=table.path):
        model.check_finite("test")


def test_extreme_values_stop_at_the_first_step(train):
    model = adapted(train, candidates="pair")
    model.compile("sgd", MeanSquaredError())
    rows = np.array([2, 3], "int32")
    with pytest.raises(InputError, match="in epoch 1, step 1: nothing was learnt"):
        model.fit({"user": rows, "item": rows}, np.array([3e30, 1.0], "float32"), verbose=0)
