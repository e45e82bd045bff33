"""L1 and L2 on the networks of a model."""

import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec.config.train_node import TrainNode
from kerasrec.data import Interactions, batches, splits
from kerasrec.errors import InputError
from kerasrec.losses import MeanSquaredError
from kerasrec.training import penalize
from kerasrec.training.fit import fit
from kerasrec_zoo import MatrixFactorization, NeuMF

pytestmark = pytest.mark.slow

L1, L2 = 0.03, 0.2


@pytest.fixture(scope="module")
def train():
    user, item = np.divmod(np.flatnonzero(np.random.default_rng(0).random(120) < 0.7), 10)
    frame = pd.DataFrame({"user": user, "item": item, "value": 1.0 + (user + 2 * item) % 5})
    return Interactions.from_frame(frame)


def network(train, mlp=(4, 3)):
    keras.utils.set_random_seed(0)
    model = NeuMF(train.schema(), parts="mlp", dim=2, mlp=mlp, candidates="pair")
    model.adapt(train)
    return model


def matrices(model):
    """W_1 (a part on each side), W_2 and W_3 of the network, as arrays."""
    names = ("first/kernel", "mlp_2/kernel", "mix/kernel")
    return [np.array(w) for w in model.trainable_weights if w.path.endswith(names)]


def test_the_loss_is_the_mean_error_and_the_penalties_by_hand(train):
    """J / n = mean (r - score)^2 + l2 |W|^2 + l1 |W|_1, over all matrices and nothing else."""
    model = network(train)
    data = batches(train, model.train_inputs, batch_size=len(train))
    penalize(model, l1=L1, l2=L2)
    model.compile(keras.optimizers.SGD(0.0), MeanSquaredError(), run_eagerly=True)
    found = model.evaluate(data, verbose=0, steps=1)
    scores = model.score_pairs({"user": train.user}, train.item)
    weights = matrices(model)
    assert len(weights) == 4
    penalty = sum(L1 * np.abs(w).sum() + L2 * (w**2).sum() for w in weights)
    expected = np.mean((train.value - scores) ** 2) + penalty
    assert found == pytest.approx(expected, rel=1e-6)
    penalize(model)
    assert model.losses == []


def test_a_step_of_gradient_descent_by_hand(train):
    """dJ/dW has 2 l2 W + l1 sign(W) more than without the penalties."""
    steps = {}
    for l1, l2 in ((0.0, 0.0), (L1, L2)):
        model = network(train)
        before = matrices(model)
        penalize(model, l1=l1, l2=l2)
        model.compile(keras.optimizers.SGD(0.1), MeanSquaredError(), run_eagerly=True)
        inputs, target = next(iter(batches(train, model.train_inputs, batch_size=64, seed=0)))[:2]
        model.train_on_batch(inputs, target)
        steps[l1] = [new - old for new, old in zip(matrices(model), before, strict=True)]
    for plain, penalized, w in zip(steps[0.0], steps[L1], before, strict=True):
        expected = plain - 0.1 * (2 * L2 * w + L1 * np.sign(w))
        np.testing.assert_allclose(penalized, expected, atol=1e-6)


def test_a_config_shrinks_the_weights(train):
    split = splits.random_ratio(train, seed=0)
    node = {"epochs": 1, "batch_size": 16, "loss": "mse", "monitor": "rmse"}
    node["optimizer"] = {"class": "sgd", "learning_rate": 0.05}
    sizes = []
    for l2 in (0.0, 1.0):
        model = network(split.train)
        fit(model, split, TrainNode(**node, l2=l2), None, progress=False)
        sizes.append(sum((w**2).sum() for w in matrices(model)))
    assert sizes[1] < 0.9 * sizes[0]


def test_what_cannot_be_penalized_is_refused(train):
    model = MatrixFactorization(train.schema(), dim=2)
    with pytest.raises(InputError, match="has no weight matrices beside its tables"):
        penalize(model, l2=0.1)
    for name, value in (("l1", -0.1), ("l2", float("nan"))):
        with pytest.raises(InputError, match=f"{name}: expected a number from 0, received"):
            penalize(model, **{name: value})


def test_a_regularizer_of_a_layer_stays():
    own = keras.regularizers.L2(0.5)
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_regularizer=own)])
    penalize(network)
    assert network.layers[0].kernel.regularizer is own
    with pytest.raises(InputError, match="kernel has a regularizer of its own: remove"):
        penalize(network, l1=0.1)
