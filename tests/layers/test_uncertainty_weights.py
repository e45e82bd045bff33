"""UncertaintyWeights, and training with it."""

import keras
import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import UncertaintyWeights
from kerasrec.losses import ListSoftmax, MaskedBinaryCrossentropy, Poisson, UncertaintyWeighted


def test_contract(check_layer):
    rng = np.random.default_rng(0)
    shapes = {"click": (5,), "like": (5, 1), "list": (5, 3)}
    predictions = {task: rng.normal(size=s).astype("float32") for task, s in shapes.items()}
    layer = check_layer(
        UncertaintyWeights, {"tasks": ["click", "like", "list"]}, {"predictions": predictions}
    )
    layer.log_variances.assign([1.0, 2.0, 3.0])
    found = layer(predictions)
    for task, s in zip(shapes, (1.0, 2.0, 3.0), strict=True):
        np.testing.assert_allclose(found[task][..., 0], predictions[task], atol=1e-6)
        np.testing.assert_array_equal(found[task][..., 1], np.full(shapes[task], s))


def test_other_tasks_are_refused():
    with pytest.raises(InputError, match="expected one for each of click, received like"):
        UncertaintyWeights(["click"])({"like": np.zeros(2)})


def test_training_finds_the_weights_in_closed_form():
    """exp(s) = 2 L at the minimum, with L the mean loss over the rows that have a label."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(256, 1)).astype("float32")
    y = {"click": (rng.random(256) < 0.2).astype("float32"), "views": rng.poisson(3.0, 256) * 1.0}
    y["click"][:128] = np.nan
    inputs = keras.Input((1,))
    # Predictions that are constant: the tasks' losses do not change.
    still = {"trainable": False, "kernel_initializer": "zeros"}
    logits = {task: keras.layers.Dense(1, name=task, **still)(inputs)[..., 0] for task in y}
    layer = UncertaintyWeights(list(y))
    model = keras.Model(inputs, layer(logits))
    losses = {"click": MaskedBinaryCrossentropy(), "views": Poisson()}
    weighted = {task: UncertaintyWeighted(loss) for task, loss in losses.items()}
    model.compile(keras.optimizers.SGD(1.0), loss=weighted)
    assert [weight.path for weight in model.trainable_weights] == [layer.log_variances.path]
    data = {task: values.astype("float32") for task, values in y.items()}
    logs = model.fit(x, data, batch_size=256, epochs=40, verbose=0).history
    mean = {"click": np.log(2), "views": 1.0}
    np.testing.assert_allclose(
        np.exp(layer.log_variances), [2 * mean["click"], 2 * mean["views"]], rtol=1e-3
    )
    # exp(-s) L + s / 2 = (1 + log(2 L)) / 2, and half of the clicks are missing
    expected = {task: (1 + np.log(2 * each)) / 2 for task, each in mean.items()}
    assert logs["loss"][-1] == pytest.approx(expected["click"] / 2 + expected["views"], rel=1e-3)


@pytest.mark.parametrize("width", [1, 4])
def test_requests_are_weighted_as_well(width):
    y = np.array([[1, 0, 0, np.nan], [0, 1, 0, 0], [np.nan] * 4], "float32")[:, :width]
    scores = np.random.default_rng(0).normal(size=y.shape).astype("float32")
    layer = UncertaintyWeights(["list"])
    layer.log_variances.assign([0.5])
    found = UncertaintyWeighted(ListSoftmax(), reduction=None)(y, layer({"list": scores})["list"])
    known = np.array([1, 1, 0]) / 4
    expected = np.exp(-0.5) * np.asarray(ListSoftmax(reduction=None)(y, scores)) + known
    np.testing.assert_allclose(found, expected, rtol=1e-5)
