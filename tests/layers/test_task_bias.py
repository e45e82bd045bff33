import keras
import numpy as np
import pytest

from kerasrec.layers import TaskBias


@pytest.mark.parametrize(
    ("kind", "labels", "expected"),
    [
        ("binary", [0, 1, 0, 0], np.log(1 / 3)),
        ("binary", [0, 1, np.nan, np.nan], 0.0),
        # All of one class: near the bound, not infinite.
        ("binary", [1, 1], np.log((1 - 1e-6) / 1e-6)),
        ("count", [0, 4, np.nan, 2], np.log(2.0)),
        ("seconds", [10, 30], np.log(20.0)),
        ("seconds", [0, 0], np.log(1e-6)),
        ("rating", [-3, 1], -1.0),
    ],
)
def test_the_start_is_the_mean_label(kind, labels, expected):
    bias = TaskBias()
    bias.start_at(np.array(labels, "float32"), kind)
    assert np.asarray(bias(np.zeros(2))) == pytest.approx([expected] * 2, rel=1e-5, abs=1e-6)


def test_a_trained_bias_stays():
    bias = TaskBias()
    bias.build()
    bias.bias.assign(0.25)
    bias.start_at(np.array([0.0, 1.0, 1.0]), "binary")
    assert float(bias(np.zeros(1))[0]) == 0.25


def test_half_precision_keeps_float32_logits():
    bias = TaskBias(dtype="mixed_float16")
    bias.start_at(np.array([30.0, 50.0]), "rating")
    found = bias(keras.ops.cast(np.array([0.5]), "float16"))
    assert found.dtype == "float32" and float(found[0]) == 40.5


def test_config_and_symbols():
    bias = TaskBias.from_config(TaskBias(name="click_bias").get_config())
    assert bias.name == "click_bias"
    output = bias(keras.Input((), dtype="float16"))
    assert output.shape == (None,) and output.dtype == "float32"
