import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.losses import SquaredError

Y = np.array([-2.0, np.nan, 4.0], "float32")
X = np.array([1.0, 99.0, 2.0], "float32")


def test_values_by_hand_and_a_missing_label_is_0():
    assert SquaredError(reduction=None)(Y, X).numpy().tolist() == [9.0, 0.0, 4.0]
    # As with any weight 0, the mean divides by all rows.
    assert float(SquaredError()(Y, X)) == pytest.approx(13 / 3)
    assert float(SquaredError()(Y, X, np.array([2.0, 1.0, 0.0]))) == pytest.approx(18 / 3)


def test_a_missing_label_has_no_gradient():
    import tensorflow as tf

    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = SquaredError(reduction="sum")(Y, x)
    assert tape.gradient(value, x).numpy().tolist() == [6.0, 0.0, -4.0]


def test_other_shapes_are_refused():
    with pytest.raises(InputError, match="expected one label for each logit"):
        SquaredError()(Y, X[:2])


def test_config():
    loss = SquaredError(name="error", reduction="sum")
    again = SquaredError.from_config(loss.get_config())
    assert again.name == "error" and float(again(Y, X)) == 13.0
