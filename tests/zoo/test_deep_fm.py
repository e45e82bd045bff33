"""A ranker with a bias for each position finds the planted ones."""

import keras
import numpy as np
import pytest

from kerasrec.data import impression_batches
from kerasrec.data.datasets import FilmShop
from kerasrec.data.datasets.synthetic_impressions import POSITION_BIAS
from kerasrec.losses import MaskedBinaryCrossentropy
from kerasrec_zoo import DeepFM


@pytest.mark.slow
def test_the_bias_of_each_position_is_found_and_left_out_of_predictions():
    # What is liked stands on top: the share of clicks alone says that the positions differ more.
    data = FilmShop(users=200, items=60, requests=40).impressions(("click",))
    keras.utils.set_random_seed(0)
    model = DeepFM(data.schema(), dim=8, mlp=(16,), position=True)
    model.adapt(data)
    model.compile(keras.optimizers.Adam(0.01), {"click": MaskedBinaryCrossentropy()})
    batches = impression_batches(data, inputs=model.train_inputs, batch_size=256)
    model.fit(batches.repeat(2), verbose=0)
    table = np.array(model.get_layer("click_position").embeddings)[:, 0]
    found = table[1 : len(POSITION_BIAS) + 1] - table[1]
    np.testing.assert_allclose(found, POSITION_BIAS, atol=0.25)
    share = [data.labels["click"][data.position == n].mean() for n in (1, len(POSITION_BIAS))]
    naive = np.log(share[1] / (1 - share[1])) - np.log(share[0] / (1 - share[0]))
    assert abs(found[-1] - POSITION_BIAS[-1]) < abs(naive - POSITION_BIAS[-1])
    # At no position: as at the first one, whose bias has nothing to be told from.
    inputs = {"user": data.user, **data.context}
    assert model.predict_tasks(inputs, data.item)["click"].mean() > data.labels["click"].mean()
