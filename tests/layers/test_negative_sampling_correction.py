"""NegativeSamplingCorrection."""

import keras
import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import NegativeSamplingCorrection


def test_contract(check_layer):
    logits = np.linspace(-5, 5, 11, dtype="float32")
    layer = check_layer(NegativeSamplingCorrection, {}, {"logits": logits})
    np.testing.assert_array_equal(layer(logits), logits)


def test_probability_by_the_formula_of_the_paper():
    layer, q = NegativeSamplingCorrection(), np.array([[0.01], [0.5], [0.9]])
    layer.assign(0.025)
    found = keras.ops.sigmoid(layer(np.log(q / (1 - q))))
    np.testing.assert_allclose(found, q / (q + (1 - q) / 0.025), rtol=1e-5)


def test_a_share_of_sampled_rows_becomes_that_of_all():
    # 30 positives and 100 of 1,000 negatives.
    layer = NegativeSamplingCorrection()
    layer.assign(100 / 1000)
    found = keras.ops.sigmoid(layer(np.log([30 / 100])))
    np.testing.assert_allclose(found, 30 / 1030, rtol=1e-6)


def test_is_saved_and_not_trained(tmp_path):
    layer, logits = NegativeSamplingCorrection(), keras.Input(())
    layer.assign(0.5)
    model = keras.Model(logits, layer(logits))
    assert not model.trainable_weights
    model.save(tmp_path / "model.keras")
    revived = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(revived(np.zeros(1)), np.log([0.5]), rtol=1e-6)


@pytest.mark.parametrize("rate", [0, -0.1, 1.5, np.nan])
def test_a_rate_is_a_share(rate):
    with pytest.raises(InputError, match="rate: expected a number above 0 and up to 1"):
        NegativeSamplingCorrection().assign(rate)
