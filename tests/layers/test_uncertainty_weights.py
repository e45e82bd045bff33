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


def test_a_step_of_training_follows_the_gradient_in_closed_form(without_graphs):
    """Of the mean of exp(-s) L + s / 2 over the rows, those without a label counting as 0."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(8, 1)).astype("float32")
    click = np.array([1, 0, 0, 1, np.nan, np.nan, np.nan, np.nan], "float32")
    inputs = keras.Input((1,))
    # Logits of 0, which stay.
    still = {"trainable": False, "kernel_initializer": "zeros"}
    logits = {
        task: keras.layers.Dense(1, name=task, **still)(inputs)[..., 0]
        for task in ("click", "views")
    }
    layer = UncertaintyWeights(["click", "views"])
    model = keras.Model(inputs, layer(logits))
    losses = {"click": MaskedBinaryCrossentropy(), "views": Poisson()}
    model.compile(
        keras.optimizers.SGD(0.5),
        loss={task: UncertaintyWeighted(loss) for task, loss in losses.items()},
    )
    assert [weight.path for weight in model.trainable_weights] == [layer.log_variances.path]
    layer.log_variances.assign([0.0, np.log(3.0)])
    loss = model.train_on_batch(x, {"click": click, "views": np.arange(8, dtype="float32")})
    # L is log(2) for each click, and exp(0) for each count of views.
    expected = 0.5 * np.log(2) + (1 / 3 + np.log(3) / 2)
    assert float(np.asarray(loss).flat[0]) == pytest.approx(expected, rel=1e-5)
    steps = 0.5 * np.array([0.5 * (0.5 - np.log(2)), 0.5 - 1 / 3])
    np.testing.assert_allclose(layer.log_variances, [0.0, np.log(3.0)] - steps, rtol=1e-4)


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
